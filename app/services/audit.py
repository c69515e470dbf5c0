"""The audit log: who did what to whom, written in the transaction that did it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.audit_reads import AuditRead, read_audit_log
from app.db.ids import new_id
from app.db.tables.audit import AuditEvent
from app.domain.audit import AuditAction
from app.services.cursors import make_cursor, read_cursor
from app.services.principals import Principal

GROUPWARE = "groupware"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line. `company_id`: whose SUPER_ADMIN may read it; `account_id`: whom it is about.

    `actor`: `order_events.account_actor`, `order_events.SYSTEM`, `operator_actor`, or GROUPWARE.
    `at` is business time. `subject` and `details` hold ids, codes and numbers, never names,
    addresses or anything else of a person: rows outlive the accounts that they name.
    """

    company_id: UUID | None
    account_id: UUID | None
    actor: str
    action: AuditAction
    at: datetime
    subject: str | None = None
    details: Mapping[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[AuditRead]
    next_cursor: str | None


def operator_actor(name: str) -> str:
    """`name` is the operator's account name, not the person's."""
    return f"operator:{name}"


def record(session: AsyncSession, entry: AuditEntry) -> None:
    """Adds the line to the caller's transaction; it stands or falls with what it tells of."""
    session.add(
        AuditEvent(
            id=new_id(),
            company_id=entry.company_id,
            account_id=entry.account_id,
            actor=entry.actor,
            action=str(entry.action),
            subject=entry.subject,
            details=dict(entry.details),
            at=entry.at,
        )
    )


async def list_audit_log(
    session: AsyncSession, principal: Principal, cursor: str | None, size: int
) -> AuditPage:
    """The company's log, the newest first. Raises `cursor_invalid`."""
    rows = await read_audit_log(session, principal.company_id, read_cursor(cursor), size + 1)
    page, more = rows[:size], len(rows) > size
    return AuditPage(page, make_cursor(page[-1].at, page[-1].id) if more else None)
