"""다음 갱신의 변경: less, or another plan, from the next renewal on (PRODUCT.md sections 8 and 12).

Money is integer KRW, VAT apart; days are Asia/Seoul dates, both inclusive. What PRODUCT.md leaves
open is decided in `docs/decisions/0018-scheduled-changes.md`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from app.domain.catalogue import Basis, Catalogue, Name, Plan
from app.domain.changes import STORAGE, Usage, check_usage, storage_of
from app.domain.contracts import Contract
from app.domain.errors import DomainError
from app.domain.memberships import MembershipStatus
from app.domain.orders import OrderType
from app.domain.periods import SEOUL, Span, expires_on, seoul_date
from app.domain.price_agreements import agreed_labels, with_agreed_prices
from app.domain.price_lines import (
    Service,
    check_add_ons,
    check_users,
    discount_lines,
    find_plan,
    price_labels,
    term_lines,
)
from app.domain.prices import PricedItem

NOTICE_DAYS = 30
"""Notice of a change of a yearly term is due so many days before its last day."""
ROOM_CHECK_DAYS = (14, 3)
"""How many days before the last one somebody is told that SHARED_FREE has no room."""
ROOM_CHECKED_AT = time(9)
"""KST."""
YEARLY_ORDER_DAYS, MONTHLY_ORDER_DAYS = 30, 7
"""How many days before the last one a renewal is ordered."""


@dataclass(frozen=True, slots=True)
class SiteContent:
    """What recurs at a site: users without complimentary ones, add-ons without once-packs."""

    plan: str
    users: int
    add_ons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScheduledChange:
    """What shall be from the next renewal on, and what there was when that was said."""

    wanted: SiteContent
    seen: SiteContent


@dataclass(frozen=True, slots=True)
class RenewalContent:
    """What a renewal is for. `dropped`: a scheduled change did not fit and is not part of it."""

    content: SiteContent
    dropped: bool = False


def _room_checks(last_day: date) -> list[datetime]:
    """The mornings (UTC) on which it is looked at whether the free plan has room."""
    return [
        datetime.combine(last_day - timedelta(days=days), ROOM_CHECKED_AT, tzinfo=SEOUL).astimezone(
            UTC
        )
        for days in ROOM_CHECK_DAYS
    ]


def room_is_due(last_day: date, now: datetime) -> bool:
    """Whether one of the mornings has come and the term lasts."""
    return _room_checks(last_day)[0] <= now and seoul_date(now) <= last_day


def next_room_check(last_day: date | None, now: datetime) -> datetime | None:
    """The next morning, if any."""
    mornings = _room_checks(last_day) if last_day else []
    return min((moment for moment in mornings if moment > now), default=None)


def content_of(catalogue: Catalogue, contract: Contract) -> SiteContent:
    """What recurs now."""
    return SiteContent(contract.plan, contract.users, recurring_of(catalogue, contract.add_ons))


def recurring_of(catalogue: Catalogue, add_ons: Mapping[str, int]) -> dict[str, int]:
    """Add-ons without once-packs, which live as long as the membership."""
    once = {add_on.code for add_on in catalogue.add_ons if add_on.basis is Basis.ONCE}
    return {code: n for code, n in add_ons.items() if n and code not in once}


def renewal_months(contract: Contract) -> int | None:
    """Months of the next term: of the last bought segment 1 → 1, 12 and 24 → 12."""
    if not contract.segments:
        return None
    return 1 if contract.segments[-1].months == 1 else 12


def last_day_to_schedule(contract: Contract) -> date:
    """Until when a change can be scheduled: the notice day of a yearly term, a monthly's last."""
    last = contract.expires_on
    assert last is not None
    return last - timedelta(days=0 if renewal_months(contract) == 1 else NOTICE_DAYS)


def renewal_ordered_on(contract: Contract, today: date) -> date:
    """The day whose prices the renewal has, as far as is known today."""
    last = contract.expires_on
    assert last is not None
    yearly = renewal_months(contract) != 1
    days = YEARLY_ORDER_DAYS if yearly else MONTHLY_ORDER_DAYS
    return max(today, last - timedelta(days=days))


