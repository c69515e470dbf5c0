"""The sandbox's way to another day: move business time, then let everything due run."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from app.clock import Clock, wire_now
from app.db.engine import Database
from app.domain.errors import DomainError
from app.services.sweep import sweep

SETTLE_SECONDS = 30.0
POLL_SECONDS = 0.05

_MOVE = text(
    "INSERT INTO business_clock (id, ahead_microseconds) VALUES (1, :ahead)"
    " ON CONFLICT (id) DO UPDATE SET ahead_microseconds = :ahead"
)
_LEFT = text("SELECT count(*) FROM pgqueuer WHERE status IN ('queued', 'picked')")


@dataclass(frozen=True, slots=True)
class MovedTo:
    """`ran`: due rows that were handed to the workers; `settled`: nothing is due any more."""

    now: datetime
    ran: int
    settled: bool


async def move_clock(database: Database, clock: Clock, to: datetime) -> MovedTo:
    """Forward only: raises `clock_moves_forward_only`. Waits for the workers, half a minute."""
    async with database.system_session("move the clock") as session:
        if to < await clock.now(session):
            raise DomainError("clock_moves_forward_only", "/now")
        ahead = max(timedelta(), to - wire_now()) // timedelta(microseconds=1)
        await session.execute(_MOVE, {"ahead": ahead})
    ran, settled = 0, False
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while not settled and asyncio.get_running_loop().time() < deadline:
        due = await sweep(database, clock)
        ran += due
        left = await _jobs_left(database)
        settled = due == 0 and left == 0
        if not settled:
            await asyncio.sleep(POLL_SECONDS)
    return MovedTo(await clock.now_outside(database), ran, settled)


async def _jobs_left(database: Database) -> int:
    async with database.system_session("settle") as session:
        return int((await session.execute(_LEFT)).scalar_one())
