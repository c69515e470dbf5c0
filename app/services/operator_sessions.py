"""Sign-in of the operator's staff: password and a code that is taken once (PRODUCT.md section 16).

A session is a random token whose keyed hash is kept; every request reads it, so a disabled account
is out at once. Nothing of customers' sessions is shared.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock, wire_now
from app.db.engine import Database
from app.db.ids import new_id
from app.db.tables.operators import OperatorAccount, OperatorSession
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.credentials import check_password
from app.domain.errors import DomainError
from app.domain.operators import SESSION_LASTS, Operator, OperatorRole, step_of
from app.services.audit import AuditEntry, record
from app.services.one_time import OneTimeTokens
from app.services.passwords import Passwords
from app.services.sign_in_limits import Charged, SignInLimits

SECRET = "operators.totp_secret"  # noqa: S105 - a column


@dataclass(frozen=True, slots=True)
class OperatorGrant:
    """`token` is shown this once."""

    token: str
    operator: Operator
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who holds a session."""

    session_id: UUID
    operator: Operator
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OperatorSessions:
    """One use case a method."""

    database: Database
    clock: Clock
    vault: Vault
    passwords: Passwords
    tokens: OneTimeTokens
    limits: SignInLimits

    async def sign_in(self, name: str, password: str, code: str, address: str) -> OperatorGrant:
        """Raises `invalid_credentials`, the same whatever is wrong, and `RateLimited`."""
        now = wire_now()
        async with self.database.system_session("operator sign-in") as session:
            charged = await self.limits.charge(session, self.limits.of_operator(name, address), now)
            account = await _active(session, name)
        hashed = account.password_hash if account else None
        matches = await self.passwords.matches(hashed, password)
        if account is None or not matches:
            raise DomainError("invalid_credentials")
        return await self._begin(account.id, code, address, charged, now)

    async def _begin(
        self, operator_id: UUID, code: str, address: str, charged: Charged, now: datetime
    ) -> OperatorGrant:
        """The code is looked at under the account's lock: of two at once, one is taken."""
        async with self.database.system_session("operator sign-in") as session:
            account = await session.get_one(OperatorAccount, operator_id, with_for_update=True)
            if account.state != "ACTIVE" or not self._take(account, code, now):
                raise DomainError("invalid_credentials")
            await self.limits.give_back(session, charged)
            token, token_hash = self.tokens.make()
            begun = OperatorSession(
                id=new_id(),
                operator_id=account.id,
                token_hash=token_hash,
                address=address,
                created_at=now,
                expires_at=now + SESSION_LASTS,
                ended_at=None,
            )
            session.add(begun)
            operator = _operator(account)
            await self._record(session, operator, AuditAction.OPERATOR_SIGNED_IN)
            return OperatorGrant(token, operator, begun.expires_at)

    def _take(self, account: OperatorAccount, code: str, now: datetime) -> bool:
        """A code of the present that was not taken before; it is taken then."""
        totp = pyotp.TOTP(self.vault.open(SECRET, account.totp_secret))
        step = step_of(code, now, account.totp_step, totp.generate_otp)
        if step is None:
            return False
        account.totp_step = step
        return True

    async def find(self, token: str) -> SignedIn:
        """Raises `not_authenticated`."""
        found = (
            select(OperatorSession.id, OperatorSession.expires_at, OperatorAccount)
            .join(OperatorAccount, OperatorAccount.id == OperatorSession.operator_id)
            .where(
                OperatorSession.token_hash == self.tokens.hash(token),
                OperatorSession.ended_at.is_(None),
                OperatorSession.expires_at > wire_now(),
                OperatorAccount.state == "ACTIVE",
            )
        )
        async with self.database.system_session("operator session") as session:
            row = (await session.execute(found)).one_or_none()
        if row is None:
            raise DomainError("not_authenticated")
        return SignedIn(row.id, _operator(row.OperatorAccount), row.expires_at)

    async def end(self, signed_in: SignedIn) -> None:
        """Again is harmless."""
        async with self.database.system_session("operator sign-out") as session:
            await _end(session, OperatorSession.id == signed_in.session_id)
            await self._record(session, signed_in.operator, AuditAction.OPERATOR_SIGNED_OUT)

    async def change_password(
        self, signed_in: SignedIn, password: str, code: str, new_password: str, address: str
    ) -> None:
        """Ends the other sessions. Raises `invalid_credentials`, `RateLimited`, and what is wrong

        with the new one.
        """
        name = signed_in.operator.name
        check_password(new_password, name)
        now = wire_now()
        async with self.database.system_session("operator password") as session:
            charged = await self.limits.charge(session, self.limits.of_operator(name, address), now)
            account = await _active(session, name)
        if account is None or not await self.passwords.matches(account.password_hash, password):
            raise DomainError("invalid_credentials")
        anew = await self.passwords.hash(new_password)
        async with self.database.system_session("operator password") as session:
            account = await session.get_one(OperatorAccount, account.id, with_for_update=True)
            if not self._take(account, code, now):
                raise DomainError("invalid_credentials")
            await self.limits.give_back(session, charged)
            account.password_hash = anew
            account.updated_at = now
            of_account = OperatorSession.operator_id == account.id
            await _end(session, of_account & (OperatorSession.id != signed_in.session_id))
            await self._record(session, signed_in.operator, AuditAction.OPERATOR_PASSWORD_CHANGED)

    async def _record(self, session: AsyncSession, operator: Operator, action: AuditAction) -> None:
        at = await self.clock.now(session)
        record(session, AuditEntry.by_operator(operator, action, at, subject=operator.name))


async def _active(session: AsyncSession, name: str) -> OperatorAccount | None:
    found: OperatorAccount | None = await session.scalar(
        select(OperatorAccount).where(
            OperatorAccount.name == name, OperatorAccount.state == "ACTIVE"
        )
    )
    return found


async def _end(session: AsyncSession, which: ColumnElement[bool]) -> None:
    await session.execute(
        update(OperatorSession)
        .where(which, OperatorSession.ended_at.is_(None))
        .values(ended_at=wire_now())
    )


def _operator(account: OperatorAccount) -> Operator:
    return Operator(account.name, frozenset(OperatorRole(role) for role in account.roles))
