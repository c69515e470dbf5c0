"""사업자 진위 확인: what the tax service knows of a number, and a one-time token for a sign-up."""

import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.accounts import BusinessVerification
from app.db.vault import Vault
from app.domain.business_numbers import normalise_business_number
from app.domain.errors import DomainError
from app.domain.registry import BusinessState, BusinessStatus
from app.services.one_time import OneTimeTokens
from app.services.ports import BusinessRegistry
from app.services.rate_limits import RateLimit, count_hit

LIFETIME = timedelta(minutes=30)
REMEMBERED_SECONDS = 600.0
REMEMBERED_NUMBERS = 10_000
PER_ADDRESS = RateLimit("business_verification", 30, timedelta(hours=1))

_REFUSALS = {
    BusinessState.SUSPENDED: "business_suspended",
    BusinessState.CLOSED: "business_closed",
    BusinessState.UNKNOWN: "business_unknown",
}


@dataclass(frozen=True, slots=True)
class VerifyBusiness:
    """What a person typed. With representative and opening date the level is IDENTITY."""

    business_number: str
    company_name: str
    representative: str | None
    opened_on: date | None
    address: str


@dataclass(frozen=True, slots=True)
class VerifiedBusiness:
    """The answer; the token is shown this once."""

    id: UUID
    level: str
    status: BusinessStatus
    company_name: str
    token: str
    expires_at: datetime


class BusinessVerifications:
    """Asks the register and remembers a number's status for ten minutes of wire time."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        tokens: OneTimeTokens,
        registry: BusinessRegistry,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._tokens = tokens
        self._registry = registry
        self._known: dict[str, tuple[float, BusinessStatus]] = {}

    async def verify(self, command: VerifyBusiness) -> VerifiedBusiness:
        """Raises DomainError for a number that is wrong, unknown, suspended or closed, or does

        not match; RateLimited; ProviderError when the register cannot say: nothing is guessed.
        """
        number = normalise_business_number(command.business_number)
        await count_hit(self._database, PER_ADDRESS, command.address)
        status = await self._status(number)
        refusal = _REFUSALS.get(status.state)
        if refusal:
            raise DomainError(refusal, "/business_number")
        level = "STATUS"
        if command.representative and command.opened_on:
            match = await self._registry.validate(number, command.representative, command.opened_on)
            if not match.matches:
                raise DomainError("business_identity_mismatch", "/representative_name")
            level = "IDENTITY"
        return await self._keep(command, number, level, status)

    async def _status(self, number: str) -> BusinessStatus:
        now = time.monotonic()
        known = self._known.get(number)
        if known and now - known[0] < REMEMBERED_SECONDS:
            return known[1]
        status = await self._registry.status(number)
        if len(self._known) >= REMEMBERED_NUMBERS:
            self._known.clear()
        self._known[number] = (now, status)
        return status

    async def _keep(
        self, command: VerifyBusiness, number: str, level: str, status: BusinessStatus
    ) -> VerifiedBusiness:
        token, token_hash = self._tokens.make()
        async with self._database.system_session("business verification") as session:
            now = await self._clock.now(session)
            row = BusinessVerification(
                business_number=number,
                company_name=command.company_name,
                representative=self._vault.seal(
                    "business_verifications.representative", command.representative
                )
                if command.representative
                else None,
                level=level,
                status=str(status.state),
                tax_type=str(status.tax_type or ""),
                token_hash=token_hash,
                expires_at=now + LIFETIME,
                used_at=None,
                created_at=now,
            )
            session.add(row)
            await session.flush()
            return VerifiedBusiness(
                row.id, level, status, command.company_name, token, now + LIFETIME
            )

    async def look(self, session: AsyncSession, token: str, now: datetime) -> BusinessVerification:
        """The row of a token that could be used now, locked.

        Raises `business_verification_invalid`, whatever is wrong with it.
        """
        row = (
            await session.execute(
                select(BusinessVerification)
                .where(BusinessVerification.token_hash == self._tokens.hash(token))
                .with_for_update()
            )
        ).scalar_one_or_none()
        if row is None or row.used_at is not None or row.expires_at <= now:
            raise DomainError("business_verification_invalid", "/business_verification_token")
        return row

    async def use(self, session: AsyncSession, token: str, now: datetime) -> BusinessVerification:
        """Takes the token, once, in the caller's transaction."""
        row = await self.look(session, token, now)
        row.used_at = now
        return row
