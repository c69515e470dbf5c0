"""Devices an account has signed in from before (`docs/decisions/0012-known-devices.md`).

A device is known by a random token of its own: a browser's in a cookie, a native client's wherever
it keeps its secrets. The database holds a keyed hash of it.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.accounts import KnownDevice, Session

REMEMBERED = timedelta(days=365)
MOST = 50
"""Devices of one account; the ones that were not seen for the longest time make room."""


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """What a device showed, and what it gets where the account does not know it.

    `given_hash` is None where it showed nothing.
    """

    given: str | None = field(repr=False)
    given_hash: bytes | None = field(repr=False)
    fresh: str = field(repr=False)
    fresh_hash: bytes = field(repr=False)

    def kept(self, *, is_new: bool) -> str:
        """The token that is the device's from now on."""
        return self.fresh if is_new or self.given is None else self.given


class KnownDevices:
    """Tells devices apart and forgets them, in the caller's transaction."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def hash(self, token: str) -> bytes:
        return hmac.digest(self._key, b"device\x00" + token.encode(), hashlib.sha256)

    def keys(self, token: str | None) -> DeviceKeys:
        """For the statement that begins a session (`app.db.session_starts`)."""
        fresh = secrets.token_urlsafe(32)
        given_hash = None if token is None else self.hash(token)
        return DeviceKeys(token, given_hash, fresh, self.hash(fresh))

    @staticmethod
    async def forget(session: AsyncSession, account_id: UUID, device_id: UUID | None) -> None:
        """What comes from there next is a stranger."""
        await session.execute(
            delete(KnownDevice).where(
                KnownDevice.account_id == account_id, KnownDevice.id == device_id
            )
        )

    @staticmethod
    async def forget_others(
        session: AsyncSession, account_id: UUID, keep_session: UUID | None
    ) -> None:
        """All but the one of the session that is kept."""
        kept = select(Session.known_device_id).where(Session.id == keep_session)
        await session.execute(
            delete(KnownDevice).where(
                KnownDevice.account_id == account_id,
                KnownDevice.id.not_in(kept.where(Session.known_device_id.is_not(None))),
            )
        )
