"""차지백: a card holder denies a payment. Shown on the payment, and the operator is told by mail.

What comes of it the provider does not tell: the operator answers the card company, and records what
it decided (`services/operator_disputes.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.queue import enqueue
from app.db.tables.orders import Order, Payment
from app.domain.provider_payments import ReportedDispute
from app.services.account_mails import spoken_time
from app.services.mails import Mails, NewMail


@dataclass(frozen=True, slots=True)
class DisputeView:
    """`resolved_at` None: the card company has not decided."""

    opened_at: datetime
    resolved_at: datetime | None


class Disputes:
    """Keeps what the provider tells of disputes, in their payment's transaction."""

    def __init__(self, mails: Mails, operator_email: str) -> None:
        self._mails = mails
        self._operator_email = operator_email

    async def observe(
        self,
        session: AsyncSession,
        order: Order,
        payment: Payment,
        reported: Sequence[ReportedDispute],
        now: datetime,
    ) -> None:
        """Each that is new, and each that was decided, is told once. The payment is locked."""
        seen = [_kept(dispute) for dispute in reported]
        if seen == payment.disputes:
            return
        payment.disputes = seen
        payment.updated_at = now
        if not self._operator_email:
            return
        newest = reported[-1]
        facts = {
            "number": order.number,
            "payment": str(payment.id),
            "amount": f"{payment.amount:,}",
            "reason": newest.reason or "-",
            "opened_at": spoken_time(newest.opened_at),
            "state": "진행 중" if newest.resolved_at is None else "종료",
        }
        job = self._mails.queue(session, NewMail("dispute", self._operator_email, facts), now)
        await session.flush()
        await enqueue(session, [job])


def _kept(dispute: ReportedDispute) -> dict[str, str | None]:
    """Without the reason: it is the card holder's, and stays with the provider."""
    resolved = dispute.resolved_at.isoformat() if dispute.resolved_at else None
    return {"opened_at": dispute.opened_at.isoformat(), "resolved_at": resolved}


def disputes_of(payment: Payment) -> list[DisputeView]:
    """As its company sees them."""
    return [
        DisputeView(
            datetime.fromisoformat(dispute["opened_at"]),
            datetime.fromisoformat(dispute["resolved_at"]) if dispute["resolved_at"] else None,
        )
        for dispute in payment.disputes
    ]
