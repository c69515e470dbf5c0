"""Cases: how they are filed, and what their senders see of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.ids import new_id
from app.db.tables.cases import Case, CaseFile
from app.db.vault import Vault
from app.domain.cases import OPEN, CaseKind, CaseState
from app.domain.company_changes import WantedChange
from app.domain.errors import DomainError
from app.domain.provider_payments import PaidBackTo
from app.services.uploads import ReceivedForm, Uploads

MAX_CASE_FILES: Final = 20
APPLICANT: Final = "cases.applicant"
_WANTED: Final = "cases.wanted"


@dataclass(frozen=True, slots=True)
class Applicant:
    """A sender without an account: whom phone identity vouched for, and their address."""

    name: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class NewCase:
    """What is asked, by whom. `company_id` and `account_id` are the signed-in sender's."""

    kind: CaseKind
    business_number: str
    company_name: str
    language: str
    note: str | None = None
    company_id: UUID | None = None
    account_id: UUID | None = None
    subject_company_id: UUID | None = None
    level: str | None = None
    applicant: Applicant | None = None
    ci_hash: bytes | None = None
    wanted: WantedChange | PaidBackTo | None = None
    waits_until: datetime | None = None
    objection_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class FiledCase:
    """What the sender may see. `reason` is the operator's, of a hold or a refusal; `wanted` what a

    change asks for, `account` the account that shall be paid to.
    """

    id: UUID
    state: CaseState
    reason: str | None
    files: int
    created_at: datetime
    updated_at: datetime
    wanted: WantedChange | None = None
    account: PaidBackTo | None = None


