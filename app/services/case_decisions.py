"""What operators do with cases, and what follows from it in the same transaction."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import enqueue
from app.db.tables.accounts import Account, BusinessVerification
from app.db.tables.cases import Case
from app.db.tables.companies import Company
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.banks import bank_name
from app.domain.cases import (
    CaseKind,
    CaseState,
    HolderAnswer,
    check_objection_time,
    needs_another_operator,
    step_case,
)
from app.domain.company_changes import is_due
from app.domain.errors import DomainError
from app.domain.periods import SEOUL, seoul_date
from app.services.account_mails import spoken_time
from app.services.assisted_handovers import AssistedHandovers
from app.services.case_steps import CaseSteps, decide, record_step
from app.services.cases import account_of, wanted_of
from app.services.company_changes import DecidedChanges
from app.services.corporate_invitations import CorporateInvitations
from app.services.emails import Emails
from app.services.erasure import erase_former_holder
from app.services.mails import Mails, NewMail
from app.services.one_time import OneTimeTokens
from app.services.refund_accounts import RefundAccounts
from app.services.withdrawal import end_account

TOKEN_LASTS: Final = timedelta(days=14)
SPA_SIGN_UP: Final = "/sign-up/corporate"


@dataclass(frozen=True, slots=True)
class Decided:
    """The case's state now. `waits`: one operator approved it, another one has to."""

    state: CaseState
    waits: bool = False


