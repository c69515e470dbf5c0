"""Step-up: the password or the phone, once more, before what could hurt (PRODUCT.md section 4)."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock, wire_now
from app.db.engine import Database
from app.db.tables.accounts import Account, Session
from app.domain.errors import DomainError
from app.services.identity_verifications import IdentityVerifications, Purpose
from app.services.passwords import Passwords
from app.services.principals import Principal
from app.services.sign_in_limits import SignInLimits


class StepUp:
    """Two proofs; each makes the session as good as one that signed in just now."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        passwords: Passwords,
        limits: SignInLimits,
        identities: IdentityVerifications,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._limits = limits
        self._identities = identities

    async def by_password(self, principal: Principal, password: str) -> None:
        """Raises `invalid_credentials`, or RateLimited after five tries of this session."""
        now = wire_now()
        async with self._database.system_session("step-up") as session:
            attempt = self._limits.of_session(principal.session_id)
            charged = await self._limits.charge(session, attempt, now)
            hashed = await session.scalar(
                select(Account.password_hash).where(Account.id == principal.account_id)
            )
        if not await self._passwords.matches(hashed, password):
            raise DomainError("invalid_credentials")
        async with self._database.system_session("step-up") as session:
            await self._limits.give_back(session, charged)
            await _remember(session, principal.session_id)

    async def by_identity(self, principal: Principal, token: str) -> None:
        """A REAUTH verification of the account's own person.

        Raises `identity_verification_invalid` and `identity_of_another_person`.
        """
        async with self._database.system_session("step-up") as session:
            now = await self._clock.now(session)
            row, _ = await self._identities.use(session, token, Purpose.REAUTH, now)
            await require_same_person(session, principal.account_id, row.ci_hash)
            await _remember(session, principal.session_id)


async def _remember(session: AsyncSession, session_id: UUID) -> None:
    await session.execute(
        update(Session).where(Session.id == session_id).values(reauthenticated_at=wire_now())
    )


async def require_same_person(
    session: AsyncSession, account_id: UUID, ci_hash: bytes | None
) -> Account:
    """The account, locked, when the verified person is its own.

    Raises `identity_of_another_person`; what the caller's transaction did is undone.
    """
    account = await session.get_one(Account, account_id, with_for_update=True)
    if ci_hash is None or account.ci_hash != ci_hash:
        raise DomainError("identity_of_another_person", "/identity_verification_token")
    return account
