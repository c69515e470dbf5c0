"""주문/구매내역 as XLSX: asked for, made by a job, fetched by whoever asked, gone after a day.

The job is one transaction: it holds the row, reads the history from a cursor, writes the file row
by row to its own disk, and puts its parts and the state READY into the database together. A worker
that dies leaves the row WAITING and due, as it was; nobody ever sees a part of a file. The file is
in the database, so that API and worker need no disk in common.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import structlog
from asyncpg import Connection
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.order_exports import ExportRow, stream_rows
from app.db.order_reads import OrderFilters
from app.db.queue import Job, enqueue
from app.db.tables.workbooks import OrderWorkbook, OrderWorkbookPart
from app.domain.errors import DomainError
from app.domain.order_history import COLUMNS
from app.domain.order_workbooks import WorkbookRow, WorkbookState
from app.services.catalogue import Catalogues
from app.services.history_words import RememberedWords
from app.services.ports import Workbook
from app.services.principals import Access, Principal
from app.services.rate_limits import RateLimited

MAKE_WORKBOOK = "make_order_workbook"
KEPT = timedelta(days=1)
TRIES = 3
PAUSE = timedelta(minutes=1)
AN_HOUR = 10
"""How many somebody may ask for in an hour."""
PART_BYTES = 256 * 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkbookView:
    """`rows` and `size` (bytes) once it is READY."""

    id: UUID
    state: WorkbookState
    rows: int | None
    size: int | None
    created_at: datetime
    expires_at: datetime


class OrderWorkbooks:
    """Asking, making and fetching."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        catalogues: Catalogues,
        workbook: Callable[[Sequence[str]], Workbook],
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalogues = catalogues
        self._workbook = workbook

    async def ask(self, access: Access, filters: OrderFilters) -> WorkbookView:
        """The one that is being made for the same filters, or a new one. Raises `RateLimited`."""
        wanted = _to_json(filters)
        async with access.transaction() as (session, principal):
            now = principal.now
            mine = select(OrderWorkbook).where(
                OrderWorkbook.company_id == principal.company_id,
                OrderWorkbook.account_id == principal.account_id,
            )
            waiting = await session.scalar(
                mine.where(OrderWorkbook.state == "WAITING", OrderWorkbook.filters == wanted).limit(
                    1
                )
            )
            if waiting is not None:
                return _view(waiting)
            since = now - timedelta(hours=1)
            recent = mine.where(OrderWorkbook.created_at > since).subquery()
            count, oldest = (
                await session.execute(select(func.count(), func.min(recent.c.created_at)))
            ).one()
            if count >= AN_HOUR:
                raise RateLimited(int((oldest - since).total_seconds()) + 1)
            asked = OrderWorkbook(
                id=new_id(),
                company_id=principal.company_id,
                account_id=principal.account_id,
                filters=wanted,
                state="WAITING",
                attempts=0,
                due_at=now,
                expires_at=now + KEPT,
                created_at=now,
                updated_at=now,
            )
            session.add(asked)
            await session.flush()
            await enqueue(session, [Job(MAKE_WORKBOOK, asked.id)])
            return _view(asked)

    async def get(self, access: Access, workbook_id: UUID) -> WorkbookView:
        """Raises `export_not_found`, also for somebody else's and when its time is over."""
        async with access.transaction() as (session, principal):
            return _view(await _mine(session, principal, workbook_id))

    async def file(
        self, access: Access, workbook_id: UUID
    ) -> tuple[WorkbookView, AsyncGenerator[bytes]]:
        """The file in parts, each read in a transaction of its own: a slow reader holds nothing.

        Raises `export_not_found` and `export_not_ready`.
        """
        workbook = await self.get(access, workbook_id)
        if workbook.state is not WorkbookState.READY:
            raise DomainError("export_not_ready", state=workbook.state.value)
        return workbook, self._parts(access, workbook)

    async def _parts(self, access: Access, workbook: WorkbookView) -> AsyncGenerator[bytes]:
        assert workbook.size is not None
        for position in range(-(-workbook.size // PART_BYTES)):
            async with access.transaction() as (session, principal):
                part = await session.scalar(
                    select(OrderWorkbookPart.content).where(
                        OrderWorkbookPart.company_id == principal.company_id,
                        OrderWorkbookPart.workbook_id == workbook.id,
                        OrderWorkbookPart.position == position,
                    )
                )
            if part is None:  # its time was over in the middle
                raise DomainError("export_not_found")
            yield part

    async def make(self, workbook_id: UUID) -> None:
        """The job. Somebody else's work is left alone, a failure is tried again twice."""
        if not await self._begin(workbook_id):
            return
        try:
            async with self._database.system_session("make order workbook") as session:
                workbook = await _lock(session, workbook_id)
                if workbook is not None:
                    await self._make(session, workbook)
        except Exception as failed:
            log.exception("workbook_failed", error=type(failed).__name__)
            await self._postpone(workbook_id)

    async def _begin(self, workbook_id: UUID) -> bool:
        """Counts the try; False where there is nothing to do, or no try left."""
        async with self._database.system_session("begin order workbook") as session:
            now = await self._clock.now(session)
            workbook = await _lock(session, workbook_id)
            if workbook is None or workbook.due_at is None or workbook.due_at > now:
                return False
            if workbook.attempts >= TRIES:
                workbook.state, workbook.due_at = str(WorkbookState.FAILED), None
                workbook.updated_at = now
                return False
            workbook.attempts += 1
            workbook.updated_at = now
            return True

    async def _postpone(self, workbook_id: UUID) -> None:
        async with self._database.system_session("postpone order workbook") as session:
            now = await self._clock.now(session)
            workbook = await _lock(session, workbook_id)
            if workbook is not None:
                workbook.due_at = now + PAUSE
                workbook.updated_at = now

    async def _make(self, session: AsyncSession, workbook: OrderWorkbook) -> None:
        filters = msgspec.convert(workbook.filters, OrderFilters, strict=False)
        words = RememberedWords(await self._catalogues.all(session))
        rows = 0
        with self._workbook(COLUMNS) as book:
            async for part in stream_rows(session, workbook.company_id, filters):
                await asyncio.to_thread(book.add, [_row(row, words) for row in part])
                rows += len(part)
            path = await asyncio.to_thread(book.finish)
            await _keep_parts(session, workbook, path)
            workbook.size = path.stat().st_size
        now = await self._clock.now(session)
        workbook.rows = rows
        workbook.state, workbook.due_at = str(WorkbookState.READY), None
        workbook.updated_at, workbook.expires_at = now, now + KEPT


async def _lock(session: AsyncSession, workbook_id: UUID) -> OrderWorkbook | None:
    """The row that waits, unless another worker holds it."""
    found: OrderWorkbook | None = await session.scalar(
        select(OrderWorkbook)
        .where(OrderWorkbook.id == workbook_id, OrderWorkbook.state == "WAITING")
        .with_for_update(skip_locked=True)
    )
    return found


async def _mine(session: AsyncSession, principal: Principal, workbook_id: UUID) -> OrderWorkbook:
    found = await session.scalar(
        select(OrderWorkbook).where(
            OrderWorkbook.company_id == principal.company_id,
            OrderWorkbook.account_id == principal.account_id,
            OrderWorkbook.id == workbook_id,
            OrderWorkbook.expires_at > principal.now,
        )
    )
    if found is None:
        raise DomainError("export_not_found")
    return found


_KEEP_PART = (
    "INSERT INTO order_workbook_parts (id, company_id, workbook_id, position, content)"
    " VALUES ($1, $2, $3, $4, $5)"
)


async def _keep_parts(session: AsyncSession, workbook: OrderWorkbook, path: Path) -> None:
    """One statement over the parts, which the driver takes from the file as it sends them."""

    def parts() -> Iterator[tuple[UUID, UUID, UUID, int, bytes]]:
        with path.open("rb") as file:
            position = 0
            while content := file.read(PART_BYTES):
                yield new_id(), workbook.company_id, workbook.id, position, content
                position += 1

    connection = await session.connection()
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, Connection)
    await driver.executemany(_KEEP_PART, parts())


def _row(row: ExportRow, of_key: RememberedWords) -> WorkbookRow:
    number, key, ordered_on, paid_on, applied_on, total = row
    words = of_key.of(key)
    return WorkbookRow(
        number=number,
        service_types=", ".join(words.service_types),
        plans=", ".join(words.plans),
        kind=words.kind,
        ordered_on=date.fromisoformat(ordered_on),
        paid_on=date.fromisoformat(paid_on) if paid_on else None,
        applied_on=date.fromisoformat(applied_on) if applied_on else None,
        summary=words.summary,
        total=int(total),
        payment_method=words.payment_method,
        status=words.status,
    )


def _to_json(filters: OrderFilters) -> dict[str, str]:
    return {name: str(value) for name, value in filters.values().items() if value is not None}


def _view(workbook: OrderWorkbook) -> WorkbookView:
    return WorkbookView(
        id=workbook.id,
        state=WorkbookState(workbook.state),
        rows=workbook.rows,
        size=workbook.size,
        created_at=workbook.created_at,
        expires_at=workbook.expires_at,
    )
