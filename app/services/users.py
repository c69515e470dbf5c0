"""사용자 관리: who acts for the company, suspending and removing.

Roles are derived on each request, so that all of it bites at once on live sessions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.companies import CompanyMember
from app.db.tables.invitations import Invitation
from app.db.user_reads import UserRow, read_users
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.invitations import User, UserSort, UserState, list_users
from app.services.audit import AuditEntry, record
from app.services.principals import Principal


@dataclass(frozen=True, slots=True)
class UserPage:
    """One page of `total` rows."""

    items: Sequence[User]
    page: int
    size: int
    total: int


@dataclass(frozen=True, slots=True)
class UserQuery:
    """`page` from 1."""

    page: int
    size: int
    query: str | None
    sort: UserSort | None


async def find_users(
    session: AsyncSession, vault: Vault, principal: Principal, wanted: UserQuery
) -> UserPage:
    """One statement; searched and sorted after decryption (a company has 1,000 at the most)."""
    rows = await read_users(session, principal.company_id, principal.now)
    found = list_users((_user(vault, row) for row in rows), wanted.query, wanted.sort)
    start = (wanted.page - 1) * wanted.size
    return UserPage(found[start : start + wanted.size], wanted.page, wanted.size, len(found))


async def set_user_state(
    session: AsyncSession, vault: Vault, principal: Principal, user_id: UUID, state: UserState
) -> User:
    """정지 and 정상. Setting what is so already changes nothing.

    Raises `user_not_found`, and `super_admin_protected` for the company's own account.
    """
    if user_id == principal.account_id:
        raise DomainError("super_admin_protected")
    changed = await session.execute(
        update(CompanyMember)
        .where(
            CompanyMember.company_id == principal.company_id,
            CompanyMember.account_id == user_id,
            CompanyMember.state != state,
        )
        .values(state=str(state), updated_at=principal.now)
        .returning(CompanyMember.id)
    )
    if changed.one_or_none() is not None:
        suspended = state is UserState.SUSPENDED
        action = AuditAction.USER_SUSPENDED if suspended else AuditAction.USER_RESTORED
        record(session, _entry(principal, user_id, action))
    rows = await read_users(session, principal.company_id, principal.now, user_id)
    if not rows:
        raise DomainError("user_not_found")
    return _user(vault, rows[0])


async def remove_user(session: AsyncSession, principal: Principal, user_id: UUID) -> None:
    """Raises `user_not_found`, and `super_admin_protected` for the company's own account."""
    if user_id == principal.account_id:
        raise DomainError("super_admin_protected")
    company = principal.company_id
    removed = await session.execute(
        delete(CompanyMember)
        .where(CompanyMember.company_id == company, CompanyMember.account_id == user_id)
        .returning(CompanyMember.id)
    )
    if removed.one_or_none() is None:
        raise DomainError("user_not_found")
    # The accepted invitation goes with it: its link opens nothing again.
    await session.execute(
        delete(Invitation).where(
            Invitation.company_id == company,
            Invitation.account_id == user_id,
            Invitation.state == "ACCEPTED",
        )
    )
    record(session, _entry(principal, user_id, AuditAction.USER_REMOVED))


def _entry(principal: Principal, user_id: UUID, action: AuditAction) -> AuditEntry:
    return AuditEntry.of_company(principal, action, user_id)


def _user(vault: Vault, row: UserRow) -> User:
    table = "invitations" if row.kind == "INVITED" else "accounts"
    return User(
        user_id=row.user_id,
        invitation_id=row.invitation_id,
        name=vault.open(f"{table}.name", row.name) if row.name else "",
        email=vault.open(f"{table}.email", row.email) if row.email else "",
        role="SUPER_ADMIN" if row.kind == "CORPORATE" else "ADMIN",
        state=UserState.INVITED if row.kind == "INVITED" else UserState(row.state),
        approval_pending=row.state == "APPROVAL_PENDING",
        last_signed_in_at=row.last_signed_in_at,
        since=row.since,
    )
