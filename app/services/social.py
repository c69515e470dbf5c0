"""Social sign-in: the attempt, what comes back, and who it is (contracts/social.md).

An attempt is a row: the state that the provider carries, the secret that the client keeps, the
verifier that only we know. It is used once, within ten minutes, by the client that began it.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock, wire_now
from app.db.engine import Database
from app.db.tables.social import SocialState
from app.db.vault import Vault
from app.domain.authorization import Authorization
from app.domain.errors import DomainError
from app.domain.id_tokens import TokenRefused
from app.domain.provider_errors import ProviderRefused, Refusal
from app.domain.roles import AccountKind
from app.domain.sign_in import SignInWay
from app.domain.social import PROVIDER_NAMES, SocialProvider, SocialUser
from app.services.account_mails import AccountMails
from app.services.one_time import OneTimeTokens
from app.services.ports import SocialSignIn
from app.services.principals import Access
from app.services.rate_limits import RateLimit, count_hit
from app.services.sessions import ClientType, Device, Grant, Sessions
from app.services.social_links import SocialLinks

LIFETIME: Final = timedelta(minutes=10)
STARTS: Final = RateLimit("social_start", 300, timedelta(hours=1))
_VERIFIER, _NONCE = "social_states.verifier", "social_states.nonce"


@dataclass(frozen=True, slots=True)
class StartedSocial:
    """`client_secret` is told this once, and handed back with the code."""

    authorization_url: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class SocialCallback:
    """What came back to the client, and the secret that it kept."""

    provider: SocialProvider
    code: str = field(repr=False)
    state: str = field(repr=False)
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LiveSession:
    """What says that somebody is signed in already: an access token's session, a cookie."""

    session_id: UUID | None
    refresh_token: str | None = field(repr=False)
    replace: bool
    """They were asked, and want the other account."""


@dataclass(frozen=True, slots=True)
class SocialOutcome:
    """Signed in (`grant`), or a ticket to sign up with and what the provider knows."""

    grant: Grant | None
    ticket: str | None = field(repr=False)
    email: str | None = field(repr=False)
    name: str | None = field(repr=False)


