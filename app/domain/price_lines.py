"""How lines and their discounts are made, for every kind of item (PRODUCT.md section 8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.domain.catalogue import AddOn, Basis, Catalogue, Name, Plan, PromotionKind, Term
from app.domain.errors import DomainError
from app.domain.money import allot, percent_of, rounded
from app.domain.orders import OrderType
from app.domain.periods import Span
from app.domain.prices import (
    MAX_QUANTITY,
    MAX_USERS,
    Discount,
    DiscountKind,
    Line,
    LineKind,
)

BASE_NAME = Name("기본료", "Base fee")
SETUP_NAME = Name("설치비", "Set-up")
CREDIT_NAME = Name("미사용 기간 정산", "Credit for unused time")
VOLUME_NAME = Name("수량 할인", "Volume discount")


@dataclass(frozen=True, slots=True)
class Service:
    """For how long a recurring line is sold, on which days, and in which half of an item."""

    half: OrderType
    span: Span
    first_day: date | None
    last_day: date | None


def licence_code(plan: Plan) -> str:
    return f"{plan.code}_USER"


def base_code(plan: Plan) -> str:
    return f"{plan.code}_BASE"


def recurring_name(catalogue: Catalogue, code: str) -> Name:
    """What a recurring line of that code is called; its code where no plan or add-on has it."""
    for plan in catalogue.plans:
        if code == licence_code(plan):
            return Name(f"{plan.name.ko} 사용자", f"{plan.name.en} users")
        if code == base_code(plan):
            return BASE_NAME
    add_on = catalogue.add_on(code)
    return add_on.name if add_on else Name(code, code)


def line_name(catalogue: Catalogue, kind: LineKind, code: str) -> Name:
    """What a line of an order is called, on screens and on paper."""
    match kind:
        case LineKind.SETUP:
            return SETUP_NAME
        case LineKind.CREDIT:
            return CREDIT_NAME
        case LineKind.LICENCE | LineKind.BASE | LineKind.ADD_ON:
            return recurring_name(catalogue, code)


def setup_code(plan: Plan) -> str:
    return f"{plan.code}_SETUP"


def find_plan(catalogue: Catalogue, code: str, place: str) -> Plan:
    """Raises `plan_unknown`."""
    plan = catalogue.plan(code)
    if plan is None:
        raise DomainError("plan_unknown", f"{place}/plan")
    return plan


def check_users(plan: Plan, users: int | None, place: str) -> int:
    """The number of users; a plan's fixed one may be left out."""
    if plan.fixed_users is not None:
        if users not in (None, plan.fixed_users):
            raise DomainError("plan_users_fixed", f"{place}/users", users=plan.fixed_users)
        return plan.fixed_users
    if users is None or not 1 <= users <= MAX_USERS:
        raise DomainError("quantity_out_of_range", f"{place}/users", maximum=MAX_USERS)
    return users


def check_term(plan: Plan, months: int | None, pointer: str) -> Term | None:
    """The term bought; None for a plan without terms, which takes no months."""
    if plan.free and months is None:
        return None
    term = plan.term(months)
    if term is None:
        raise DomainError("term_not_offered", pointer)
    return term


def check_add_ons(
    catalogue: Catalogue,
    plan: Plan,
    add_ons: Sequence[tuple[str, int]],
    held: Mapping[str, int],
    place: str,
) -> list[tuple[AddOn, int]]:
    """The add-ons named, in the catalogue's order, so that a price does not hang on the request's.

    What is held already counts towards what a site may have.
    """
    found: dict[str, int] = {}
    for position, (code, quantity) in enumerate(add_ons):
        where = f"{place}/add_ons/{position}"
        add_on = catalogue.add_on(code)
        if add_on is None or code in found:
            raise DomainError(
                "add_on_unknown" if add_on is None else "add_on_twice", where + "/code"
            )
        in_all = quantity + held.get(code, 0)
        if quantity < 1 or in_all > MAX_QUANTITY:
            raise DomainError("quantity_out_of_range", where + "/quantity", maximum=MAX_QUANTITY)
        if add_on.max_per_site is not None and in_all > add_on.max_per_site:
            raise DomainError(
                "add_on_limit_exceeded", where + "/quantity", maximum=add_on.max_per_site
            )
        if plan.free and add_on.price:
            raise DomainError("paid_plan_required", where + "/code")
        found[code] = quantity
    return [(add_on, found[add_on.code]) for add_on in catalogue.add_ons if add_on.code in found]


def charged(add_on: AddOn, quantity: int, users: int) -> int:
    """What an add-on's price is multiplied with: users, sites (one), or its own quantity."""
    return {Basis.PER_SITE: 1, Basis.PER_USER: users}.get(add_on.basis, quantity)