class Cases:
    """Files cases and adds to those that are on hold."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def file(
        self, session: AsyncSession, new: NewCase, form: ReceivedForm, now: datetime
    ) -> FiledCase:
        """A new case, or the sender's own that is on hold, which is in progress again.

        Raises `case_open` while one is in progress, `too_many_files` past what a case may hold.
        """
        case = await self._open_one(session, new)
        known = 0
        if case is None:
            case = self._row(new, now)
            session.add(case)
            await _flush(session)
        else:
            known = await self._add_to(session, case, new, form, now)
        session.add_all(self._files(case, form, now))
        await Uploads.keep(session, form, now)
        await session.flush()
        state = CaseState(case.state)
        files = known + len(form.files)
        wanted, account = wanted_of(self._vault, case), account_of(self._vault, case)
        return FiledCase(case.id, state, None, files, case.created_at, now, wanted, account)

    async def _open_one(self, session: AsyncSession, new: NewCase) -> Case | None:
        same = (Case.ci_hash == new.ci_hash) & (Case.business_number == new.business_number)
        mine: ColumnElement[bool] = (
            Case.company_id.is_(None) & same
            if new.company_id is None
            else Case.company_id == new.company_id
        )
        found = await session.execute(
            select(Case).where(Case.kind == new.kind, Case.state.in_(OPEN), mine).with_for_update()
        )
        return found.scalar_one_or_none()

    async def _add_to(
        self, session: AsyncSession, case: Case, new: NewCase, form: ReceivedForm, now: datetime
    ) -> int:
        """Returns how many files it had."""
        if case.state != CaseState.ON_HOLD:
            raise DomainError("case_open", id=str(case.id))
        had = await session.scalars(select(CaseFile.id).where(CaseFile.case_id == case.id))
        known = len(had.all())
        if known + len(form.files) > MAX_CASE_FILES:
            raise DomainError("too_many_files", "/files")
        case.state = str(CaseState.IN_PROGRESS)
        case.approved_by = None
        case.note = self._seal("cases.note", new.note) or case.note
        if new.wanted is not None:
            case.wanted = _sealed(self._vault, new.wanted)
        case.level = new.level or case.level
        if new.applicant is not None:
            case.applicant = self._applicant(new.applicant)
        case.updated_at = now
        return known

    def _row(self, new: NewCase, now: datetime) -> Case:
        return Case(
            id=new_id(),
            kind=str(new.kind),
            state=str(CaseState.IN_PROGRESS),
            company_id=new.company_id,
            subject_company_id=new.subject_company_id,
            account_id=new.account_id,
            business_number=new.business_number,
            company_name=new.company_name,
            level=new.level,
            applicant=self._applicant(new.applicant) if new.applicant else None,
            ci_hash=new.ci_hash,
            wanted=_sealed(self._vault, new.wanted) if new.wanted else None,
            apply_due_at=None,
            waits_until=new.waits_until,
            objection_hash=new.objection_hash,
            holder_answer=None,
            note=self._seal("cases.note", new.note),
            language=new.language,
            reason=None,
            approved_by=None,
            decided_by=None,
            decided_at=None,
            created_at=now,
            updated_at=now,
        )

    def _files(self, case: Case, form: ReceivedForm, now: datetime) -> list[CaseFile]:
        return [
            CaseFile(
                id=new_id(),
                case_id=case.id,
                company_id=case.company_id,
                upload_id=form.upload_id,
                storage_key=file.key,
                filename=self._vault.seal("case_files.filename", file.filename),
                media_type=file.media_type,
                size=file.size,
                sha256=file.sha256,
                created_at=now,
            )
            for file in form.files
        ]

    async def open_change(self, session: AsyncSession, company_id: UUID) -> FiledCase | None:
        """The company's change request that is not decided yet."""
        found = await self.of_company(session, company_id, CaseKind.COMPANY_CHANGE, most=1)
        return next((case for case in found if case.state in OPEN), None)

    async def of_company(
        self,
        session: AsyncSession,
        company_id: UUID,
        kind: CaseKind = CaseKind.BUSINESS_DOCUMENT,
        most: int = 20,
    ) -> Sequence[FiledCase]:
        """The company's cases of a kind, the newest first."""
        rows = await session.execute(
            select(Case)
            .where(Case.company_id == company_id, Case.kind == kind)
            .order_by(Case.created_at.desc(), Case.id.desc())
            .limit(most)
        )
        cases = rows.scalars().all()
        if not cases:
            return []
        files = await session.scalars(
            select(CaseFile.case_id).where(CaseFile.case_id.in_([case.id for case in cases]))
        )
        of = list(files)
        return [
            FiledCase(
                case.id,
                CaseState(case.state),
                self.reason(case),
                of.count(case.id),
                case.created_at,
                case.updated_at,
                wanted_of(self._vault, case),
                account_of(self._vault, case),
            )
            for case in cases
        ]

    def reason(self, case: Case) -> str | None:
        """The operator's words, while they matter."""
        told = case.state in {CaseState.ON_HOLD, CaseState.REFUSED}
        return self._vault.open("cases.reason", case.reason) if told and case.reason else None

    def _seal(self, column: str, words: str | None) -> bytes | None:
        return self._vault.seal(column, words) if words else None

    def _applicant(self, applicant: Applicant) -> bytes:
        return self._vault.seal(APPLICANT, msgspec.json.encode(applicant).decode())


def wanted_of(vault: Vault, case: Case) -> WantedChange | None:
    """What a COMPANY_CHANGE asks for."""
    if case.wanted is None or case.kind != CaseKind.COMPANY_CHANGE:
        return None
    return msgspec.json.decode(vault.open(_WANTED, case.wanted), type=WantedChange)


def account_of(vault: Vault, case: Case) -> PaidBackTo | None:
    """The account of a BANK_ACCOUNT_CHANGE, in clear."""
    if case.wanted is None or case.kind != CaseKind.BANK_ACCOUNT_CHANGE:
        return None
    return msgspec.json.decode(vault.open(_WANTED, case.wanted), type=PaidBackTo)


def _sealed(vault: Vault, wanted: WantedChange | PaidBackTo) -> bytes:
    return vault.seal(_WANTED, msgspec.json.encode(wanted).decode())


async def _flush(session: AsyncSession) -> None:
    """The same sender twice at once: the unique indexes let one through."""
    try:
        await session.flush()
    except IntegrityError as lost:
        if "uq_cases_open" not in str(lost.orig):
            raise
        raise DomainError("case_open") from lost
