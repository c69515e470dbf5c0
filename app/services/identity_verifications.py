"""휴대폰 본인인증: start, resend, confirm, and the token that a later step uses once.

What is known of the person comes from the provider, never from the client. The CI is kept as a
keyed hash; the resident number's digits pass through memory only (PRODUCT.md section 3).
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.accounts import IdentityVerification
from app.db.vault import Vault
from app.domain.errors import DomainError
from app.domain.identity import (
    Carrier,
    IdentityMethod,
    IdentityReport,
    IdentityRequest,
    IdentityStatus,
)
from app.domain.periods import seoul_date
from app.domain.persons import (
    check_age,
    check_gender_digit,
    mask_name,
    mask_phone,
    normalise_mobile,
)
from app.domain.provider_errors import ProviderError, ProviderRefused, Refusal
from app.domain.provider_payments import ChannelType
from app.domain.terms import GivenConsent, TermsUse, check_consents
from app.services.one_time import OneTimeTokens
from app.services.ports import IdentityProvider
from app.services.rate_limits import RateLimit, count_hit

LIFETIME = timedelta(minutes=10)
RESEND_AFTER = timedelta(seconds=30)
WRONG_OTPS = 5
SENDS = 3
PER_PHONE = RateLimit("identity_phone", SENDS, timedelta(hours=1))
PER_ADDRESS = RateLimit("identity_address", 100, timedelta(days=1))
_PERSON = "identity_verifications.person"


class Purpose(StrEnum):
    """What a verification may be used for, and nothing else."""

    SIGN_UP = "SIGN_UP"
    FIND_LOGIN_ID = "FIND_LOGIN_ID"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105 - a purpose, not a password
    CHANGE_PHONE = "CHANGE_PHONE"
    HANDOVER = "HANDOVER"
    REAUTH = "REAUTH"


@dataclass(frozen=True, slots=True)
class StartIdentity:
    """What a person typed. `birth_date` and `gender_digit` make the provider's seven digits."""

    purpose: Purpose
    login_id: str | None
    method: IdentityMethod
    carrier: Carrier
    name: str
    birth_date: date
    gender_digit: str
    phone: str
    consents: Sequence[GivenConsent]
    address: str


@dataclass(frozen=True, slots=True)
class StartedIdentity:
    """`client_secret` is told this once and needed by every later call."""

    id: UUID
    client_secret: str
    expires_at: datetime
    resend_at: datetime


