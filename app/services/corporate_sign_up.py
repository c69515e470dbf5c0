"""기업회원 가입: both verifications, the account, its company, consents and session at once.

One transaction: whoever loses a race for a number or a login ID has changed nothing, and may use
the verifications again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock, wire_now
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import enqueue
from app.db.tables.accounts import BusinessVerification
from app.db.tables.companies import Company
from app.domain.audit import AuditAction
from app.domain.credentials import check_password, normalise_login_id
from app.domain.errors import DomainError
from app.domain.roles import AccountKind
from app.domain.sign_in import SignInWay
from app.domain.terms import GivenConsent, TermsUse, check_consents
from app.services.audit import AuditEntry, record
from app.services.business_checks import EVERY
from app.services.business_verifications import BusinessVerifications
from app.services.corporate_invitations import CorporateInvitations
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
from app.services.registered_numbers import refuse_registered
from app.services.sessions import Device, Grant, Sessions

LOGIN_ID_CHECKS = 20
PROVING = frozenset({"IDENTITY", "DOCUMENT"})
"""Levels of verification that show authority and not only that a number exists."""


@dataclass(frozen=True, slots=True)
class SignUpCorporate:
    """What the form of the guide's page 5 sends."""

    business_token: str
    identity_token: str
    login_id: str
    password: str
    company_name: str
    email: str
    consents: Sequence[GivenConsent]
    device: Device
    language: str
    invitation_token: str | None = None


@dataclass(frozen=True, slots=True)
class SignedUp:
    """The new account and the session that begins with it."""

    account_id: UUID
    login_id: str
    company_id: UUID
    company_name: str
    created_at: datetime
    grant: Grant


class CorporateSignUp:
    """Sign-up, and the check whether a login ID is free."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        accounts: NewAccounts,
        passwords: Passwords,
        sessions: Sessions,
        mails: Mails,
        verifications: EmailVerifications,
        businesses: BusinessVerifications,
        identities: IdentityVerifications,
        invitations: CorporateInvitations,
    ) -> None:
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._passwords = passwords
        self._sessions = sessions
        self._mails = mails
        self._verifications = verifications
        self._businesses = businesses
        self._identities = identities
        self._invitations = invitations

    async def sign_up(self, command: SignUpCorporate) -> SignedUp:
        """Raises DomainError for what was typed, and for a number or login ID that is taken."""
        login_id = normalise_login_id(command.login_id)
        check_password(command.password, login_id)
        check_consents(TermsUse.SIGN_UP, command.consents)
        hashed = await self._passwords.hash(command.password)
        try:
            async with self._database.system_session("corporate sign-up") as session:
                return await self._sign_up(session, command, login_id, hashed)
        except IntegrityError as lost:
            raise _taken(lost) from lost

    async def _sign_up(
        self, session: AsyncSession, command: SignUpCorporate, login_id: str, hashed: str
    ) -> SignedUp:
        now = await self._clock.now(session)
        identity, person = await self._identities.use(
            session, command.identity_token, Purpose.SIGN_UP, now
        )
        business = await self._businesses.use(session, command.business_token, now)
        if business.company_name != command.company_name:
            raise DomainError("company_name_mismatch", "/company_name")
        new = NewAccount(AccountKind.CORPORATE, login_id, hashed, command.email)
        account = self._accounts.row(new, person, identity, now)
        company, address_known = await self._company_for(session, command, business, now)
        account.email_verified_at = now if address_known else None
        if not await self._accounts.is_free(session, login_id):
            raise DomainError("login_id_taken", "/login_id")
        session.add(account)
        await session.flush()
        company.corporate_account_id = account.id
        session.add(company)
        session.add_all(consents_of(account.id, command.consents, now))
        await session.flush()
        grant = await self._sessions.begin(
            session, account.id, command.device, wire_now(), way=SignInWay.SIGN_UP
        )
        record(
            session,
            AuditEntry(
                company_id=company.id,
                account_id=account.id,
                actor=account_actor(account.id),
                action=AuditAction.ACCOUNT_SIGNED_UP,
                at=now,
            ),
        )
        facts = {"company": company.legal_name, "login_id": login_id}
        mail = NewMail("signed_up", command.email, facts, command.language, company.id, account.id)
        mails = [mail]
        if marketing_agreed(command.consents):
            mails.append(agreed_mail(account.id, command.email, now, command.language))
        await enqueue(session, [self._mails.queue(session, each, now) for each in mails])
        if account.email_verified_at is None:
            await self._verifications.send(
                session, account.id, command.email, command.language, now
            )
        return SignedUp(account.id, login_id, company.id, company.legal_name, now, grant)

    async def _company_for(
        self,
        session: AsyncSession,
        command: SignUpCorporate,
        business: BusinessVerification,
        now: datetime,
    ) -> tuple[Company, bool]:
        """A new company, or the imported one of the invitation whose link came to the address."""
        if command.invitation_token is None:
            await refuse_registered(session, business.business_number)
            return self._company(business, now), False
        company, invited = await self._invitations.use(
            session, command.invitation_token, business.business_number, now
        )
        if company.legal_name != command.company_name:
            raise DomainError("company_name_mismatch", "/company_name")
        _attach(company, business, now)
        return company, invited.lower() == command.email.lower()

    @staticmethod
    def _company(business: BusinessVerification, now: datetime) -> Company:
        """UNPROVEN until its first payment, unless the verification shows authority."""
        return Company(
            status_checked_at=None,
            status_due_at=now + EVERY,
            id=new_id(),
            legal_name=business.company_name,
            business_number=business.business_number,
            representative=None,
            verification_level=business.level,
            verification_status=business.status,
            verified_at=business.created_at,
            proven_at=now if business.level in PROVING else None,
            corporate_account_id=None,
            withdrawn_at=None,
            revision=1,
            created_at=now,
            updated_at=now,
        )

    async def check_login_id(self, login_id: str, identity_token: str) -> str | None:
        """None where it is free, else the code of why not. Twenty times per verification."""
        try:
            normalised = normalise_login_id(login_id)
        except DomainError as refused:
            return refused.code
        async with self._database.system_session("login ID check") as session:
            now = await self._clock.now(session)
            row = await self._identities.look(session, identity_token, Purpose.SIGN_UP, now)
            if row.login_id_checks >= LOGIN_ID_CHECKS:
                raise DomainError("login_id_checks_used_up")
            row.login_id_checks += 1
            return None if await self._accounts.is_free(session, normalised) else "login_id_taken"


def _attach(company: Company, business: BusinessVerification, now: datetime) -> None:
    """An imported customer: its contracts and sites are there already, its name is the operator's.

    Proven: the operator has its contract, and the link went to whom the operator or the site's
    administrator named (decision 11).
    """
    if company.verification_level == "STATUS":
        company.verification_level = business.level
    company.verification_status = business.status
    company.verified_at = business.created_at
    company.proven_at = company.proven_at or now
    company.revision += 1
    company.updated_at = now


def _taken(lost: IntegrityError) -> Exception:
    """Which unique index the race was lost at."""
    words = str(lost.orig)
    if "uq_companies_business_number" in words:
        return DomainError("company_already_registered")
    if "uq_accounts_login_id" in words:
        return DomainError("login_id_taken", "/login_id")
    return lost