class SocialSignIns:
    """Start, complete, and add to an account. Providers are called while no transaction is open."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        tokens: OneTimeTokens,
        sessions: Sessions,
        links: SocialLinks,
        providers: Mapping[SocialProvider, SocialSignIn],
        redirect_uris: Mapping[ClientType, Sequence[str]],
        mails: AccountMails,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._tokens = tokens
        self._sessions = sessions
        self._links = links
        self._providers = providers
        self._redirect_uris = redirect_uris
        self._mails = mails

    async def start(
        self,
        provider: SocialProvider,
        client_type: ClientType,
        redirect_uri: str | None,
        address: str,
    ) -> StartedSocial:
        """Raises `redirect_uri_not_allowed`, RateLimited, ProviderError while it is down.

        `redirect_uri`: None for the first of the client type's list.
        """
        allowed = self._redirect_uris[client_type]
        if redirect_uri is not None and redirect_uri not in allowed:
            raise DomainError("redirect_uri_not_allowed", "/query/redirect_uri")
        await count_hit(self._database, STARTS, address)
        state, state_hash = self._tokens.make()
        secret, secret_hash = self._tokens.make()
        wanted = Authorization(
            redirect_uri=redirect_uri or allowed[0],
            state=state,
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
        )
        url = await self._providers[provider].authorization_url(wanted)
        async with self._database.system_session("social start") as session:
            now = await self._clock.now(session)
            session.add(
                SocialState(
                    provider=str(provider),
                    client_type=str(client_type),
                    redirect_uri=wanted.redirect_uri,
                    state_hash=state_hash,
                    client_secret_hash=secret_hash,
                    verifier=self._vault.seal(_VERIFIER, wanted.verifier),
                    nonce=self._vault.seal(_NONCE, wanted.nonce),
                    expires_at=now + LIFETIME,
                    created_at=now,
                )
            )
        return StartedSocial(url, secret)

    async def complete(
        self, callback: SocialCallback, device: Device, live: LiveSession
    ) -> SocialOutcome:
        """Signs in whoever the provider's user is, or says that nobody is it yet.

        Raises `already_signed_in` with nothing used up, `social_state_*`, `social_code_refused`,
        `social_token_refused`, `account_suspended`, ProviderError.
        """
        async with self._database.system_session("social callback") as session:
            now = await self._clock.now(session)
            other = await self._sessions.find_live(session, live.session_id, live.refresh_token)
            if other is not None and not live.replace:
                raise DomainError("already_signed_in")
            given = await self._take(session, callback, device.client_type, now)
        user = await self._redeem(callback, given)
        identity = self._links.identity(user)
        async with self._database.system_session("social callback") as session:
            now = await self._clock.now(session)
            account_id = await self._links.account_of(session, identity)
            if other is not None:
                await self._sessions.log_out(session, other)
            if account_id is None:
                ticket = self._links.offer_ticket(session, identity, now)
                return SocialOutcome(None, ticket, user.email, user.name)
            grant = await self._sessions.begin(
                session, account_id, device, wire_now(), way=SignInWay.SOCIAL
            )
            return SocialOutcome(grant, None, None, None)

    async def link(self, access: Access, callback: SocialCallback, language: str) -> UUID:
        """Adds the provider's user to the signed-in individual's ways in; returns the link's id.

        A new way in is told to the owner.

        Raises `individual_account_required`, `reauthentication_required`, what `complete` raises
        about the attempt, and `social_*_already_linked`.
        """
        async with access.transaction() as (_, principal):
            if principal.kind is not AccountKind.INDIVIDUAL:
                raise DomainError("individual_account_required")
            principal.require_step_up()
            client_type = ClientType(principal.client_type)
        async with self._database.system_session("social link") as session:
            now = await self._clock.now(session)
            given = await self._take(session, callback, client_type, now)
        user = await self._redeem(callback, given)
        async with self._database.system_session("social link") as session:
            now = await self._clock.now(session)
            identity = self._links.identity(user)
            added = await self._links.add(session, principal.account_id, identity, now)
            if added.is_new:
                facts = {"provider": PROVIDER_NAMES[identity.provider]}
                await self._mails.tell(
                    session, principal.account_id, "social_linked", now, facts, language
                )
            return added.id

    async def _redeem(self, callback: SocialCallback, given: Authorization) -> SocialUser:
        try:
            return await self._providers[callback.provider].redeem(callback.code, given)
        except ProviderRefused as refused:
            if refused.code is not Refusal.REJECTED:
                raise
            raise DomainError("social_code_refused", "/code") from None
        except TokenRefused as refused:
            raise DomainError("social_token_refused", None, reason=str(refused.fault)) from None

    async def _take(
        self,
        session: AsyncSession,
        callback: SocialCallback,
        client_type: ClientType,
        now: datetime,
    ) -> Authorization:
        """The attempt, which is over then. One that is not the caller's is left alone."""
        found = await session.execute(
            select(SocialState)
            .where(SocialState.state_hash == self._tokens.hash(callback.state))
            .with_for_update()
        )
        row = found.scalar_one_or_none()
        if row is None:
            raise DomainError("social_state_unknown", "/state")
        secret_hash = self._tokens.hash(callback.client_secret)
        own = hmac.compare_digest(row.client_secret_hash, secret_hash)
        if not own or row.provider != callback.provider or row.client_type != client_type:
            raise DomainError("social_state_foreign", "/state")
        if row.expires_at <= now:
            raise DomainError("social_state_expired", "/state")
        await session.execute(delete(SocialState).where(SocialState.id == row.id))
        return Authorization(
            redirect_uri=row.redirect_uri,
            state=callback.state,
            nonce=self._vault.open(_NONCE, row.nonce),
            verifier=self._vault.open(_VERIFIER, row.verifier),
        )
