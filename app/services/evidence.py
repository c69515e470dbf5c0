"""증빙: which one a payment that has come gets, and what a refund does to it."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.ids import new_id
from app.db.queue import Job, enqueue
from app.db.tables.cash_receipts import CashReceipt
from app.db.tables.orders import Payment
from app.db.tables.refunds import Refund
from app.domain.cash_receipts import LIVE, ReceiptAmount, ReceiptState
from app.services.cash_receipts import LEASE, MIND_CASH_RECEIPT
from app.services.tax_invoices import has_invoice, want_correction, want_tax_invoice


async def want_evidence(
    session: AsyncSession, payment: Payment, vat: int, on: date, now: datetime
) -> None:
    """For a payment that has come, by a payer who had none in the payment window.

    `vat`: as the provider tells it, `on`: the day of the money. In the transaction of the capture.
    """
    row = await _chosen(session, payment)
    if row is None or await has_invoice(session, payment):
        await want_tax_invoice(session, payment, vat, on, now)
        return
    row.state, row.due_at, row.updated_at = str(ReceiptState.WAITING), now, now
    row.total, row.vat = payment.amount, vat
    await session.flush()
    await enqueue(session, [Job(MIND_CASH_RECEIPT, row.id)])


async def drop_choice(session: AsyncSession, payment: Payment, now: datetime) -> None:
    """The payment window issued a receipt: that is the evidence."""
    row = await _chosen(session, payment)
    if row is not None:
        row.state, row.updated_at = str(ReceiptState.DROPPED), now


async def want_less_evidence(session: AsyncSession, refund: Refund, now: datetime) -> None:
    """For what goes back: a correction of the invoice, or another receipt for what is left."""
    await want_correction(session, refund, now)
    if refund.payment_id is None or refund.amount == 0:
        return
    former = await session.scalar(
        select(CashReceipt)
        .where(
            CashReceipt.payment_id == refund.payment_id,
            CashReceipt.state.in_([str(state) for state in LIVE]),
        )
        .with_for_update()
    )
    if former is None:
        return
    left = ReceiptAmount(former.total, former.vat).less(refund.amount, refund.vat, refund.fee)
    _take_back(former, now)
    await session.flush()  # there is one that lives at most
    jobs = [Job(MIND_CASH_RECEIPT, former.id)] if former.due_at == now else []
    if left.total:
        row = _rest(former, left, now)
        session.add(row)
        await session.flush()
        jobs += [Job(MIND_CASH_RECEIPT, row.id)] if row.due_at else []
    await enqueue(session, jobs)


def _take_back(row: CashReceipt, now: datetime) -> None:
    """At once where the provider was never asked; not while it may be answering."""
    row.updated_at = now
    if row.asked_at is None:
        row.state, row.due_at = str(ReceiptState.DROPPED), None
        return
    answered = row.state == ReceiptState.ISSUED
    row.state, row.failure, row.attempts = str(ReceiptState.CANCELLING), None, 0
    row.due_at = now if answered else max(now, row.asked_at + LEASE)


def _rest(former: CashReceipt, left: ReceiptAmount, now: datetime) -> CashReceipt:
    """What is left of a payment, once the receipt before it is taken back."""
    after = former.id if former.state == ReceiptState.CANCELLING else former.after_id
    row_id = new_id()
    return CashReceipt(
        id=row_id,
        company_id=former.company_id,
        order_id=former.order_id,
        payment_id=former.payment_id,
        key=row_id,
        after_id=after,
        type=former.type,
        number=former.number,
        masked=former.masked,
        total=left.total,
        vat=left.vat,
        state=str(ReceiptState.WAITING),
        attempts=0,
        due_at=now if after is None else None,
        created_at=now,
        updated_at=now,
    )


async def _chosen(session: AsyncSession, payment: Payment) -> CashReceipt | None:
    found: CashReceipt | None = await session.scalar(
        select(CashReceipt)
        .where(CashReceipt.payment_id == payment.id, CashReceipt.state == ReceiptState.CHOSEN)
        .with_for_update()
    )
    return found
