"""What is done once a day: a row says when next, so that one worker does it, whoever is there.

A day on which nobody was there is not made up for: each task looks at everything that is.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import text

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.domain.periods import SEOUL, seoul_date
from app.domain.provider_errors import ProviderError

PROVE_LEDGER: Final = "prove_ledger"
COMPARE_BOOKS: Final = "compare_books"
MEASURE_SITES: Final = "measure_sites"
TIMES: Final[Mapping[str, time]] = MappingProxyType(
    {PROVE_LEDGER: time(4, 0), COMPARE_BOOKS: time(4, 30), MEASURE_SITES: time(3, 0)}
)
"""By the job's name, when it is done (KST)."""
TRIED_AGAIN_AFTER: Final = timedelta(minutes=30)

log = structlog.get_logger(__name__)

_ADD = text(
    "INSERT INTO daily_tasks (id, name, due_at) VALUES (:id, :name, :due_at)"
    " ON CONFLICT (name) DO NOTHING"
)
_TAKE = text(
    "UPDATE daily_tasks SET due_at = :later WHERE id = :id AND due_at <= :now RETURNING id"
)
_NEXT = text("UPDATE daily_tasks SET due_at = :due_at WHERE id = :id")


def next_time(name: str, now: datetime) -> datetime:
    """The first moment after `now` at which the task is due."""
    day = seoul_date(now)
    due = datetime.combine(day, TIMES[name], tzinfo=SEOUL)
    return due if due > now else due + timedelta(days=1)


class DailyTasks:
    """The rows, and the job of each."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def ensure(self) -> None:
        """Every task has its row; for a worker that starts."""
        async with self._database.system_session("daily tasks") as session:
            now = await self._clock.now(session)
            rows: Sequence[dict[str, object]] = [
                {"id": new_id(), "name": name, "due_at": next_time(name, now)} for name in TIMES
            ]
            await session.execute(_ADD, rows)

    def job(
        self, name: str, work: Callable[[], Awaitable[None]]
    ) -> Callable[[UUID], Awaitable[None]]:
        """Does the work where it is due, once; tried again in half an hour where it failed."""

        async def run(task_id: UUID) -> None:
            async with self._database.system_session("take daily task") as session:
                now = await self._clock.now(session)
                values = {"id": task_id, "now": now, "later": now + TRIED_AGAIN_AFTER}
                taken = await session.execute(_TAKE, values)
                if taken.one_or_none() is None:
                    return
            try:
                await work()
            except ProviderError as down:
                log.warning("daily_task_waits", task=name, reason=str(down))
                return
            async with self._database.system_session("daily task done") as session:
                await session.execute(_NEXT, {"id": task_id, "due_at": next_time(name, now)})

        return run
