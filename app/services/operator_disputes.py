"""차지백 결과: what a card company decided, which no provider tells; recorded and booked once."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.ledger import post
from app.db.tables.disputes import DisputeDecision
from app.db.tables.orders import Order, Payment
from app.domain.audit import AuditAction
from app.domain.disputes import Decision, DisputeOutcome
from app.domain.errors import DomainError
from app.domain.ledger import charged_back
from app.domain.operators import Operator
from app.domain.periods import seoul_date
from app.services.audit import AuditEntry, operator_actor, record
from app.services.promised_refunds import keep_less

_HELD = text(
    "SELECT coalesce(sum(amount), 0)::bigint FROM postings"
    " WHERE payment_id = :id AND account = 'PROVIDER'"
)


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """KRW with VAT. `amount`: what was taken back."""

    id: UUID
    company_id: UUID
    order_id: UUID
    payment_id: UUID
    outcome: str
    amount: int
    decided_on: date
    recorded_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OperatorDisputes:
    """One use case a method."""

    database: Database
    clock: Clock

    async def record(
        self, operator: Operator, payment_id: UUID, decision: Decision
    ) -> RecordedDecision:
        """Books what was lost. The same again is harmless.

        Raises `payment_not_found`, `payment_not_disputed`, `dispute_outcome_recorded` (it was lost
        already), `dispute_outcome_invalid`, and `refund_being_sent` while one is on its way.
        """
        async with self.database.system_session("operator: dispute decided") as session:
            now = await self.clock.now(session)
            payment = await _lock(session, payment_id)
            if not payment.disputes:
                raise DomainError("payment_not_disputed")
            known = await _known(session, payment_id, decision)
            if known is not None:
                return _view(known, payment)
            decision.check(await _held(session, payment_id), seoul_date(now))
            row = _row(operator, payment, decision, now)
            session.add(row)
            if decision.outcome is DisputeOutcome.LOST:
                taken = (payment.company_id, payment.order_id, payment.id, decision.amount)
                await post(session, now, charged_back(*taken))
                await session.flush()
                await keep_less(session, payment, now)
            entry = AuditEntry.by_operator(
                operator,
                AuditAction.DISPUTE_RECORDED,
                now,
                company_id=payment.company_id,
                subject=str(payment.id),
                details={"outcome": str(decision.outcome), "amount": decision.amount},
            )
            record(session, entry)
            await session.flush()
            return _view(row, payment)


async def _lock(session: AsyncSession, payment_id: UUID) -> Payment:
    """The order first, as everywhere. Raises `payment_not_found`."""
    order_id = await session.scalar(select(Payment.order_id).where(Payment.id == payment_id))
    if order_id is None:
        raise DomainError("payment_not_found")
    await session.get_one(Order, order_id, with_for_update=True)
    return await session.get_one(Payment, payment_id, with_for_update=True)


async def _known(
    session: AsyncSession, payment_id: UUID, decision: Decision
) -> DisputeDecision | None:
    """The same decision, recorded before. Raises `dispute_outcome_recorded`."""
    rows = await session.scalars(
        select(DisputeDecision).where(DisputeDecision.payment_id == payment_id)
    )
    found = rows.all()
    for row in found:
        if Decision(DisputeOutcome(row.outcome), row.amount, row.decided_on) == decision:
            return row
    if any(row.outcome == DisputeOutcome.LOST for row in found):
        raise DomainError("dispute_outcome_recorded")
    return None


async def _held(session: AsyncSession, payment_id: UUID) -> int:
    """What of a payment is at the provider by our books: what by hand went back is still there."""
    found = await session.scalar(_HELD, {"id": payment_id})
    return int(found or 0)


def _row(
    operator: Operator, payment: Payment, decision: Decision, now: datetime
) -> DisputeDecision:
    return DisputeDecision(
        id=new_id(),
        company_id=payment.company_id,
        payment_id=payment.id,
        outcome=str(decision.outcome),
        amount=decision.amount,
        decided_on=decision.decided_on,
        recorded_by=operator_actor(operator.name),
        created_at=now,
        updated_at=now,
    )


def _view(row: DisputeDecision, payment: Payment) -> RecordedDecision:
    return RecordedDecision(
        row.id,
        row.company_id,
        payment.order_id,
        row.payment_id,
        row.outcome,
        row.amount,
        row.decided_on,
        row.recorded_by,
        row.created_at,
    )
