"""개인회원 가입: phone identity, the account, consents and session at once (PRODUCT.md section 3).

One transaction: whoever is refused or loses a race has changed nothing, and may use the
verification again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock, wire_now
from app.db.engine import Database
from app.db.queue import enqueue
from app.db.tables.accounts import Account
from app.db.tables.social import SocialLink
from app.domain.audit import AuditAction
from app.domain.credentials import check_password, mask_login_id, normalise_login_id
from app.domain.errors import DomainError
from app.domain.roles import AccountKind
from app.domain.sign_in import SignInWay
from app.domain.social import PROVIDER_NAMES
from app.domain.terms import GivenConsent, TermsUse, check_consents
from app.services.acceptances import Acceptances, Accepted
from app.services.account_people import AccountPerson
from app.services.audit import AuditEntry, record
from app.services.email_verifications import EmailVerifications
from app.services.identity_verifications import IdentityVerifications, Purpose
from app.services.mails import Mails, NewMail
from app.services.new_accounts import (
    NewAccount,
    NewAccounts,
    agreed_mail,
    consents_of,
    marketing_agreed,
)
from app.services.order_events import account_actor
from app.services.passwords import Passwords
from app.services.sessions import Device, Grant, Sessions
from app.services.social_links import SocialLinks
from app.services.sso_tickets import SsoTickets


@dataclass(frozen=True, slots=True)
class Credentials:
    """일반가입: a login ID and a password, as typed."""

    login_id: str
    password: str


@dataclass(frozen=True, slots=True)
class SignUpIndividual:
    """What the form sends: `credentials` (일반가입) or `social_ticket` (소셜 회원 가입)."""

    identity_token: str
    credentials: Credentials | None
    social_ticket: str | None
    sso_ticket: str | None
    invitation_token: str | None
    email: str
    consents: Sequence[GivenConsent]
    device: Device
    language: str


@dataclass(frozen=True, slots=True)
class SignedUpIndividual:
    """The new account and the session that begins with it."""

    account_id: UUID
    login_id: str | None
    created_at: datetime
    link_id: UUID | None
    accepted: Accepted | None
    grant: Grant


class IndividualSignUp:
    """The one use case, and who holds the account that a person has already."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        accounts: NewAccounts,
        passwords: Passwords,
        sessions: Sessions,
        mails: Mails,
        verifications: EmailVerifications,
        identities: IdentityVerifications,
        social: SocialLinks,
        sso: SsoTickets,
        acceptances: Acceptances,
    ) -> None:
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._passwords = passwords
        self._sessions = sessions
        self._mails = mails
        self._verifications = verifications
        self._identities = identities
        self._social = social
        self._sso = sso
        self._acceptances = acceptances

    async def sign_up(self, command: SignUpIndividual) -> SignedUpIndividual:
        """Raises DomainError for what was typed, `login_id_taken`, `person_already_registered`,
        `social_ticket_invalid` and `social_account_already_linked`, and with an `sso_ticket`
        what linking raises, with an `invitation_token` what accepting raises."""
        new = await self._new(command)
        try:
            return await self._try(command, new)
        except IntegrityError:
            # Somebody else was faster: what he wrote is there now, and is refused by its name.
            return await self._try(command, new)

    async def _new(self, command: SignUpIndividual) -> NewAccount:
        typed = command.credentials
        if (typed is None) is (command.social_ticket is None):
            raise DomainError("sign_up_way_invalid")
        login_id = hashed = None
        if typed is not None:
            login_id = normalise_login_id(typed.login_id)
            check_password(typed.password, login_id)
        check_consents(TermsUse.SIGN_UP, command.consents)
        if typed is not None:
            hashed = await self._passwords.hash(typed.password)
        return NewAccount(AccountKind.INDIVIDUAL, login_id, hashed, command.email)

    async def _try(self, command: SignUpIndividual, new: NewAccount) -> SignedUpIndividual:
        async with self._database.system_session("individual sign-up") as session:
            return await self._sign_up(session, command, new)

    async def _sign_up(
        self, session: AsyncSession, command: SignUpIndividual, new: NewAccount
    ) -> SignedUpIndividual:
        now = await self._clock.now(session)
        identity, person = await self._identities.use(
            session, command.identity_token, Purpose.SIGN_UP, now
        )
        await self._refuse_known(session, identity.ci_hash)
        if new.login_id is not None and not await self._accounts.is_free(session, new.login_id):
            raise DomainError("login_id_taken", "/login_id")
        account = self._accounts.row(new, person, identity, now)
        session.add(account)
        await session.flush()
        session.add_all(consents_of(account.id, command.consents, now))
        way = new.login_id or ""
        if command.social_ticket is not None:
            identity_there = await self._social.take_ticket(session, command.social_ticket, now)
            await self._social.add(session, account.id, identity_there, now)
            way = PROVIDER_NAMES[identity_there.provider]
        link_id = None
        if command.sso_ticket is not None:
            themselves = AccountPerson(account.id, way, person.name, command.email)
            link_id = await self._sso.link_new_account(session, command.sso_ticket, themselves, now)
        accepted = None
        if command.invitation_token is not None:
            accepted = await self._acceptances.accept_in(
                session, account.id, command.invitation_token, now, "/invitation_token"
            )
        grant = await self._sessions.begin(
            session, account.id, command.device, wire_now(), way=SignInWay.SIGN_UP
        )
        record(
            session,
            AuditEntry(
                company_id=None,
                account_id=account.id,
                actor=account_actor(account.id),
                action=AuditAction.ACCOUNT_SIGNED_UP,
                at=now,
            ),
        )
        mail = NewMail(
            "signed_up_individual",
            command.email,
            {"way": way},
            command.language,
            account_id=account.id,
        )
        mails = [mail]
        if marketing_agreed(command.consents):
            mails.append(agreed_mail(account.id, command.email, now, command.language))
        await enqueue(session, [self._mails.queue(session, each, now) for each in mails])
        if account.email_verified_at is None:
            await self._verifications.send(
                session, account.id, command.email, command.language, now
            )
        return SignedUpIndividual(account.id, new.login_id, now, link_id, accepted, grant)

    @staticmethod
    async def _refuse_known(session: AsyncSession, ci_hash: bytes | None) -> None:
        """One individual account a person, told to whoever passed phone identity as that person."""
        found = await session.execute(
            select(Account.login_id, func.min(SocialLink.provider).label("provider"))
            .outerjoin(SocialLink, SocialLink.account_id == Account.id)
            .where(
                Account.ci_hash == ci_hash,
                Account.kind == "INDIVIDUAL",
                Account.status != "WITHDRAWN",
            )
            .group_by(Account.id)
        )
        known = found.one_or_none()
        if known is None:
            return
        facts = {"login_id_masked": mask_login_id(known.login_id)} if known.login_id else {}
        if known.provider:
            facts["social_provider"] = known.provider
        raise DomainError("person_already_registered", None, **facts)
