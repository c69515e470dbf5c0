"""Contract imports over the operator's API: asked for with a file, done by a job, told afterwards.

The job asks the groupware while no transaction is open, and cannot hold its row meanwhile: it has
the row on a lease, which it renews, by the number of its try. What it imports and the row's end are
one transaction, which ends only if the try is the newest: a worker that died has done nothing, and
one that was overtaken undoes what it did. One import runs at a time: a file is large in memory.
"""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import Job, enqueue
from app.db.tables.contract_imports import ContractImport as Row
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.contract_import import RowError, check_header
from app.domain.contract_imports import (
    BUSY_PAUSE,
    LEASE,
    MOST_ERRORS_KEPT,
    TRIES,
    ImportStatus,
    pause_after,
)
from app.domain.csv_encodings import read_text
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.domain.provider_errors import ProviderError
from app.services.audit import AuditEntry, record
from app.services.contract_import import ContractImport, ImportReport
from app.services.cursors import NEWEST, make_cursor, read_cursor

IMPORT_CONTRACTS: Final = "import_contracts"
SEALED: Final = "contract_imports.document"
RENEW_SECONDS: Final = 60.0
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('contract imports', 0))")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ImportLine:
    """`rows` and what became of them once it has ended by its file."""

    id: UUID
    status: ImportStatus
    dry_run: bool
    file_sha256: str
    rows: int | None
    imported: int | None
    known: int | None
    invited: int | None
    errors_total: int
    created_by: str
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class ImportView:
    """With the first thousand of its errors."""

    line: ImportLine
    errors: Sequence[RowError]


