"""Orders after they are placed: reading, cancelling, expiring, another sub-domain."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.ledger import post
from app.db.order_reads import (
    ORDER,
    ORDER_PAGE,
    OrderFilters,
    OrderRead,
    OrderSummaryRead,
    orders_found,
)
from app.db.queue import Job, enqueue
from app.db.tables.catalogue import CouponUse
from app.db.tables.credit import CreditEntry
from app.db.tables.orders import Order, OrderEvent, OrderItem, OrderLine, Payment
from app.db.tables.sites import Site
from app.domain.credit import CreditKind
from app.domain.errors import DomainError
from app.domain.ledger import Sale, Sold, ended
from app.domain.orders import (
    ItemState,
    OrderEnd,
    OrderStatus,
    OrderType,
    PaymentMethod,
    derive_order_status,
    step_item,
    step_order,
)
from app.domain.payment_terms import due_on
from app.domain.periods import seoul_date
from app.domain.sites import check_subdomain
from app.services.company_mails import CompanyMails
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.emails import Emails
from app.services.mails import Mails
from app.services.membership_schedules import look_at_renewal
from app.services.order_events import PROVISION_ITEM, SYSTEM, account_actor
from app.services.principals import Access, Principal, read_within

EVERY_ORDER = OrderFilters()
_PAID_FOR = (
    select(Order)
    .join(Payment, Payment.order_id == Order.id)
    .where(Payment.id == bindparam("payment"))
    .with_for_update(of=Order)
)
_STATES = select(OrderItem.state).where(OrderItem.order_id == bindparam("order"))
_GIVE_BACK_COUPON = text("UPDATE coupons SET uses = uses - 1 WHERE code = :code")


@dataclass(frozen=True, slots=True)
class OrderPage:
    """`next_cursor` is None on the last page."""

    items: list[OrderSummaryRead]
    next_cursor: str | None


async def get_order(access: Access, order_id: UUID) -> OrderRead:
    """Raises `order_not_found`, also for another company's order."""
    _, order = await access.read(ORDER, id=order_id)
    return _found(order)


def _found(order: OrderRead | None) -> OrderRead:
    if order is None:
        raise DomainError("order_not_found")
    return order


async def list_orders(
    access: Access, cursor: str | None, size: int, filters: OrderFilters = EVERY_ORDER
) -> OrderPage:
    """주문/구매내역, the newest first. Without a filter it is the hot read of the order page."""
    at, last = read_cursor(cursor) or NEWEST
    if filters == EVERY_ORDER:
        _, rows = await access.read(ORDER_PAGE, at=at, id=last, size=size + 1)
    else:
        found = orders_found(filters.names)
        _, rows = await access.read(found, at=at, id=last, size=size + 1, **filters.values())
    page, more = rows[:size], len(rows) > size
    next_cursor = make_cursor(page[-1].created_at, page[-1].id) if more else None
    return OrderPage(page, next_cursor)


async def lock_order(session: AsyncSession, company_id: UUID, order_id: UUID) -> Order:
    """The row, locked. Raises `order_not_found`."""
    order = (
        await session.execute(
            select(Order)
            .where(Order.company_id == company_id, Order.id == order_id)
            .with_for_update()
        )
    ).scalar_one_or_none()
    if order is None:
        raise DomainError("order_not_found")
    return order


async def lock_paid_for(session: AsyncSession, payment_id: UUID) -> Order | None:
    """The order that a payment is for, locked, whosever it is; None where there is no payment."""
    found: Order | None = await session.scalar(_PAID_FOR, {"payment": payment_id})
    return found


async def cancel_order(session: AsyncSession, principal: Principal, order_id: UUID) -> OrderRead:
    """By the customer, before anything is paid. Raises `order_state_conflict`, and

    `renewal_not_cancellable`: a renewal is not paid, or its membership is ended.
    """
    order = await lock_order(session, principal.company_id, order_id)
    if order.kind == OrderType.RENEWAL:
        raise DomainError("renewal_not_cancellable")
    if order.status != OrderStatus.PENDING_PAYMENT:
        raise DomainError("order_state_conflict", current=order.status, wanted="CANCELLED")
    actor = account_actor(principal.account_id)
    await end_unpaid(session, order, OrderEnd.CANCELLED, actor, "customer", principal.now)
    return _found(await read_within(session, principal, ORDER, id=order_id))


