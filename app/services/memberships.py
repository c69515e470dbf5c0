"""멤버십현황: reading memberships, and the switch 자동 연장 결제."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.membership_reads import MEMBERSHIP, MEMBERSHIP_PAGE, MembershipRead
from app.db.tables.sites import Membership
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.periods import seoul_date
from app.services.audit import AuditEntry, record
from app.services.cursors import OLDEST, make_cursor, read_cursor
from app.services.principals import Access, Principal, read_within


@dataclass(frozen=True, slots=True)
class MembershipPage:
    """`next_cursor` is None on the last page; `today` is the business date."""

    items: list[MembershipRead]
    next_cursor: str | None
    today: date


async def list_memberships(access: Access, cursor: str | None, size: int) -> MembershipPage:
    """The company's memberships, the oldest first."""
    at, last = read_cursor(cursor) or OLDEST
    principal, rows = await access.read(MEMBERSHIP_PAGE, at=at, id=last, size=size + 1)
    page, more = rows[:size], len(rows) > size
    next_cursor = make_cursor(page[-1].created_at, page[-1].id) if more else None
    return MembershipPage(page, next_cursor, seoul_date(principal.now))


async def get_membership(access: Access, membership_id: UUID) -> tuple[MembershipRead, date]:
    """With today's business date. Raises `membership_not_found`, also for another company's."""
    principal, found = await access.read(MEMBERSHIP, id=membership_id)
    return _found(found), seoul_date(principal.now)


def _found(membership: MembershipRead | None) -> MembershipRead:
    if membership is None:
        raise DomainError("membership_not_found")
    return membership


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
            AuditEntry.of_company(
                principal,
                AuditAction.AUTO_RENEW_CHANGED,
                subject=str(membership_id),
                details={"auto_renew": auto_renew},
            ),
        )
        await session.flush()
    return _found(await read_within(session, principal, MEMBERSHIP, id=membership_id))
