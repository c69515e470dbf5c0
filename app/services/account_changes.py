"""내 정보 관리: password, phone, e-mail and the rest, changed by their owner (PRODUCT.md 15)."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.accounts import Account, Session
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.credentials import check_password
from app.domain.errors import DomainError
from app.services.account_mails import AccountMails
from app.services.audit import AuditEntry, record
from app.services.email_verifications import EmailVerifications
from app.services.identity_verifications import IdentityVerifications, Purpose
from app.services.passwords import Passwords
from app.services.principals import Access, Principal
from app.services.session_list import end_sessions
from app.services.step_up import require_same_person

ADDITIONAL = ("department", "position", "landline")
"""추가 정보: what an account may tell of itself, or not."""


class AccountChanges:
    """One method a change. Each looks at the principal first and writes as the system then,

    since an account's keys are no tenant's rows.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        passwords: Passwords,
        identities: IdentityVerifications,
        verifications: EmailVerifications,
        mails: AccountMails,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._passwords = passwords
        self._identities = identities
        self._verifications = verifications
        self._mails = mails

    async def password(self, access: Access, password: str, language: str) -> None:
        """Ends all other sessions and forgets their devices. Raises `reauthentication_required`,

        `password_not_used` for whoever has no login ID, and what is wrong with the new one.
        """
        principal = await _stepped_up(access)
        if principal.login_id is None:
            raise DomainError("password_not_used")
        check_password(password, principal.login_id)
        hashed = await self._passwords.hash(password)
        async with self._database.system_session("password change") as session:
            account = await session.get_one(Account, principal.account_id, with_for_update=True)
            account.password_hash = hashed
            account.updated_at = principal.now
            await end_sessions(session, account.id, "PASSWORD_CHANGED", keep=principal.session_id)
            await self._mails.tell(
                session, account.id, "password_changed", principal.now, {}, language
            )
            record(session, AuditEntry.by(principal, AuditAction.PASSWORD_CHANGED))

    async def phone(self, access: Access, identity_token: str, language: str) -> None:
        """The number that a CHANGE_PHONE verification of the same person was made with.

        Raises `reauthentication_required`, `identity_verification_invalid`,
        `identity_of_another_person`.
        """
        principal = await _stepped_up(access)
        async with self._database.system_session("phone change") as session:
            now = await self._clock.now(session)
            row, person = await self._identities.use(
                session, identity_token, Purpose.CHANGE_PHONE, now
            )
            account = await require_same_person(session, principal.account_id, row.ci_hash)
            account.phone = self._vault.seal("accounts.phone", person.phone)
            account.phone_index = self._vault.index("phone", person.phone)
            account.updated_at = now
            await self._mails.tell(session, account.id, "phone_changed", now, {}, language)
            record(session, AuditEntry.by(principal, AuditAction.PHONE_CHANGED))

    async def profile(
        self,
        access: Access,
        email: str | None,
        additional: Mapping[str, str | None],
        language: str,
    ) -> None:
        """`email` None leaves it; another one is not verified, and its former one is told.

        `additional` has the members of ADDITIONAL that change; None empties one.
        """
        async with access.transaction() as (session, principal):
            await require_settings(session, principal)
        async with self._database.system_session("profile change") as session:
            account = await session.get_one(Account, principal.account_id, with_for_update=True)
            for name, value in additional.items():
                column = f"accounts.{name}"
                setattr(account, name, None if value is None else self._vault.seal(column, value))
            account.updated_at = principal.now
            if email is not None:
                await self._change_email(session, account, email, principal, language)

    async def _change_email(
        self,
        session: AsyncSession,
        account: Account,
        email: str,
        principal: Principal,
        language: str,
    ) -> None:
        former = self._vault.open("accounts.email", account.email) if account.email else None
        if former == email:
            return
        account.email = self._vault.seal("accounts.email", email)
        account.email_index = self._vault.index("email", email.lower())
        account.email_verified_at = None
        await self._verifications.send(session, account.id, email, language, principal.now)
        if former is not None:
            await self._mails.tell_addresses(
                session, account.id, [former], "email_changed", principal.now, {}, language
            )
        record(session, AuditEntry.by(principal, AuditAction.EMAIL_CHANGED))


async def _stepped_up(access: Access) -> Principal:
    principal = await access.principal()
    principal.require_step_up()
    return principal


async def require_settings(session: AsyncSession, principal: Principal) -> None:
    """A session from the groupware changes the account after a step-up only (section 5).

    Raises `reauthentication_required`.
    """
    company_id: UUID | None = await session.scalar(
        select(Session.company_id).where(Session.id == principal.session_id)
    )
    if company_id is not None:
        principal.require_step_up()
