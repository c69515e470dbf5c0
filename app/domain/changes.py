"""변경: another plan at once, with credit for what was paid (PRODUCT.md section 8, CHANGE)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.domain.catalogue import Basis, Catalogue, Name, Plan
from app.domain.contracts import Contract, HeldLine, unused_of
from app.domain.errors import DomainError
from app.domain.memberships import MembershipStatus
from app.domain.orders import OrderType
from app.domain.periods import Span, boundary, expires_on, month_of, months_of, span
from app.domain.price_lines import (
    BASE_NAME,
    Service,
    check_add_ons,
    check_term,
    check_users,
    discount_lines,
    find_plan,
    price_labels,
    term_lines,
)
from app.domain.prices import CreditBasis, Line, LineKind, PricedItem

STORAGE = "STORAGE_GB"
"""The add-on that is sold by the GB."""


@dataclass(frozen=True, slots=True)
class ChangeItem:
    """The whole recurring content of the site from now on; once-packs named here are bought."""

    contract: Contract
    plan: str
    users: int | None = None
    months: int | None = None
    add_ons: tuple[tuple[str, int], ...] = ()
    agreed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a site uses now; `storage_bytes` in all."""

    users: int
    storage_bytes: int


def check_usage(usage: Usage, users: int, storage_gb: int, place: str) -> None:
    """Raises `below_present_use` with what is used: nobody loses an account or a file."""
    facts = {"users_used": usage.users, "storage_bytes_used": usage.storage_bytes}
    if users < usage.users:
        raise DomainError("below_present_use", f"{place}/users", **facts)
    if storage_gb * 2**30 < usage.storage_bytes:
        raise DomainError("below_present_use", f"{place}/add_ons", **facts)


def storage_of(plan: Plan, users: int, ordered_gb: int) -> int:
    """GB of 2³⁰ bytes: the plan's, and what was bought."""
    given = plan.fixed_storage_gb
    return (plan.storage_gb_per_user * users if given is None else given) + ordered_gb


def price_change(catalogue: Catalogue, item: ChangeItem, index: int, today: date) -> PricedItem:
    """Prices a CHANGE that begins `today`. Raises DomainError for what cannot be had."""
    place, contract = f"/items/{index}", item.contract
    _check_state(contract.status_on(today), place)
    plan = find_plan(catalogue, item.plan, place)
    _check_direction(catalogue, contract.plan, plan, place)
    users = check_users(plan, item.users, place)
    term = check_term(plan, item.months, f"{place}/months")
    assert term is not None  # a free plan is no plan to change up to
    add_ons = check_add_ons(catalogue, plan, item.add_ons, _packs(catalogue, contract), place)
    last_day = expires_on(today, term.months)
    service = Service(OrderType.CHANGE, Span(term.months), today, last_day)
    lines = term_lines(catalogue, plan, users, add_ons, service, contract.setup_paid)
    lines, discounts = discount_lines(lines, term, OrderType.CHANGE)
    lines += _credits(catalogue, contract, today)
    return PricedItem(
        index=index,
        plan=plan,
        users=users,
        months=term.months,
        starts_on=today,
        expires_on=last_day,
        lines=tuple(lines),
        discounts=tuple(discounts),
        labels=price_labels(term),
        type=OrderType.CHANGE,
        ends=_ends(catalogue, contract, item),
    )


def _check_state(status: MembershipStatus, place: str) -> None:
    if status is MembershipStatus.OVERDUE:
        raise DomainError("membership_overdue", place)
    if status is MembershipStatus.EXPIRED:
        raise DomainError("membership_expired", place)
    if status is not MembershipStatus.IN_USE:
        raise DomainError("membership_state_conflict", place, current=status.value)


def _check_direction(catalogue: Catalogue, held: str, wanted: Plan, place: str) -> None:
    """Up the catalogue's list of plans; anything else waits for the renewal."""
    order = [plan.code for plan in catalogue.plans]
    if held in order and order.index(wanted.code) <= order.index(held):
        raise DomainError("change_not_offered", f"{place}/plan")


def _packs(catalogue: Catalogue, contract: Contract) -> dict[str, int]:
    """Once-packs carry over; what recurs is named anew."""
    return {
        add_on.code: contract.add_ons[add_on.code]
        for add_on in catalogue.add_ons
        if add_on.basis is Basis.ONCE and add_on.code in contract.add_ons
    }


def _ends(
    catalogue: Catalogue, contract: Contract, item: ChangeItem
) -> tuple[tuple[Name, int], ...]:
    named = {code for code, _ in item.add_ons}
    return tuple(
        (add_on.name, contract.add_ons[add_on.code])
        for add_on in catalogue.add_ons
        if add_on.basis is not Basis.ONCE
        and contract.add_ons.get(add_on.code)
        and add_on.code not in named
    )


def _credits(catalogue: Catalogue, contract: Contract, today: date) -> list[Line]:
    """One for each recurring line that something was paid for and that is not used up."""
    return [
        _credit(catalogue, contract, line, value, today)
        for line in contract.held
        if (value := unused_of(line, contract.anchor_on, today))
    ]


def _credit(
    catalogue: Catalogue, contract: Contract, line: HeldLine, value: int, today: date
) -> Line:
    anchor = contract.anchor_on
    left = _length(anchor, max(today, line.first_day), line)
    return Line(
        kind=LineKind.CREDIT,
        code=line.code,
        name=_name(catalogue, line.code),
        quantity=line.quantity,
        unit_price=line.unit_price,
        months=left.whole,
        amount=-value,
        days=left.days,
        of=left.of,
        half=OrderType.CHANGE,
        basis=CreditBasis(line.net, _length(anchor, line.first_day, line)),
    )


def _length(anchor: date, first: date, line: HeldLine) -> Span:
    """From a day to the line's last, as whole months and days, where the line ends with a month."""
    end = month_of(anchor, line.last_day) + 1
    if line.last_day + timedelta(days=1) == boundary(anchor, end):
        return span(anchor, first, end)
    # A line that was cut short within a month.
    whole, rest = divmod(months_of(anchor, first, line.last_day), 1)
    return Span(int(whole), rest.numerator, rest.denominator if rest else None)


def _name(catalogue: Catalogue, code: str) -> Name:
    """What a held code is called; a code of a former catalogue is its own name."""
    for plan in catalogue.plans:
        if code == f"{plan.code}_USER":
            return plan.name
        if code == f"{plan.code}_BASE":
            return BASE_NAME
    add_on = catalogue.add_on(code)
    return add_on.name if add_on else Name(code, code)
