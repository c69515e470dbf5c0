"""Devices an account has signed in from before (`docs/decisions/0012-known-devices.md`).

A device is known by a random token of its own: a browser's in a cookie, a native client's wherever
it keeps its secrets. The database holds a keyed hash of it.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.accounts import KnownDevice, Session

REMEMBERED = timedelta(days=365)
MOST = 50
"""Devices of one account; the ones that were not seen for the longest time make room."""

_REMEMBER = text(
    "INSERT INTO known_devices (account_id, token_hash, name, created_at, last_seen_at)"
    " VALUES (:account, :hash, :name, :now, :now)"
    " ON CONFLICT (token_hash, account_id) DO UPDATE SET last_seen_at = :now, name = :name"
    " RETURNING id"
)
_MAKE_ROOM = text(
    "DELETE FROM known_devices WHERE id IN (SELECT id FROM known_devices"
    " WHERE account_id = :account ORDER BY last_seen_at DESC, id DESC OFFSET :most)"
)


@dataclass(frozen=True, slots=True)
class MetDevice:
    """`token` is the device's to keep; `is_new`: the account never signed in from it."""

    id: UUID
    token: str
    is_new: bool


class KnownDevices:
    """Meets and forgets devices, in the caller's transaction. Wire time."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def hash(self, token: str) -> bytes:
        return hmac.digest(self._key, b"device\x00" + token.encode(), hashlib.sha256)

    async def meet(
        self, session: AsyncSession, account_id: UUID, token: str | None, name: str, now: datetime
    ) -> MetDevice:
        """The device that signed in: known already, or known from now on.

        A token that was not known to this account is replaced for every account on the device, so
        that a token that somebody planted there is worth nothing afterwards.
        """
        if token is not None:
            seen = await session.scalar(
                update(KnownDevice)
                .where(
                    KnownDevice.account_id == account_id,
                    KnownDevice.token_hash == self.hash(token),
                    KnownDevice.last_seen_at > now - REMEMBERED,
                )
                .values(last_seen_at=now, name=name)
                .returning(KnownDevice.id)
            )
            if seen is not None:
                return MetDevice(seen, token, is_new=False)
        fresh = secrets.token_urlsafe(32)
        if token is not None:
            await session.execute(
                update(KnownDevice)
                .where(KnownDevice.token_hash == self.hash(token))
                .values(token_hash=self.hash(fresh))
            )
        values = {"account": account_id, "hash": self.hash(fresh), "name": name, "now": now}
        device_id: UUID = (await session.execute(_REMEMBER, values)).scalar_one()
        await session.execute(_MAKE_ROOM, {"account": account_id, "most": MOST})
        return MetDevice(device_id, fresh, is_new=True)

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