async def end_unpaid(
    session: AsyncSession,
    order: Order,
    end: OrderEnd,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    """CANCELLED or EXPIRED: names and coupon are free again, open payments are closed.

    A payment that is captured all the same is sent back when it is read.
    """
    status = step_order(OrderStatus(order.status), OrderStatus(end.value))
    order.status = str(status)
    order.ended_at = now
    order.end_reason = reason
    order.updated_at = now
    await _give_up_claim(session, order, now)
    items = select(OrderItem.site_id).where(OrderItem.order_id == order.id)
    await session.execute(
        update(Site)
        .where(Site.id.in_(items), Site.state == "HELD")
        .values(state="RELEASED", updated_at=now)
    )
    await session.execute(
        update(Payment)
        .where(Payment.order_id == order.id, Payment.status == "READY")
        .values(status="CANCELLED", updated_at=now)
    )
    if order.coupon_code is not None:
        await session.execute(_GIVE_BACK_COUPON, {"code": order.coupon_code})
        await session.execute(delete(CouponUse).where(CouponUse.order_id == order.id))
    if order.kind == OrderType.RENEWAL:
        await look_at_renewal(session, order.id, now)
    session.add(_event(order, actor, reason, now))
    await session.flush()


async def nets_of_items(session: AsyncSession, order_id: UUID) -> dict[UUID, int]:
    """What each item of an order brings without VAT, in their order."""
    rows = await session.execute(
        select(OrderItem.id, func.coalesce(func.sum(OrderLine.net), 0).label("net"))
        .outerjoin(OrderLine, OrderLine.item_id == OrderItem.id)
        .where(OrderItem.order_id == order_id)
        .group_by(OrderItem.id, OrderItem.position)
        .order_by(OrderItem.position)
    )
    return {row.id: int(row.net) for row in rows}


async def _give_up_claim(session: AsyncSession, order: Order, now: datetime) -> None:
    """What the order asked for is asked for no more, and the credit that it used is back."""
    nets = await nets_of_items(session, order.id)
    sold = [Sold(item_id, net, None) for item_id, net in nets.items()]
    sale = Sale(order.id, order.company_id, sold, order.vat, order.total, order.credit_used)
    await post(session, now, ended(sale))
    if order.credit_used:
        session.add(credit_line(order, CreditKind.RELEASED, order.credit_used, 0, now))


def credit_line(
    order: Order,
    kind: CreditKind,
    amount: int,
    vat: int,
    now: datetime,
    item_id: UUID | None = None,
) -> CreditEntry:
    """A line of the credit statement about an order: `amount` with its VAT, negative where used."""
    return CreditEntry(
        id=new_id(),
        company_id=order.company_id,
        kind=str(kind),
        amount=amount,
        vat=vat,
        order_id=order.id,
        order_item_id=item_id,
        created_at=now,
    )


def _event(order: Order, actor: str, reason: str | None, now: datetime) -> OrderEvent:
    return OrderEvent(
        id=new_id(),
        company_id=order.company_id,
        order_id=order.id,
        status=order.status,
        actor=actor,
        reason=reason,
        at=now,
    )


async def derive_again(
    session: AsyncSession, order: Order, actor: str, reason: str | None, now: datetime
) -> None:
    """Writes what the order's status follows to from its items now; a step is a row of history."""
    states = await session.scalars(_STATES, {"order": order.id})
    due_now = order.payment_status == "UNPAID"
    wanted = derive_order_status([ItemState(state) for state in states], None, due_now)
    if wanted != order.status:
        order.status = str(step_order(OrderStatus(order.status), wanted))
        order.updated_at = now
        session.add(_event(order, actor, reason, now))
        _begin_terms(order, now)


def _begin_terms(order: Order, now: datetime) -> None:
    """후불: from the day of the delivery there are so many days to pay in."""
    delivered = order.status in {OrderStatus.COMPLETED, OrderStatus.PARTIALLY_COMPLETED}
    if delivered and order.terms_days is not None and order.terms_due_on is None:
        order.terms_due_on = due_on(seoul_date(now), order.terms_days)
        order.terms_next_at = now


async def choose_subdomain(
    session: AsyncSession, principal: Principal, order_id: UUID, item_id: UUID, subdomain: str
) -> OrderRead:
    """Another sub-domain after a failed opening; the item is tried again.

    Raises `order_item_not_found`, `order_state_conflict`, and what the name's rules say.
    """
    check_subdomain(subdomain, "/subdomain")
    order = await lock_order(session, principal.company_id, order_id)
    item = await session.get(OrderItem, item_id, with_for_update=True)
    if item is None or item.order_id != order.id:
        raise DomainError("order_item_not_found")
    item.state = str(step_item(ItemState(item.state), ItemState.PROVISIONING))
    item.attempts = 0
    item.failed_at = item.failure = None
    item.due_at = principal.now
    site = await session.get_one(Site, item.site_id, with_for_update=True)
    site.subdomain = subdomain
    site.revision += 1
    site.operation_id = None
    site.updated_at = principal.now
    try:
        await session.flush()
    except IntegrityError as lost:
        if "uq_sites_subdomain" not in str(lost.orig):
            raise
        raise DomainError("subdomain_taken", "/subdomain") from lost
    actor = account_actor(principal.account_id)
    await derive_again(session, order, actor, "another sub-domain", principal.now)
    await session.flush()
    await enqueue(session, [Job(PROVISION_ITEM, item.id)])
    return _found(await read_within(session, principal, ORDER, id=order_id))


class OrderJobs:
    """What happens to orders without anybody's hand."""

    def __init__(self, database: Database, clock: Clock, mails: Mails, emails: Emails) -> None:
        self._database = database
        self._clock = clock
        self._mails = CompanyMails(mails, emails)

    async def expire(self, order_id: UUID) -> None:
        """Ends an unpaid order whose time is over; anything else is left alone."""
        async with self._database.system_session("expire order") as session:
            now = await self._clock.now(session)
            order = await session.get(Order, order_id, with_for_update=True)
            if order is None or order.status != OrderStatus.PENDING_PAYMENT:
                return
            if order.expires_at is None or order.expires_at > now:
                return
            if order.kind == OrderType.RENEWAL:
                return  # its term's timetable ends it, after what comes before
            await end_unpaid(session, order, OrderEnd.EXPIRED, SYSTEM, "unpaid in time", now)

    async def announce(self, order_id: UUID) -> None:
        """Mails the customer that the order was placed, once."""
        async with self._database.system_session("announce order") as session:
            now = await self._clock.now(session)
            order = await session.get(Order, order_id, with_for_update=True)
            if order is None or order.announced_at is not None:
                return
            order.announced_at = now
            facts = {"number": order.number, "total": f"{order.total:,}", "due": _next_of(order)}
            await self._mails.tell(
                session, order.company_id, order.account_id, "order_placed", facts, now
            )


def _next_of(order: Order) -> str:
    """What the customer reads of what opens the service, or of when it is paid."""
    if order.payment_method == PaymentMethod.TERMS:
        return (
            f"서비스를 개설하고 있습니다. 대금은 개설 후 {order.terms_days}일 이내에 납부해 주세요."
        )
    if order.to_pay == 0 and order.credit_used:
        return f"잔액 {order.credit_used:,}원으로 결제되어 서비스를 개설하고 있습니다."
    if order.to_pay == 0:
        return "서비스를 개설하고 있습니다."
    if order.credit_used:
        return (
            f"잔액 {order.credit_used:,}원을 사용하고 남은 {order.to_pay:,}원의 결제가 완료되면"
            " 서비스가 개설됩니다."
        )
    return "결제가 완료되면 서비스가 개설됩니다."
