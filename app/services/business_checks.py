"""How companies stand at the tax service, asked monthly (PRODUCT.md section 3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import enqueue
from app.db.tables.companies import Company
from app.domain.provider_errors import ProviderError
from app.domain.registry import BusinessState
from app.services.company_mails import CompanyMails
from app.services.mails import Mails, NewMail
from app.services.ports import BusinessRegistry

CHECK_BUSINESS: Final = "check_business"
EVERY: Final = timedelta(days=30)
AGAIN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BusinessChecks:
    """The job of one company."""

    database: Database
    clock: Clock
    registry: BusinessRegistry
    mails: Mails
    company_mails: CompanyMails
    operator_email: Callable[[], str]

    async def check(self, company_id: UUID) -> None:
        """While the tax service is down nothing changes, and it is asked the next day.

        Repeatable.
        """
        async with self.database.system_session("business check") as session:
            now = await self.clock.now(session)
            number = await session.scalar(
                select(Company.business_number).where(
                    Company.id == company_id,
                    Company.status_due_at <= now,
                    Company.withdrawn_at.is_(None),
                )
            )
        if number is None:
            return
        try:
            status = await self.registry.status(number)
        except ProviderError:
            async with self.database.system_session("business check") as session:
                company = await session.get_one(Company, company_id, with_for_update=True)
                company.status_due_at = await self.clock.now(session) + AGAIN_AFTER
            return
        async with self.database.system_session("business checked") as session:
            now = await self.clock.now(session)
            company = await session.get_one(Company, company_id, with_for_update=True)
            if company.business_number != number:
                return  # another one meanwhile, which is due at once
            before, company.verification_status = company.verification_status, str(status.state)
            company.status_checked_at, company.status_due_at = now, now + EVERY
            if before != company.verification_status:
                company.revision += 1
                await self._tell(session, company, status.state, now)

    async def _tell(
        self, session: AsyncSession, company: Company, state: BusinessState, now: datetime
    ) -> None:
        """The company, and the operator where it is not in business any more."""
        facts = {"company": company.legal_name, "state": str(state)}
        await self.company_mails.tell_owner(
            session, company.id, "business_status_changed", facts, now
        )
        address = self.operator_email()
        if state is not BusinessState.ACTIVE and address:
            about = facts | {"company_id": str(company.id)}
            mail = NewMail("business_not_active", address, about)
            job = self.mails.queue(session, mail, now)
            await session.flush()
            await enqueue(session, [job])