class CaseDecisions:
    """Hold, approve, refuse: each once, however many operators try."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        tokens: OneTimeTokens,
        mails: Mails,
        emails: Emails,
        invitations: CorporateInvitations,
        spa_url: str,
        changes: DecidedChanges,
        accounts: RefundAccounts,
        handovers: AssistedHandovers,
    ) -> None:
        self._handovers = handovers
        self._changes = changes
        self._accounts = accounts
        self._steps = CaseSteps(vault, mails)
        self._database = database
        self._clock = clock
        self._vault = vault
        self._tokens = tokens
        self._mails = mails
        self._emails = emails
        self._invitations = invitations
        self._spa_url = spa_url

    async def hold(self, case_id: UUID, operator: str, reason: str) -> Decided:
        """The sender is told what is missing. Raises `case_not_found`, `case_decided`."""
        async with self._database.system_session("operator: case") as session:
            case, now = await self._lock(session, case_id)
            await self._steps.hold(session, case, operator, reason, now)
            return Decided(CaseState.ON_HOLD)

    async def refuse(self, case_id: UUID, operator: str, reason: str) -> Decided:
        """The sender is told why. Raises `case_not_found`, `case_decided`."""
        async with self._database.system_session("operator: case") as session:
            case, now = await self._lock(session, case_id)
            await self._steps.refuse(session, case, operator, reason, now)
            return Decided(CaseState.REFUSED)

    async def approve(self, case_id: UUID, operator: str) -> Decided:
        """A document makes its company PROVEN, or lets its sender sign up; a claim, by the second

        of two operators, moves the company, as a handover is opened; a change is made, an account
        set. Raises `case_not_found`, `case_decided`, `second_operator_required`, `company_proven`,
        `company_not_registered`, `objection_time_running`, `handover_open`, `company_yours`.
        """
        async with self._database.system_session("operator: case") as session:
            case, now = await self._lock(session, case_id)
            approved = step_case(CaseState(case.state), CaseState.APPROVED)
            answer = HolderAnswer(case.holder_answer) if case.holder_answer else None
            check_objection_time(case.waits_until, answer, now)
            if needs_another_operator(CaseKind(case.kind), case.approved_by, operator):
                case.approved_by, case.updated_at = operator, now
                record_step(session, case, operator, AuditAction.CASE_APPROVED_ONCE, now)
                return Decided(CaseState(case.state), waits=True)
            decide(case, approved, operator, now)
            record_step(session, case, operator, AuditAction.CASE_APPROVED, now)
            if case.kind == CaseKind.COMPANY_CLAIM:
                await self._move(session, case, operator, now)
            elif case.kind == CaseKind.ASSISTED_HANDOVER:
                await self._handovers.open(session, case, operator, now)
            elif case.kind == CaseKind.COMPANY_CHANGE:
                await self._change(session, case, operator, now)
            elif case.kind == CaseKind.BANK_ACCOUNT_CHANGE:
                await self._pay_to(session, case, operator, now)
            elif case.company_id is not None:
                await self._prove(session, case, case.company_id, operator, now)
            else:
                await self._let_sign_up(session, case, now)
            return Decided(CaseState.APPROVED)

    async def _lock(self, session: AsyncSession, case_id: UUID) -> tuple[Case, datetime]:
        """The company first: who approves a claim refuses the company's other cases as well."""
        found = await session.execute(
            select(Case.company_id, Case.subject_company_id).where(Case.id == case_id)
        )
        companies = [id_ for id_ in found.one_or_none() or () if id_ is not None]
        if companies:
            await session.get_one(Company, companies[0], with_for_update=True)
        case = await session.get(Case, case_id, with_for_update=True)
        if case is None:
            raise DomainError("case_not_found")
        return case, await self._clock.now(session)

    async def _prove(
        self, session: AsyncSession, case: Case, company_id: UUID, operator: str, now: datetime
    ) -> None:
        company = await session.get_one(Company, company_id)
        if company.withdrawn_at is not None:
            raise DomainError("company_not_registered")
        _show_real(company, "DOCUMENT", now)
        record_step(session, case, operator, AuditAction.COMPANY_PROVEN, now)
        facts = {"company": company.legal_name}
        await self._steps.tell(session, case, "approved", facts, now)

    async def _change(
        self, session: AsyncSession, case: Case, operator: str, now: datetime
    ) -> None:
        """At once, or from the first moment of the day on which its number holds."""
        wanted = wanted_of(self._vault, case)
        assert wanted is not None
        if is_due(wanted, seoul_date(now)):
            await self._changes.apply(session, case, operator, now)
        else:
            assert wanted.effective_on is not None
            case.apply_due_at = datetime.combine(wanted.effective_on, time(), tzinfo=SEOUL)
        effective = f"{wanted.effective_on:%Y-%m-%d}" if wanted.effective_on else ""
        facts = {"company": case.company_name, "effective_on": effective}
        await self._steps.tell(session, case, "done", facts, now)

    async def _pay_to(
        self, session: AsyncSession, case: Case, operator: str, now: datetime
    ) -> None:
        """Used after the time that every new account waits; everybody of the company is told."""
        account = account_of(self._vault, case)
        assert account is not None
        assert case.company_id is not None
        assert case.account_id is not None
        shown = await self._accounts.set_by_operator(
            session, case.company_id, account, case.account_id, operator, now
        )
        facts = {
            "company": case.company_name,
            "bank": bank_name(shown.bank).ko,
            "number": shown.number_masked,
            "usable_at": spoken_time(shown.usable_at),
        }
        await self._steps.tell(session, case, "done", facts, now)

    async def _let_sign_up(self, session: AsyncSession, case: Case, now: datetime) -> None:
        """A verification of level DOCUMENT, whose token is in the mail's link."""
        token, token_hash = self._tokens.make()
        session.add(
            BusinessVerification(
                id=new_id(),
                business_number=case.business_number,
                company_name=case.company_name,
                representative=None,
                level="DOCUMENT",
                status="ACTIVE",
                tax_type="",
                token_hash=token_hash,
                expires_at=now + TOKEN_LASTS,
                used_at=None,
                created_at=now,
            )
        )
        facts = {
            "company": case.company_name,
            "link": f"{self._spa_url}{SPA_SIGN_UP}#business_token={token}",
            "days": str(TOKEN_LASTS.days),
        }
        await self._steps.tell(session, case, "approved_sign_up", facts, now)

    async def _move(self, session: AsyncSession, case: Case, operator: str, now: datetime) -> None:
        """The former account ends at once; the claimant is invited to sign up for the company.

        What the company ordered and opened stays with it. Others who want it are refused.
        """
        company = await session.get_one(Company, case.subject_company_id)
        if company.proven_at is not None:
            raise DomainError("company_proven")
        if company.withdrawn_at is not None or company.corporate_account_id is None:
            raise DomainError("company_not_registered")
        holder = await session.get_one(Account, company.corporate_account_id, with_for_update=True)
        address = await self._emails.of(session, holder.id)
        await self._steps.refuse_others(session, case, company.id, operator, now)
        company.corporate_account_id = None
        await session.flush()
        await end_account(session, self._vault, holder, now)
        await erase_former_holder(session, company.id, now)
        _show_real(company, case.level or "DOCUMENT", now)
        record_step(session, case, operator, AuditAction.COMPANY_MOVED, now)
        applicant = self._steps.applicant(case)
        await self._invitations.invite(
            session, company.id, None, applicant.name, applicant.email, now
        )
        if address is not None:
            facts = {"company": company.legal_name}
            mail = NewMail("company_moved", address, facts, "ko", company.id, holder.id)
            job = self._mails.queue(session, mail, now)
            await session.flush()
            await enqueue(session, [job])


def _show_real(company: Company, level: str, now: datetime) -> None:
    if company.verification_level == "STATUS":
        company.verification_level = level
    company.verified_at = now
    company.proven_at = company.proven_at or now
    company.revision += 1
    company.updated_at = now
