"""What an order on terms (후불) asks for no more, since a part of it is not served."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.orders import Order, Payment
from app.domain.orders import PaymentMethod, derive_payment_status
from app.domain.payments import PaymentState, step_payment
from app.domain.periods import seoul_date
from app.domain.refunds import Money, Received, part_of
from app.services.evidence import want_evidence
from app.services.paid_orders import ON_TERMS, book_paid
from app.services.tax_invoices import want_invoice_on_terms


async def take_off_claim(session: AsyncSession, order: Order, value: Money, now: datetime) -> Money:
    """What of a value comes off what is still owed: nothing of an order that owes nothing on terms.

    The order is locked; its refund row, and with it the ledger, is the caller's. What has come in
    parts by bank transfer is owed no more and stays. What was begun for another amount is closed.
    """
    nothing = Money(0, 0)
    if order.payment_status not in ON_TERMS or value.amount == 0:
        return nothing
    payments = await _open_payments(session, order)
    received = sum(payment.received for payment in payments)
    amount = min(value.amount, order.to_pay - received)
    if amount <= 0:
        return nothing
    if order.terms_due_on is not None:  # delivered: what is taken off is a correction of it
        await want_invoice_on_terms(session, order, now)
    owed = Received(order.to_pay, order.vat_to_pay)
    share = part_of(owed, amount, value.vat * amount // value.amount)
    order.claim_reduced += share.amount
    order.claim_reduced_vat += share.vat
    order.updated_at = now
    if order.to_pay == 0:
        today = seoul_date(now)
        order.payment_status = str(derive_payment_status(0, 0, 0, order.terms_due_on, today))
    for payment in payments:
        await _fit(session, payment, order, now)
    await session.flush()
    return share


async def _open_payments(session: AsyncSession, order: Order) -> Sequence[Payment]:
    rows = await session.scalars(
        select(Payment)
        .where(Payment.order_id == order.id, Payment.status == PaymentState.READY)
        .order_by(Payment.id)
        .with_for_update()
    )
    return rows.all()


async def _fit(session: AsyncSession, payment: Payment, order: Order, now: datetime) -> None:
    """A bank transfer asks for the rest under the code that was told; whatever else was begun is

    closed, since the provider has its amount.
    """
    payment.updated_at = now
    if payment.method != PaymentMethod.BANK_TRANSFER or order.to_pay == 0:
        payment.status = str(step_payment(PaymentState(payment.status), PaymentState.CANCELLED))
        return
    payment.amount, payment.vat = order.to_pay, order.vat_to_pay
    if payment.received == payment.amount:
        await want_evidence(session, payment, payment.vat, seoul_date(now), now)
        await book_paid(session, payment, order, now)
