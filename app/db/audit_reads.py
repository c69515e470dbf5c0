"""Pages of the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.audit import AuditEvent


@dataclass(frozen=True, slots=True)
class AuditRead:
    """A row of the log."""

    id: UUID
    at: datetime
    actor: str
    action: str
    account_id: UUID | None
    subject: str | None
    details: dict[str, str | int | bool]


async def read_audit_log(
    session: AsyncSession, company_id: UUID, after: tuple[datetime, UUID] | None, size: int
) -> Sequence[AuditRead]:
    """One statement: the newest first, from behind `after` (at, id)."""
    found = select(
        AuditEvent.id,
        AuditEvent.at,
        AuditEvent.actor,
        AuditEvent.action,
        AuditEvent.account_id,
        AuditEvent.subject,
        AuditEvent.details,
    ).where(AuditEvent.company_id == company_id)
    if after is not None:
        found = found.where(tuple_(AuditEvent.at, AuditEvent.id) < after)
    rows = await session.execute(
        found.order_by(AuditEvent.at.desc(), AuditEvent.id.desc()).limit(size)
    )
    return [AuditRead(*row) for row in rows]
