"""Coming from the groupware, up to the code that the SPA gets (PRODUCT.md section 5).

A start is a row and a cookie that names it; what comes back is believed only in the browser that
has the cookie, so that nobody is signed in or linked by an address that somebody else made.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.tables.sites import Site
from app.db.tables.sso import SsoLogin
from app.db.vault import Vault
from app.domain.authorization import Authorization
from app.domain.errors import DomainError
from app.domain.id_tokens import TokenRefused
from app.domain.provider_errors import ProviderError, ProviderRefused, ProviderUnavailable, Refusal
from app.domain.sso import GroupwareUser
from app.services.one_time import OneTimeTokens
from app.services.ports import GroupwareSignIn
from app.services.rate_limits import RateLimit, RateLimited, count_hit

LIFETIME: Final = timedelta(minutes=10)
CODE_LIFETIME: Final = timedelta(seconds=60)
STARTS: Final = RateLimit("sso_start", 300, timedelta(hours=1))
COOKIE_PREFIX: Final = "__Host-sso-"
PERSON: Final = "sso_logins.person"
_VERIFIER, _NONCE = "sso_logins.verifier", "sso_logins.nonce"


def cookie_name(login_id: UUID) -> str:
    """One per start: two tabs do not disturb each other."""
    return COOKIE_PREFIX + login_id.hex


class PersonThere(msgspec.Struct, frozen=True):
    """A groupware user as people know them."""

    login_id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class SsoSettings:
    """What is allowed, and where we are. `targets`: the usual page first."""

    issuer: str
    targets: Sequence[str]
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class SsoStart:
    """Where the groupware's menu sends a browser with; anybody may have made it up."""

    issuer: str | None
    target_uri: str | None
    login_hint: str | None
    address: str


