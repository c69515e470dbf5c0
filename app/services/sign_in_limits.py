"""Back-off of sign-ins, shared by all processes (PRODUCT.md section 4). Wire time throughout.

A try is charged before its password is looked at and given back when it was right: a thousand tries
at once are five. `docs/decisions/0012-known-devices.md` says why the keys are these.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.sign_in import (
    BY_ADDRESS,
    BY_ID,
    BY_PAIR,
    FORGOTTEN_AFTER,
    address_group,
    blocked_until,
)
from app.services.rate_limits import RateLimited

_CHARGE = text(
    "WITH own AS ("
    " INSERT INTO sign_in_failures AS f (key, failures, last_failed_at) VALUES (:own, 1, :now)"
    " ON CONFLICT (key) DO UPDATE SET last_failed_at = :now,"
    " failures = CASE WHEN f.last_failed_at < :forgotten THEN 1 ELSE f.failures + 1 END"
    " RETURNING key, old.failures AS failures, old.last_failed_at AS at, new.failures AS charged"
    "), shared AS ("
    " INSERT INTO sign_in_failures AS f (key, failures, last_failed_at)"
    " SELECT k.key, (k.always OR own.charged <= :by_pair)::int, :now"
    " FROM unnest(cast(:keys AS bytea[]), cast(:always AS boolean[])) AS k (key, always), own"
    " ORDER BY k.key"
    " ON CONFLICT (key) DO UPDATE SET"
    " last_failed_at = CASE WHEN excluded.failures = 0 THEN f.last_failed_at ELSE :now END,"
    " failures = excluded.failures"
    "   + CASE WHEN f.last_failed_at < :forgotten THEN 0 ELSE f.failures END"
    " RETURNING key, old.failures AS failures, old.last_failed_at AS at"
    ")"
    " SELECT key, failures, at FROM own UNION ALL SELECT key, failures, at FROM shared"
)
_FORGET = text("DELETE FROM sign_in_failures WHERE key = ANY (:keys)")
_GIVE_BACK = text(
    "UPDATE sign_in_failures AS f SET failures = greatest(f.failures - 1, 0), last_failed_at ="
    " CASE WHEN f.last_failed_at = :now THEN coalesce(k.at, f.last_failed_at)"
    " ELSE f.last_failed_at END"
    " FROM unnest(cast(:keys AS bytea[]), cast(:times AS timestamptz[])) AS k (key, at)"
    " WHERE f.key = k.key AND f.last_failed_at >= :now"
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The keys that one try counts at: `own` five times, the address and the ID as they allow."""

    own: bytes
    address: bytes | None = None
    login_id: bytes | None = None

    def allowed(self, key: bytes) -> int:
        if key == self.address:
            return BY_ADDRESS
        return BY_ID if key == self.login_id else BY_PAIR


@dataclass(frozen=True, slots=True)
class Charged:
    """A try that may go on: what to give back when it is right."""

    attempt: Attempt
    at: datetime
    before: tuple[tuple[bytes, datetime | None], ...]
    """The shared keys and when each had failed last."""


class SignInLimits:
    """Keys are keyed hashes: the table tells nobody which IDs were tried."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def of_stranger(self, login_id: str, address: str) -> Attempt:
        """An unknown device: by ID and address, by address, by ID."""
        group = address_group(address)
        return Attempt(
            self._hash("pair", login_id.lower(), group),
            self._hash("address", group),
            self._hash("id", login_id.lower()),
        )

    def of_device(self, device_id: UUID) -> Attempt:
        """A device known to the account counts for itself: no stranger locks it out."""
        return Attempt(self._hash("device", str(device_id)))

    def of_session(self, session_id: UUID) -> Attempt:
        """A step-up: whoever holds the session's token has five tries as well."""
        return Attempt(self._hash("session", str(session_id)))

    def _hash(self, *parts: str) -> bytes:
        return hmac.digest(self._key, "\x00".join(parts).encode(), hashlib.sha256)

    async def charge(self, session: AsyncSession, attempt: Attempt, now: datetime) -> Charged:
        """One statement. Raises `RateLimited`; the caller's transaction then undoes the charge."""
        shared = [key for key in (attempt.address, attempt.login_id) if key is not None]
        values = {
            "own": attempt.own,
            "keys": shared,
            "always": [key == attempt.address for key in shared],
            "by_pair": BY_PAIR,
            "now": now,
            "forgotten": now - FORGOTTEN_AFTER,
        }
        rows = (await session.execute(_CHARGE, values)).all()
        until = [
            blocked_until(row.failures, attempt.allowed(row.key), row.at)
            for row in rows
            if row.failures is not None
        ]
        latest = max((end for end in until if end is not None and end > now), default=None)
        if latest is not None:
            raise RateLimited((latest - now) // timedelta(seconds=1) + 1)
        before = tuple((row.key, row.at) for row in rows if row.key != attempt.own)
        return Charged(attempt, now, before)

    async def give_back(self, session: AsyncSession, charged: Charged) -> None:
        """After a right password: the pair starts anew, address and ID are as they were."""
        await session.execute(_FORGET, {"keys": [charged.attempt.own]})
        if charged.before:
            keys, times = zip(*sorted(charged.before), strict=True)
            values = {"keys": list(keys), "times": list(times), "now": charged.at}
            await session.execute(_GIVE_BACK, values)

    async def forget(self, session: AsyncSession, login_id: str, address: str) -> None:
        """After a reset by phone identity: the owner is here, the failures were somebody else's."""
        stranger = self.of_stranger(login_id, address)
        await session.execute(_FORGET, {"keys": [stranger.own, stranger.login_id]})