def recurring_line(
    kind: LineKind, code: str, name: Name, quantity: int, unit_price: int, service: Service
) -> Line:
    """A line for contract months, rounded half up once."""
    length = service.span
    return Line(
        kind=kind,
        code=code,
        name=name,
        quantity=quantity,
        unit_price=unit_price,
        months=length.whole,
        amount=rounded(*length.times(quantity * unit_price)),
        days=length.days,
        of=length.of,
        half=service.half,
        first_day=service.first_day,
        last_day=service.last_day,
    )


def once_line(
    kind: LineKind, code: str, name: Name, quantity: int, unit_price: int, half: OrderType
) -> Line:
    """A line that is charged once, whole."""
    return Line(kind, code, name, quantity, unit_price, None, quantity * unit_price, half=half)


def term_lines(
    catalogue: Catalogue,
    plan: Plan,
    users: int,
    add_ons: Sequence[tuple[AddOn, int]],
    service: Service,
    setup_paid: int | None = None,
) -> list[Line]:
    """A whole term: licence, base, set-up and add-ons, at the catalogue's prices and brackets.

    `setup_paid`: what was paid for the site's set-up before; None for a term without one. On a plan
    without terms what costs nothing is a line of 0.
    """
    free = plan.free
    lines = [_licence_line(catalogue, plan, users, service)]
    if plan.base_price and not free:
        lines.append(
            recurring_line(LineKind.BASE, base_code(plan), BASE_NAME, 1, plan.base_price, service)
        )
    if setup_paid is not None and plan.setup_price > setup_paid:
        setup = plan.setup_price - setup_paid
        line = once_line(LineKind.SETUP, setup_code(plan), SETUP_NAME, 1, setup, service.half)
        lines.append(replace(line, paid_before=setup_paid) if setup_paid else line)
    for add_on, quantity in add_ons:
        count = charged(add_on, quantity, users)
        what = LineKind.ADD_ON, add_on.code, add_on.name, count, add_on.price
        if add_on.basis is Basis.ONCE or free:
            lines.append(once_line(*what, service.half))
        else:
            lines.append(recurring_line(*what, service))
    return lines


def _licence_line(catalogue: Catalogue, plan: Plan, users: int, service: Service) -> Line:
    name, code = plan.name, licence_code(plan)
    if plan.free:
        return once_line(LineKind.LICENCE, code, name, users, plan.unit_price, service.half)
    line = recurring_line(LineKind.LICENCE, code, name, users, plan.unit_price, service)
    percent, off = capped_volume(catalogue, users, plan.unit_price * service.span.whole)
    return replace(line, volume_percent=percent, volume=off) if off or percent else line


def volume_percent(catalogue: Catalogue, users: int) -> int:
    """The percent of the bracket in which so many users are."""
    return max((t.percent for t in catalogue.tiers if t.first <= users), default=0)


def capped_volume(catalogue: Catalogue, users: int, each: int) -> tuple[int, int]:
    """(percent of the bracket, KRW off): never dearer than a higher bracket's first quantity."""
    amount = users * each
    percent = volume_percent(catalogue, users)
    price = amount - percent_of(amount, percent)
    for tier in catalogue.tiers:
        if tier.first > users:
            floor = tier.first * each
            price = min(price, floor - percent_of(floor, tier.percent))
    return percent, amount - price


def discount_lines(
    lines: list[Line], term: Term | None, half: OrderType
) -> tuple[list[Line], list[Discount]]:
    """VOLUME on its line, then PREPAY on what is left of this half's licence lines."""
    discounts = [
        Discount(DiscountKind.VOLUME, VOLUME_NAME, line.volume_percent, line.amount, line.volume)
        for line in lines
        if line.volume
    ]
    promotion = term.promotion if term else None
    if promotion is None or promotion.kind is not PromotionKind.PREPAY:
        return lines, discounts
    licence = [
        line.net if line.kind is LineKind.LICENCE and line.half is half else 0 for line in lines
    ]
    off = percent_of(sum(licence), promotion.percent)
    if off:
        discounts.append(
            Discount(DiscountKind.PREPAY, promotion.name, promotion.percent, sum(licence), off)
        )
    shares = allot(off, licence)
    taken = [
        replace(line, prepay=share) if share else line
        for line, share in zip(lines, shares, strict=True)
    ]
    return taken, discounts


def price_labels(term: Term | None) -> tuple[Name, ...]:
    """`50% 프로모션`: what is in the price already."""
    promotion = term.promotion if term else None
    in_price = promotion is not None and promotion.kind is PromotionKind.IN_PRICE
    return (promotion.name,) if promotion and in_price else ()
