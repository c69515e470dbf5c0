"""Tickets of whoever came from the groupware: link an individual, or have the company invited."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import enqueue
from app.db.tables.companies import Company, GroupwareLink
from app.db.tables.sites import Site
from app.db.tables.sso import SsoLogin
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.persons import mask_email
from app.domain.roles import AccountKind
from app.services.acceptances import Acceptances
from app.services.account_people import AccountPeople, AccountPerson
from app.services.audit import AuditEntry, record
from app.services.corporate_invitations import CorporateInvitations
from app.services.mails import Mails, NewMail
from app.services.one_time import OneTimeTokens
from app.services.order_events import account_actor
from app.services.principals import Access
from app.services.rate_limits import RateLimit, count_hit
from app.services.sso_exchange import CONFIRM_AGAIN_AFTER
from app.services.sso_logins import PERSON, PersonThere

INVITATIONS: Final = RateLimit("sso_corporate_invitation", 3, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whom a ticket stands for."""

    login: SsoLogin
    subject: str
    site: Site
    company: Company
    person: PersonThere = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProposedLink:
    """Both identities, side by side; `link_id` once they were confirmed."""

    account: AccountPerson = field(repr=False)
    person: PersonThere = field(repr=False)
    site_id: UUID
    site_name: str
    company_id: UUID
    company_name: str
    link_id: UUID | None


@dataclass(frozen=True, slots=True)
class SentInvitation:
    """Where it went, and what is left of the hour."""

    email_masked: str
    next_resend_at: datetime
    attempts_left: int


class SsoTickets:
    """Ten minutes, one link."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        tokens: OneTimeTokens,
        mails: Mails,
        people: AccountPeople,
        invitations: CorporateInvitations,
        acceptances: Acceptances,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._tokens = tokens
        self._mails = mails
        self._people = people
        self._invitations = invitations
        self._acceptances = acceptances

    async def check(self, ticket: str) -> None:
        """For a sign-in that brings one along; it links nothing. Raises `sso_ticket_invalid`."""
        async with self._database.system_session("groupware ticket") as session:
            now = await self._clock.now(session)
            await self._look(session, ticket, now, "/sso_ticket")

    async def propose_or_link(
        self, access: Access, ticket: str, *, confirmed: bool
    ) -> ProposedLink:
        """연동 계정 설정 for a signed-in individual: shows both, and links once both are confirmed.

        Raises `individual_account_required`, `reauthentication_required`, `sso_ticket_invalid`,
        `company_account_missing`, `groupware_user_already_linked`.
        """
        async with access.transaction() as (_, principal):
            if principal.kind is not AccountKind.INDIVIDUAL:
                raise DomainError("individual_account_required")
            principal.require_step_up()
        async with self._database.system_session("groupware link") as session:
            now = await self._clock.now(session)
            arrival = await self._look(session, ticket, now, "/ticket")
            account = await self._people.of(session, principal.account_id)
            link_id = None
            if confirmed:
                link_id = await self._link(session, arrival, account, now)
        return ProposedLink(
            account=account,
            person=arrival.person,
            site_id=arrival.site.id,
            site_name=arrival.site.name,
            company_id=arrival.company.id,
            company_name=arrival.company.legal_name,
            link_id=link_id,
        )

    async def link_new_account(
        self, session: AsyncSession, ticket: str, account: AccountPerson, now: datetime
    ) -> UUID:
        """In the sign-up's transaction. Raises like `propose_or_link`."""
        arrival = await self._look(session, ticket, now, "/sso_ticket")
        return await self._link(session, arrival, account, now)

    async def invite_company(self, ticket: str, name: str, email: str) -> SentInvitation:
        """기업 회원 초대장 다시 받기: three an hour and site.

        Raises `sso_ticket_invalid`, `company_already_registered`, RateLimited.
        """
        async with self._database.system_session("groupware ticket") as session:
            now = await self._clock.now(session)
            arrival = await self._look(session, ticket, now, "/ticket")
            if arrival.company.corporate_account_id is not None:
                raise DomainError("company_already_registered")
        counted = await count_hit(self._database, INVITATIONS, str(arrival.site.id))
        async with self._database.system_session("corporate invitation by a site") as session:
            now = await self._clock.now(session)
            await self._invitations.invite(
                session, arrival.company.id, arrival.site.id, name, email, now
            )
        resend_at = now if counted.left else counted.next_window_at
        return SentInvitation(mask_email(email), resend_at, counted.left)

    async def _look(
        self, session: AsyncSession, ticket: str, now: datetime, pointer: str
    ) -> Arrival:
        """Raises `sso_ticket_invalid`, whatever is wrong with it."""
        rows = await session.execute(
            select(SsoLogin, Site, Company)
            .join(Site, Site.id == SsoLogin.site_id)
            .join(Company, Company.id == Site.company_id)
            .where(
                SsoLogin.ticket_hash == self._tokens.hash(ticket),
                SsoLogin.ticket_used_at.is_(None),
                SsoLogin.ticket_expires_at > now,
                SsoLogin.site_admin.is_(True),
                Site.state == "OPEN",
            )
            .with_for_update(of=SsoLogin)
        )
        row = rows.one_or_none()
        if row is None:
            raise DomainError("sso_ticket_invalid", pointer)
        login, site, company = row
        assert login.person is not None
        assert login.subject is not None
        plain = self._vault.open(PERSON, login.person)
        person = msgspec.json.decode(plain, type=PersonThere)
        return Arrival(login, login.subject, site, company, person)

    async def _link(
        self, session: AsyncSession, arrival: Arrival, account: AccountPerson, now: datetime
    ) -> UUID:
        """Uses the ticket up; both sides get a mail, and an invitation that waited is accepted."""
        if arrival.company.corporate_account_id is None:
            raise DomainError("company_account_missing")
        link_id = new_id()
        added = await session.execute(
            insert(GroupwareLink)
            .values(
                id=link_id,
                company_id=arrival.company.id,
                account_id=account.id,
                site_id=arrival.site.id,
                issuer=arrival.login.issuer,
                subject=arrival.subject,
                site_admin=True,
                confirmed_at=arrival.login.returned_at,
                due_at=now + CONFIRM_AGAIN_AFTER,
                created_at=now,
                updated_at=now,
            )
            .on_conflict_do_nothing()
            .returning(GroupwareLink.id)
        )
        if added.one_or_none() is None:
            raise DomainError("groupware_user_already_linked")
        arrival.login.ticket_used_at = now
        arrival.login.person = None
        record(
            session,
            AuditEntry(
                company_id=arrival.company.id,
                account_id=account.id,
                actor=account_actor(account.id),
                action=AuditAction.GROUPWARE_LINKED,
                at=now,
                subject=str(link_id),
                details={"site_id": str(arrival.site.id)},
            ),
        )
        await self._tell_both(session, arrival, account, now)
        await self._acceptances.linked(session, account.id, arrival.company.id, now)
        return link_id

    async def _tell_both(
        self, session: AsyncSession, arrival: Arrival, account: AccountPerson, now: datetime
    ) -> None:
        facts = {
            "account": account.shown,
            "person": f"{arrival.person.name} ({arrival.person.login_id})",
            "site": arrival.site.name,
            "company": arrival.company.legal_name,
        }
        to_whom = [address for address in (account.email, arrival.person.email) if address]
        jobs = [
            self._mails.queue(
                session,
                NewMail("groupware_linked", address, facts, "ko", arrival.company.id, account.id),
                now,
            )
            for address in dict.fromkeys(to_whom)
        ]
        await session.flush()
        await enqueue(session, jobs)
