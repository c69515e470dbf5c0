"""사업자등록증: the third way to verify a business, decided by the operator (PRODUCT.md section 3).

For somebody without an account, whom the register does not know yet or cannot be asked about; and
for a company that signed up by its number alone and is UNPROVEN.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.companies import Company
from app.domain.audit import AuditAction
from app.domain.business_numbers import normalise_business_number
from app.domain.cases import CaseKind
from app.domain.errors import DomainError
from app.services.audit import AuditEntry, record
from app.services.cases import Applicant, Cases, FiledCase, NewCase
from app.services.identity_verifications import IdentityVerifications, Purpose
from app.services.principals import Access, Principal
from app.services.rate_limits import RateLimit, count_hit
from app.services.registered_numbers import refuse_registered
from app.services.uploads import ReceivedForm

PER_ADDRESS: Final = RateLimit("document_upload", 20, timedelta(hours=1))
PER_ACCOUNT: Final = RateLimit("document_upload_account", 10, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class SendDocument:
    """What somebody without an account sends with the files."""

    business_number: str
    company_name: str
    identity_token: str
    email: str
    note: str | None
    language: str


class BusinessDocuments:
    """Takes documents in; `case_decisions` says what becomes of them."""

    def __init__(
        self, database: Database, clock: Clock, cases: Cases, identities: IdentityVerifications
    ) -> None:
        self._database = database
        self._clock = clock
        self._cases = cases
        self._identities = identities

    async def admit(self, address: str) -> None:
        """Before the first byte of somebody unknown. Raises RateLimited."""
        await count_hit(self._database, PER_ADDRESS, address)

    async def send(self, command: SendDocument, form: ReceivedForm) -> FiledCase:
        """Raises `business_number_invalid`, `identity_verification_invalid`, `file_required`,

        `company_already_registered`, `corporate_invitation_required`, `case_open`.
        """
        number = normalise_business_number(command.business_number)
        _require_files(form)
        async with self._database.system_session("business document") as session:
            now = await self._clock.now(session)
            identity, person = await self._identities.use(
                session, command.identity_token, Purpose.SIGN_UP, now
            )
            await refuse_registered(session, number)
            new = NewCase(
                CaseKind.BUSINESS_DOCUMENT,
                number,
                command.company_name,
                command.language,
                command.note,
                applicant=Applicant(person.name, person.phone, command.email),
                ci_hash=identity.ci_hash,
            )
            return await self._cases.file(session, new, form, now)

    async def admit_company(self, access: Access) -> None:
        """Before the first byte of a company's. Raises what the access does, `company_proven`,

        RateLimited.
        """
        async with access.transaction() as (session, principal):
            await _unproven(session, principal)
        await count_hit(self._database, PER_ACCOUNT, str(principal.account_id))

    async def send_own(
        self, access: Access, form: ReceivedForm, note: str | None, language: str
    ) -> FiledCase:
        """For the caller's own company. Raises `company_proven`, `file_required`, `case_open`."""
        _require_files(form)
        async with access.transaction() as (session, principal):
            company = await _unproven(session, principal)
            new = NewCase(
                CaseKind.BUSINESS_DOCUMENT,
                company.business_number,
                company.legal_name,
                language,
                note,
                company_id=company.id,
                account_id=principal.account_id,
            )
            filed = await self._cases.file(session, new, form, principal.now)
            record(
                session,
                AuditEntry.of_company(
                    principal,
                    AuditAction.BUSINESS_DOCUMENT_SENT,
                    subject=str(filed.id),
                    details={"files": len(form.files)},
                ),
            )
            return filed


def _require_files(form: ReceivedForm) -> None:
    if not form.files:
        raise DomainError("file_required", "/files")


async def _unproven(session: AsyncSession, principal: Principal) -> Company:
    company = await session.get_one(Company, principal.company_id)
    if company.proven_at is not None:
        raise DomainError("company_proven")
    return company
