"""Sessions: their beginning, refresh with derived rotation, sign-out (PRODUCT.md section 4).

Tokens live in wire time. A refresh token is `id.secret`; the database keeps its keyed hash. A
child's secret is derived from its parent's id, so that a repeated rotation gets the same child.
"""

import base64
import contextlib
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock, wire_now
from app.db.engine import Database
from app.db.ids import new_id
from app.db.session_starts import SessionStart, insert_session
from app.db.tables.accounts import RefreshToken, Session
from app.domain.audit import AuditAction
from app.domain.devices import device_label
from app.domain.errors import DomainError
from app.domain.sign_in import PROVES_THE_OWNER, SignInWay
from app.services.account_mails import AccountMails
from app.services.audit import AuditEntry, company_of, record
from app.services.known_devices import MOST, REMEMBERED, KnownDevices
from app.services.order_events import SYSTEM
from app.services.sign_in_log import DEVICE_NAME
from app.tokens import LIFETIME_SECONDS, AccessTokens

SLIDING = timedelta(days=14)
ABSOLUTE = timedelta(days=90)
RETRY_WINDOW = timedelta(seconds=10)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a session that proved no password and no phone was last known to be its owner's."""


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
    token: str | None = None
    """What the portal gave this device when it was here before."""
    language: str = "ko"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client gets: an access token, and the refresh token by its client type's way."""

    access_token: str
    expires_in: int
    refresh_token: str
    client_type: ClientType
    device_token: str | None = None
    """For the device to keep; None where a session goes on."""


class Sessions:
    """One use case a method, one transaction each."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        access: AccessTokens,
        devices: KnownDevices,
        mails: AccountMails,
        refresh_key: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._access = access
        self._devices = devices
        self._mails = mails
        self._key = refresh_key.encode()

    async def begin(
        self,
        session: AsyncSession,
        account_id: UUID,
        device: Device,
        now: datetime,
        company_id: UUID | None = None,
        way: SignInWay = SignInWay.PASSWORD,
    ) -> Grant:
        """A new session and the first token of its chain, in the caller's transaction.

        `company_id`: a session from the groupware reaches that company only. A device that the
        account does not know is mailed to it, other than at sign-up, and known from now on.
        """
        keys = self._devices.keys(device.token)
        at = await self._clock.now(session)
        secret = secrets.token_bytes(32)
        start = SessionStart(
            session_id=new_id(),
            account_id=account_id,
            client_type=str(device.client_type),
            company_id=company_id,
            device=device.name[:DEVICE_NAME],
            given_hash=keys.given_hash,
            fresh_hash=keys.fresh_hash,
            remembered_since=now - REMEMBERED,
            most_devices=MOST,
            address=device.address,
            way=str(way),
            token_id=new_id(),
            token_hash=self._hash(secret),
            now=now,
            at=at,
            reauthenticated_at=now if way in PROVES_THE_OWNER else NEVER,
            expires_at=now + ABSOLUTE,
            token_expires_at=now + SLIDING,
        )
        started = await insert_session(session, start)
        if started.is_new and way is not SignInWay.SIGN_UP:
            await self._tell(session, account_id, started.email, device, at)
        grant = self._grant(
            account_id, start.session_id, device.client_type, start.token_id, secret
        )
        return replace(grant, device_token=keys.kept(is_new=started.is_new))

    async def _tell(
        self,
        session: AsyncSession,
        account_id: UUID,
        email: bytes | None,
        device: Device,
        at: datetime,
    ) -> None:
        label = device_label(device.name)
        facts = {
            "device": label.en if device.language == "en" else label.ko,
            "address": device.address,
        }
        await self._mails.tell_sealed(
            session, account_id, email, "new_device", at, facts, device.language
        )

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
        await self._end_stolen(session, row, now)
        return None

    async def _end_stolen(self, session: AsyncSession, row: Session, now: datetime) -> None:
        """Thief or owner, one of the two holds a copy: neither goes on, the owner is told."""
        device_id, row.known_device_id = row.known_device_id, None
        row.revoked_at = now
        row.revoked_reason = "REFRESH_TOKEN_REUSED"
        await session.flush()
        await self._devices.forget(session, row.account_id, device_id)
        at = await self._clock.now(session)
        record(
            session,
            AuditEntry(
                company_id=await company_of(session, row.account_id),
                account_id=row.account_id,
                actor=SYSTEM,
                action=AuditAction.REFRESH_TOKEN_REUSED,
                at=at,
                subject=str(row.id),
            ),
        )
        facts = {"device": device_label(row.device).ko}
        await self._mails.tell(session, row.account_id, "session_ended", at, facts)

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
