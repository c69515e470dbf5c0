"""변경 신청: a company's name, 대표자 or number, by documents and the operator's decision."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.cases import Case
from app.db.tables.companies import Company
from app.db.tables.sites import Site
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.business_numbers import normalise_business_number
from app.domain.cases import CaseKind
from app.domain.company_changes import WantedChange, check_wanted
from app.domain.errors import DomainError
from app.services.audit import AuditEntry, operator_actor, record
from app.services.cases import Cases, FiledCase, NewCase, wanted_of
from app.services.principals import Access
from app.services.rate_limits import RateLimit, count_hit
from app.services.registered_numbers import refuse_registered
from app.services.site_puts import want_again
from app.services.uploads import ReceivedForm

APPLY_CHANGE: Final = "apply_company_change"
PER_ACCOUNT: Final = RateLimit("change_request", 100, timedelta(hours=1))

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CompanyChanges:
    """The company's side."""

    database: Database
    clock: Clock
    cases: Cases

    async def admit(self, access: Access) -> None:
        """Before the first byte. Raises what the access does, RateLimited."""
        principal = await access.principal()
        await count_hit(self.database, PER_ACCOUNT, str(principal.account_id))

    async def send(
        self,
        access: Access,
        wanted: WantedChange,
        form: ReceivedForm,
        note: str | None,
        language: str,
    ) -> FiledCase:
        """Raises `file_required`, `nothing_to_change`, `effective_date_required`, `case_open`,

        `business_number_invalid`, `company_already_registered`, `corporate_invitation_required`.
        """
        if not form.files:
            raise DomainError("file_required", "/files")
        if wanted.business_number is not None:
            number = normalise_business_number(wanted.business_number)
            wanted = replace(wanted, business_number=number)
        await self._refuse_taken(access, wanted)
        async with access.transaction() as (session, principal):
            company = await session.get_one(Company, principal.company_id)
            check_wanted(wanted, company.business_number)
            new = NewCase(
                CaseKind.COMPANY_CHANGE,
                company.business_number,
                company.legal_name,
                language,
                note,
                company_id=company.id,
                account_id=principal.account_id,
                wanted=wanted,
            )
            filed = await self.cases.file(session, new, form, principal.now)
            record(
                session,
                AuditEntry.of_company(
                    principal,
                    AuditAction.COMPANY_CHANGE_REQUESTED,
                    subject=str(filed.id),
                    details={"files": len(form.files)},
                ),
            )
            return filed

    async def _refuse_taken(self, access: Access, wanted: WantedChange) -> None:
        """A number that another company has."""
        number = wanted.business_number
        if number is None:
            return
        principal = await access.principal()
        async with self.database.system_session("company's new number") as session:
            own = await session.get_one(Company, principal.company_id)
            if own.business_number != number:
                await refuse_registered(session, number)

    async def all(self, access: Access) -> Sequence[FiledCase]:
        """The newest first; the last twenty."""
        async with access.transaction() as (session, principal):
            return await self.cases.of_company(
                session, principal.company_id, CaseKind.COMPANY_CHANGE
            )


@dataclass(frozen=True, slots=True)
class DecidedChanges:
    """What follows from an approval: at once, or on the day from which a number holds."""

    database: Database
    clock: Clock
    vault: Vault

    async def apply_due(self, case_id: UUID) -> None:
        """The job. Repeatable."""
        async with self.database.system_session("company change") as session:
            now = await self.clock.now(session)
            company_id = await session.scalar(select(Case.company_id).where(Case.id == case_id))
            if company_id is None:
                return
            await session.get_one(Company, company_id, with_for_update=True)
            case = await session.get_one(Case, case_id, with_for_update=True)
            if case.apply_due_at is None or case.apply_due_at > now:
                return
            try:
                await self.apply(session, case, case.decided_by or "system", now)
            except DomainError as refused:
                log.error("company_change_impossible", case=str(case_id), reason=refused.code)
            case.apply_due_at = None

    async def apply(self, session: AsyncSession, case: Case, operator: str, now: datetime) -> None:
        """The company's row is locked. Raises `company_already_registered`,

        `company_not_registered` for one that left.
        """
        wanted = wanted_of(self.vault, case)
        assert wanted is not None
        company = await session.get_one(Company, case.company_id)
        if company.withdrawn_at is not None:
            raise DomainError("company_not_registered")
        number = wanted.business_number or company.business_number
        if number != company.business_number:
            await refuse_registered(session, number)  # before anything is changed
            await _move_sites(session, company, number, now)
            company.business_number = number
        if wanted.legal_name is not None:
            company.legal_name = wanted.legal_name
        if wanted.representative_name is not None:
            company.representative = self.vault.seal(
                "companies.representative", wanted.representative_name
            )
        company.verification_level = "DOCUMENT"
        company.proven_at = company.proven_at or now
        company.verified_at = company.updated_at = company.status_due_at = now
        company.revision += 1
        record(
            session,
            AuditEntry(
                company_id=company.id,
                account_id=None,
                actor=operator_actor(operator),
                action=AuditAction.COMPANY_CHANGED,
                at=now,
                subject=str(case.id),
            ),
        )


async def _move_sites(session: AsyncSession, company: Company, number: str, now: datetime) -> None:
    """Sites of the company's own number follow it; branches keep theirs."""
    rows = await session.scalars(
        select(Site)
        .where(
            Site.company_id == company.id,
            Site.business_number == company.business_number,
            Site.state.in_(("HELD", "OPEN")),
        )
        .order_by(Site.id)
        .with_for_update()
    )
    for site in rows.all():
        site.business_number = number
        if site.state == "OPEN":
            await want_again(session, site, now)
