"""What operators do with cases, and what follows from it in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import Job, enqueue
from app.db.tables.accounts import Account, BusinessVerification
from app.db.tables.cases import Case
from app.db.tables.companies import Company
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.cases import OPEN, CaseKind, CaseState, needs_another_operator, step_case
from app.domain.company_changes import is_due
from app.domain.errors import DomainError
from app.domain.periods import SEOUL, seoul_date
from app.services.audit import AuditEntry, operator_actor, record
from app.services.cases import APPLICANT, Applicant, wanted_of
from app.services.company_changes import DecidedChanges
from app.services.corporate_invitations import CorporateInvitations
from app.services.emails import Emails
from app.services.erasure import erase_former_holder
from app.services.mails import Mails, NewMail
from app.services.one_time import OneTimeTokens
from app.services.withdrawal import end_account

TOKEN_LASTS: Final = timedelta(days=14)
SPA_SIGN_UP: Final = "/sign-up/corporate"
TAKEN_BY_ANOTHER: Final = {
    "ko": "다른 신청으로 확인이 완료되었습니다.",
    "en": "Another request for this company was approved.",
}


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
    ) -> None:
        self._changes = changes
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
            case.state = str(step_case(CaseState(case.state), CaseState.ON_HOLD))
            case.reason = self._vault.seal("cases.reason", reason)
            case.approved_by = None
            case.updated_at = now
            _record(session, case, operator, AuditAction.CASE_HELD, now)
            facts = {"company": case.company_name, "reason": reason}
            await self._tell(session, case, f"{_word(case)}_held", facts, now)
            return Decided(CaseState.ON_HOLD)

    async def refuse(self, case_id: UUID, operator: str, reason: str) -> Decided:
        """The sender is told why. Raises `case_not_found`, `case_decided`."""
        async with self._database.system_session("operator: case") as session:
            case, now = await self._lock(session, case_id)
            address = (await self._addresses(session, [case]))[case.id]
            jobs = self._refuse(session, case, operator, reason, now, address)
            await session.flush()
            await enqueue(session, jobs)
            return Decided(CaseState.REFUSED)

    async def approve(self, case_id: UUID, operator: str) -> Decided:
        """A document makes its company PROVEN, or lets its sender sign up; a claim, by the second

        of two operators, moves the company. Raises `case_not_found`, `case_decided`,
        `second_operator_required`, `company_proven`, `company_not_registered`.
        """
        async with self._database.system_session("operator: case") as session:
            case, now = await self._lock(session, case_id)
            approved = step_case(CaseState(case.state), CaseState.APPROVED)
            if needs_another_operator(CaseKind(case.kind), case.approved_by, operator):
                case.approved_by, case.updated_at = operator, now
                _record(session, case, operator, AuditAction.CASE_APPROVED_ONCE, now)
                return Decided(CaseState(case.state), waits=True)
            _decide(case, approved, operator, now)
            _record(session, case, operator, AuditAction.CASE_APPROVED, now)
            if case.kind == CaseKind.COMPANY_CLAIM:
                await self._move(session, case, operator, now)
            elif case.kind == CaseKind.COMPANY_CHANGE:
                await self._change(session, case, operator, now)
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
        _record(session, case, operator, AuditAction.COMPANY_PROVEN, now)
        facts = {"company": company.legal_name}
        await self._tell(session, case, "document_approved", facts, now)

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
        await self._tell(session, case, "change_done", facts, now)

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
        await self._tell(session, case, "document_approved_sign_up", facts, now)

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
        await self._refuse_others(session, case, company, operator, now)
        company.corporate_account_id = None
        await session.flush()
        await end_account(session, self._vault, holder, now)
        await erase_former_holder(session, company.id, now)
        _show_real(company, case.level or "DOCUMENT", now)
        _record(session, case, operator, AuditAction.COMPANY_MOVED, now)
        applicant = self._applicant(case)
        await self._invitations.invite(
            session, company.id, None, applicant.name, applicant.email, now
        )
        if address is not None:
            facts = {"company": company.legal_name}
            mail = NewMail("company_moved", address, facts, "ko", company.id, holder.id)
            job = self._mails.queue(session, mail, now)
            await session.flush()
            await enqueue(session, [job])

    async def _refuse_others(
        self, session: AsyncSession, case: Case, company: Company, operator: str, now: datetime
    ) -> None:
        others = await session.execute(
            select(Case)
            .where(
                Case.subject_company_id == company.id,
                Case.id != case.id,
                Case.state.in_(OPEN),
            )
            .order_by(Case.id)
            .with_for_update()
        )
        rows = others.scalars().all()
        addresses = await self._addresses(session, rows)
        jobs = [
            job
            for other in rows
            for job in self._refuse(
                session, other, operator, TAKEN_BY_ANOTHER[other.language], now, addresses[other.id]
            )
        ]
        await session.flush()
        await enqueue(session, jobs)

    def _refuse(
        self,
        session: AsyncSession,
        case: Case,
        operator: str,
        reason: str,
        now: datetime,
        address: str | None,
    ) -> Sequence[Job]:
        _decide(case, step_case(CaseState(case.state), CaseState.REFUSED), operator, now)
        case.reason = self._vault.seal("cases.reason", reason)
        _record(session, case, operator, AuditAction.CASE_REFUSED, now)
        facts = {"company": case.company_name, "reason": reason}
        return self._mail(session, case, f"{_word(case)}_refused", facts, now, address)

    async def _tell(
        self, session: AsyncSession, case: Case, kind: str, facts: dict[str, str], now: datetime
    ) -> None:
        address = (await self._addresses(session, [case]))[case.id]
        jobs = self._mail(session, case, kind, facts, now, address)
        await session.flush()
        await enqueue(session, jobs)

    def _mail(
        self,
        session: AsyncSession,
        case: Case,
        kind: str,
        facts: dict[str, str],
        now: datetime,
        address: str | None,
    ) -> Sequence[Job]:
        """None where the sender is gone."""
        if address is None:
            return ()
        mail = NewMail(kind, address, facts, case.language, case.company_id, case.account_id)
        return (self._mails.queue(session, mail, now),)

    async def _addresses(
        self, session: AsyncSession, cases: Sequence[Case]
    ) -> dict[UUID, str | None]:
        """By case: the applicant's address, or that of the account which sent it."""
        wanted = {case.account_id for case in cases if case.account_id is not None}
        rows = await session.execute(
            select(Account.id, Account.email).where(Account.id.in_(wanted))
        )
        known = {row.id: self._vault.open("accounts.email", row.email) for row in rows if row.email}
        return {
            case.id: self._applicant(case).email
            if case.applicant
            else known.get(case.account_id)
            if case.account_id
            else None
            for case in cases
        }

    def _applicant(self, case: Case) -> Applicant:
        assert case.applicant is not None
        return msgspec.json.decode(self._vault.open(APPLICANT, case.applicant), type=Applicant)


_WORDS: Final = {
    CaseKind.COMPANY_CLAIM: "claim",
    CaseKind.COMPANY_CHANGE: "change",
    CaseKind.BUSINESS_DOCUMENT: "document",
}


def _word(case: Case) -> str:
    """What its mails' kinds begin with."""
    return _WORDS[CaseKind(case.kind)]


def _decide(case: Case, state: CaseState, operator: str, now: datetime) -> None:
    case.state = str(state)
    case.decided_by = operator
    case.decided_at = case.updated_at = now


def _show_real(company: Company, level: str, now: datetime) -> None:
    if company.verification_level == "STATUS":
        company.verification_level = level
    company.verified_at = now
    company.proven_at = company.proven_at or now
    company.revision += 1
    company.updated_at = now


def _record(
    session: AsyncSession, case: Case, operator: str, action: AuditAction, now: datetime
) -> None:
    record(
        session,
        AuditEntry(
            company_id=case.company_id or case.subject_company_id,
            account_id=case.account_id,
            actor=operator_actor(operator),
            action=action,
            at=now,
            subject=str(case.id),
        ),
    )
