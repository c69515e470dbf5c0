"""Sign-in by password: the same answer and the same work, whatever is wrong (PRODUCT.md 4)."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock, wire_now
from app.db.engine import Database
from app.db.tables.accounts import Account, KnownDevice
from app.domain.errors import DomainError
from app.domain.roles import AccountKind
from app.domain.sign_in import SignInOutcome, SignInWay
from app.services.known_devices import REMEMBERED, KnownDevices
from app.services.passwords import Passwords
from app.services.rate_limits import RateLimited
from app.services.sessions import Device, Grant, Sessions
from app.services.sign_in_limits import Charged, SignInLimits
from app.services.sign_in_log import NewSignIn, note_sign_in


@dataclass(frozen=True, slots=True)
class _Found:
    """An account; `device_id` where it knows the device."""

    account_id: UUID
    kind: str
    status: str
    password_hash: str | None
    device_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Tried:
    """What is known before the password is looked at. `charged` is None for who has to wait."""

    account_id: UUID | None
    kind: str | None
    active: bool
    password_hash: str | None
    charged: Charged | None
    wait: int


class SignIn:
    """One use case: two short transactions with one argon2 between them, in every case."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        passwords: Passwords,
        sessions: Sessions,
        devices: KnownDevices,
        limits: SignInLimits,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._sessions = sessions
        self._devices = devices
        self._limits = limits

    async def log_in(
        self, login_id: str, password: str, device: Device, *, individuals_only: bool = False
    ) -> Grant:
        """Raises `invalid_credentials`, the same for an unknown ID and a suspended account, or

        RateLimited, the same for an unknown ID. `individuals_only`: a corporate account, by its
        right password, is `individual_account_required`.
        """
        now = wire_now()
        tried = await self._try(login_id, device, now)
        free = tried.charged is not None
        hashed = tried.password_hash if free and tried.active else None
        matches = await self._passwords.matches(hashed, password)
        anew = await self._passwords.made_anew(hashed, password) if matches and hashed else None
        async with self._database.system_session("sign-in") as session:
            if matches and tried.account_id is not None and tried.charged is not None:
                await self._limits.give_back(session, tried.charged)
                if anew is not None:
                    await _replace_hash(session, tried.account_id, hashed, anew)
                if not individuals_only or tried.kind == AccountKind.INDIVIDUAL:
                    return await self._sessions.begin(session, tried.account_id, device, now)
            else:
                await self._note_failure(session, tried, device)
        if matches and free:
            raise DomainError("individual_account_required")
        if not free:
            raise RateLimited(tried.wait)
        raise DomainError("invalid_credentials")

    async def _note_failure(self, session: AsyncSession, tried: _Tried, device: Device) -> None:
        outcome = SignInOutcome.WRONG_PASSWORD if tried.active else SignInOutcome.SUSPENDED
        await note_sign_in(
            session,
            NewSignIn(
                None if tried.charged is None else tried.account_id,
                SignInWay.PASSWORD,
                outcome,
                device.name,
                device.address,
                await self._clock.now(session),
            ),
        )

    async def _try(self, login_id: str, device: Device, now: datetime) -> _Tried:
        """Charges the try, before anything of the password is known; undone for who must wait."""
        charged, wait = None, 0
        found: _Found | None = None
        with contextlib.suppress(RateLimited):
            async with self._database.system_session("sign-in") as session:
                found = await self._find(session, login_id, device, now)
                known = None if found is None else found.device_id
                attempt = (
                    self._limits.of_stranger(login_id, device.address)
                    if known is None
                    else self._limits.of_device(known)
                )
                try:
                    charged = await self._limits.charge(session, attempt, now)
                except RateLimited as limited:
                    wait = limited.retry_after
                    raise
        if found is None:
            return _Tried(None, None, True, None, charged, wait)
        active = found.status == "ACTIVE"
        return _Tried(found.account_id, found.kind, active, found.password_hash, charged, wait)

    async def _find(
        self, session: AsyncSession, login_id: str, device: Device, now: datetime
    ) -> _Found | None:
        """Account, status, hash, and the device's row where this account knows it."""
        known = and_(
            KnownDevice.account_id == Account.id,
            KnownDevice.token_hash == self._devices.hash(device.token or ""),
            KnownDevice.last_seen_at > now - REMEMBERED,
        )
        rows = await session.execute(
            select(Account.id, Account.kind, Account.status, Account.password_hash, KnownDevice.id)
            .outerjoin(KnownDevice, known)
            .where(Account.login_id == login_id)
        )
        row = rows.one_or_none()
        return None if row is None else _Found(*row)


async def _replace_hash(
    session: AsyncSession, account_id: UUID, before: str | None, anew: str
) -> None:
    """Unless the password was changed meanwhile."""
    await session.execute(
        update(Account)
        .where(Account.id == account_id, Account.password_hash == before)
        .values(password_hash=anew)
    )
