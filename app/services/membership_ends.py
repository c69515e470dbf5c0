"""해지: the end of a membership, whoever wants it (PRODUCT.md section 12)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.companies import Company
from app.db.tables.sites import HeldLine, Membership, Segment, Site
from app.domain.audit import AuditAction
from app.domain.memberships import MembershipStatus, step_membership
from app.domain.terminations import WITHDRAWN_AFTER
from app.services.audit import AuditEntry, record
from app.services.membership_schedules import look_at_schedule
from app.services.order_events import SYSTEM
from app.services.scheduled_changes import forget_scheduled_change
from app.services.site_puts import want_end


async def lock_membership(session: AsyncSession, membership_id: UUID) -> Membership | None:
    """Locked for a change, its site before it, as everywhere; orders are locked before both."""
    site_id = await session.scalar(select(Membership.site_id).where(Membership.id == membership_id))
    if site_id is None:
        return None
    return await lock_with_site(session, site_id, membership_id)


async def lock_with_site(session: AsyncSession, site_id: UUID, membership_id: UUID) -> Membership:
    """The same where its site is known: a membership never has another."""
    await session.get_one(Site, site_id, with_for_update=True)
    return await session.get_one(Membership, membership_id, with_for_update=True)


async def end_membership(
    session: AsyncSession,
    membership: Membership,
    last_day: date,
    reason: str,
    now: datetime,
    actor: str = SYSTEM,
) -> None:
    """TERMINATED: what is held ends with `last_day`; a job closes the site at the groupware.

    The row comes from `lock_membership`. Money is the caller's matter, and so are the mails: what
    is given back is to be computed before, from the lines that are held. Unpaid orders of the
    membership can be paid no more. The last site's end makes the company CLOSED, since roles
    follow from its sites; from then on its own withdrawal is due.

    Raises `membership_state_conflict` where it has ended before.
    """
    membership.status = str(
        step_membership(MembershipStatus(membership.status), MembershipStatus.TERMINATED)
    )
    membership.ended_on, membership.end_reason = last_day, reason
    membership.auto_renew = False
    membership.revision += 1
    membership.updated_at = now
    for table in (Segment, HeldLine):
        await session.execute(
            update(table)
            .where(table.membership_id == membership.id, table.ended_on.is_(None))
            .values(ended_on=last_day)
        )
    await forget_scheduled_change(session, membership.id)
    site = await session.get_one(Site, membership.site_id, with_for_update=True)
    await want_end(session, site, now)
    record(
        session,
        AuditEntry(
            company_id=membership.company_id,
            account_id=None,
            actor=actor,
            action=AuditAction.MEMBERSHIP_ENDED,
            at=now,
            subject=str(membership.id),
            details={"last_day": last_day.isoformat(), "reason": reason},
        ),
    )
    await session.flush()
    await _close_if_last(session, membership.company_id, now)
    await look_at_schedule(session, membership.company_id, membership.id, now)


async def _close_if_last(session: AsyncSession, company_id: UUID, now: datetime) -> None:
    """CLOSED: withdrawn by itself 90 days after its last refund, which its job looks up."""
    await session.execute(
        update(Company)
        .where(
            Company.id == company_id,
            ~select(Site.id).where(Site.company_id == company_id, Site.state == "OPEN").exists(),
        )
        .values(withdraw_due_at=now + WITHDRAWN_AFTER, updated_at=now)
    )
