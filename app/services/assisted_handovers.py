"""대표 계정 인계 where the present person is gone: by papers, with the operator's help.

The present holder is told at once and may object: that ends it. When 72 hours have passed, or the
holder has agreed, two operators may approve; then the successor gets the link of every handover,
and takes over in the same way (PRODUCT.md sections 6 and 16).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import enqueue
from app.db.tables.accounts import Account
from app.db.tables.cases import Case
from app.db.tables.companies import Company
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.business_numbers import normalise_business_number
from app.domain.cases import OBJECTION_TIME, CaseKind, CaseState, HolderAnswer, step_case
from app.domain.errors import DomainError
from app.domain.persons import mask_name
from app.services.account_mails import spoken_time
from app.services.audit import AuditEntry, operator_actor, record
from app.services.case_steps import CaseSteps
from app.services.cases import Applicant, Cases, FiledCase, NewCase
from app.services.company_contacts import CompanyContacts
from app.services.emails import Emails
from app.services.handovers import Handovers, Successor
from app.services.identity_verifications import IdentityVerifications, Purpose
from app.services.mails import Mails, NewMail
from app.services.one_time import OneTimeTokens
from app.services.order_events import SYSTEM, account_actor
from app.services.rate_limits import RateLimit, count_hit
from app.services.session_list import end_sessions
from app.services.uploads import ReceivedForm

PER_ADDRESS: Final = RateLimit("assisted_handover", 20, timedelta(hours=1))
PER_COMPANY: Final = RateLimit("assisted_handover_company", 5, timedelta(days=1))
"""Each is a mail to the company's people."""
TRIES: Final = RateLimit("handover_objection", 30, timedelta(hours=1))
LINK_LASTS: Final = timedelta(days=14)
SPA_PAGE: Final = "/handover/objection"
OBJECTED: Final = {
    "ko": "현재 담당자가 이의를 제기했습니다. 담당자가 고객포털에서 직접 인계할 수 있습니다.",
    "en": "The present holder objected. The account can be handed over in the portal by them.",
}


@dataclass(frozen=True, slots=True)
class AskForHandover:
    """What the successor sends with the papers."""

    business_number: str
    identity_token: str
    email: str
    note: str | None
    language: str


@dataclass(frozen=True, slots=True)
class AskedHandover:
    """What the present holder sees of it. `answer`: their own, once it is given."""

    company_name: str
    name_masked: str
    asked_at: datetime
    waits_until: datetime
    answer: HolderAnswer | None