@dataclass(frozen=True, slots=True)
class ConfirmedIdentity:
    """The one-time token for the purpose, and what may be shown of the person."""

    id: UUID
    verification_token: str
    name_masked: str
    phone_masked: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the provider vouched for; `birth_date` is ISO."""

    name: str
    birth_date: str
    phone: str


class IdentityVerifications:
    """One method a use case; the provider is called while no transaction is open."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        tokens: OneTimeTokens,
        provider: IdentityProvider,
        ci_key: str,
        *,
        live_only: bool,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._tokens = tokens
        self._provider = provider
        self._ci_key = ci_key.encode()
        self._live_only = live_only

    async def start(self, command: StartIdentity) -> StartedIdentity:
        """Raises DomainError for what was typed, RateLimited, ProviderError when none is sent."""
        check_consents(TermsUse.IDENTITY, command.consents)
        check_gender_digit(command.birth_date, command.gender_digit)
        phone = normalise_mobile(command.phone)
        if (command.login_id is None) is (command.purpose is Purpose.RESET_PASSWORD):
            raise DomainError("login_id_mismatch", "/login_id")
        check_age(seoul_date(await self._clock.now_outside(self._database)), command.birth_date)
        phone_index = self._vault.index("phone", phone)
        await count_hit(self._database, PER_ADDRESS, command.address)
        await count_hit(self._database, PER_PHONE, f"{command.purpose}:{phone_index.hex()}")
        secret, secret_hash = self._tokens.make()
        row = await self._insert(command, phone_index, secret_hash)
        request = IdentityRequest(
            id=str(row.id),
            method=command.method,
            carrier=command.carrier,
            name=command.name,
            birth_date=command.birth_date,
            gender_digit=command.gender_digit,
            phone=phone,
            ip_address=command.address,
        )
        try:
            await self._provider.send(request)
        except ProviderRefused as refused:
            raise self._start_refused(refused) from refused
        return StartedIdentity(row.id, secret, row.expires_at, row.resend_at)

    async def _insert(
        self, command: StartIdentity, phone_index: bytes, secret_hash: bytes
    ) -> IdentityVerification:
        async with self._database.system_session("identity verification") as session:
            now = await self._clock.now(session)
            row = IdentityVerification(
                purpose=str(command.purpose),
                target_login_id=command.login_id,
                account_id=None,
                method=str(command.method),
                status="READY",
                client_secret_hash=secret_hash,
                token_hash=None,
                phone_index=phone_index,
                person=None,
                ci_hash=None,
                consents=[
                    {"kind": c.kind, "version": c.version, "agreed": c.agreed}
                    for c in command.consents
                ],
                wrong_otps=0,
                sends=1,
                login_id_checks=0,
                resend_at=now + RESEND_AFTER,
                expires_at=now + LIFETIME,
                verified_at=None,
                used_at=None,
                created_at=now,
            )
            session.add(row)
            await session.flush()
        return row

    @staticmethod
    def _start_refused(refused: ProviderRefused) -> Exception:
        if refused.code is Refusal.REJECTED:
            return DomainError("identity_rejected", "/phone")
        return refused

    async def resend(self, verification_id: UUID, client_secret: str) -> datetime:
        """Sends the code again; returns when the next may be asked for."""
        async with self._database.system_session("identity resend") as session:
            row, now = await self._waiting(session, verification_id, client_secret)
            if row.sends >= SENDS:
                raise DomainError("identity_sends_used_up")
            if now < row.resend_at:
                wait = int((row.resend_at - now).total_seconds()) + 1
                raise DomainError("identity_resend_too_early", retry_after=wait)
            row.sends += 1
            row.resend_at = resend_at = now + RESEND_AFTER
        await self._provider.resend(str(verification_id))
        return resend_at

    async def confirm(
        self, verification_id: UUID, client_secret: str, otp: str | None
    ) -> ConfirmedIdentity:
        """Tries the code. Five wrong ones end the verification; so do ten minutes.

        Confirming again before the token was used gives a new token: an answer may get lost.
        """
        async with self._database.system_session("identity confirm") as session:
            row, _ = await self._waiting(session, verification_id, client_secret, verified=True)
            known = row.status == "VERIFIED"
            if otp is None and not known and row.method == IdentityMethod.SMS:
                raise DomainError("otp_required", "/otp")
        try:
            report = await (
                self._provider.get(str(verification_id))
                if known
                else self._provider.confirm(str(verification_id), otp)
            )
        except ProviderRefused as refused:
            if refused.code not in {Refusal.REJECTED, Refusal.NOT_READY}:
                raise
            raise await self._wrong_otp(verification_id, client_secret) from refused
        return await self._keep(verification_id, client_secret, report)

    async def _wrong_otp(self, verification_id: UUID, client_secret: str) -> DomainError:
        async with self._database.system_session("identity confirm") as session:
            row, _ = await self._waiting(session, verification_id, client_secret)
            row.wrong_otps += 1
            left = WRONG_OTPS - row.wrong_otps
            if left <= 0:
                row.status = "FAILED"
        return DomainError("otp_wrong", "/otp", attempts_left=max(0, left))

    async def _keep(
        self, verification_id: UUID, client_secret: str, report: IdentityReport
    ) -> ConfirmedIdentity:
        person, ci = self._person(report)
        token, token_hash = self._tokens.make()
        async with self._database.system_session("identity confirm") as session:
            row, now = await self._waiting(session, verification_id, client_secret, verified=True)
            check_age(seoul_date(now), date.fromisoformat(person.birth_date))
            row.status = "VERIFIED"
            row.verified_at = row.verified_at or now
            row.token_hash = token_hash
            row.ci_hash = self.ci_hash(ci)
            row.person = self._vault.seal(_PERSON, msgspec.json.encode(person).decode())
        return ConfirmedIdentity(
            verification_id, token, mask_name(person.name), mask_phone(person.phone)
        )

    def _person(self, report: IdentityReport) -> tuple[Person, str]:
        found = report.person
        if report.status is not IdentityStatus.VERIFIED or found is None:
            raise DomainError("identity_not_confirmed")
        test_channel = report.channel_type is not ChannelType.LIVE
        incomplete = not (found.ci and found.birth_date and found.phone)
        if incomplete or (self._live_only and test_channel):
            raise IncompleteIdentity("identity", "confirm", "no CI, birth date, phone or channel")
        assert found.ci is not None
        assert found.birth_date is not None
        assert found.phone is not None
        return Person(found.name, found.birth_date.isoformat(), found.phone), found.ci

    async def status(self, verification_id: UUID, client_secret: str) -> str:
        """READY, VERIFIED, FAILED, or EXPIRED."""
        async with self._database.system_session("identity status") as session:
            now = await self._clock.now(session)
            row = await self._find(session, verification_id, client_secret)
            if row.status == "READY" and row.expires_at <= now:
                return "EXPIRED"
            return row.status

    def ci_hash(self, ci: str) -> bytes:
        return hmac.digest(self._ci_key, ci.encode(), hashlib.sha256)

    async def _find(
        self, session: AsyncSession, verification_id: UUID, client_secret: str
    ) -> IdentityVerification:
        """The row, locked. An unknown id and a wrong secret are the same 404."""
        row = await session.get(IdentityVerification, verification_id, with_for_update=True)
        secret_hash = self._tokens.hash(client_secret)
        if row is None or not hmac.compare_digest(row.client_secret_hash, secret_hash):
            raise DomainError("identity_verification_not_found")
        return row

    async def _waiting(
        self,
        session: AsyncSession,
        verification_id: UUID,
        client_secret: str,
        *,
        verified: bool = False,
    ) -> tuple[IdentityVerification, datetime]:
        """The row and the time; refuses one that ended, or, unless allowed, was verified."""
        row = await self._find(session, verification_id, client_secret)
        now = await self._clock.now(session)
        if row.expires_at <= now:
            raise DomainError("identity_verification_expired")
        if row.status == "FAILED" or row.used_at is not None:
            raise DomainError("identity_verification_ended")
        if row.status == "VERIFIED" and not verified:
            raise DomainError("identity_verification_ended")
        return row, now

    async def look(
        self, session: AsyncSession, token: str, purpose: Purpose, now: datetime
    ) -> IdentityVerification:
        """The row of a token that could be used now, locked.

        Raises `identity_verification_invalid`, whatever is wrong with it.
        """
        row = (
            await session.execute(
                select(IdentityVerification)
                .where(IdentityVerification.token_hash == self._tokens.hash(token))
                .with_for_update()
            )
        ).scalar_one_or_none()
        usable = (
            row is not None
            and row.purpose == purpose
            and row.used_at is None
            and row.expires_at > now
        )
        if row is None or not usable:
            raise DomainError("identity_verification_invalid", "/identity_verification_token")
        return row

    async def use(
        self, session: AsyncSession, token: str, purpose: Purpose, now: datetime
    ) -> tuple[IdentityVerification, Person]:
        """Takes the token, once and for its purpose, in the caller's transaction."""
        row = await self.look(session, token, purpose, now)
        row.used_at = now
        assert row.person is not None
        opened = self._vault.open(_PERSON, row.person)
        return row, msgspec.json.decode(opened, type=Person)


class IncompleteIdentity(ProviderError):
    """The provider vouched for somebody without the facts of a person: nothing is guessed."""
