"""What a decision about a case writes, whoever takes it: its state, the log, the sender's mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.queue import Job, enqueue
from app.db.tables.accounts import Account
from app.db.tables.cases import Case
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.cases import OPEN, CaseKind, CaseState, step_case
from app.services.audit import AuditEntry, operator_actor, record
from app.services.cases import APPLICANT, Applicant
from app.services.mails import Mails, NewMail
from app.services.order_events import SYSTEM

TAKEN_BY_ANOTHER: Final = {
    "ko": "다른 신청으로 확인이 완료되었습니다.",
    "en": "Another request for this company was approved.",
}
_WORDS: Final = {
    CaseKind.COMPANY_CLAIM: "claim",
    CaseKind.COMPANY_CHANGE: "change",
    CaseKind.BUSINESS_DOCUMENT: "document",
    CaseKind.BANK_ACCOUNT_CHANGE: "account_change",
    CaseKind.ASSISTED_HANDOVER: "assisted_handover",
}


@dataclass(frozen=True, slots=True)
class CaseSteps:
    """Each in the caller's transaction, the case's row locked."""

    vault: Vault
    mails: Mails

    async def hold(
        self, session: AsyncSession, case: Case, operator: str, reason: str, now: datetime
    ) -> None:
        """The sender is told what is missing. Raises `case_decided`."""
        case.state = str(step_case(CaseState(case.state), CaseState.ON_HOLD))
        case.reason = self.vault.seal("cases.reason", reason)
        case.approved_by = None
        case.updated_at = now
        record_step(session, case, operator, AuditAction.CASE_HELD, now)
        facts = {"company": case.company_name, "reason": reason}
        await self.tell(session, case, "held", facts, now)

    async def refuse(
        self, session: AsyncSession, case: Case, operator: str | None, reason: str, now: datetime
    ) -> None:
        """The sender is told why. `operator` None: nobody of the staff decided it.

        Raises `case_decided`.
        """
        address = (await self._addresses(session, [case]))[case.id]
        jobs = self._refuse(session, case, operator, reason, now, address)
        await session.flush()
        await enqueue(session, jobs)

    async def refuse_others(
        self, session: AsyncSession, case: Case, company_id: UUID, operator: str, now: datetime
    ) -> None:
        """Who else wants the company that this case moved."""
        others = _wanting(company_id).where(Case.id != case.id)
        await self._refuse_all(session, others, operator, TAKEN_BY_ANOTHER, now)

    async def refuse_handovers(
        self, session: AsyncSession, company_id: UUID, reason: Mapping[str, str], now: datetime
    ) -> None:
        """Whoever wanted the account that has another person now. The company's row is locked."""
        wanting = _wanting(company_id).where(Case.kind == CaseKind.ASSISTED_HANDOVER)
        await self._refuse_all(session, wanting, None, reason, now)

    async def _refuse_all(
        self,
        session: AsyncSession,
        wanting: Select[Case],
        operator: str | None,
        reason: Mapping[str, str],
        now: datetime,
    ) -> None:
        rows = (await session.execute(wanting)).scalars().all()
        addresses = await self._addresses(session, rows)
        jobs = [
            job
            for other in rows
            for job in self._refuse(
                session, other, operator, reason[other.language], now, addresses[other.id]
            )
        ]
        await session.flush()
        await enqueue(session, jobs)

    async def tell(
        self, session: AsyncSession, case: Case, what: str, facts: dict[str, str], now: datetime
    ) -> None:
        """The sender, by the mail of the case's kind that says `what`."""
        address = (await self._addresses(session, [case]))[case.id]
        jobs = self._mail(session, case, what, facts, now, address)
        await session.flush()
        await enqueue(session, jobs)

    def applicant(self, case: Case) -> Applicant:
        """Of a case whose sender has no account."""
        assert case.applicant is not None
        return msgspec.json.decode(self.vault.open(APPLICANT, case.applicant), type=Applicant)

    def _refuse(
        self,
        session: AsyncSession,
        case: Case,
        operator: str | None,
        reason: str,
        now: datetime,
        address: str | None,
    ) -> Sequence[Job]:
        decide(case, step_case(CaseState(case.state), CaseState.REFUSED), operator, now)
        case.reason = self.vault.seal("cases.reason", reason)
        record_step(session, case, operator, AuditAction.CASE_REFUSED, now)
        facts = {"company": case.company_name, "reason": reason}
        return self._mail(session, case, "refused", facts, now, address)

    def _mail(
        self,
        session: AsyncSession,
        case: Case,
        what: str,
        facts: dict[str, str],
        now: datetime,
        address: str | None,
    ) -> Sequence[Job]:
        """None where the sender is gone."""
        if address is None:
            return ()
        kind = f"{_WORDS[CaseKind(case.kind)]}_{what}"
        mail = NewMail(kind, address, facts, case.language, case.company_id, case.account_id)
        return (self.mails.queue(session, mail, now),)

    async def _addresses(
        self, session: AsyncSession, cases: Sequence[Case]
    ) -> dict[UUID, str | None]:
        """By case: the applicant's address, or that of the account which sent it."""
        wanted = {case.account_id for case in cases if case.account_id is not None}
        rows = await session.execute(
            select(Account.id, Account.email).where(Account.id.in_(wanted))
        )
        known = {row.id: self.vault.open("accounts.email", row.email) for row in rows if row.email}
        return {
            case.id: self.applicant(case).email
            if case.applicant
            else known.get(case.account_id)
            if case.account_id
            else None
            for case in cases
        }


def _wanting(company_id: UUID) -> Select[Case]:
    """Open cases of others about a company, locked."""
    return (
        select(Case)
        .where(Case.subject_company_id == company_id, Case.state.in_(OPEN))
        .order_by(Case.id)
        .with_for_update()
    )


def decide(case: Case, state: CaseState, operator: str | None, now: datetime) -> None:
    """The case's last state."""
    case.state = str(state)
    case.decided_by = operator
    case.decided_at = case.updated_at = now


def record_step(
    session: AsyncSession, case: Case, operator: str | None, action: AuditAction, now: datetime
) -> None:
    """A line of the log of whose company it is about."""
    record(
        session,
        AuditEntry(
            company_id=case.company_id or case.subject_company_id,
            account_id=case.account_id,
            actor=operator_actor(operator) if operator else SYSTEM,
            action=action,
            at=now,
            subject=str(case.id),
        ),
    )
