"""아이디 찾기, 비밀번호 재설정: by the phone identity of the account's person, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.accounts import Account
from app.db.tables.companies import Company
from app.domain.audit import AuditAction
from app.domain.credentials import check_password, mask_login_id
from app.domain.errors import DomainError
from app.services.account_mails import AccountMails
from app.services.audit import AuditEntry, record
from app.services.company_contacts import CompanyContacts
from app.services.identity_verifications import IdentityVerifications, Purpose
from app.services.order_events import account_actor
from app.services.passwords import Passwords
from app.services.session_list import end_sessions
from app.services.sign_in_limits import SignInLimits


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """`login_id_masked` is None for whoever signs in by a social provider only."""

    login_id_masked: str | None
    kind: str
    company_name: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class ResetPassword:
    """`address` is where the request came from."""

    login_id: str
    identity_token: str
    password: str
    address: str
    language: str


class Recovery:
    """Two use cases; neither tells anybody but the verified person what exists."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        passwords: Passwords,
        limits: SignInLimits,
        identities: IdentityVerifications,
        mails: AccountMails,
        contacts: CompanyContacts,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._limits = limits
        self._identities = identities
        self._mails = mails
        self._contacts = contacts

    async def find_login_ids(self, identity_token: str) -> Sequence[FoundAccount]:
        """The person's accounts, the oldest first; none is an answer like any other.

        Raises `identity_verification_invalid`.
        """
        async with self._database.system_session("find login ID") as session:
            now = await self._clock.now(session)
            row, _ = await self._identities.use(session, identity_token, Purpose.FIND_LOGIN_ID, now)
            found = await session.execute(
                select(Account.login_id, Account.kind, Company.legal_name, Account.created_at)
                .outerjoin(Company, Company.corporate_account_id == Account.id)
                .where(Account.ci_hash == row.ci_hash, Account.status != "WITHDRAWN")
                .order_by(Account.created_at, Account.id)
            )
            return [
                FoundAccount(mask_login_id(login_id) if login_id else None, kind, company, since)
                for login_id, kind, company, since in found
            ]

    async def reset_password(self, command: ResetPassword) -> None:
        """Ends every session, forgets every device and tells the owner.

        Raises `password_reset_refused`, the same for an unknown ID and for another person's, and
        `identity_verification_invalid`.
        """
        check_password(command.password, command.login_id)
        hashed = await self._passwords.hash(command.password)
        async with self._database.system_session("password reset") as session:
            now = await self._clock.now(session)
            row, _ = await self._identities.use(
                session, command.identity_token, Purpose.RESET_PASSWORD, now
            )
            login_id = command.login_id.lower()
            if (row.target_login_id or "").lower() != login_id:
                raise DomainError("identity_verification_invalid", "/identity_verification_token")
            account = await session.scalar(
                select(Account)
                .where(
                    Account.login_id == login_id,
                    Account.ci_hash == row.ci_hash,
                    Account.status == "ACTIVE",
                )
                .with_for_update()
            )
            if account is None:
                raise DomainError("password_reset_refused")
            account.password_hash = hashed
            account.updated_at = now
            await end_sessions(session, account.id, "PASSWORD_RESET")
            await self._limits.forget(session, login_id, command.address)
            await self._tell(session, account.id, command.language, now)

    async def _tell(
        self, session: AsyncSession, account_id: UUID, language: str, now: datetime
    ) -> None:
        """The owner; of a company's own account its other contacts as well."""
        company = (
            await session.execute(
                select(Company.id, Company.legal_name).where(
                    Company.corporate_account_id == account_id
                )
            )
        ).one_or_none()
        await self._mails.tell(session, account_id, "password_reset", now, {}, language)
        if company is not None:
            contacts = await self._contacts.of(session, company.id)
            facts = {"company": company.legal_name}
            await self._mails.tell_addresses(
                session, None, contacts, "password_reset_notice", now, facts
            )
        record(
            session,
            AuditEntry(
                company_id=company.id if company else None,
                account_id=account_id,
                actor=account_actor(account_id),
                action=AuditAction.PASSWORD_RESET,
                at=now,
            ),
        )
