"""What an order costs: lines, discounts, VAT (PRODUCT.md section 8, How an amount is made).

Money is integer KRW, VAT apart. Percents are taken on rounded lines and rounded half up; VAT is
rounded towards zero. Nothing here knows a clock: today is an argument, an Asia/Seoul date.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from app.domain.catalogue import AddOn, Basis, Catalogue, Name, Plan, PromotionKind, Term
from app.domain.coupons import Coupon, CouponScope, check_coupon
from app.domain.errors import DomainError
from app.domain.money import allot, percent_of, vat_of
from app.domain.periods import expires_on

MAX_USERS = 100_000
MAX_QUANTITY = 1_000_000
MAX_DAYS_AHEAD = 60


class LineKind(StrEnum):
    LICENCE = "LICENCE"
    BASE = "BASE"
    SETUP = "SETUP"
    ADD_ON = "ADD_ON"


class DiscountKind(StrEnum):
    VOLUME = "VOLUME"
    PREPAY = "PREPAY"


@dataclass(frozen=True, slots=True)
class NewItem:
    """A site to be opened. Add-ons are (code, quantity); `users` may be left out when fixed."""

    plan: str
    users: int | None = None
    months: int | None = None
    add_ons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """quantity × unit price × months (null: once). Discounts are this line's shares."""

    kind: LineKind
    code: str
    name: Name
    quantity: int
    unit_price: int
    months: int | None
    amount: int
    volume_percent: int = 0
    volume: int = 0
    prepay: int = 0
    coupon: int = 0

    @property
    def net(self) -> int:
        """What is paid for the line, VAT apart."""
        return self.amount - self.volume - self.prepay - self.coupon


@dataclass(frozen=True, slots=True)
class Discount:
    """One reduction of an item: `percent` of `base`, or, for a capped VOLUME, more."""

    kind: DiscountKind
    name: Name
    percent: int
    base: int
    amount: int


@dataclass(frozen=True, slots=True)
class PricedItem:
    """A priced site. `starts_on`: if opened today, or the later day asked for."""

    index: int
    plan: Plan
    users: int
    months: int | None
    starts_on: date
    expires_on: date | None
    lines: tuple[Line, ...]
    discounts: tuple[Discount, ...]
    labels: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class PricedOrder:
    """The whole. `discount` is the sum of VOLUME, PREPAY and coupon."""

    catalogue: str
    items: tuple[PricedItem, ...]
    coupon_amount: int
    amount: int
    discount: int
    supply: int
    vat: int
    total: int


def price_order(
    catalogue: Catalogue,
    items: Sequence[NewItem],
    coupon: Coupon | None,
    today: date,
    starts_on: date | None = None,
) -> PricedOrder:
    """Prices NEW items. Raises DomainError with a pointer for what cannot be ordered."""
    begins = _begins(today, starts_on)
    priced = [_price_item(catalogue, item, i, begins) for i, item in enumerate(items)]
    free = [item.index for item in priced if item.plan.free]
    if len(free) > 1:
        raise DomainError("free_site_exists", f"/items/{free[1]}/plan")
    amount = sum(line.amount for item in priced for line in item.lines)
    coupon_amount = 0
    if coupon is not None:
        fits = any(coupon.fits(item.plan.code, "NEW") for item in priced)
        check_coupon(coupon, today, amount, fits_any=fits)
        priced, coupon_amount = _take_coupon(priced, coupon)
    discount = coupon_amount + sum(d.amount for item in priced for d in item.discounts)
    supply = amount - discount
    vat = vat_of(supply)
    return PricedOrder(
        catalogue=catalogue.code,
        items=tuple(priced),
        coupon_amount=coupon_amount,
        amount=amount,
        discount=discount,
        supply=supply,
        vat=vat,
        total=supply + vat,
    )


def _begins(today: date, starts_on: date | None) -> date:
    if starts_on is None:
        return today
    if not today <= starts_on <= today + timedelta(days=MAX_DAYS_AHEAD):
        raise DomainError("starts_on_out_of_range", "/starts_on")
    return starts_on


def _price_item(catalogue: Catalogue, item: NewItem, index: int, begins: date) -> PricedItem:
    place = f"/items/{index}"
    plan = catalogue.plan(item.plan)
    if plan is None:
        raise DomainError("plan_unknown", f"{place}/plan")
    users = _users(plan, item.users, place)
    term = _term(plan, item.months, place)
    months = term.months if term else None
    lines = [_licence_line(catalogue, plan, users, months), *_plan_lines(plan, months)]
    lines += _add_on_lines(catalogue, plan, item, users, months, place)
    lines, discounts = _discounts(lines, term)
    promotion = term.promotion if term else None
    in_price = promotion is not None and promotion.kind is PromotionKind.IN_PRICE
    return PricedItem(
        index=index,
        plan=plan,
        users=users,
        months=months,
        starts_on=begins,
        expires_on=expires_on(begins, months) if months else None,
        lines=tuple(lines),
        discounts=tuple(discounts),
        labels=(promotion.name,) if promotion and in_price else (),
    )


def _users(plan: Plan, users: int | None, place: str) -> int:
    if plan.fixed_users is not None:
        if users not in (None, plan.fixed_users):
            raise DomainError("plan_users_fixed", f"{place}/users", users=plan.fixed_users)
        return plan.fixed_users
    if users is None or not 1 <= users <= MAX_USERS:
        raise DomainError("quantity_out_of_range", f"{place}/users", maximum=MAX_USERS)
    return users


