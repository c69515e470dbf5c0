"""Sign-in, refresh with derived rotation, sign-out, step-up (PRODUCT.md section 4).

Tokens live in wire time. A refresh token is `id.secret`; the database keeps its keyed hash. A
child's secret is derived from its parent's id, so that a repeated rotation gets the same child.
"""

import base64
import contextlib
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import wire_now
from app.db.engine import Database
from app.db.tables.accounts import Account, RefreshToken, Session
from app.domain.errors import DomainError
from app.services.passwords import Passwords
from app.services.sign_in_limits import count_failure, forget_failures, refuse_if_blocked
from app.tokens import LIFETIME_SECONDS, AccessTokens

SLIDING = timedelta(days=14)
ABSOLUTE = timedelta(days=90)
RETRY_WINDOW = timedelta(seconds=10)


class ClientType(StrEnum):
    """Fixed for a session: a browser's refresh token is only ever in its cookie."""

    BROWSER = "BROWSER"
    NATIVE = "NATIVE"


@dataclass(frozen=True, slots=True)
class Device:
    """Where a session begins: kind of client, its own name for itself, its address."""

    client_type: ClientType
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client gets: an access token, and the refresh token by its client type's way."""

    access_token: str
    expires_in: int
    refresh_token: str
    client_type: ClientType


