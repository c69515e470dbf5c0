"""Back-off of sign-ins, shared by all processes (PRODUCT.md section 4). Wire time throughout."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.services.rate_limits import RateLimited

FIRST_BLOCK = timedelta(minutes=1)
LONGEST_BLOCK = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(hours=24)
BY_ID_AND_ADDRESS = 5
BY_ADDRESS = 100

_BLOCKED = text(
    "SELECT max(blocked_until) FROM sign_in_failures"
    " WHERE key = ANY (:keys) AND blocked_until > :now"
)
_FAILED = text(
    "INSERT INTO sign_in_failures AS f (key, failures, blocked_until, last_failed_at)"
    " VALUES (:key, 1, NULL, :now) ON CONFLICT (key) DO UPDATE SET"
    " failures = CASE WHEN f.last_failed_at < :forgotten THEN 1 ELSE f.failures + 1 END,"
    " last_failed_at = :now RETURNING failures"
)
_BLOCK = text("UPDATE sign_in_failures SET blocked_until = :until WHERE key = :key")
_FORGET = text("DELETE FROM sign_in_failures WHERE key = :key")


def _keys(login_id: str, address: str) -> tuple[tuple[bytes, int], ...]:
    """(key, failures allowed) of the pair and of the address; hashed, so nothing is readable."""
    pair = f"pair\x00{login_id.lower()}\x00{address}"
    return (
        (hashlib.sha256(pair.encode()).digest(), BY_ID_AND_ADDRESS),
        (hashlib.sha256(f"address\x00{address}".encode()).digest(), BY_ADDRESS),
    )


async def refuse_if_blocked(
    session: AsyncSession, login_id: str, address: str, now: datetime
) -> None:
    """Raises `RateLimited` with the seconds that are left."""
    keys = [key for key, _ in _keys(login_id, address)]
    until = (await session.execute(_BLOCKED, {"keys": keys, "now": now})).scalar_one_or_none()
    if until is not None:
        raise RateLimited(int((until - now).total_seconds()) + 1)


async def count_failure(session: AsyncSession, login_id: str, address: str, now: datetime) -> None:
    """From the allowed number on: a minute, doubling with each further failure to an hour."""
    for key, allowed in _keys(login_id, address):
        values = {"key": key, "now": now, "forgotten": now - FORGOTTEN_AFTER}
        failures = (await session.execute(_FAILED, values)).scalar_one()
        if failures >= allowed:
            doubled = FIRST_BLOCK * 2 ** min(failures - allowed, 6)
            until = now + min(doubled, LONGEST_BLOCK)
            await session.execute(_BLOCK, {"key": key, "until": until})


async def forget_failures(session: AsyncSession, login_id: str, address: str) -> None:
    """After a sign-in; the address keeps its count."""
    await session.execute(_FORGET, {"key": _keys(login_id, address)[0][0]})
