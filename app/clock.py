"""Business time. Dates, deadlines and one-time tokens follow it; wire time never does.

Production's is the real one. In the sandbox it is real time plus one row that API and worker read.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database

_AHEAD = text("SELECT ahead_microseconds FROM business_clock")


class Clock(Protocol):
    """Aware UTC. `now` takes the transaction it is asked in, since the sandbox reads a row."""

    async def now(self, session: AsyncSession) -> datetime: ...

    async def now_outside(self, database: Database) -> datetime:
        """For what has no transaction of its own."""
        ...


class RealClock:
    """Business time is wire time; nothing is read."""

    async def now(self, session: AsyncSession) -> datetime:
        return wire_now()

    async def now_outside(self, database: Database) -> datetime:
        return wire_now()


class MovedClock:
    """The sandbox's: real time plus what the row says."""

    async def now(self, session: AsyncSession) -> datetime:
        ahead = (await session.execute(_AHEAD)).scalar_one_or_none() or 0
        return wire_now() + timedelta(microseconds=ahead)

    async def now_outside(self, database: Database) -> datetime:
        async with database.sessions.begin() as session:
            return await self.now(session)


def wire_now() -> datetime:
    """Real time, aware UTC: for tokens, webhooks, rate limits and time-outs only."""
    return datetime.now(UTC)
