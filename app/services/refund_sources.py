"""What paid orders, and how much of it is still there to give back."""

from collections.abc import Sequence

from sqlalchemy import func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.disputes import DisputeDecision
from app.db.tables.orders import Order, Payment
from app.db.tables.refunds import Refund
from app.domain.ledger import vat_of_rest
from app.domain.refunds import Received


async def received_of(session: AsyncSession, payments: Sequence[Payment]) -> list[Received]:
    """What captured payments brought and what of it is promised back, or was taken by a card

    company. They are locked.
    """
    ids = [payment.id for payment in payments]
    gone = union_all(
        select(Refund.payment_id, Refund.amount, Refund.vat).where(Refund.payment_id.in_(ids)),
        select(
            DisputeDecision.payment_id,
            DisputeDecision.amount,
            Payment.vat * DisputeDecision.amount // Payment.amount,
        )
        .join(Payment, Payment.id == DisputeDecision.payment_id)
        .where(DisputeDecision.payment_id.in_(ids), DisputeDecision.amount != 0),
    ).subquery()
    rows = await session.execute(
        select(gone.c.payment_id, func.sum(gone.c.amount), func.sum(gone.c.vat)).group_by(
            gone.c.payment_id
        )
    )
    back = {payment_id: (int(amount), int(vat)) for payment_id, amount, vat in rows}
    return [
        Received(payment.amount, payment.vat, *back.get(payment.id, (0, 0))) for payment in payments
    ]


async def taken_of(session: AsyncSession, payments: Sequence[Payment]) -> int:
    """What card companies took back of them."""
    if not any(payment.disputes for payment in payments):
        return 0
    found = await session.scalar(
        select(func.sum(DisputeDecision.amount)).where(
            DisputeDecision.payment_id.in_([payment.id for payment in payments])
        )
    )
    return int(found or 0)


async def captured_of(session: AsyncSession, orders: Sequence[Order]) -> Sequence[Payment]:
    """What paid them, in their order."""
    places = {order.id: place for place, order in enumerate(orders)}
    rows = await session.scalars(
        select(Payment)
        .where(Payment.order_id.in_(places), Payment.paid_at.is_not(None))
        .order_by(Payment.id)
        .with_for_update()
    )
    return sorted(rows, key=lambda payment: places[payment.order_id])


async def credit_used_of(session: AsyncSession, order: Order) -> Received:
    """What of an order the company's credit paid, and what of that is back already."""
    vat = order.vat - vat_of_rest(order.vat, order.total, order.credit_used) if order.total else 0
    rows = await session.execute(
        select(Refund.amount, Refund.vat).where(
            Refund.order_id == order.id, Refund.destination == "CREDIT"
        )
    )
    back = rows.all()
    return Received(
        order.credit_used,
        vat,
        sum(row.amount for row in back),
        sum(row.vat for row in back),
    )