def schedule_change(
    catalogue: Catalogue,
    contract: Contract,
    plan_code: str,
    users: int | None,
    add_ons: Sequence[tuple[str, int]],
    today: date,
    usage: Usage | None,
) -> ScheduledChange:
    """The whole recurring content from the renewal on: what is held and not named ends.

    Raises `nothing_to_renew`, what the state refuses, `scheduled_change_too_late`, what cannot be
    had of the plan, `scheduled_increase_not_offered`, `nothing_to_schedule`, and
    `below_present_use`; what SHARED_FREE has room for is looked at on the day itself.
    """
    _check_when(contract, today)
    plan = find_plan(catalogue, plan_code, "")
    seen = content_of(catalogue, contract)
    wanted = SiteContent(
        plan.code,
        check_users(plan, users, ""),
        {a.code: n for a, n in check_add_ons(catalogue, plan, add_ons, {}, "")},
    )
    _check_less(catalogue, plan, seen, wanted, [code for code, _ in add_ons])
    if wanted == seen:
        raise DomainError("nothing_to_schedule")
    if usage is not None and not plan.free:
        storage = storage_of(plan, wanted.users, wanted.add_ons.get(STORAGE, 0))
        check_usage(usage, wanted.users, storage, "")
    return ScheduledChange(wanted, seen)


def check_undo(contract: Contract, today: date) -> None:
    """Undoing gives no notice of anything: possible to the term's last day.

    Raises `scheduled_change_too_late`.
    """
    last = contract.expires_on
    if last is None or today > last:
        raise DomainError("scheduled_change_too_late", latest_on=str(last))


def _check_when(contract: Contract, today: date) -> None:
    status = contract.status_on(today)
    if status is MembershipStatus.TERMINATED:
        raise DomainError("membership_state_conflict", current=status.value)
    if not contract.segments:
        raise DomainError("nothing_to_renew")
    if status is MembershipStatus.OVERDUE:
        raise DomainError("membership_overdue")
    if status is MembershipStatus.EXPIRED:
        raise DomainError("membership_expired")
    latest = last_day_to_schedule(contract)
    if today > latest:
        raise DomainError("scheduled_change_too_late", latest_on=latest.isoformat())


def _check_less(
    catalogue: Catalogue,
    plan: Plan,
    seen: SiteContent,
    wanted: SiteContent,
    named: Sequence[str],
) -> None:
    """More is added by an order, which is paid for. A plan's own number is no increase."""
    if plan.fixed_users is None and wanted.users > seen.users:
        raise DomainError("scheduled_increase_not_offered", "/users", held=seen.users)
    for position, code in enumerate(named):
        place = f"/add_ons/{position}"
        add_on = catalogue.add_on(code)
        if add_on is not None and add_on.basis is Basis.ONCE:
            raise DomainError("change_not_offered", f"{place}/code")
        if wanted.add_ons[code] > seen.add_ons.get(code, 0):
            held = seen.add_ons.get(code, 0)
            raise DomainError("scheduled_increase_not_offered", f"{place}/quantity", held=held)


def content_at_renewal(
    catalogue: Catalogue, held: SiteContent, scheduled: ScheduledChange | None
) -> SiteContent:
    """What will recur. What was added since the change was scheduled comes on top of it.

    On SHARED_FREE only what costs nothing stays.
    """
    if scheduled is None:
        return held
    wanted, seen = scheduled.wanted, scheduled.seen
    plan = catalogue.plan(wanted.plan)
    assert plan is not None
    add_ons = {
        code: wanted.add_ons.get(code, 0) + held.add_ons.get(code, 0) - seen.add_ons.get(code, 0)
        for code in [*wanted.add_ons, *(c for c in held.add_ons if c not in wanted.add_ons)]
    }
    kept = {add_on.code for add_on in catalogue.add_ons if not plan.free or not add_on.price}
    return SiteContent(
        plan.code,
        plan.fixed_users or wanted.users + held.users - seen.users,
        {code: n for code, n in add_ons.items() if n > 0 and code in kept},
    )


