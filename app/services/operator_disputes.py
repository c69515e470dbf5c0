"""차지백 결과: what a card company decided, which no provider tells; recorded and booked once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.ledger import post
from app.db.tables.companies import Company
from app.db.tables.disputes import DisputeDecision
from app.db.tables.orders import Order, Payment
from app.domain.audit import AuditAction
from app.domain.disputes import Decision, DisputeOutcome, DisputeState
from app.domain.errors import DomainError
from app.domain.ledger import EntryKind, charged_back
from app.domain.operators import Operator
from app.domain.periods import seoul_date
from app.services.audit import AuditEntry, operator_actor, record
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.disputes import DisputeView, disputes_of
from app.services.promised_refunds import keep_less

CORRECTED: Final = "CORRECTED"
_HELD = text(
    "SELECT coalesce(sum(amount), 0)::bigint FROM postings"
    " WHERE payment_id = :id AND account = 'PROVIDER'"
)

_DECIDED = (
    "EXISTS (SELECT FROM dispute_decisions d WHERE d.payment_id = payments.id"
    " AND d.outcome <> 'CORRECTED' AND NOT EXISTS (SELECT FROM dispute_decisions c"
    " WHERE c.corrects_id = d.id) AND ("
    " d.outcome = 'LOST' OR d.decided_on >= cast(cast(payments.disputes -> -1 ->> 'opened_at'"
    " AS timestamptz) AT TIME ZONE 'Asia/Seoul' AS date)))"
)
"""What was lost is lost for good; what was won may be denied once more."""


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
class DisputedPayment:
    """KRW with VAT. `decisions`: what was recorded of it, the first first."""

    payment_id: UUID
    company_id: UUID
    company_name: str
    order_id: UUID
    order_number: str
    amount: int
    disputes: Sequence[DisputeView]
    decisions: Sequence[RecordedDecision]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DisputedPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[DisputedPayment]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class OperatorDisputes:
    """One use case a method."""

    database: Database
    clock: Clock

    async def find(self, state: DisputeState, cursor: str | None, size: int) -> DisputedPage:
        """Of all companies, the newest payment first. Raises `cursor_invalid`."""
        at, last = read_cursor(cursor) or NEWEST
        decided = text(_DECIDED if state is DisputeState.DECIDED else f"NOT {_DECIDED}")
        async with self.database.system_session("operator: disputes") as session:
            rows = await session.execute(
                select(Payment, Order.number, Company.legal_name)
                .join(Order, Order.id == Payment.order_id)
                .join(Company, Company.id == Payment.company_id)
                .where(
                    text("payments.disputes <> '[]'"),
                    decided,
                    tuple_(Payment.created_at, Payment.id) < tuple_(at, last),
                )
                .order_by(Payment.created_at.desc(), Payment.id.desc())
                .limit(size + 1)
            )
            found = rows.all()
            page, more = found[:size], len(found) > size
            made = await session.scalars(
                select(DisputeDecision)
                .where(DisputeDecision.payment_id.in_([row.Payment.id for row in page]))
                .order_by(DisputeDecision.created_at, DisputeDecision.id)
            )
            decisions = made.all()
        items = [_seen(row.Payment, row.number, row.legal_name, decisions) for row in page]
        next_cursor = make_cursor(items[-1].created_at, items[-1].payment_id) if more else None
        return DisputedPage(items, next_cursor)

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
            row.again = await _was_corrected(session, payment_id)
            session.add(row)
            if decision.outcome is DisputeOutcome.LOST:
                taken = (payment.company_id, payment.order_id, payment.id, decision.amount)
                subject = row.id if row.again else None
                await post(session, now, charged_back(*taken, subject))
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

    async def correct(
        self, session: AsyncSession, operator: Operator, payment_id: UUID, decision_id: UUID
    ) -> RecordedDecision:
        """It was recorded wrongly: its booking is taken back by another entry.

        Refunds that were lowered for it stay so. Raises `payment_not_found`,
        `dispute_decision_not_found`, also for one that was corrected.
        """
        now = await self.clock.now(session)
        payment = await _lock(session, payment_id)
        wrong = await session.get(DisputeDecision, decision_id)
        corrected = await session.scalar(
            select(DisputeDecision.id).where(DisputeDecision.corrects_id == decision_id)
        )
        if (
            wrong is None
            or wrong.payment_id != payment_id
            or wrong.outcome == CORRECTED
            or corrected is not None
        ):
            raise DomainError("dispute_decision_not_found")
        row = DisputeDecision(
            id=new_id(),
            company_id=wrong.company_id,
            payment_id=payment.id,
            outcome=CORRECTED,
            amount=-wrong.amount,
            decided_on=seoul_date(now),
            recorded_by=operator_actor(operator.name),
            corrects_id=wrong.id,
            again=False,
            created_at=now,
            updated_at=now,
        )
        session.add(row)
        if wrong.amount:
            back = (payment.company_id, payment.order_id, payment.id, -wrong.amount)
            await post(session, now, charged_back(*back, row.id, EntryKind.CHARGE_RESTORED))
        entry = AuditEntry.by_operator(
            operator,
            AuditAction.DISPUTE_CORRECTED,
            now,
            company_id=payment.company_id,
            subject=str(payment.id),
            details={"outcome": wrong.outcome, "amount": wrong.amount},
        )
        record(session, entry)
        await session.flush()
        return _view(row, payment)


def _seen(
    payment: Payment, number: str, company: str, decisions: Sequence[DisputeDecision]
) -> DisputedPayment:
    return DisputedPayment(
        payment_id=payment.id,
        company_id=payment.company_id,
        company_name=company,
        order_id=payment.order_id,
        order_number=number,
        amount=payment.amount,
        disputes=disputes_of(payment),
        decisions=[_view(row, payment) for row in decisions if row.payment_id == payment.id],
        created_at=payment.created_at,
    )


async def _was_corrected(session: AsyncSession, payment_id: UUID) -> bool:
    found = await session.scalar(
        select(DisputeDecision.id)
        .where(DisputeDecision.payment_id == payment_id, DisputeDecision.outcome == CORRECTED)
        .limit(1)
    )
    return found is not None


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
    all_of_them = rows.all()
    gone = {row.corrects_id for row in all_of_them}
    found = [row for row in all_of_them if row.outcome != CORRECTED and row.id not in gone]
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
