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

_LOCK = text(
    "SELECT key, failures, last_failed_at FROM sign_in_failures"
    " WHERE key = ANY (:keys) ORDER BY key FOR UPDATE"
)
_CHARGE = text(
    "INSERT INTO sign_in_failures AS f (key, failures, last_failed_at)"
    " SELECT k.key, 1, :now FROM unnest(cast(:keys AS bytea[])) AS k (key) ORDER BY k.key"
    " ON CONFLICT (key) DO UPDATE SET last_failed_at = :now,"
    " failures = CASE WHEN f.last_failed_at < :forgotten THEN 1 ELSE f.failures + 1 END"
    " RETURNING key, failures"
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

    def of_operator(self, name: str, address: str) -> Attempt:
        """Of the operator's staff; no customer's tries count there."""
        group = address_group(address)
        return Attempt(
            self._hash("operator", name, group),
            self._hash("operator address", group),
            self._hash("operator id", name),
        )

    def of_session(self, session_id: UUID) -> Attempt:
        """A step-up: whoever holds the session's token has five tries as well."""
        return Attempt(self._hash("session", str(session_id)))

    def _hash(self, *parts: str) -> bytes:
        return hmac.digest(self._key, "\x00".join(parts).encode(), hashlib.sha256)

    async def charge(self, session: AsyncSession, attempt: Attempt, now: datetime) -> Charged:
        """Two statements. Raises `RateLimited`; the caller's transaction then undoes the charge."""
        keys = [k for k in (attempt.own, attempt.address, attempt.login_id) if k is not None]
        locked = (await session.execute(_LOCK, {"keys": keys})).all()
        forgotten = now - FORGOTTEN_AFTER
        failed = {
            row.key: (row.failures, row.last_failed_at)
            for row in locked
            if row.last_failed_at >= forgotten
        }
        # An ID counts the first failures of each address, so that one address never locks it.
        spare = failed.get(attempt.own, (0, now))[0] >= BY_PAIR
        charged = [k for k in keys if not (spare and k == attempt.login_id)]
        values = {"keys": charged, "now": now, "forgotten": forgotten}
        rows = (await session.execute(_CHARGE, values)).all()
        # Counted again by the charge itself: tries that began at the same time saw no row to lock.
        known = {row.key: row.failures - 1 for row in rows}
        known |= {k: failed[k][0] for k in failed if k not in known}
        until = [
            blocked_until(count, attempt.allowed(key), failed.get(key, (0, now))[1])
            for key, count in known.items()
        ]
        latest = max((end for end in until if end is not None and end > now), default=None)
        if latest is not None:
            raise RateLimited((latest - now) // timedelta(seconds=1) + 1)
        before = tuple(
            (key, failed[key][1] if key in failed else None)
            for key in charged
            if key != attempt.own
        )
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
