"""협약 단가 by the operator's hand: made, listed, ended (PRODUCT.md sections 8 and 16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.tables.companies import Company
from app.db.tables.price_agreements import PriceAgreementRow
from app.db.tables.sites import Membership
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.domain.periods import seoul_date
from app.domain.price_agreements import check_agreed_codes
from app.services.audit import AuditEntry, record
from app.services.catalogue import Catalogues


@dataclass(frozen=True, slots=True)
class MakeAgreement:
    """What is agreed with whom, until when and why; `unit_prices` in KRW without VAT."""

    company_id: UUID
    membership_id: UUID | None
    unit_prices: Sequence[tuple[str, int]]
    first_day: date
    last_day: date
    reason: str


@dataclass(frozen=True, slots=True)
class AgreementView:
    """As it was made, by whom, and when it was ended before its last day."""

    id: UUID
    made: MakeAgreement
    made_by: str
    created_at: datetime
    ended_at: datetime | None
    ended_by: str | None


class OperatorAgreements:
    """One use case a method."""

    def __init__(self, database: Database, clock: Clock, catalogues: Catalogues) -> None:
        self._database = database
        self._clock = clock
        self._catalogues = catalogues

    async def make(self, operator: Operator, wanted: MakeAgreement) -> AgreementView:
        """Raises `company_not_found`, `membership_not_found`, `agreed_code_unknown`,

        `agreed_code_twice`, and `agreement_days_invalid` where it ends before it begins or has
        ended already.
        """
        async with self._database.system_session("operator: make a price agreement") as session:
            now = await self._clock.now(session)
            today = seoul_date(now)
            if not wanted.first_day <= wanted.last_day or wanted.last_day < today:
                raise DomainError("agreement_days_invalid", "/last_day")
            await _check_whose(session, wanted)
            catalogue = await self._catalogues.in_force(session, today)
            check_agreed_codes(catalogue, [code for code, _ in wanted.unit_prices], "/unit_prices")
            row = PriceAgreementRow(
                id=new_id(),
                company_id=wanted.company_id,
                membership_id=wanted.membership_id,
                unit_prices=dict(wanted.unit_prices),
                first_day=wanted.first_day,
                last_day=wanted.last_day,
                reason=wanted.reason,
                made_by=operator.name,
                created_at=now,
            )
            session.add(row)
            _record(session, operator, AuditAction.PRICE_AGREED, row, now)
            await session.flush()
            return _view(row)

    async def of_company(self, company_id: UUID) -> list[AgreementView]:
        """A company's, the newest first."""
        async with self._database.system_session("operator: price agreements") as session:
            rows = await session.execute(
                select(PriceAgreementRow)
                .where(PriceAgreementRow.company_id == company_id)
                .order_by(PriceAgreementRow.created_at.desc(), PriceAgreementRow.id.desc())
            )
            return [_view(row) for row in rows.scalars()]

    async def end(self, operator: Operator, agreement_id: UUID) -> AgreementView:
        """What is priced from now on no longer looks at it; again is harmless.

        Raises `price_agreement_not_found`.
        """
        async with self._database.system_session("operator: end a price agreement") as session:
            now = await self._clock.now(session)
            row = await session.get(PriceAgreementRow, agreement_id, with_for_update=True)
            if row is None:
                raise DomainError("price_agreement_not_found")
            if row.ended_at is None:
                row.ended_at, row.ended_by = now, operator.name
                _record(session, operator, AuditAction.PRICE_AGREEMENT_ENDED, row, now)
            await session.flush()
            return _view(row)


async def _check_whose(session: AsyncSession, wanted: MakeAgreement) -> None:
    if await session.scalar(select(Company.id).where(Company.id == wanted.company_id)) is None:
        raise DomainError("company_not_found", "/company_id")
    if wanted.membership_id is None:
        return
    found = await session.scalar(
        select(Membership.id).where(
            Membership.id == wanted.membership_id, Membership.company_id == wanted.company_id
        )
    )
    if found is None:
        raise DomainError("membership_not_found", "/membership_id")


def _view(row: PriceAgreementRow) -> AgreementView:
    made = MakeAgreement(
        row.company_id,
        row.membership_id,
        tuple(row.unit_prices.items()),
        row.first_day,
        row.last_day,
        row.reason,
    )
    return AgreementView(row.id, made, row.made_by, row.created_at, row.ended_at, row.ended_by)


def _record(
    session: AsyncSession,
    operator: Operator,
    action: AuditAction,
    row: PriceAgreementRow,
    now: datetime,
) -> None:
    record(
        session,
        AuditEntry.by_operator(
            operator,
            action,
            now,
            company_id=row.company_id,
            subject=str(row.id),
            details=dict(row.unit_prices),
        ),
    )
