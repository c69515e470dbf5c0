"""주문/구매내역 as CSV: UTF-8 with BOM, CRLF, no cell that a spreadsheet takes for a formula."""

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import text

from app.db.order_exports import ExportRow, stream_rows
from app.db.order_reads import OrderFilters
from app.domain.order_history import COLUMNS
from app.services.catalogue import Catalogues
from app.services.history_words import REMEMBERED_KEYS, RememberedWords
from app.services.principals import Access
from app.services.rate_limits import RateLimited

BOM = b"\xef\xbb\xbf"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula."""
WAIT_SECONDS = 5.0
BUSY_RETRY_SECONDS = 30
SPARE_SECONDS = 30
"""PostgreSQL ends a silent transaction this much later than we do."""

_LIMITS = text(
    "SELECT set_config('statement_timeout', :limit, true),"
    " set_config('idle_in_transaction_session_timeout', :limit, true)"
)
"""For when this process is gone or hangs: PostgreSQL lets go by itself."""


class OrderCsv:
    """One a process: a file that is being read holds a connection, so only some at once."""

    def __init__(self, catalogues: Catalogues, at_once: int, silent_seconds: float) -> None:
        self._catalogues = catalogues
        self._places = asyncio.Semaphore(at_once)
        self._silent = f"{int(silent_seconds + SPARE_SECONDS) * 1000}ms"

    async def lines(self, access: Access, filters: OrderFilters) -> AsyncGenerator[bytes]:
        """The file in parts, in one transaction that lasts until it is read or left.

        Raises what opening the access raises and `RateLimited`, before the first part.
        """
        async with self._place(), access.transaction() as (session, principal):
            await session.execute(_LIMITS, {"limit": self._silent})
            written = _lines_of(RememberedWords(await self._catalogues.all(session)))
            head = BOM + _record(COLUMNS).encode()
            async for part in stream_rows(session, principal.company_id, filters):
                yield head + written(part)
                head = b""
            if head:
                yield head

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError as busy:
            raise RateLimited(BUSY_RETRY_SECONDS) from busy
        try:
            yield
        finally:
            self._places.release()


def _lines_of(remembered: RememberedWords) -> Callable[[Sequence[ExportRow]], bytes]:
    """Writes rows; the words of a key stand between its days and its total, written once."""
    known: dict[str, tuple[str, str, str]] = {}

    def words(key: str) -> tuple[str, str, str]:
        said = remembered.of(key)
        found = (
            _record([", ".join(said.service_types), ", ".join(said.plans), said.kind])[:-2],
            _record([said.summary])[:-2],
            _record([said.payment_method, said.status]),
        )
        if len(known) >= REMEMBERED_KEYS:
            known.clear()
        known[key] = found
        return found

    def write(rows: Sequence[ExportRow]) -> bytes:
        lines = []
        for number, key, ordered_on, paid_on, applied_on, total in rows:
            first, summary, last = known.get(key) or words(key)
            lines.append(
                f"{number},{first},{ordered_on},{paid_on},{applied_on},{summary},{total},{last}"
            )
        return "".join(lines).encode()

    return write


def _record(cells: Sequence[str]) -> str:
    """One line of CSV with its CRLF."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([cell(text) for text in cells])
    return line.getvalue()


def cell(text: str) -> str:
    """The text, which no spreadsheet takes for a formula: an apostrophe goes before one."""
    return "'" + text if text.startswith(FORMULA) else text