def fits(catalogue: Catalogue, content: SiteContent, usage: Usage) -> bool:
    """Whether everybody and everything of a site has room in it."""
    plan = catalogue.plan(content.plan)
    assert plan is not None
    storage = storage_of(plan, content.users, content.add_ons.get(STORAGE, 0))
    return content.users >= usage.users and storage * 2**30 >= usage.storage_bytes


def renewal_content(
    catalogue: Catalogue,
    contract: Contract,
    scheduled: ScheduledChange | None,
    usage: Usage | None,
) -> RenewalContent:
    """What a renewal is for, as of now: a scheduled change whole, or, where it has no room for

    what is used, not at all. The renewal calls it when it is ordered and priced again, and on the
    last day for SHARED_FREE.
    """
    held = content_of(catalogue, contract)
    content = content_at_renewal(catalogue, held, scheduled)
    if scheduled is None or usage is None or fits(catalogue, content, usage):
        return RenewalContent(content)
    return RenewalContent(held, dropped=True)


def price_renewal(
    catalogue: Catalogue,
    contract: Contract,
    content: SiteContent,
    agreed: Mapping[str, int],
    index: int = 0,
) -> PricedItem:
    """The next term, from the day after the last one on, at this version's and agreed prices.

    Set-up is charged for another plan as a CHANGE does, so that waiting does not save it.
    """
    months = renewal_months(contract)
    assert months is not None
    prices = with_agreed_prices(catalogue, agreed)
    plan, begins = find_plan(prices, content.plan, ""), contract.ends_at
    add_ons = [(a, content.add_ons[a.code]) for a in prices.add_ons if a.code in content.add_ons]
    term = None if plan.free else plan.term(months)
    last = None if term is None else expires_on(contract.anchor_on, contract.months + months)
    service = Service(OrderType.RENEWAL, Span(months if term else 0), begins, last)
    setup_paid = None if content.plan == contract.plan else contract.setup_paid
    lines = term_lines(prices, plan, content.users, add_ons, service, setup_paid)
    lines, discounts = discount_lines(lines, term, OrderType.RENEWAL)
    priced = PricedItem(
        index=index,
        plan=plan,
        users=content.users,
        months=term.months if term else None,
        starts_on=begins,
        expires_on=last,
        lines=tuple(lines),
        discounts=tuple(discounts),
        labels=price_labels(term),
        type=OrderType.RENEWAL,
        ends=_ends(prices, contract, content),
    )
    return agreed_labels(priced, agreed) if agreed else priced


def _ends(
    catalogue: Catalogue, contract: Contract, content: SiteContent
) -> tuple[tuple[Name, int], ...]:
    """Add-ons that are held and not renewed."""
    held = recurring_of(catalogue, contract.add_ons)
    return tuple(
        (add_on.name, held[add_on.code])
        for add_on in catalogue.add_ons
        if add_on.code in held and add_on.code not in content.add_ons
    )


def describe(catalogue: Catalogue, held: SiteContent, content: SiteContent) -> tuple[Name, ...]:
    """What becomes another, for people: `사용자 10명 → 8명`."""
    said: list[Name] = []
    before, after = catalogue.plan(held.plan), catalogue.plan(content.plan)
    if before and after and before != after:
        said.append(
            Name(f"{before.name.ko} → {after.name.ko}", f"{before.name.en} → {after.name.en}")
        )
    if held.users != content.users:
        arrow = f"{held.users:,}명 → {content.users:,}명"
        said.append(Name(f"사용자 {arrow}", f"Users {held.users:,} → {content.users:,}"))
    for add_on in catalogue.add_ons:
        was, will = held.add_ons.get(add_on.code, 0), content.add_ons.get(add_on.code, 0)
        if was != will:
            arrow = f"{was:,} → {will:,}"
            said.append(Name(f"{add_on.name.ko} {arrow}", f"{add_on.name.en} {arrow}"))
    return tuple(said)
