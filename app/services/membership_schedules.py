"""Whoever changes a membership has its timetable looked at, in the same transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_LOOK_AT = text(
    "INSERT INTO membership_schedules (company_id, membership_id, due_at)"
    " VALUES (:company, :membership, :now)"
    " ON CONFLICT (membership_id) DO UPDATE SET due_at = excluded.due_at"
)
_LOOK_AT_RENEWAL = text("UPDATE membership_schedules SET due_at = :now WHERE order_id = :order")


async def look_at_schedule(
    session: AsyncSession, company_id: UUID, membership_id: UUID, now: datetime
) -> None:
    """Due at once: what follows is worked out by `services/renewals`, under the membership's lock.

    The last row that a transaction locks.
    """
    await session.execute(
        _LOOK_AT, {"company": company_id, "membership": membership_id, "now": now}
    )


async def look_at_renewal(session: AsyncSession, order_id: UUID, now: datetime) -> None:
    """The same where a renewal's order ended."""
    await session.execute(_LOOK_AT_RENEWAL, {"order": order_id, "now": now})