class Sessions:
    """One use case a method, one transaction each."""

    def __init__(
        self, database: Database, access: AccessTokens, passwords: Passwords, refresh_key: str
    ) -> None:
        self._database = database
        self._access = access
        self._passwords = passwords
        self._key = refresh_key.encode()

    async def log_in(self, login_id: str, password: str, device: Device) -> Grant:
        """Raises `invalid_credentials`, the same for an unknown ID, or RateLimited."""
        now = wire_now()
        async with self._database.system_session("sign-in") as session:
            await refuse_if_blocked(session, login_id, device.address, now)
            found = await session.execute(
                select(Account.id, Account.password_hash).where(
                    Account.login_id == login_id, Account.status == "ACTIVE"
                )
            )
            account = found.one_or_none()
        matches = await self._passwords.matches(
            account.password_hash if account else None, password
        )
        async with self._database.system_session("sign-in") as session:
            if account is None or not matches:
                await count_failure(session, login_id, device.address, now)
            else:
                await forget_failures(session, login_id, device.address)
                return await self.begin(session, account.id, device, now)
        raise DomainError("invalid_credentials")

    async def begin(
        self,
        session: AsyncSession,
        account_id: UUID,
        device: Device,
        now: datetime,
        company_id: UUID | None = None,
    ) -> Grant:
        """A new session and the first token of its chain, in the caller's transaction.

        `company_id`: a session from the groupware reaches that company only.
        """
        row = Session(
            account_id=account_id,
            client_type=str(device.client_type),
            company_id=company_id,
            device=device.name[:200],
            address=device.address,
            created_at=now,
            last_used_at=now,
            reauthenticated_at=now,
            expires_at=now + ABSOLUTE,
            revoked_at=None,
            revoked_reason=None,
        )
        session.add(row)
        await session.flush()
        secret = secrets.token_bytes(32)
        token_id = await self._keep(session, row.id, None, secret, now + SLIDING)
        return self._grant(account_id, row.id, device.client_type, token_id, secret)

    async def refresh(self, token: str, client_type: ClientType) -> Grant:
        """The next link of the chain. Raises `invalid_refresh_token`.

        The same rotation again within ten seconds, its child unused, answers the same child; any
        other second use ends the session.
        """
        token_id, secret = self._parse(token)
        now = wire_now()
        async with self._database.system_session("refresh") as session:
            parent = (
                await session.execute(
                    select(RefreshToken).where(RefreshToken.id == token_id).with_for_update()
                )
            ).scalar_one_or_none()
            if parent is None or not hmac.compare_digest(parent.token_hash, self._hash(secret)):
                raise DomainError("invalid_refresh_token")
            row = await session.get_one(Session, parent.session_id)
            alive = row.revoked_at is None and min(row.expires_at, parent.expires_at) > now
            if not alive or row.client_type != client_type:
                raise DomainError("invalid_refresh_token")
            child_id = await self._child(session, parent, row, now)
            if child_id is not None:
                row.last_used_at = now
                derived = self._derive(parent.id)
                return self._grant(row.account_id, row.id, client_type, child_id, derived)
        raise DomainError("invalid_refresh_token")

    async def _child(
        self, session: AsyncSession, parent: RefreshToken, row: Session, now: datetime
    ) -> UUID | None:
        """The id of the parent's child; None where its use was a theft, which ends the session."""
        if parent.used_at is None:
            parent.used_at = now
            until = min(now + SLIDING, row.expires_at)
            return await self._keep(session, row.id, parent.id, self._derive(parent.id), until)
        child = (
            await session.execute(select(RefreshToken).where(RefreshToken.parent_id == parent.id))
        ).scalar_one()
        if now - parent.used_at <= RETRY_WINDOW and child.used_at is None:
            return child.id
        row.revoked_at = now
        row.revoked_reason = "REFRESH_TOKEN_REUSED"
        return None

    async def log_out(self, session: AsyncSession, session_id: UUID) -> None:
        """Ends the session; ending it again changes nothing."""
        await session.execute(
            update(Session)
            .where(Session.id == session_id, Session.revoked_at.is_(None))
            .values(revoked_at=wire_now(), revoked_reason="LOGGED_OUT")
        )

    async def find_live(
        self, session: AsyncSession, session_id: UUID | None, refresh_token: str | None
    ) -> UUID | None:
        """The session that is going on at this client, by an access token's or a cookie's word."""
        words = []
        if session_id is not None:
            words.append(Session.id == session_id)
        if refresh_token is not None:
            with contextlib.suppress(DomainError):
                by_token = self._hash(self._parse(refresh_token)[1])
                of_token = select(RefreshToken.session_id).where(
                    RefreshToken.token_hash == by_token
                )
                words.append(Session.id.in_(of_token))
        if not words:
            return None
        found = await session.scalars(
            select(Session.id)
            .where(or_(*words), Session.revoked_at.is_(None), Session.expires_at > wire_now())
            .limit(1)
        )
        return found.one_or_none()

    async def step_up(
        self, account_id: UUID, session_id: UUID, login_id: str, password: str, address: str
    ) -> None:
        """Remembers that the password was given just now. Raises `invalid_credentials`."""
        now = wire_now()
        async with self._database.system_session("step-up") as session:
            await refuse_if_blocked(session, login_id, address, now)
            hashed = await session.scalar(
                select(Account.password_hash).where(Account.id == account_id)
            )
        matches = await self._passwords.matches(hashed, password)
        async with self._database.system_session("step-up") as session:
            if matches:
                await session.execute(
                    update(Session).where(Session.id == session_id).values(reauthenticated_at=now)
                )
                return
            await count_failure(session, login_id, address, now)
        raise DomainError("invalid_credentials")

    async def _keep(
        self,
        session: AsyncSession,
        session_id: UUID,
        parent_id: UUID | None,
        secret: bytes,
        expires_at: datetime,
    ) -> UUID:
        row = RefreshToken(
            session_id=session_id,
            parent_id=parent_id,
            token_hash=self._hash(secret),
            used_at=None,
            expires_at=expires_at,
        )
        session.add(row)
        await session.flush()
        return row.id

    def _grant(
        self,
        account_id: UUID,
        session_id: UUID,
        client_type: ClientType,
        token_id: UUID,
        secret: bytes,
    ) -> Grant:
        encoded = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
        return Grant(
            access_token=self._access.issue(account_id, session_id),
            expires_in=LIFETIME_SECONDS,
            refresh_token=f"{token_id}.{encoded}",
            client_type=client_type,
        )

    def _derive(self, parent_id: UUID) -> bytes:
        return hmac.digest(self._key, b"child\x00" + parent_id.bytes, hashlib.sha256)

    def _hash(self, secret: bytes) -> bytes:
        return hmac.digest(self._key, b"hash\x00" + secret, hashlib.sha256)

    @staticmethod
    def _parse(token: str) -> tuple[UUID, bytes]:
        try:
            token_id, _, secret = token.partition(".")
            return UUID(token_id), base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
        except ValueError as malformed:
            raise DomainError("invalid_refresh_token") from malformed