@dataclass(frozen=True, slots=True)
class ImportPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[ImportLine]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file as it is kept."""

    sha256: bytes
    content: bytes = field(repr=False)


class Overtaken(RuntimeError):
    """Another worker has the import, or it has ended."""


@dataclass(frozen=True, slots=True)
class ContractImports:
    """Asking, reading, and the job."""

    database: Database
    clock: Clock
    vault: Vault
    contract_import: ContractImport

    async def seal(self, document: bytes) -> SealedFile:
        """For `ask`. Raises `import_encoding_unknown` and `import_columns_unknown`."""
        check_header(await asyncio.to_thread(read_text, document))
        digest = hashlib.sha256(document).digest()
        return SealedFile(digest, await asyncio.to_thread(self.vault.seal_bytes, SEALED, document))

    async def ask(
        self, session: AsyncSession, operator: Operator, file: SealedFile, *, dry_run: bool
    ) -> ImportView:
        """In the caller's transaction, which sees all rows."""
        now = await self.clock.now(session)
        asked = Row(
            id=new_id(),
            status=str(ImportStatus.QUEUED),
            dry_run=dry_run,
            file_sha256=file.sha256,
            document=file.content,
            attempts=0,
            due_at=now,
            errors=[],
            errors_total=0,
            created_by=operator.name,
            created_at=now,
            updated_at=now,
        )
        session.add(asked)
        entry = AuditEntry.by_operator(
            operator,
            AuditAction.IMPORT_ASKED,
            now,
            subject=str(asked.id),
            details={"dry_run": dry_run, "file": file.sha256.hex()},
        )
        record(session, entry)
        await session.flush()
        await enqueue(session, [Job(IMPORT_CONTRACTS, asked.id)])
        return _view(asked)

    async def get(self, import_id: UUID) -> ImportView:
        """Raises `contract_import_not_found`."""
        async with self.database.system_session("operator: contract import") as session:
            found = await session.get(Row, import_id, options=[undefer(Row.errors)])
            if found is None:
                raise DomainError("contract_import_not_found")
            return _view(found)

    async def page(self, cursor: str | None, size: int) -> ImportPage:
        """The newest first. Raises `cursor_invalid`."""
        before = read_cursor(cursor) or NEWEST
        async with self.database.system_session("operator: contract imports") as session:
            rows = (
                await session.scalars(
                    select(Row)
                    .where(tuple_(Row.created_at, Row.id) < before)
                    .order_by(Row.created_at.desc(), Row.id.desc())
                    .limit(size + 1)
                )
            ).all()
        page = rows[:size]
        next_cursor = make_cursor(page[-1].created_at, page[-1].id) if len(rows) > size else None
        return ImportPage([_line(row) for row in page], next_cursor)

    async def run(self, import_id: UUID) -> None:
        """The job. A failure is tried again, and the last one ends it; repeatable."""
        taken = await self._begin(import_id)
        if taken is None:
            return
        document = await asyncio.to_thread(self.vault.open_bytes, SEALED, taken.document)
        lease = _Lease(self.database, self.clock, import_id, taken.attempt)
        try:
            await self.contract_import.run(
                document, taken.operator, dry_run=taken.dry_run, by=lease
            )
        except Overtaken:
            log.warning("contract_import_overtaken", attempt=taken.attempt)
        except ProviderError as away:
            log.warning("contract_import_postponed", error=type(away).__name__)
            await self._postpone(import_id, taken.attempt)
        except Exception:
            await self._postpone(import_id, taken.attempt)
            raise

    async def _begin(self, import_id: UUID) -> "_Taken | None":
        """Takes it on a lease; None where there is nothing to do, or another one runs."""
        async with self.database.system_session("begin contract import") as session:
            await session.execute(_ONE_AT_A_TIME)
            now = await self.clock.now(session)
            row = await session.scalar(
                select(Row)
                .where(Row.id == import_id, Row.due_at <= now)
                .options(undefer(Row.document))
                .with_for_update()
            )
            if row is None or row.document is None:
                return None
            row.updated_at = now
            if row.attempts >= TRIES:
                _end(row, ImportStatus.FAILED, now)
                return None
            if await _another_runs(session, import_id, now):
                row.due_at = now + BUSY_PAUSE
                return None
            row.status, row.due_at = str(ImportStatus.RUNNING), now + LEASE
            row.attempts += 1
            return _Taken(row.document, row.dry_run, row.created_by, row.attempts)

    async def _postpone(self, import_id: UUID, attempt: int) -> None:
        async with self.database.system_session("postpone contract import") as session:
            row = await _mine(session, import_id, attempt)
            if row is None:
                return
            now = await self.clock.now(session)
            row.updated_at = now
            if attempt >= TRIES:
                _end(row, ImportStatus.FAILED, now)
            else:
                row.status, row.due_at = str(ImportStatus.QUEUED), now + pause_after(attempt)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a try begins with."""

    document: bytes
    dry_run: bool
    operator: str
    attempt: int


class _Lease:
    """A try that goes on while it is the newest (`contract_import.Undertaking`)."""

    def __init__(self, database: Database, clock: Clock, import_id: UUID, attempt: int) -> None:
        self._database = database
        self._clock = clock
        self._import_id = import_id
        self._attempt = attempt
        self._renewed = time.monotonic()

    async def go_on(self) -> None:
        """Raises `Overtaken`; asks once a minute."""
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return
        async with self._database.system_session("contract import goes on") as session:
            now = await self._clock.now(session)
            renewed = await session.execute(
                update(Row)
                .where(
                    Row.id == self._import_id,
                    Row.status == str(ImportStatus.RUNNING),
                    Row.attempts == self._attempt,
                )
                .values(due_at=now + LEASE, updated_at=now)
                .returning(Row.id)
            )
            if renewed.one_or_none() is None:
                raise Overtaken
        self._renewed = time.monotonic()

    async def end(self, session: AsyncSession, report: ImportReport) -> None:
        """Raises `Overtaken`: whatever was imported is undone then."""
        row = await _mine(session, self._import_id, self._attempt)
        if row is None:
            raise Overtaken
        row.rows, row.invited = report.rows, report.invited
        row.imported, row.known = len(report.imported), len(report.known)
        row.errors = [asdict(error) for error in report.errors[:MOST_ERRORS_KEPT]]
        row.errors_total = len(report.errors)
        status = ImportStatus.REFUSED if report.errors else ImportStatus.DONE
        _end(row, status, await self._clock.now(session))


async def _mine(session: AsyncSession, import_id: UUID, attempt: int) -> Row | None:
    """The row, locked, while no newer try has it."""
    found: Row | None = await session.scalar(
        select(Row)
        .where(
            Row.id == import_id,
            Row.status == str(ImportStatus.RUNNING),
            Row.attempts == attempt,
        )
        .with_for_update()
    )
    return found


async def _another_runs(session: AsyncSession, import_id: UUID, now: datetime) -> bool:
    other = await session.scalar(
        select(Row.id)
        .where(Row.status == str(ImportStatus.RUNNING), Row.due_at > now, Row.id != import_id)
        .limit(1)
    )
    return other is not None


def _end(row: Row, status: ImportStatus, now: datetime) -> None:
    """The file, which names persons, goes with it."""
    row.status, row.document, row.due_at = str(status), None, None
    row.finished_at = row.updated_at = now


def _line(row: Row) -> ImportLine:
    return ImportLine(
        id=row.id,
        status=ImportStatus(row.status),
        dry_run=row.dry_run,
        file_sha256=row.file_sha256.hex(),
        rows=row.rows,
        imported=row.imported,
        known=row.known,
        invited=row.invited,
        errors_total=row.errors_total,
        created_by=row.created_by,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _view(row: Row) -> ImportView:
    errors = [RowError(each["line"], each["column"], each["reason"]) for each in row.errors]
    return ImportView(_line(row), errors)