@dataclass(frozen=True, slots=True)
class SsoReturn:
    """What came back, and the browser's cookies of ours by name."""

    state: str | None = field(repr=False)
    code: str | None = field(repr=False)
    error: str | None
    cookies: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the browser goes next, and the cookie that it gets (`value`) or loses (None)."""

    url: str
    cookie: str | None = None
    value: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    error: str | None = None


class SsoLogins:
    """Start and return. Both always answer a place of ours to go to, never where they were told."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        tokens: OneTimeTokens,
        groupware: GroupwareSignIn,
        settings: SsoSettings,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._tokens = tokens
        self._groupware = groupware
        self._settings = settings

    async def start(self, command: SsoStart) -> Redirect:
        """To the groupware, or to the SPA with an error code."""
        target = command.target_uri or self._settings.targets[0]
        if target not in self._settings.targets:
            return Redirect(self._settings.targets[0], error="sso_target_not_allowed")
        if command.issuer != self._settings.issuer:
            return Redirect(target, error="sso_issuer_not_allowed")
        try:
            await count_hit(self._database, STARTS, command.address)
            return await self._begin(target, command.login_hint)
        except RateLimited:
            return Redirect(target, error="rate_limited")
        except ProviderError as failed:
            return Redirect(target, error=_code(failed))

    async def _begin(self, target: str, login_hint: str | None) -> Redirect:
        state, state_hash = self._tokens.make()
        cookie, cookie_hash = self._tokens.make()
        wanted = Authorization(
            redirect_uri=self._settings.redirect_uri,
            state=state,
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
        )
        url = await self._groupware.authorization_url(wanted, login_hint)
        login_id = new_id()
        async with self._database.system_session("groupware sign-in") as session:
            now = await self._clock.now(session)
            session.add(
                SsoLogin(
                    id=login_id,
                    issuer=self._settings.issuer,
                    target_uri=target,
                    state_hash=state_hash,
                    cookie_hash=cookie_hash,
                    verifier=self._vault.seal(_VERIFIER, wanted.verifier),
                    nonce=self._vault.seal(_NONCE, wanted.nonce),
                    created_at=now,
                    expires_at=now + LIFETIME,
                )
            )
        return Redirect(url, cookie_name(login_id), cookie)

    async def come_back(self, command: SsoReturn) -> Redirect:
        """To the SPA, with a code of 60 seconds or an error code."""
        usual = self._settings.targets[0]
        try:
            login_id, target, given = await self._take(command)
        except DomainError as refused:
            return Redirect(usual, error=refused.code)
        forget = cookie_name(login_id)
        try:
            if command.error is not None:
                raise DomainError("sso_refused_by_groupware")
            if not command.code:
                raise DomainError("sso_code_missing")
            user = await self._redeem(command.code, given)
            return Redirect(target, code=await self._keep(login_id, user))
        except DomainError as refused:
            return Redirect(target, forget, error=refused.code)
        except ProviderError as failed:
            return Redirect(target, forget, error=_code(failed))

    async def _take(self, command: SsoReturn) -> tuple[UUID, str, Authorization]:
        """The start that this is the end of, used up. One of another browser is left alone."""
        if not command.state:
            raise DomainError("sso_state_missing")
        async with self._database.system_session("groupware sign-in") as session:
            now = await self._clock.now(session)
            row = await self._find(session, command.state)
            self._require_cookie(row, command.cookies)
            if row.returned_at is not None or row.verifier is None or row.nonce is None:
                raise DomainError("sso_state_used")
            if row.expires_at <= now:
                raise DomainError("sso_state_expired")
            given = Authorization(
                redirect_uri=self._settings.redirect_uri,
                state=command.state,
                nonce=self._vault.open(_NONCE, row.nonce),
                verifier=self._vault.open(_VERIFIER, row.verifier),
            )
            row.returned_at = now
            row.verifier = row.nonce = None
            return row.id, row.target_uri, given

    async def _find(self, session: AsyncSession, state: str) -> SsoLogin:
        found = await session.execute(
            select(SsoLogin)
            .where(SsoLogin.state_hash == self._tokens.hash(state))
            .with_for_update()
        )
        row = found.scalar_one_or_none()
        if row is None:
            raise DomainError("sso_state_unknown")
        return row

    def _require_cookie(self, row: SsoLogin, cookies: Mapping[str, str]) -> None:
        cookie = cookies.get(cookie_name(row.id))
        if cookie is None:
            raise DomainError("sso_cookie_missing")
        if not hmac.compare_digest(row.cookie_hash, self._tokens.hash(cookie)):
            raise DomainError("sso_cookie_foreign")

    async def _redeem(self, code: str, given: Authorization) -> GroupwareUser:
        try:
            return await self._groupware.redeem(code, given)
        except TokenRefused as refused:
            raise DomainError(f"sso_{refused.fault}") from None
        except ProviderRefused as refused:
            if refused.code is not Refusal.REJECTED:
                raise
            raise DomainError("sso_code_refused") from None

    async def _keep(self, login_id: UUID, user: GroupwareUser) -> str:
        """The code under which the SPA may fetch what the groupware said."""
        person = PersonThere(user.login_id, user.name, user.email)
        code, code_hash = self._tokens.make()
        async with self._database.system_session("groupware sign-in") as session:
            now = await self._clock.now(session)
            site_id = await _site_of(session, user)
            await session.execute(
                update(SsoLogin)
                .where(SsoLogin.id == login_id)
                .values(
                    code_hash=code_hash,
                    code_expires_at=now + CODE_LIFETIME,
                    subject=user.subject,
                    site_id=site_id,
                    site_admin=user.site_admin,
                    person=self._vault.seal(PERSON, msgspec.json.encode(person).decode()),
                )
            )
        return code


async def _site_of(session: AsyncSession, user: GroupwareUser) -> UUID:
    """The site that both ids name, opened once. Raises `sso_site_unknown`."""
    try:
        external_id = UUID(user.external_id)
    except ValueError:
        raise DomainError("sso_site_unknown") from None
    found = await session.execute(
        select(Site.id, Site.groupware_site_id).where(
            Site.id == external_id, Site.state.in_(("OPEN", "TERMINATED"))
        )
    )
    row = found.one_or_none()
    if row is None or row.groupware_site_id not in (None, user.groupware_site_id):
        raise DomainError("sso_site_unknown")
    return external_id


def _code(failed: ProviderError) -> str:
    unavailable = isinstance(failed, ProviderUnavailable)
    return "provider_unavailable" if unavailable else "provider_failed"
