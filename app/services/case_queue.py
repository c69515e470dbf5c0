"""The operator's view of the queue: lists name nobody, reading a person's data is audited."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.accounts import Account
from app.db.tables.cases import Case, CaseFile
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.cases import OPEN, CaseKind, CaseState, HolderAnswer
from app.domain.company_changes import WantedChange
from app.domain.errors import DomainError
from app.domain.provider_payments import PaidBackTo
from app.services.audit import AuditEntry, operator_actor, record
from app.services.cases import APPLICANT, Applicant, account_of, wanted_of
from app.services.ports import FileStorage
from app.services.uploads import stored_file

BATCH = 200


@dataclass(frozen=True, slots=True)
class QueuedCase:
    """A line of the queue."""

    id: UUID
    kind: CaseKind
    state: CaseState
    business_number: str
    company_name: str
    approved_by: str | None
    created_at: datetime
    waits_until: datetime | None
    holder_answer: HolderAnswer | None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was sent; `filename` is the sender's, made safe to show."""

    id: UUID
    filename: str
    media_type: str
    size: int
    key: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """All of a case. The applicant's e-mail is None for an account that left."""

    line: QueuedCase
    name: str | None
    phone: str | None
    email: str | None
    level: str | None
    note: str | None
    reason: str | None
    decided_by: str | None
    files: Sequence[StoredFile]
    wanted: WantedChange | None
    account: PaidBackTo | None


class CaseQueue:
    """Lists, and opens one."""

    def __init__(
        self, database: Database, clock: Clock, vault: Vault, storage: FileStorage
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._storage = storage

    async def list_open(self) -> Sequence[QueuedCase]:
        """What waits, the oldest first; at most two hundred."""
        async with self._database.system_session("operator: cases") as session:
            rows = await session.scalars(
                select(Case)
                .where(Case.state.in_(OPEN))
                .order_by(Case.created_at, Case.id)
                .limit(BATCH)
            )
            return [_line(case) for case in rows]

    async def open(self, case_id: UUID, operator: str, why: str) -> CaseFacts:
        """Everything, the sender's name and address as well: audited. Raises `case_not_found`."""
        async with self._database.system_session("operator: case") as session:
            case = await session.get(Case, case_id)
            if case is None:
                raise DomainError("case_not_found")
            applicant = await self._applicant(session, case)
            files = await session.scalars(
                select(CaseFile).where(CaseFile.case_id == case_id).order_by(CaseFile.id)
            )
            record(
                session,
                AuditEntry(
                    company_id=None,
                    account_id=case.account_id,
                    actor=operator_actor(operator),
                    action=AuditAction.CASE_READ,
                    at=await self._clock.now(session),
                    subject=str(case.id),
                    details={"why": why},
                ),
            )
            return CaseFacts(
                _line(case),
                *applicant,
                case.level,
                self._vault.opened("cases.note", case.note),
                self._vault.opened("cases.reason", case.reason),
                case.decided_by,
                [self._file(row) for row in files],
                wanted_of(self._vault, case),
                account_of(self._vault, case),
            )

    async def file(self, case_id: UUID, file_id: UUID, operator: str, why: str) -> StoredFile:
        """One of its files: audited. Raises `case_not_found`, `attachment_not_found`."""
        async with self._database.system_session("operator: case") as session:
            case = await session.get(Case, case_id)
            if case is None:
                raise DomainError("case_not_found")
            row = await session.get(CaseFile, file_id)
            if row is None or row.case_id != case_id:
                raise DomainError("attachment_not_found")
            record(
                session,
                AuditEntry(
                    company_id=None,
                    account_id=case.account_id,
                    actor=operator_actor(operator),
                    action=AuditAction.CASE_READ,
                    at=await self._clock.now(session),
                    subject=str(case.id),
                    details={"why": why, "file": str(file_id)},
                ),
            )
            return self._file(row)

    async def content(self, file: StoredFile) -> AsyncIterator[bytes]:
        """The file's bytes, a part at a time. Raises what `stored_file` raises."""
        return await stored_file(self._storage, file.key)

    async def _applicant(
        self, session: AsyncSession, case: Case
    ) -> tuple[str | None, str | None, str | None]:
        """(name, phone, e-mail)."""
        if case.applicant is not None:
            opened = self._vault.open(APPLICANT, case.applicant)
            applicant = msgspec.json.decode(opened, type=Applicant)
            return applicant.name, applicant.phone, applicant.email
        if case.account_id is None:
            return None, None, None
        account = await session.get_one(Account, case.account_id)
        return (
            self._vault.opened("accounts.name", account.name),
            self._vault.opened("accounts.phone", account.phone),
            self._vault.opened("accounts.email", account.email),
        )

    def _file(self, row: CaseFile) -> StoredFile:
        name = self._vault.open("case_files.filename", row.filename)
        return StoredFile(row.id, name, row.media_type, row.size, row.storage_key)


def _line(case: Case) -> QueuedCase:
    return QueuedCase(
        case.id,
        CaseKind(case.kind),
        CaseState(case.state),
        case.business_number,
        case.company_name,
        case.approved_by,
        case.created_at,
        case.waits_until,
        HolderAnswer(case.holder_answer) if case.holder_answer else None,
    )
