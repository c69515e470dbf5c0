"""A claim: the real company asks for its number, which somebody else registered.

Only of an UNPROVEN company: one that was shown to be real changes hands by a handover.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import enqueue
from app.db.tables.accounts import Account
from app.db.tables.companies import Company
from app.domain.audit import AuditAction
from app.domain.business_numbers import normalise_business_number
from app.domain.cases import CaseKind
from app.domain.errors import DomainError
from app.services.audit import AuditEntry, record
from app.services.business_verifications import BusinessVerifications
from app.services.cases import Applicant, Cases, FiledCase, NewCase
from app.services.emails import Emails
from app.services.identity_verifications import IdentityVerifications, Purpose
from app.services.mails import Mails, NewMail
from app.services.order_events import SYSTEM
from app.services.rate_limits import RateLimit, count_hit
from app.services.uploads import ReceivedForm

PER_ADDRESS: Final = RateLimit("company_claim", 20, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class ClaimCompany:
    """What the claimant sends. A business token of level IDENTITY goes for a document."""

    business_number: str
    company_name: str
    identity_token: str
    business_token: str | None
    email: str
    note: str | None
    language: str


class CompanyClaims:
    """Takes claims in; `case_decisions` says what becomes of them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        cases: Cases,
        identities: IdentityVerifications,
        businesses: BusinessVerifications,
        mails: Mails,
        emails: Emails,
    ) -> None:
        self._database = database
        self._clock = clock
        self._cases = cases
        self._identities = identities
        self._businesses = businesses
        self._mails = mails
        self._emails = emails

    async def admit(self, address: str) -> None:
        """Before the first byte. Raises RateLimited."""
        await count_hit(self._database, PER_ADDRESS, address)

    async def claim(self, command: ClaimCompany, form: ReceivedForm) -> FiledCase:
        """Raises `business_number_invalid`, what is wrong with the tokens, `company_proven`,

        `company_not_registered`, `corporate_invitation_required`, `company_yours`,
        `claim_evidence_required`, `case_open`.
        """
        number = normalise_business_number(command.business_number)
        async with self._database.system_session("company claim") as session:
            now = await self._clock.now(session)
            identity, person = await self._identities.use(
                session, command.identity_token, Purpose.SIGN_UP, now
            )
            company, holder = await _claimed(session, number)
            if holder.ci_hash == identity.ci_hash:
                raise DomainError("company_yours")
            if company.proven_at is not None:
                raise DomainError("company_proven")
            level = None
            if command.business_token is not None:
                business = await self._businesses.use(session, command.business_token, now)
                if business.business_number != number:
                    raise DomainError(
                        "business_verification_invalid", "/business_verification_token"
                    )
                level = business.level if business.level == "IDENTITY" else None
            if level is None and not form.files:
                raise DomainError("claim_evidence_required", "/files")
            new = NewCase(
                CaseKind.COMPANY_CLAIM,
                number,
                command.company_name,
                command.language,
                command.note,
                subject_company_id=company.id,
                level=level,
                applicant=Applicant(person.name, person.phone, command.email),
                ci_hash=identity.ci_hash,
            )
            filed = await self._cases.file(session, new, form, now)
            record(
                session,
                AuditEntry(
                    company_id=company.id,
                    account_id=None,
                    actor=SYSTEM,
                    action=AuditAction.COMPANY_CLAIMED,
                    at=now,
                    subject=str(filed.id),
                ),
            )
            await self._tell_holder(session, company, holder, now)
            return filed

    async def _tell_holder(
        self, session: AsyncSession, company: Company, holder: Account, now: datetime
    ) -> None:
        """Who holds the number may be the real company as well, and answer with its document."""
        address = await self._emails.of(session, holder.id)
        if address is None:
            return
        facts = {"company": company.legal_name}
        mail = NewMail("company_claimed", address, facts, "ko", company.id, holder.id)
        job = self._mails.queue(session, mail, now)
        await session.flush()
        await enqueue(session, [job])


async def _claimed(session: AsyncSession, number: str) -> tuple[Company, Account]:
    """The company of the number and its own account, the company locked."""
    found = await session.execute(
        select(Company)
        .where(Company.business_number == number, Company.withdrawn_at.is_(None))
        .with_for_update()
    )
    company = found.scalar_one_or_none()
    if company is None:
        raise DomainError("company_not_registered", "/business_number")
    if company.corporate_account_id is None:
        raise DomainError("corporate_invitation_required")
    return company, await session.get_one(Account, company.corporate_account_id)
