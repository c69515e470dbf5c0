"""Signed-in devices: seen by their owner, ended one by one or all but one (PRODUCT.md 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import wire_now
from app.db.tables.accounts import Session
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.services.audit import AuditEntry, record
from app.services.cursors import make_cursor, read_cursor
from app.services.known_devices import KnownDevices
from app.services.principals import Principal
from app.services.sessions import SLIDING


@dataclass(frozen=True, slots=True)
class SessionRead:
    """A session that is going on. `company_id`: it came from the groupware, reaches that only."""

    id: UUID
    client_type: str
    device: str
    address: str
    company_id: UUID | None
    created_at: datetime
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class SessionPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[SessionRead]
    next_cursor: str | None


def _live(account_id: UUID, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Session.account_id == account_id,
        Session.revoked_at.is_(None),
        Session.expires_at > now,
        Session.last_used_at > now - SLIDING,
    )


async def list_sessions(
    session: AsyncSession, principal: Principal, cursor: str | None, size: int
) -> SessionPage:
    """The account's, the newest first. Raises `cursor_invalid`."""
    after = read_cursor(cursor)
    found = select(
        Session.id,
        Session.client_type,
        Session.device,
        Session.address,
        Session.company_id,
        Session.created_at,
        Session.last_used_at,
    ).where(*_live(principal.account_id, wire_now()))
    if after is not None:
        found = found.where(tuple_(Session.created_at, Session.id) < after)
    found = found.order_by(Session.created_at.desc(), Session.id.desc()).limit(size + 1)
    rows = (await session.execute(found)).all()
    page = [SessionRead(*row) for row in rows[:size]]
    more = len(rows) > size
    return SessionPage(page, make_cursor(page[-1].created_at, page[-1].id) if more else None)


async def end_session(session: AsyncSession, principal: Principal, session_id: UUID) -> None:
    """Ends it and forgets its device. Raises `session_not_found`, also for somebody else's."""
    now = wire_now()
    ended = await session.execute(
        update(Session)
        .where(Session.id == session_id, *_live(principal.account_id, now))
        .values(revoked_at=now, revoked_reason="ENDED")
        .returning(Session.known_device_id)
    )
    row = ended.one_or_none()
    if row is None:
        raise DomainError("session_not_found")
    kept = await session.scalar(
        select(Session.known_device_id).where(Session.id == principal.session_id)
    )
    if row.known_device_id != kept:
        await KnownDevices.forget(session, principal.account_id, row.known_device_id)
    record(session, AuditEntry.by(principal, AuditAction.SESSION_ENDED, str(session_id)))


async def end_other_sessions(session: AsyncSession, principal: Principal) -> None:
    """All but the caller's, and every device but the caller's is a stranger from now on."""
    await end_sessions(session, principal.account_id, "ENDED", keep=principal.session_id)
    record(session, AuditEntry.by(principal, AuditAction.SESSIONS_ENDED))


async def end_sessions(
    session: AsyncSession, account_id: UUID, reason: str, keep: UUID | None = None
) -> None:
    """Every session of the account but `keep`, devices with them; bites on the next request."""
    await KnownDevices.forget_others(session, account_id, keep)
    await session.execute(
        update(Session)
        .where(
            Session.account_id == account_id,
            Session.revoked_at.is_(None),
            Session.id.is_distinct_from(keep),
        )
        .values(revoked_at=wire_now(), revoked_reason=reason)
    )
