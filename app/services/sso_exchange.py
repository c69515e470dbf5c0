"""What the SPA gets for its code: a session, or a ticket for what is to be done first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock, wire_now
from app.db.engine import Database
from app.db.sso import Exchanged, InvitationThere, exchange_code
from app.db.tables.sso import SsoLogin
from app.db.vault import Vault
from app.domain.errors import DomainError
from app.domain.invitations import Acceptance
from app.domain.sign_in import SignInWay
from app.domain.sso import TICKETED, SsoFacts, SsoReason, SsoState, decide
from app.services.acceptances import Acceptances
from app.services.one_time import OneTimeTokens
from app.services.sessions import Device, Grant, Sessions
from app.services.sso_logins import COOKIE_PREFIX, PERSON, PersonThere, cookie_name

TICKET_LIFETIME: Final = timedelta(minutes=10)
CONFIRM_AGAIN_AFTER: Final = timedelta(days=1)
MANY_COOKIES: Final = 20


@dataclass(frozen=True, slots=True)
class Reseller:
    """Whom to ask about a membership that was sold by somebody else."""

    name: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class SsoOutcome:
    """`grant` in state LINKED, `ticket` where something has to be done first.

    `cookie` is the one that has done its work.
    """

    state: SsoState
    reason: SsoReason | None
    person: PersonThere = field(repr=False)
    site_id: UUID
    site_name: str
    company_id: UUID
    company_name: str
    invitations: Sequence[InvitationThere]
    reseller: Reseller | None
    grant: Grant | None
    ticket: str | None = field(repr=False)
    cookie: str


class SsoExchange:
    """The one use case."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        tokens: OneTimeTokens,
        sessions: Sessions,
        acceptances: Acceptances,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._tokens = tokens
        self._sessions = sessions
        self._acceptances = acceptances

    async def exchange(self, code: str, cookies: Mapping[str, str], device: Device) -> SsoOutcome:
        """Raises `sso_code_*`, `sso_cookie_*`, `groupware_user_of_another_company`.

        Five statements at the most.
        """
        hashes = [self._tokens.hash(value) for value in _ours(cookies)]
        ticket, ticket_hash = self._tokens.make()
        async with self._database.system_session("groupware sign-in") as session:
            now = await self._clock.now(session)
            found = await exchange_code(
                session,
                code_hash=self._tokens.hash(code),
                cookies=hashes,
                ticket_hash=ticket_hash,
                ticket_until=now + TICKET_LIFETIME,
                due=now + CONFIRM_AGAIN_AFTER,
                now=now,
            )
            if found is None:
                raise await self._refusal(session, code, hashes)
            if found.linked_company_id not in (None, found.company_id):
                raise DomainError("groupware_user_of_another_company")
            state, reason = decide(_facts(found))
            grant = None
            if state is SsoState.LINKED and found.account_id is not None:
                if any(invitation.accepted for invitation in found.invitations):
                    reason = await self._accept(session, found, found.account_id, now)
                grant = await self._sessions.begin(
                    session,
                    found.account_id,
                    device,
                    wire_now(),
                    found.company_id,
                    SignInWay.GROUPWARE,
                )
        return self._outcome(found, state, reason, grant, ticket)

    async def _accept(
        self, session: AsyncSession, found: Exchanged, account_id: UUID, now: datetime
    ) -> SsoReason | None:
        """What was accepted while the link was not believed takes effect now."""
        done = await self._acceptances.linked(session, account_id, found.company_id, now)
        return None if done is Acceptance.ACCEPTED else SsoReason.INVITATION_PENDING

    def _outcome(
        self,
        found: Exchanged,
        state: SsoState,
        reason: SsoReason | None,
        grant: Grant | None,
        ticket: str,
    ) -> SsoOutcome:
        by_reseller = state is SsoState.MANAGED_BY_RESELLER
        return SsoOutcome(
            state=state,
            reason=reason,
            person=msgspec.json.decode(self._vault.open(PERSON, found.person), type=PersonThere),
            site_id=found.site_id,
            site_name=found.site_name,
            company_id=found.company_id,
            company_name=found.company_name,
            invitations=found.invitations if reason is SsoReason.INVITATION_PENDING else (),
            reseller=Reseller(found.reseller_name, found.reseller_phone) if by_reseller else None,
            grant=grant,
            ticket=ticket if state in TICKETED else None,
            cookie=cookie_name(found.id),
        )

    async def _refusal(self, session: AsyncSession, code: str, cookies: list[bytes]) -> DomainError:
        """Why the code cannot be used; nothing has changed."""
        row = (
            await session.execute(
                select(SsoLogin.cookie_hash, SsoLogin.exchanged_at).where(
                    SsoLogin.code_hash == self._tokens.hash(code)
                )
            )
        ).one_or_none()
        if row is None:
            return DomainError("sso_code_unknown", "/code")
        if row.cookie_hash not in cookies:
            return DomainError("sso_cookie_foreign" if cookies else "sso_cookie_missing")
        if row.exchanged_at is not None:
            return DomainError("sso_code_used", "/code")
        return DomainError("sso_code_expired", "/code")


def _ours(cookies: Mapping[str, str]) -> list[str]:
    return [v for name, v in cookies.items() if name.startswith(COOKIE_PREFIX)][:MANY_COOKIES]


def _facts(found: Exchanged) -> SsoFacts:
    return SsoFacts(
        site_admin=found.site_admin,
        site_terminated=found.site_terminated,
        by_reseller=found.by_reseller,
        has_corporate_account=found.has_corporate_account,
        account_active=found.account_active,
        member_active=found.member_active,
        invited=bool(found.invitations),
    )
