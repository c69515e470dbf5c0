"""Rows of payments: one that was declined, and one that may not be closed."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select
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


_OPEN = select(Payment).where(
    Payment.order_id == bindparam("order"), Payment.status == PaymentState.READY
)


async def open_payments(session: AsyncSession, order: Order) -> Sequence[Payment]:
    """Those that could still pay it."""
    return (await session.scalars(_OPEN, {"order": order.id})).all()


def in_doubt(payments: Sequence[Payment], method: PaymentMethod) -> Payment | None:
    """What may not be closed: a charge of which nobody knows the outcome, or a bank transfer of

    which a part has come. An untouched bank transfer is gone on with as well.
    """
    by_transfer = method is PaymentMethod.BANK_TRANSFER
    for payment in payments:
        untouched = payment.charge_begun_at is None and not payment.received
        if not untouched or (by_transfer and payment.method == PaymentMethod.BANK_TRANSFER):
            return payment
    return None
