"""후불: who has terms, what an order on terms becomes, and what is owed by its age."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.companies import Company
from app.db.tables.orders import Order, Payment
from app.db.tables.payment_terms import PaymentTerms
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.domain.orders import PaymentStatus
from app.domain.payment_terms import (
    AGES,
    GivenTerms,
    Owing,
    TermsStage,
    check_terms,
    next_stage,
)
from app.domain.payments import PaymentState
from app.domain.periods import seoul_date
from app.services.audit import AuditEntry, operator_actor, record
from app.services.company_mails import CompanyMails
from app.services.emails import Emails
from app.services.mails import Mails
from app.services.paid_orders import ON_TERMS
from app.services.tax_invoices import want_invoice_on_terms

MIND_TERMS = "mind_terms"
_KINDS = {
    TermsStage.INVOICED: "terms_invoice",
    TermsStage.DUE_SOON: "terms_due_soon",
}
_BUCKETS = ", ".join(
    f"coalesce(sum(owed) FILTER (WHERE days >= {first}"
    f"{f' AND days <= {last}' if last else ''}), 0)::bigint AS {name}"
    for name, first, last in AGES
)
_AGEING = text(
    f"SELECT company_id, legal_name, business_number,"  # noqa: S608 - our own text
    f" coalesce(sum(owed) FILTER (WHERE days IS NULL OR days < 1), 0)::bigint AS current,"
    f" {_BUCKETS}, sum(owed)::bigint AS total"
    " FROM (SELECT o.company_id, c.legal_name, c.business_number, :today - o.terms_due_on AS days,"
    "   o.total - o.credit_used - o.claim_reduced - coalesce("
    "     (SELECT sum(p.received) FROM payments p"
    "       WHERE p.order_id = o.id AND p.status = 'READY'), 0) AS owed"
    "   FROM orders o JOIN companies c ON c.id = o.company_id"
    "   WHERE o.payment_status IN ('ON_TERMS', 'OVERDUE')) AS owing"
    " GROUP BY company_id, legal_name, business_number ORDER BY total DESC, company_id"
)


@dataclass(frozen=True, slots=True)
class TermsView:
    """None: the company pays before delivery."""

    company_id: UUID
    given: GivenTerms | None


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """What a company owes on terms, KRW with VAT, by how many days it is overdue."""

    company_id: UUID
    legal_name: str
    business_number: str
    current: int
    days_1_30: int
    days_31_60: int
    days_61_90: int
    over_90: int
    total: int


async def terms_days(session: AsyncSession, company_id: UUID, total: int) -> int:
    """The days that an order on terms would have. The company's orders are placed in turn.

    Raises what `check_terms` raises.
    """
    row = await session.scalar(select(PaymentTerms).where(PaymentTerms.company_id == company_id))
    owed = (
        await session.execute(
            select(
                func.coalesce(
                    func.sum(Order.total - Order.credit_used - Order.claim_reduced), 0
                ).label("amount"),
                func.coalesce(func.bool_or(Order.payment_status == "OVERDUE"), False).label("late"),
            ).where(Order.company_id == company_id, Order.payment_status.in_(ON_TERMS))
        )
    ).one()
    given = GivenTerms(row.days, row.credit_limit) if row else None
    return check_terms(given, Owing(int(owed.amount), bool(owed.late)), total)


class Terms:
    """What the operator gives and reads, and the job of an order on terms."""

    def __init__(self, database: Database, clock: Clock, mails: Mails, emails: Emails) -> None:
        self._database = database
        self._clock = clock
        self._mails = CompanyMails(mails, emails)

    async def give(
        self, operator: Operator, company_id: UUID, given: GivenTerms | None
    ) -> TermsView:
        """From now on; orders that are placed keep theirs. Raises `company_not_found`."""
        async with self._database.system_session("operator: payment terms") as session:
            now = await self._clock.now(session)
            await _require_company(session, company_id)
            if given is None:
                await session.execute(
                    delete(PaymentTerms).where(PaymentTerms.company_id == company_id)
                )
            else:
                values = {
                    "days": given.days,
                    "credit_limit": given.limit,
                    "given_by": operator_actor(operator.name),
                    "given_at": now,
                }
                await session.execute(
                    insert(PaymentTerms)
                    .values(company_id=company_id, **values)
                    .on_conflict_do_update(index_elements=["company_id"], set_=values)
                )
            details = {"days": given.days if given else 0}
            if given and given.limit is not None:
                details["limit"] = given.limit
            record(
                session,
                AuditEntry(
                    company_id,
                    None,
                    operator_actor(operator.name),
                    AuditAction.TERMS_GIVEN,
                    now,
                    details=details,
                ),
            )
        return TermsView(company_id, given)

    async def of(self, company_id: UUID) -> TermsView:
        """Raises `company_not_found`."""
        async with self._database.system_session("operator: payment terms") as session:
            await _require_company(session, company_id)
            row = await session.get(PaymentTerms, company_id)
        return TermsView(company_id, GivenTerms(row.days, row.credit_limit) if row else None)

    async def ageing(self) -> Sequence[AgeingRow]:
        """Of every company that owes something on terms, the largest sum first."""
        async with self._database.system_session("operator: ageing report") as session:
            today = seoul_date(await self._clock.now(session))
            rows = (await session.execute(_AGEING, {"today": today})).all()
        return [AgeingRow(*row) for row in rows]

    async def mind(self, order_id: UUID) -> None:
        """The job: one step of telling, from the invoice to what is long overdue."""
        async with self._database.system_session("order on terms") as session:
            now = await self._clock.now(session)
            order = await session.get(Order, order_id, with_for_update=True)
            if order is None or order.terms_next_at is None or order.terms_next_at > now:
                return
            stage = TermsStage(order.terms_stage) if order.terms_stage else None
            assert order.terms_due_on is not None
            step = next_stage(stage, order.terms_due_on)
            if order.payment_status not in ON_TERMS or step is None:
                order.terms_next_at = None
                return
            reached, at = step
            if at > now:
                order.terms_next_at = at
                return
            order.terms_stage = str(reached)
            if reached is TermsStage.INVOICED:
                await want_invoice_on_terms(session, order, now)
            if reached not in _KINDS:
                order.payment_status = str(PaymentStatus.OVERDUE)
            following = next_stage(reached, order.terms_due_on)
            order.terms_next_at = following[1] if following else None
            order.updated_at = now
            await self._tell(session, order, reached, now)

    async def _tell(
        self, session: AsyncSession, order: Order, stage: TermsStage, now: datetime
    ) -> None:
        came = select(func.coalesce(func.sum(Payment.received), 0)).where(
            Payment.order_id == order.id, Payment.status == PaymentState.READY
        )
        facts = {
            "number": order.number,
            "total": f"{order.to_pay - (await session.scalar(came) or 0):,}",
            "due_on": f"{order.terms_due_on}",
        }
        kind = _KINDS.get(stage, "terms_overdue")
        await self._mails.tell(session, order.company_id, order.account_id, kind, facts, now)


async def _require_company(session: AsyncSession, company_id: UUID) -> None:
    found = select(Company.id).where(Company.id == company_id, Company.withdrawn_at.is_(None))
    if await session.scalar(found) is None:
        raise DomainError("company_not_found")
