"""What changes a membership: every item of an order, through one function.

An item is priced for a contract as it was on a day. Before its money is taken, before it is
delivered and when it is written, it is priced again for the contract as it is by then: what comes
out differently is refused, so that two orders of one membership never undercut each other.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import ContractRead, contracts_of
from app.db.ids import new_id
from app.db.ledger import post
from app.db.tables.orders import Order, OrderItem, OrderLine
from app.db.tables.sites import HeldLine, Membership, Segment
from app.domain.catalogue import Catalogue, Name
from app.domain.changes import STORAGE, storage_of
from app.domain.contract_changes import (
    AppliedItem,
    BoughtItem,
    apply_item,
    apply_renewal,
    open_contract,
)
from app.domain.contracts import monthly_fee_on
from app.domain.credit import CreditKind
from app.domain.errors import DomainError
from app.domain.ledger import credited
from app.domain.memberships import MembershipStatus
from app.domain.money import vat_of
from app.domain.orders import OrderType, beginning_of
from app.domain.periods import boundary, expires_on, seoul_date
from app.domain.pricing import (
    AddExtendItem,
    ChangeItem,
    Line,
    LineKind,
    OrderWish,
    PricedItem,
    price_item,
)
from app.domain.scheduled_changes import SiteContent, price_renewal
from app.services.orders import credit_line
from app.services.renewal_checks import (
    EXTENDING,
    check_not_renewed,
    check_nothing_waits,
    check_renewal,
)
from app.services.scheduled_changes import forget_scheduled_change

_NAMELESS = Name("", "")


@dataclass(frozen=True, slots=True)
class PendingChange:
    """An item that fits what its membership holds, and what would come of it on a day."""

    held: ContractRead
    lines: list[OrderLine]
    applied: AppliedItem
    on: date


async def lines_of(session: AsyncSession, item: OrderItem) -> list[OrderLine]:
    rows = await session.execute(
        select(OrderLine).where(OrderLine.item_id == item.id).order_by(OrderLine.position)
    )
    return list(rows.scalars())


@dataclass(frozen=True, slots=True)
class OrderedLines:
    """An item with its lines, in their order."""

    item: OrderItem
    lines: list[OrderLine]


_ITEMS = (
    select(OrderItem, OrderLine)
    .outerjoin(OrderLine, OrderLine.item_id == OrderItem.id)
    .where(OrderItem.order_id == bindparam("order"))
    .order_by(OrderItem.position, OrderItem.id, OrderLine.position)
)


async def ordered_lines(session: AsyncSession, order: Order) -> list[OrderedLines]:
    """Every item of an order, by one statement."""
    found: dict[UUID, OrderedLines] = {}
    rows = await session.execute(_ITEMS, {"order": order.id})
    for item, line in rows:
        ordered = found.setdefault(item.id, OrderedLines(item, []))
        if line is not None:
            ordered.lines.append(line)
    return list(found.values())


async def pending_change(
    session: AsyncSession, catalogue: Catalogue, order: Order, item: OrderItem, now: datetime
) -> PendingChange:
    """Raises `membership_changed` where the item costs another price now, or cannot be had."""
    assert item.membership_id is not None
    contracts = await contracts_of(session, item.company_id, [item.membership_id])
    held, lines = contracts[item.membership_id], await lines_of(session, item)
    return await _pending(session, catalogue, order, OrderedLines(item, lines), held, now)


async def _pending(
    session: AsyncSession,
    catalogue: Catalogue,
    order: Order,
    ordered: OrderedLines,
    held: ContractRead,
    now: datetime,
) -> PendingChange:
    item, lines = ordered.item, ordered.lines
    on = _effective_day(order, item, now)
    try:
        if item.type == OrderType.RENEWAL:
            await check_renewal(session, catalogue, item, held)
            priced = price_renewal(
                catalogue, held.contract, _content(item), item.agreed_prices or {}, item.position
            )
        else:
            await check_not_renewed(session, order, item)
            day = order.ordered_on if item.type == OrderType.CHANGE else order.priced_on
            priced = price_item(catalogue, _wish(item, held), item.position, day, day)
    except DomainError as refused:
        raise DomainError("membership_changed", reason=refused.code) from refused
    served = held.contract.status_on(on) is MembershipStatus.IN_USE
    adds = item.type in {OrderType.ADD, OrderType.ADD_EXTEND}
    if not _same(priced, item, lines) or (adds and not served):
        raise DomainError("membership_changed", reason="price")
    bought = BoughtItem(priced, item.add_ons, [line.net for line in lines], on)
    if item.type == OrderType.RENEWAL:
        return PendingChange(held, lines, apply_renewal(catalogue, held.contract, bought), on)
    return PendingChange(held, lines, apply_item(catalogue, held.contract, bought), on)


def _content(item: OrderItem) -> SiteContent:
    """What a renewal is for."""
    return SiteContent(item.plan, item.users, item.add_ons)


async def check_still_fits(
    session: AsyncSession, catalogue: Catalogue, order: Order, now: datetime
) -> None:
    """Before money moves: raises `membership_changed` where an item's membership is another now.

    The memberships are locked, so that of a renewal and an extension only one is paid.
    """
    changing = [x for x in await ordered_lines(session, order) if x.item.type != OrderType.NEW]
    if not changing:
        return
    items = [ordered.item for ordered in changing]
    await check_nothing_waits(session, items)
    memberships = [item.membership_id for item in items if item.membership_id is not None]
    contracts = await contracts_of(session, order.company_id, memberships)
    for ordered in changing:
        membership_id = ordered.item.membership_id
        assert membership_id is not None
        held = contracts[membership_id]
        await _pending(session, catalogue, order, ordered, held, now)


def _effective_day(order: Order, item: OrderItem, now: datetime) -> date:
    """A CHANGE begins when it is confirmed, anything else when it was paid, or, where it waits for

    a day (a renewal to something else), on that day.
    """
    if item.type == OrderType.CHANGE or order.paid_at is None:
        return seoul_date(now)
    return max(seoul_date(order.paid_at), order.starts_on or date.min)


def _wish(item: OrderItem, held: ContractRead) -> OrderWish:
    add_ons, agreed = tuple(item.add_ons.items()), item.agreed_prices or {}
    if item.type == OrderType.CHANGE:
        return ChangeItem(held.contract, item.plan, item.users, item.months, add_ons, agreed)
    return AddExtendItem(held.contract, item.users, add_ons, item.months or 0, agreed)


def _same(priced: PricedItem, item: OrderItem, lines: list[OrderLine]) -> bool:
    """Whether lines and discounts are those that were agreed; the days may be others."""
    now = [(str(x.kind), x.code, x.quantity, x.unit_price, x.amount) for x in priced.lines]
    then = [(x.kind, x.code, x.quantity, x.unit_price, x.amount) for x in lines]
    off_now = [(str(x.kind), x.amount) for x in priced.discounts]
    off_then = [(str(x["kind"]), int(x["amount"])) for x in item.discounts]
    return priced.plan.code == item.plan and now == then and off_now == off_then


def opened(catalogue: Catalogue, item: OrderItem, lines: list[OrderLine], on: date) -> AppliedItem:
    """The contract of a NEW item, from the lines that were agreed."""
    plan = catalogue.plan(item.plan)
    assert plan is not None
    volume = {str(d["kind"]): int(d["amount"]) for d in item.discounts}.get("VOLUME", 0)
    agreed = tuple(
        Line(
            kind=LineKind(row.kind),
            code=row.code,
            name=_NAMELESS,
            quantity=row.quantity,
            unit_price=row.unit_price,
            months=row.months,
            amount=row.amount,
            volume=volume if row.kind == LineKind.LICENCE else 0,
        )
        for row in lines
    )
    last_day = expires_on(on, item.months) if item.months else None
    priced = PricedItem(item.position, plan, item.users, item.months, on, last_day, agreed, (), ())
    return open_contract(BoughtItem(priced, item.add_ons, [row.net for row in lines], on))


def new_membership(
    catalogue: Catalogue, item: OrderItem, applied: AppliedItem, on: date, now: datetime
) -> Membership:
    """The row of a site that was opened on a day."""
    contract, plan = applied.contract, catalogue.plan(item.plan)
    assert plan is not None
    storage = storage_of(plan, item.users, int(item.add_ons.get(STORAGE, 0)))
    return Membership(
        id=new_id(),
        company_id=item.company_id,
        site_id=item.site_id,
        plan=item.plan,
        status="IN_USE",
        billing_channel="DIRECT",
        reseller_name=None,
        reseller_phone=None,
        first_started_on=on,
        starts_on=on,
        expires_on=contract.expires_on,
        users=item.users,
        base_users=item.users,
        complimentary_users=item.users if plan.free else 0,
        storage_gb=storage,
        base_storage_gb=storage,
        add_ons=dict(contract.add_ons),
        monthly_fee=monthly_fee_on(contract.held, on),
        term_months=item.months,
        anchor_on=on,
        setup_paid=contract.setup_paid,
        auto_renew=False,
        revision=1,
        created_at=now,
        updated_at=now,
    )


def change_membership(
    catalogue: Catalogue, membership: Membership, item: OrderItem, change: PendingChange
) -> None:
    """Writes what the item makes of the membership's own row."""
    applied, on = change.applied, change.on
    contract = applied.contract
    plan = catalogue.plan(contract.plan)
    assert plan is not None
    was_free = change.held.expires_on is None
    complimentary = membership.complimentary_users
    if item.type == OrderType.CHANGE:
        complimentary = 0 if was_free else complimentary
        storage = storage_of(
            plan, contract.users + complimentary, int(contract.add_ons.get(STORAGE, 0))
        )
    elif item.type == OrderType.RENEWAL:
        complimentary = contract.users if plan.free else complimentary
        storage = _renewed_storage(catalogue, membership, change)
    else:
        storage = membership.storage_gb + plan.storage_gb_per_user * item.users
        storage += int(item.add_ons.get(STORAGE, 0))
    membership.plan = contract.plan
    membership.status = str(contract.status)
    if not plan.free:
        membership.users = contract.users + complimentary
    elif item.type == OrderType.RENEWAL:
        membership.users = contract.users
    membership.complimentary_users = complimentary
    membership.storage_gb = storage
    membership.add_ons = dict(contract.add_ons)
    membership.expires_on = contract.expires_on
    membership.anchor_on = contract.anchor_on
    membership.setup_paid = contract.setup_paid
    if applied.segment is not None:
        membership.term_months = applied.segment.months
    if applied.segment is None and item.type == OrderType.RENEWAL:
        membership.term_months = None
    if applied.ended:
        begin_term(membership, on)
    elif item.type == OrderType.RENEWAL and change.held.contract.ends_at <= on:
        begin_term(membership, change.held.contract.ends_at)
    overdue = change.held.contract.status_on(on) is not MembershipStatus.IN_USE
    if applied.ended or overdue:  # nothing of what was sold before is served on that day
        membership.monthly_fee = 0
    membership.monthly_fee += monthly_fee_on([line for _, line in applied.sold], on)
    membership.revision += 1


