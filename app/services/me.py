"""내 정보 관리: what an account sees of itself, and how it leaves."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import wire_now
from app.db.account_reads import ACCOUNT
from app.db.engine import Database
from app.db.tables.accounts import Account, RetiredLoginId, Session
from app.db.tables.companies import Company, GroupwareLink
from app.db.tables.social import SocialLink
from app.db.vault import Vault
from app.domain.menu import NextStep, NextStepFacts, next_steps
from app.domain.persons import mask_phone
from app.domain.roles import Role, check_withdrawal
from app.services.acceptances import forget_invitations_of, forget_invitations_to
from app.services.principals import Access, Principal

_OPEN_ORDERS = text(
    "SELECT EXISTS (SELECT 1 FROM orders WHERE company_id = :company"
    " AND status IN ('PENDING_PAYMENT', 'PAID', 'PROVISIONING', 'PROVISIONING_FAILED'))"
)
_REFUNDS_DUE = text(
    "SELECT EXISTS (SELECT 1 FROM payments WHERE company_id = :company AND status = 'REFUND_DUE')"
)


@dataclass(frozen=True, slots=True)
class Profile:
    """The account's own data, opened; the phone is masked even for its owner."""

    login_id: str | None
    kind: str
    name: str | None
    phone_masked: str | None
    email: str | None
    email_verified: bool
    department: str | None
    position: str | None
    landline: str | None
    created_at: datetime
    next_steps: tuple[NextStep, ...]


async def read_profile(vault: Vault, access: Access) -> tuple[Principal, Profile]:
    """Who is signed in and what their account says: one statement."""
    principal, row = await access.read(ACCOUNT)
    assert row is not None
    return principal, Profile(
        login_id=principal.login_id,
        kind=str(principal.kind),
        name=_opened(vault, "accounts.name", row.name),
        phone_masked=mask_phone(vault.open("accounts.phone", row.phone)) if row.phone else None,
        email=_opened(vault, "accounts.email", row.email),
        email_verified=row.email_verified_at is not None,
        department=_opened(vault, "accounts.department", row.department),
        position=_opened(vault, "accounts.position", row.position),
        landline=_opened(vault, "accounts.landline", row.landline),
        created_at=row.created_at,
        next_steps=_steps(
            principal,
            email_verified=row.email_verified_at is not None,
            has_admin=row.has_admin,
            order_waits=row.order_waits,
        ),
    )


def _opened(vault: Vault, column: str, sealed: bytes | None) -> str | None:
    return vault.open(column, sealed) if sealed else None


def _steps(
    principal: Principal, *, email_verified: bool, has_admin: bool, order_waits: bool
) -> tuple[NextStep, ...]:
    """None for an individual of several companies who chose none."""
    if principal.role is None:
        return ()
    return next_steps(
        NextStepFacts(
            kind=principal.kind,
            role=principal.role,
            email_verified=email_verified,
            owner_has_individual=principal.owner_has_individual,
            admin_invited=has_admin,
            order_waits_for_pay=order_waits,
        )
    )


async def withdraw(database: Database, vault: Vault, access: Access) -> None:
    """고객포털 탈퇴하기: ends every session and forgets the person; contracts stay.

    Raises what the role's rule says, and `reauthentication_required`.
    """
    async with access.transaction() as (_, principal):
        company = principal.company.id if principal.company else None
        role, now = principal.role, principal.now
        principal.require_step_up()
    async with database.system_session("withdrawal") as session:
        account = await session.get_one(Account, principal.account_id, with_for_update=True)
        if role is Role.PROSPECT or role is Role.CLOSED:
            assert company is not None
            await _leave_company(session, company, role, now)
        await _erase(session, vault, account, now)


async def _leave_company(
    session: AsyncSession, company_id: UUID, role: Role, now: datetime
) -> None:
    """The row is locked, so that no order is placed beside it."""
    company = await session.get_one(Company, company_id, with_for_update=True)
    values = {"company": company_id}
    has_open_order = bool((await session.execute(_OPEN_ORDERS, values)).scalar_one())
    refunds_due = bool((await session.execute(_REFUNDS_DUE, values)).scalar_one())
    check_withdrawal(role, has_open_order=has_open_order, refunds_settled=not refunds_due)
    await forget_invitations_of(session, company_id)
    company.withdrawn_at = now
    company.corporate_account_id = None
    company.updated_at = now


async def _erase(session: AsyncSession, vault: Vault, account: Account, now: datetime) -> None:
    if account.login_id is not None:
        session.add(
            RetiredLoginId(login_id_hash=vault.index("login_id", account.login_id), retired_at=now)
        )
    await session.execute(delete(SocialLink).where(SocialLink.account_id == account.id))
    await session.execute(delete(GroupwareLink).where(GroupwareLink.account_id == account.id))
    await forget_invitations_to(session, account.id, account.email_index)
    account.status = "WITHDRAWN"
    account.withdrawn_at = now
    account.updated_at = now
    account.login_id = account.password_hash = None
    account.name = account.birth_date = account.phone = account.email = None
    account.phone_index = account.email_index = account.ci_hash = None
    await session.execute(
        update(Session)
        .where(Session.account_id == account.id, Session.revoked_at.is_(None))
        .values(revoked_at=wire_now(), revoked_reason="WITHDRAWN")
    )