@dataclass(frozen=True, slots=True)
class AssistedHandovers:
    """Asked by the successor, answered by the holder, opened by `case_decisions`."""

    database: Database
    clock: Clock
    vault: Vault
    tokens: OneTimeTokens
    identities: IdentityVerifications
    cases: Cases
    steps: CaseSteps
    handovers: Handovers
    mails: Mails
    emails: Emails
    contacts: CompanyContacts
    spa_url: str

    async def admit(self, address: str) -> None:
        """Before the first byte. Raises RateLimited."""
        await count_hit(self.database, PER_ADDRESS, address)

    async def ask(self, command: AskForHandover, form: ReceivedForm) -> FiledCase:
        """Raises `business_number_invalid`, `identity_verification_invalid`, `file_required`,

        `company_not_registered`, `corporate_invitation_required`, `company_yours`, `claim_instead`
        for a company that was never shown to be real, `case_open`; RateLimited by company.
        """
        number = normalise_business_number(command.business_number)
        if not form.files:
            raise DomainError("file_required", "/files")
        async with self.database.system_session("assisted handover") as session:
            now = await self.clock.now(session)
            await self.identities.look(session, command.identity_token, Purpose.HANDOVER, now)
        await count_hit(self.database, PER_COMPANY, number)
        async with self.database.system_session("assisted handover") as session:
            now = await self.clock.now(session)
            identity, person = await self.identities.use(
                session, command.identity_token, Purpose.HANDOVER, now
            )
            company, holder = await _asked_for(session, number)
            if holder.ci_hash == identity.ci_hash:
                raise DomainError("company_yours")
            token, token_hash = self.tokens.make()
            new = NewCase(
                CaseKind.ASSISTED_HANDOVER,
                number,
                company.legal_name,
                command.language,
                command.note,
                subject_company_id=company.id,
                applicant=Applicant(person.name, person.phone, command.email),
                ci_hash=identity.ci_hash,
                waits_until=now + OBJECTION_TIME,
                objection_hash=token_hash,
            )
            filed = await self.cases.file(session, new, form, now)
            record(
                session,
                AuditEntry(
                    company_id=company.id,
                    account_id=None,
                    actor=SYSTEM,
                    action=AuditAction.HANDOVER_ASKED,
                    at=now,
                    subject=str(filed.id),
                    details={"files": len(form.files)},
                ),
            )
            if filed.created_at == now:  # more papers for a known case are no news to the holder
                await self._tell(session, company, holder, person.name, token, now)
            return filed

    async def preview(self, token: str, address: str) -> AskedHandover:
        """Raises `objection_invalid`, `case_decided`; RateLimited."""
        await count_hit(self.database, TRIES, address)
        async with self.database.system_session("handover objection") as session:
            case = await session.scalar(self._of(token))
            if case is None:
                raise DomainError("objection_invalid", "/token")
            step_case(CaseState(case.state), CaseState.IN_PROGRESS)
            return self._asked(case)

    async def agree(self, token: str, address: str) -> AskedHandover:
        """It may be approved without waiting. Repeatable. Raises what `preview` raises."""
        await count_hit(self.database, TRIES, address)
        async with self.database.system_session("handover objection") as session:
            case, company = await self._lock(session, token)
            step_case(CaseState(case.state), CaseState.IN_PROGRESS)
            now = await self.clock.now(session)
            if case.holder_answer is None:
                case.holder_answer = str(HolderAnswer.AGREED)
                _record_answer(session, case, company, AuditAction.HANDOVER_AGREED, now)
            return self._asked(case)

    async def object_to(self, token: str, address: str) -> AskedHandover:
        """The case is refused, whatever was said before. Raises what `preview` raises."""
        await count_hit(self.database, TRIES, address)
        async with self.database.system_session("handover objection") as session:
            case, company = await self._lock(session, token)
            now = await self.clock.now(session)
            await self.steps.refuse(session, case, None, OBJECTED[case.language], now)
            case.holder_answer = str(HolderAnswer.OBJECTED)
            _record_answer(session, case, company, AuditAction.HANDOVER_OBJECTED, now)
            return self._asked(case)

    async def open(self, session: AsyncSession, case: Case, operator: str, now: datetime) -> None:
        """What the second approval does; company and case are locked.

        The holder is signed out and the former password ends; who the account belongs to changes
        when the successor takes over. Others who want it are refused. Raises
        `company_not_registered`, `company_yours`, `account_suspended`, `handover_open`.
        """
        company = await session.get_one(Company, case.subject_company_id)
        if company.withdrawn_at is not None or company.corporate_account_id is None:
            raise DomainError("company_not_registered")
        holder = await session.get_one(Account, company.corporate_account_id, with_for_update=True)
        if holder.ci_hash == case.ci_hash:
            raise DomainError("company_yours")
        if holder.status != "ACTIVE":
            raise DomainError("account_suspended")
        if await self.handovers.is_open(session, company.id, now):
            raise DomainError("handover_open")
        await self.steps.refuse_others(session, case, company.id, operator, now)
        applicant = self.steps.applicant(case)
        successor = Successor(applicant.name, applicant.email, applicant.phone, case.ci_hash)
        link = await self.handovers.open(session, company.id, successor, LINK_LASTS, now)
        holder.password_hash = None
        holder.updated_at = now
        await end_sessions(session, holder.id, "HANDED_OVER")
        record(
            session,
            AuditEntry(
                company_id=company.id,
                account_id=holder.id,
                actor=operator_actor(operator),
                action=AuditAction.HANDOVER_OPENED,
                at=now,
                subject=str(case.id),
            ),
        )
        facts = {
            "company": company.legal_name,
            "name": applicant.name,
            "link": link,
            "days": str(LINK_LASTS.days),
        }
        await self.steps.tell(session, case, "done", facts, now)
        address = await self.emails.of(session, holder.id)
        if address is not None:
            told = {"company": company.legal_name}
            mail = NewMail("assisted_handover_opened", address, told, "ko", company.id, holder.id)
            await self._send(session, [mail], now)

    async def _tell(
        self,
        session: AsyncSession,
        company: Company,
        holder: Account,
        name: str,
        token: str,
        now: datetime,
    ) -> None:
        """The holder, who may answer; and whoever else of the company could know better."""
        address = await self.emails.of(session, holder.id)
        facts = {
            "company": company.legal_name,
            "name": mask_name(name),
            "until": spoken_time(now + OBJECTION_TIME),
        }
        mails = [
            NewMail("assisted_handover_noticed", contact, facts, "ko", company.id)
            for contact in await self.contacts.of(session, company.id)
            if contact != address
        ]
        if address is not None:
            linked = facts | {"link": f"{self.spa_url}{SPA_PAGE}#token={token}"}
            mails.append(
                NewMail("assisted_handover_asked", address, linked, "ko", company.id, holder.id)
            )
        await self._send(session, mails, now)

    async def _send(self, session: AsyncSession, mails: list[NewMail], now: datetime) -> None:
        jobs = [self.mails.queue(session, mail, now) for mail in mails]
        await session.flush()
        await enqueue(session, jobs)

    async def _lock(self, session: AsyncSession, token: str) -> tuple[Case, Company]:
        """The company first, as operators do."""
        case = await session.scalar(self._of(token))
        if case is None:
            raise DomainError("objection_invalid", "/token")
        company = await session.get_one(Company, case.subject_company_id, with_for_update=True)
        await session.refresh(case, with_for_update=True)
        return case, company

    def _of(self, token: str) -> Select[Case]:
        return select(Case).where(Case.objection_hash == self.tokens.hash(token))

    def _asked(self, case: Case) -> AskedHandover:
        assert case.waits_until is not None
        return AskedHandover(
            case.company_name,
            mask_name(self.steps.applicant(case).name),
            case.created_at,
            case.waits_until,
            HolderAnswer(case.holder_answer) if case.holder_answer else None,
        )


async def _asked_for(session: AsyncSession, number: str) -> tuple[Company, Account]:
    """The company of the number and its own account, the company locked."""
    company = await session.scalar(
        select(Company)
        .where(Company.business_number == number, Company.withdrawn_at.is_(None))
        .with_for_update()
    )
    if company is None:
        raise DomainError("company_not_registered", "/business_number")
    if company.corporate_account_id is None:
        raise DomainError("corporate_invitation_required")
    if company.proven_at is None:
        raise DomainError("claim_instead", "/business_number")
    return company, await session.get_one(Account, company.corporate_account_id)


def _record_answer(
    session: AsyncSession, case: Case, company: Company, action: AuditAction, now: datetime
) -> None:
    """By whoever has the link of the holder's mail."""
    holder = company.corporate_account_id
    record(
        session,
        AuditEntry(
            company_id=company.id,
            account_id=holder,
            actor=account_actor(holder) if holder else SYSTEM,
            action=action,
            at=now,
            subject=str(case.id),
        ),
    )
