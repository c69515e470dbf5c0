"""알림: what mails about a company's business said (`Mails` writes it with them), read here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.notification_reads import NOTIFICATIONS
from app.db.tables.notifications import Notification
from app.db.vault import Vault
from app.domain.errors import DomainError
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.mails import NEWS
from app.services.principals import Access, Principal


@dataclass(frozen=True, slots=True)
class NotificationView:
    """In the language that was asked for."""

    id: UUID
    company_id: UUID | None
    kind: str
    title: str
    body: str
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class NotificationPage:
    """`unread` in all; `next_cursor` is None on the last page."""

    unread: int
    items: Sequence[NotificationView]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Notifications:
    """One use case a method."""

    vault: Vault

    async def page(
        self, access: Access, language: str, cursor: str | None, size: int, unread_only: bool
    ) -> NotificationPage:
        """The newest first. Raises `cursor_invalid`."""
        at, last = read_cursor(cursor) or NEWEST
        _, read = await access.read(
            NOTIFICATIONS, at=at, id=last, size=size + 1, unread_only=unread_only
        )
        assert read is not None
        page, more = read.items[:size], len(read.items) > size
        items = []
        for each in page:
            opened = self.vault.open(NEWS, each.words)
            title, body = msgspec.json.decode(opened, type=dict[str, tuple[str, str]])[language]
            items.append(
                NotificationView(
                    each.id,
                    each.company_id,
                    each.kind,
                    title,
                    body.strip(),
                    each.created_at,
                    each.read_at,
                )
            )
        next_cursor = make_cursor(page[-1].created_at, page[-1].id) if more else None
        return NotificationPage(read.unread, items, next_cursor)

    @staticmethod
    async def mark_read(session: AsyncSession, principal: Principal, wanted: UUID) -> None:
        """Once; again is harmless. Raises `notification_not_found`, also for another's."""
        done = await session.execute(
            update(Notification)
            .where(Notification.id == wanted, Notification.account_id == principal.account_id)
            .values(read_at=func.coalesce(Notification.read_at, principal.now))
            .returning(Notification.id)
        )
        if done.one_or_none() is None:
            raise DomainError("notification_not_found")
