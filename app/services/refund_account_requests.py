"""환불 계좌 by a bank book: for one whose holder the bank cannot be asked for, or says differently.

The operator looks at the copy of the 통장. Until one is accepted, and for 72 hours after that, the
present account is paid to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.db.tables.companies import Company
from app.domain.audit import AuditAction
from app.domain.cases import CaseKind
from app.domain.errors import DomainError
from app.domain.provider_payments import PaidBackTo
from app.services.audit import AuditEntry, record
from app.services.cases import Cases, FiledCase, NewCase
from app.services.principals import Access, Principal
from app.services.rate_limits import RateLimit, count_hit
from app.services.uploads import ReceivedForm

PER_ACCOUNT: Final = RateLimit("refund_account_request", 100, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class RefundAccountRequests:
    """The company's side; `case_decisions` says what becomes of them."""

    database: Database
    cases: Cases

    async def admit(self, access: Access) -> None:
        """Before the first byte. Raises what the access does, `reauthentication_required`,

        `company_unproven`, RateLimited.
        """
        async with access.transaction() as (session, principal):
            await _proven(session, principal)
        await count_hit(self.database, PER_ACCOUNT, str(principal.account_id))

    async def send(
        self,
        access: Access,
        account: PaidBackTo,
        form: ReceivedForm,
        note: str | None,
        language: str,
    ) -> FiledCase:
        """Raises what `admit` raises, `file_required`, `case_open`."""
        if not form.files:
            raise DomainError("file_required", "/files")
        async with access.transaction() as (session, principal):
            company = await _proven(session, principal)
            new = NewCase(
                CaseKind.BANK_ACCOUNT_CHANGE,
                company.business_number,
                company.legal_name,
                language,
                note,
                company_id=company.id,
                account_id=principal.account_id,
                wanted=account,
            )
            filed = await self.cases.file(session, new, form, principal.now)
            record(
                session,
                AuditEntry.of_company(
                    principal,
                    AuditAction.REFUND_ACCOUNT_REQUESTED,
                    subject=str(filed.id),
                    details={"files": len(form.files)},
                ),
            )
            return filed

    async def all(self, access: Access) -> Sequence[FiledCase]:
        """The newest first; the last twenty."""
        async with access.transaction() as (session, principal):
            return await self.cases.of_company(
                session, principal.company_id, CaseKind.BANK_ACCOUNT_CHANGE
            )


async def _proven(session: AsyncSession, principal: Principal) -> Company:
    """As for an account that the company sets by itself."""
    principal.require_step_up()
    company = await session.get_one(Company, principal.company_id)
    if company.proven_at is None:
        raise DomainError("company_unproven")
    return company
