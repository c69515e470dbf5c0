"""Rows of payments: one that was declined, and one that may not be closed."""

from sqlalchemy import literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.orders import Order, Payment
from app.domain.billing_keys import HARD, Decline
from app.domain.orders import PaymentMethod
from app.domain.payments import PaymentState, step_payment


def decline(payment: Payment, reason: Decline, provider_code: str | None) -> None:
    """A registered card was not charged: nobody tries again with this payment."""
    payment.status = str(step_payment(PaymentState(payment.status), PaymentState.FAILED))
    payment.failure_code = str(reason)
    payment.hard_decline = reason in HARD
    payment.provider_code = provider_code
    payment.check_due_at = None


async def payment_in_doubt(
    session: AsyncSession, order: Order, method: PaymentMethod
) -> Payment | None:
    """What may not be closed: a charge of which nobody knows the outcome, or a bank transfer of

    which a part has come. An untouched bank transfer is gone on with as well.
    """
    by_transfer = method is PaymentMethod.BANK_TRANSFER
    doubtful = (
        select(Payment)
        .where(
            Payment.order_id == order.id,
            Payment.status == PaymentState.READY,
            or_(
                Payment.charge_begun_at.is_not(None),
                Payment.received > 0,
                literal(by_transfer) & (Payment.method == PaymentMethod.BANK_TRANSFER),
            ),
        )
        .limit(1)
    )
    return (await session.execute(doubtful)).scalar_one_or_none()