def begin_term(membership: Membership, first_day: date) -> None:
    """What is held on its first day is what the term began with; the rest was added."""
    membership.starts_on = first_day
    membership.base_users, membership.base_storage_gb = membership.users, membership.storage_gb


def _renewed_storage(catalogue: Catalogue, membership: Membership, change: PendingChange) -> int:
    """As it was, more or less by what the renewal changes: an import may have had its own."""
    contract, held = change.applied.contract, change.held.contract
    plan, former = catalogue.plan(contract.plan), catalogue.plan(held.plan)
    assert plan is not None
    if plan.free or former is None:
        return storage_of(plan, contract.users, int(contract.add_ons.get(STORAGE, 0)))
    was = storage_of(former, held.users, int(held.add_ons.get(STORAGE, 0)))
    will = storage_of(plan, contract.users, int(contract.add_ons.get(STORAGE, 0)))
    return max(0, membership.storage_gb + will - was)


async def write_contract(
    session: AsyncSession,
    item: OrderItem,
    membership: Membership,
    lines: list[OrderLine],
    applied: AppliedItem,
    on: date,
    now: datetime,
) -> None:
    """Its segment and held lines, and the end of those before; the item says since when."""
    if applied.ended:
        before = on - timedelta(days=1)
        for table in (Segment, HeldLine):
            await session.execute(
                update(table)
                .where(table.membership_id == membership.id, table.ended_on.is_(None))
                .values(ended_on=before)
            )
    if applied.ended or item.type == OrderType.RENEWAL:
        await forget_scheduled_change(session, membership.id)
    contract = applied.contract
    first_day = on
    if applied.segment is not None:
        ends = contract.months
        begins = boundary(contract.anchor_on, ends - applied.segment.months)
        first_day = on if item.type == OrderType.ADD_EXTEND else begins
        session.add(
            Segment(
                id=new_id(),
                company_id=item.company_id,
                membership_id=membership.id,
                order_item_id=item.id,
                kind="EXTEND" if item.type in EXTENDING else item.type,
                starts_on=begins,
                ends_on=contract.expires_on,
                months=applied.segment.months,
                unit_prices=dict(applied.segment.unit_prices),
                due_at=beginning_of(begins) if begins > on else None,
                created_at=now,
            )
        )
    item.applied_on, item.expires_on = first_day, contract.expires_on
    session.add_all(
        HeldLine(
            id=new_id(),
            company_id=item.company_id,
            membership_id=membership.id,
            order_line_id=lines[place].id,
            code=line.code,
            quantity=line.quantity,
            unit_price=line.unit_price,
            net=line.net,
            monthly=line.monthly,
            first_day=line.first_day,
            last_day=line.last_day,
            created_at=now,
        )
        for place, line in applied.sold
    )


async def credit(
    session: AsyncSession,
    order: Order,
    item: OrderItem | None,
    kind: CreditKind,
    value: int,
    now: datetime,
) -> None:
    """Puts a value, VAT apart, to the company's balance with its VAT, once for an item and kind."""
    if value > 0:
        item_id, vat = item.id if item else None, vat_of(value)
        line = credit_line(order, kind, value + vat, vat, now, item_id)
        session.add(line)
        entry = credited(order.company_id, line.id, kind, value, vat, order.id, item_id)
        await post(session, now, entry)
