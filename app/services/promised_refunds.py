"""Refunds that were promised before a card company took the money: it goes back once."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.queue import Job, enqueue
from app.db.tables.orders import Payment
from app.db.tables.refunds import Refund
from app.domain.disputes import Promised, lost_of_promised
from app.domain.errors import DomainError
from app.domain.refunds import RefundState
from app.services.order_events import SYSTEM
from app.services.refund_jobs import LEASE
from app.services.refund_sources import taken_of
from app.services.refunds import SEND_REFUND, derive_payment, finish, refunds_of

_KEPT = frozenset({RefundState.REQUESTED, RefundState.MANUAL_REQUIRED})


async def keep_less(session: AsyncSession, payment: Payment, now: datetime) -> None:
    """What was promised and is not sent is lowered to what is left of the payment.

    Order and payment are locked, and what was taken is written. The difference is booked when each
    is done. Raises `refund_being_sent` while a worker has one of them.
    """
    rows = await refunds_of(session, payment.id)
    open_ = [row for row in rows if row.state in _KEPT]
    gone = sum(row.amount for row in rows if row.state not in _KEPT)
    gone += await taken_of(session, [payment])
    lost = lost_of_promised(payment.amount, gone, [row.amount for row in open_])
    jobs = []
    for refund, part in zip(open_, lost, strict=True):
        if not part:
            continue
        if _being_sent(refund, now):
            raise DomainError("refund_being_sent")
        left = Promised(refund.amount, refund.vat).less(part)
        refund.amount, refund.vat = left.amount, left.vat
        refund.approved_by, refund.updated_at = None, now
        if left.amount == 0 and refund.state == RefundState.MANUAL_REQUIRED:
            await finish(session, refund, None, SYSTEM, now)
        elif refund.state == RefundState.REQUESTED:
            refund.due_at = now  # looked at the provider first: an answer may have been lost
            jobs.append(Job(SEND_REFUND, refund.id))
    await session.flush()
    await derive_payment(session, payment, now)
    await enqueue(session, jobs)


def _being_sent(refund: Refund, now: datetime) -> bool:
    """Whether a worker may be asking the provider right now."""
    held = refund.due_at is not None and now < refund.due_at <= now + LEASE
    return refund.state == RefundState.REQUESTED and refund.attempts > 0 and held
