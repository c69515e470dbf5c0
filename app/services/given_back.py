"""Money without goods: what is given back when an item can no longer be delivered."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.queue import Job, enqueue
from app.db.tables.orders import Order, OrderItem, OrderLine, Payment
from app.domain.credit import CreditKind
from app.domain.orders import ItemState, step_item
from app.domain.payments import PaymentState, step_payment
from app.services.membership_changes import credit
from app.services.order_events import CHECK_PAYMENT, SYSTEM
from app.services.orders import derive_again


async def give_back_item(
    session: AsyncSession, order: Order, item: OrderItem, reason: str, now: datetime
) -> None:
    """Ends a paid item before it is delivered: its membership is not what it was ordered for.

    An order of this item alone goes back to the payment that paid it; of one with more items the
    item's share goes to the credit balance.
    """
    item.state = str(step_item(ItemState(item.state), ItemState.REFUNDED))
    item.failure, item.due_at = reason, None
    items = await session.scalar(
        select(func.count()).select_from(OrderItem).where(OrderItem.order_id == order.id)
    )
    if items == 1:
        await _send_back(session, order, now)
    else:
        value = await session.scalar(
            select(func.sum(OrderLine.net)).where(OrderLine.item_id == item.id)
        )
        credit(session, order, item, CreditKind.NOT_DELIVERED, int(value or 0), now)
    await session.flush()
    await derive_again(session, order, SYSTEM, reason, now)


async def _send_back(session: AsyncSession, order: Order, now: datetime) -> None:
    """The payment job asks the provider; until then the payment says what is due."""
    payments = await session.execute(
        select(Payment)
        .where(Payment.order_id == order.id, Payment.status == "PAID")
        .with_for_update()
    )
    for payment in payments.scalars():
        payment.status = str(step_payment(PaymentState(payment.status), PaymentState.REFUND_DUE))
        payment.refund_due = payment.amount
        payment.check_due_at = payment.updated_at = now
        order.payment_status = "REFUNDED"
        await enqueue(session, [Job(CHECK_PAYMENT, payment.id)])
