"""Jobs are queued in the transaction that causes them (PgQueuer on the same PostgreSQL)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pgqueuer import AsyncpgDriver, Queries
from sqlalchemy.ext.asyncio import AsyncSession

from app.spans import TRACEPARENT, traceparent
from app.trace import IN_A_JOB, trace_id


@dataclass(frozen=True, slots=True)
class Job:
    """A name and the row it is about: repeating one is harmless, and the row says what is left."""

    entrypoint: str
    row: UUID

    @property
    def dedupe_key(self) -> str:
        return f"{self.entrypoint}:{self.row}"


async def enqueue(session: AsyncSession, jobs: Sequence[Job]) -> None:
    """One statement for all. A job that waits already is not queued twice. Each knows the request

    that caused it, if one did.

    One that is running just now is not queued either: what it overlooks is found by the sweep,
    which looks for rows that are due.
    """
    if not jobs:
        return
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None
    queries = Queries(AsyncpgDriver(driver))
    cause = _cause()
    await queries.enqueue(
        [job.entrypoint for job in jobs],
        [job.row.bytes for job in jobs],
        [0] * len(jobs),
        None,
        [job.dedupe_key for job in jobs],
        [cause] * len(jobs) if cause else None,
        on_conflict="skip",
    )


def _cause() -> dict[str, str]:
    """What a worker goes on with: the request's id, and its span where spans are exported."""
    told = {IN_A_JOB: trace_id(), TRACEPARENT: traceparent()}
    return {name: value for name, value in told.items() if value}
