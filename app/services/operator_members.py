"""회원 조회: accounts as the operator finds them, and their suspension.

What is known of a person is sealed, so that only whole values are found: an address, a phone, a
login ID or a name. A list masks them; who is read in clear, by whom and why, is in the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import enqueue
from app.db.tables.accounts import Account
from app.db.tables.companies import Company, CompanyMember
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.credentials import mask_login_id
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.domain.persons import mask_email, mask_name, mask_phone, name_key, normalise_mobile
from app.services.audit import AuditEntry, operator_actor, record
from app.services.mails import Mails, NewMail
from app.services.session_list import end_sessions

INDEX_NAME: Final = "index_name"
MOST: Final = 50
_COLUMNS: Final = (
    "a.id, a.kind, a.status, a.login_id, a.name, a.phone, a.email,"
    " a.email_verified_at IS NOT NULL AS verified, a.created_at, a.last_signed_in_at,"
    " a.withdrawn_at"
)
_FOUND: Final = {
    "email": "a.email_index = :email",
    "phone": "a.phone_index = :phone",
    "words": "a.name_index = :name OR a.login_id = :login_id",
}
BY: Final = {
    by: f"SELECT {_COLUMNS} FROM accounts a WHERE {where}"  # noqa: S608 - our own text
    " ORDER BY a.created_at DESC, a.id LIMIT :most"
    for by, where in _FOUND.items()
}
_ONE = text(f"SELECT {_COLUMNS} FROM accounts a WHERE a.id = :id")  # noqa: S608 - our own text


@dataclass(frozen=True, slots=True)
class MemberView:
    """An account. In a list what is of the person is masked."""

    id: UUID
    kind: str
    status: str
    login_id: str | None = field(repr=False)
    name: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    email_verified: bool
    created_at: datetime
    last_signed_in_at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberCompany:
    """A company that the account acts for, and as what: CORPORATE_ACCOUNT or the user's state."""

    id: UUID
    legal_name: str
    as_what: str


@dataclass(frozen=True, slots=True)
class OperatorMembers:
    """One use case a method."""

    database: Database
    clock: Clock
    vault: Vault
    mails: Mails

    async def find(self, query: str) -> Sequence[MemberView]:
        """The newest first, masked; those who left have nothing left to be found by."""
        by, values = self._values(query)
        async with self.database.system_session("operator: find members") as session:
            rows = await session.execute(text(BY[by]), {**values, "most": MOST})
            return [_masked(self._view(row)) for row in rows]

    async def read(
        self, operator: Operator, account_id: UUID, why: str
    ) -> tuple[MemberView, Sequence[MemberCompany]]:
        """In clear: in the log, with the reason. Raises `member_not_found`."""
        async with self.database.system_session("operator: member") as session:
            row = (await session.execute(_ONE, {"id": account_id})).one_or_none()
            if row is None:
                raise DomainError("member_not_found")
            now = await self.clock.now(session)
            _record(session, operator, AuditAction.MEMBER_READ, account_id, why, now)
            return self._view(row), await _companies_of(session, account_id)

    async def suspend(self, operator: Operator, account_id: UUID, why: str) -> MemberView:
        """No sign-in and no session any more, from the next request on; the person is told.

        Again is harmless. Raises `member_not_found`, also for one who left.
        """
        return await self._switch(operator, account_id, why, "SUSPENDED")

    async def restore(self, operator: Operator, account_id: UUID, why: str) -> MemberView:
        """As before, but signed out. Again is harmless. Raises `member_not_found`."""
        return await self._switch(operator, account_id, why, "ACTIVE")

    async def index_name(self, account_id: UUID) -> None:
        """The job of an account that was made before names could be found."""
        async with self.database.system_session("index a name") as session:
            account = await session.get(Account, account_id, with_for_update=True)
            if account is not None and account.name is not None:
                name = self.vault.open("accounts.name", account.name)
                account.name_index = self.vault.index("name", name_key(name))

    async def _switch(
        self, operator: Operator, account_id: UUID, why: str, status: str
    ) -> MemberView:
        async with self.database.system_session("operator: member's status") as session:
            account = await session.get(Account, account_id, with_for_update=True)
            if account is None or account.status == "WITHDRAWN":
                raise DomainError("member_not_found")
            if account.status != status:
                now = await self.clock.now(session)
                account.status, account.updated_at = status, now
                suspended = status == "SUSPENDED"
                if suspended:
                    await end_sessions(session, account.id, "SUSPENDED")
                action = AuditAction.MEMBER_SUSPENDED if suspended else AuditAction.MEMBER_RESTORED
                _record(session, operator, action, account_id, why, now)
                await self._tell(session, account, suspended=suspended, now=now)
            await session.flush()
            row = (await session.execute(_ONE, {"id": account_id})).one()
            return _masked(self._view(row))

    async def _tell(
        self, session: AsyncSession, account: Account, *, suspended: bool, now: datetime
    ) -> None:
        if account.email is None:
            return
        kind = "account_suspended" if suspended else "account_restored"
        email = self.vault.open("accounts.email", account.email)
        job = self.mails.queue(session, NewMail(kind, email, {}, "ko", None, account.id), now)
        await session.flush()
        await enqueue(session, [job])

    def _values(self, query: str) -> tuple[str, dict[str, object]]:
        """What such a query is about, and its values."""
        words = query.strip()
        if "@" in words:
            return "email", {"email": self.vault.index("email", words.lower())}
        try:
            phone = normalise_mobile(words)
        except DomainError:
            name = self.vault.index("name", name_key(words))
            return "words", {"name": name, "login_id": words}
        return "phone", {"phone": self.vault.index("phone", phone)}

    def _view(self, row: Row[Any]) -> MemberView:
        return MemberView(
            row.id,
            row.kind,
            row.status,
            row.login_id,
            self.vault.opened("accounts.name", row.name),
            self.vault.opened("accounts.phone", row.phone),
            self.vault.opened("accounts.email", row.email),
            row.verified,
            row.created_at,
            row.last_signed_in_at,
            row.withdrawn_at,
        )


def _masked(view: MemberView) -> MemberView:
    return replace(
        view,
        login_id=mask_login_id(view.login_id) if view.login_id else None,
        name=mask_name(view.name) if view.name else None,
        phone=mask_phone(view.phone) if view.phone else None,
        email=mask_email(view.email) if view.email else None,
    )


async def _companies_of(session: AsyncSession, account_id: UUID) -> Sequence[MemberCompany]:
    own = select(Company.id, Company.legal_name, literal("CORPORATE_ACCOUNT")).where(
        Company.corporate_account_id == account_id
    )
    used = (
        select(Company.id, Company.legal_name, CompanyMember.state)
        .join(CompanyMember, CompanyMember.company_id == Company.id)
        .where(CompanyMember.account_id == account_id)
    )
    return [MemberCompany(*row) for row in await session.execute(own.union_all(used))]


def _record(
    session: AsyncSession,
    operator: Operator,
    action: AuditAction,
    account_id: UUID,
    why: str,
    now: datetime,
) -> None:
    entry = AuditEntry(
        company_id=None,
        account_id=account_id,
        actor=operator_actor(operator.name),
        action=action,
        at=now,
        subject=str(account_id),
        details={"why": why},
    )
    record(session, entry)
