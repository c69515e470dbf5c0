"""Business time. Dates, deadlines and one-time tokens follow it; wire time never does.

Production's is the real one. In the sandbox it is real time plus one row that API and worker read.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_AHEAD = text("SELECT ahead_microseconds FROM business_clock")


class Clock(Protocol):
    """`now` is aware UTC. It takes the session it is asked in: the sandbox reads a row."""

    async def now(self, session: AsyncSession) -> datetime: ...


class RealClock:
    """Business time is wire time."""

    async def now(self, session: AsyncSession) -> datetime:
        return wire_now()


class MovedClock:
    """The sandbox's: real time plus what the row says."""

    async def now(self, session: AsyncSession) -> datetime:
        ahead = (await session.execute(_AHEAD)).scalar_one_or_none() or 0
        return wire_now() + timedelta(microseconds=ahead)


def wire_now() -> datetime:
    """Real time, aware UTC: for tokens, webhooks, rate limits and time-outs only."""
    return datetime.now(UTC)