def _term(plan: Plan, months: int | None, place: str) -> Term | None:
    """The term bought; None for a plan without terms, which takes no months."""
    if plan.free:
        if months is not None:
            raise DomainError("term_not_offered", f"{place}/months")
        return None
    term = plan.term(months)
    if term is None:
        raise DomainError("term_not_offered", f"{place}/months")
    return term


def _licence_line(catalogue: Catalogue, plan: Plan, users: int, months: int | None) -> Line:
    amount = users * plan.unit_price * (months or 0)
    percent, off = _volume(catalogue, users, plan.unit_price * (months or 0))
    return Line(
        kind=LineKind.LICENCE,
        code=f"{plan.code}_USER",
        name=plan.name,
        quantity=users,
        unit_price=plan.unit_price,
        months=months,
        amount=amount,
        volume_percent=percent,
        volume=off,
    )


def _volume(catalogue: Catalogue, users: int, each: int) -> tuple[int, int]:
    """(percent of the bracket, KRW off): never dearer than a higher bracket's first quantity."""
    amount = users * each
    percent = max((t.percent for t in catalogue.tiers if t.first <= users), default=0)
    price = amount - percent_of(amount, percent)
    for tier in catalogue.tiers:
        if tier.first > users:
            floor = tier.first * each
            price = min(price, floor - percent_of(floor, tier.percent))
    return percent, amount - price


def _plan_lines(plan: Plan, months: int | None) -> list[Line]:
    lines = []
    if plan.base_price and months:
        lines.append(
            _line(LineKind.BASE, f"{plan.code}_BASE", BASE_NAME, 1, plan.base_price, months)
        )
    if plan.setup_price:
        lines.append(
            _line(LineKind.SETUP, f"{plan.code}_SETUP", SETUP_NAME, 1, plan.setup_price, None)
        )
    return lines


BASE_NAME = Name("기본료", "Base fee")
SETUP_NAME = Name("설치비", "Set-up")


def _line(
    kind: LineKind, code: str, name: Name, quantity: int, unit_price: int, months: int | None
) -> Line:
    amount = quantity * unit_price * (1 if months is None else months)
    return Line(kind, code, name, quantity, unit_price, months, amount)


def _add_on_lines(
    catalogue: Catalogue, plan: Plan, item: NewItem, users: int, months: int | None, place: str
) -> list[Line]:
    lines: list[Line] = []
    seen: set[str] = set()
    for position, (code, quantity) in enumerate(item.add_ons):
        where = f"{place}/add_ons/{position}"
        add_on = catalogue.add_on(code)
        if add_on is None or code in seen:
            raise DomainError(
                "add_on_unknown" if add_on is None else "add_on_twice", where + "/code"
            )
        seen.add(code)
        if not 1 <= quantity <= MAX_QUANTITY:
            raise DomainError("quantity_out_of_range", where + "/quantity", maximum=MAX_QUANTITY)
        if add_on.max_per_site is not None and quantity > add_on.max_per_site:
            raise DomainError(
                "add_on_limit_exceeded", where + "/quantity", maximum=add_on.max_per_site
            )
        if plan.free and add_on.price:
            raise DomainError("paid_plan_required", where + "/code")
        lines.append(_add_on_line(add_on, quantity, users, months))
    return lines


def _add_on_line(add_on: AddOn, quantity: int, users: int, months: int | None) -> Line:
    """A free plan has no months: what costs nothing there is a line of 0."""
    charged = {Basis.PER_SITE: 1, Basis.PER_USER: users}.get(add_on.basis, quantity)
    term = None if add_on.basis is Basis.ONCE else months
    return _line(LineKind.ADD_ON, add_on.code, add_on.name, charged, add_on.price, term)


VOLUME_NAME = Name("수량 할인", "Volume discount")


def _discounts(lines: list[Line], term: Term | None) -> tuple[list[Line], list[Discount]]:
    """VOLUME on its line, then PREPAY on what is left of the item's licence lines."""
    discounts = [
        Discount(DiscountKind.VOLUME, VOLUME_NAME, line.volume_percent, line.amount, line.volume)
        for line in lines
        if line.volume
    ]
    promotion = term.promotion if term else None
    if promotion is None or promotion.kind is not PromotionKind.PREPAY:
        return lines, discounts
    licence = [line.net if line.kind is LineKind.LICENCE else 0 for line in lines]
    off = percent_of(sum(licence), promotion.percent)
    if off:
        discounts.append(
            Discount(DiscountKind.PREPAY, promotion.name, promotion.percent, sum(licence), off)
        )
    shares = allot(off, licence)
    return [
        replace(line, prepay=share) for line, share in zip(lines, shares, strict=True)
    ], discounts


def _take_coupon(items: list[PricedItem], coupon: Coupon) -> tuple[list[PricedItem], int]:
    """Takes the coupon off the whole scope, then gives each line of it its share."""
    left = [
        line.net
        if coupon.fits(item.plan.code, "NEW")
        and (coupon.scope is CouponScope.ALL or line.kind is LineKind.LICENCE)
        else 0
        for item in items
        for line in item.lines
    ]
    off = coupon.off(sum(left))
    shares = iter(allot(off, left))
    taken = [
        replace(item, lines=tuple(replace(line, coupon=next(shares)) for line in item.lines))
        for item in items
    ]
    return taken, off
