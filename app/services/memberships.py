"""멤버십현황: reading memberships, and the switch 자동 연장 결제."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.membership_reads import MembershipRead, read_membership, read_memberships
from app.db.tables.sites import Membership
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.services.audit import AuditEntry, record
from app.services.cursors import make_cursor, read_cursor
from app.services.order_events import account_actor
from app.services.principals import Principal


@dataclass(frozen=True, slots=True)
class MembershipPage:
    """`next_cursor` is None on the last page."""

    items: list[MembershipRead]
    next_cursor: str | None


async def list_memberships(
    session: AsyncSession, principal: Principal, cursor: str | None, size: int
) -> MembershipPage:
    """The company's memberships, the oldest first."""
    rows = await read_memberships(session, principal.company_id, read_cursor(cursor), size + 1)
    page, more = rows[:size], len(rows) > size
    next_cursor = make_cursor(page[-1].created_at, page[-1].id) if more else None
    return MembershipPage(page, next_cursor)


async def get_membership(
    session: AsyncSession, principal: Principal, membership_id: UUID
) -> MembershipRead:
    """Raises `membership_not_found`, also for another company's membership."""
    found = await read_membership(session, principal.company_id, membership_id)
    if found is None:
        raise DomainError("membership_not_found")
    return found


async def set_auto_renew(
    session: AsyncSession,
    principal: Principal,
    membership_id: UUID,
    *,
    auto_renew: bool,
    seen_revision: int | None,
) -> MembershipRead:
    """Raises `precondition_failed` when it changed since `seen_revision`, and

    `managed_by_reseller`; a free membership has nothing to renew.
    """
    row = (
        await session.execute(
            select(Membership)
            .where(Membership.company_id == principal.company_id, Membership.id == membership_id)
            .with_for_update()
        )
    ).scalar_one_or_none()
    if row is None:
        raise DomainError("membership_not_found")
    if row.revision != seen_revision:
        raise DomainError("precondition_failed")
    if row.billing_channel == "RESELLER":
        raise DomainError("managed_by_reseller")
    if auto_renew and row.term_months is None:
        raise DomainError("nothing_to_renew", "/auto_renew")
    if row.auto_renew != auto_renew:
        row.auto_renew = auto_renew
        row.revision += 1
        row.updated_at = principal.now
        record(
            session,
            AuditEntry(
                company_id=principal.company_id,
                account_id=None,
                actor=account_actor(principal.account_id),
                action=AuditAction.AUTO_RENEW_CHANGED,
                at=principal.now,
                subject=str(membership_id),
                details={"auto_renew": auto_renew},
            ),
        )
        await session.flush()
    return await get_membership(session, principal, membership_id)
