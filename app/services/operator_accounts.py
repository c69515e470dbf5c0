"""운영자 계정: made, changed and disabled by a command only (`python -m tools.operators`)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyotp
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock, wire_now
from app.db.engine import Database
from app.db.ids import new_id
from app.db.tables.operators import OperatorAccount, OperatorSession
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.operators import OperatorRole, check_name
from app.services.audit import AuditEntry, operator_actor, record
from app.services.operator_sessions import SECRET
from app.services.passwords import Passwords

ISSUER = "고객포털 운영자"


@dataclass(frozen=True, slots=True)
class NewSecrets:
    """Shown this once: a first password, and the address that an authenticator reads as a code."""

    name: str
    password: str = field(repr=False)
    totp_uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OperatorLine:
    name: str
    roles: tuple[str, ...]
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OperatorAccounts:
    """`by` is whoever runs the command."""

    database: Database
    clock: Clock
    vault: Vault
    passwords: Passwords

    async def create(
        self,
        name: str,
        roles: Sequence[OperatorRole],
        by: str,
        password: str | None = None,
        secret: str | None = None,
    ) -> NewSecrets:
        """`password` and `secret` are made unless they are given, as for the sandbox's staff.

        Raises `operator_name_invalid`, `operator_exists`.
        """
        check_name(name)
        made, hashed = await self._secrets(name, password, secret)
        async with self.database.system_session("operators") as session:
            if await _find(session, name) is not None:
                raise DomainError("operator_exists")
            now = await self.clock.now(session)
            session.add(
                OperatorAccount(
                    id=new_id(),
                    name=name,
                    roles=sorted(map(str, roles)),
                    state="ACTIVE",
                    password_hash=hashed,
                    totp_secret=self.vault.seal(SECRET, pyotp.parse_uri(made.totp_uri).secret),
                    totp_step=None,
                    created_at=now,
                    updated_at=now,
                )
            )
            _record(session, name, AuditAction.OPERATOR_CREATED, by, now)
        return made

    async def reset(self, name: str, by: str) -> NewSecrets:
        """Another password and another secret; sessions end. Raises `operator_not_found`."""
        made, hashed = await self._secrets(name, None, None)
        async with self.database.system_session("operators") as session:
            account = await self._open(session, name)
            account.password_hash = hashed
            account.totp_secret = self.vault.seal(SECRET, pyotp.parse_uri(made.totp_uri).secret)
            account.totp_step = None
            account.state = "ACTIVE"
            await self._changed(session, account, AuditAction.OPERATOR_CHANGED, by)
        return made

    async def give_roles(self, name: str, roles: Sequence[OperatorRole], by: str) -> None:
        """Raises `operator_not_found`."""
        async with self.database.system_session("operators") as session:
            account = await self._open(session, name)
            account.roles = sorted(map(str, roles))
            await self._changed(session, account, AuditAction.OPERATOR_CHANGED, by)

    async def disable(self, name: str, by: str) -> None:
        """Out at once. Raises `operator_not_found`."""
        async with self.database.system_session("operators") as session:
            account = await self._open(session, name)
            account.state = "DISABLED"
            await self._changed(session, account, AuditAction.OPERATOR_DISABLED, by)

    async def all(self) -> Sequence[OperatorLine]:
        """By name."""
        async with self.database.system_session("operators") as session:
            rows = await session.scalars(select(OperatorAccount).order_by(OperatorAccount.name))
            return [
                OperatorLine(row.name, tuple(row.roles), row.state, row.created_at) for row in rows
            ]

    async def _secrets(
        self, name: str, password: str | None, secret: str | None
    ) -> tuple[NewSecrets, str]:
        """What is shown, and the password's hash."""
        password = password or secrets.token_urlsafe(18)
        totp = pyotp.TOTP(secret or pyotp.random_base32())
        uri = totp.provisioning_uri(name=name, issuer_name=ISSUER)
        return NewSecrets(name, password, uri), await self.passwords.hash(password)

    async def _open(self, session: AsyncSession, name: str) -> OperatorAccount:
        account = await _find(session, name)
        if account is None:
            raise DomainError("operator_not_found")
        return account

    async def _changed(
        self, session: AsyncSession, account: OperatorAccount, action: AuditAction, by: str
    ) -> None:
        """Whoever is signed in by it signs in anew."""
        now = await self.clock.now(session)
        account.updated_at = now
        await session.execute(
            update(OperatorSession)
            .where(OperatorSession.operator_id == account.id, OperatorSession.ended_at.is_(None))
            .values(ended_at=wire_now())
        )
        _record(session, account.name, action, by, now)


async def _find(session: AsyncSession, name: str) -> OperatorAccount | None:
    found: OperatorAccount | None = await session.scalar(
        select(OperatorAccount).where(OperatorAccount.name == name).with_for_update()
    )
    return found


def _record(session: AsyncSession, name: str, action: AuditAction, by: str, now: datetime) -> None:
    record(
        session,
        AuditEntry(
            company_id=None,
            account_id=None,
            actor=operator_actor(by),
            action=action,
            at=now,
            subject=name,
        ),
    )
