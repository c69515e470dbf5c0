"""How often something may be done, counted in PostgreSQL so that all processes agree."""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from app.clock import wire_now
from app.db.engine import Database

_HIT = text(
    'INSERT INTO rate_windows (key, "window", hits, ends_at)'
    " VALUES (:key, :window, 1, :ends_at)"
    ' ON CONFLICT (key, "window") DO UPDATE SET hits = rate_windows.hits + 1 RETURNING hits'
)

_HITS = text('SELECT hits FROM rate_windows WHERE key = :key AND "window" = :window')


class RateLimited(Exception):
    """Too often; `retry_after` in seconds, at least 1."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("rate limited")
        self.retry_after = max(1, retry_after)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `hits` in each fixed window of wire time."""

    name: str
    hits: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Counted:
    """How many are left in the window, and when the next one begins (wire time)."""

    limit: RateLimit
    left: int
    at: datetime
    next_window_at: datetime


COUNTED: ContextVar[list[Counted] | None] = ContextVar("counted", default=None)
"""What was counted for the present request, where the edge wants to tell (app.edge)."""


async def require_left(database: Database, limit: RateLimit, of: str) -> None:
    """Counts nothing. Raises `RateLimited` where the window has no more."""
    now = wire_now()
    window, ends_at = _window(limit, now)
    async with database.sessions.begin() as session:
        hits = await session.scalar(_HITS, {"key": f"{limit.name}:{of}", "window": window})
    if hits is not None and hits >= limit.hits:
        raise RateLimited(int((ends_at - now).total_seconds()) + 1)


async def count_hit(database: Database, limit: RateLimit, of: str) -> Counted:
    """Counts one, in a transaction of its own. Raises `RateLimited` past the limit."""
    now = wire_now()
    window, ends_at = _window(limit, now)
    async with database.sessions.begin() as session:
        hits = await session.execute(
            _HIT, {"key": f"{limit.name}:{of}", "window": window, "ends_at": ends_at}
        )
        count = hits.scalar_one()
    counted = Counted(limit, max(0, limit.hits - count), now, ends_at)
    if (told := COUNTED.get()) is not None:
        told.append(counted)
    if count > limit.hits:
        raise RateLimited(int((ends_at - now).total_seconds()) + 1)
    return counted


def _window(limit: RateLimit, now: datetime) -> tuple[int, datetime]:
    """The window's number, and when the next one begins."""
    seconds = int(limit.window.total_seconds())
    window = int(now.timestamp()) // seconds
    return window, datetime.fromtimestamp((window + 1) * seconds, UTC)
