"""공지 and 점검 by the operator's hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.tables.notices import Notice
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.services.audit import AuditEntry, record

MOST = 200
YEARS = range(2000, 2200)
"""In which notices are shown: whatever the offset, it can be kept."""


class NoticeKind(StrEnum):
    """MAINTENANCE says from when until when something is out of service."""

    NOTICE = "NOTICE"
    MAINTENANCE = "MAINTENANCE"


@dataclass(frozen=True, slots=True)
class NoticeText:
    """What the operator writes; times are aware, `shown_from` before `shown_until`."""

    kind: NoticeKind
    title_ko: str
    body_ko: str
    title_en: str
    body_en: str
    shown_from: datetime
    shown_until: datetime
    starts_at: datetime | None
    ends_at: datetime | None

    def check(self) -> None:
        """Raises `notice_times_invalid`."""
        for name in ("shown_from", "shown_until", "starts_at", "ends_at"):
            at: datetime | None = getattr(self, name)
            if at is not None and at.year not in YEARS:
                raise DomainError("notice_times_invalid", f"/{name}")
        if self.shown_until <= self.shown_from:
            raise DomainError("notice_times_invalid", "/shown_until")
        timed = self.starts_at is not None and self.ends_at is not None
        if timed is not (self.kind is NoticeKind.MAINTENANCE):
            raise DomainError("notice_times_invalid", "/starts_at")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise DomainError("notice_times_invalid", "/ends_at")


@dataclass(frozen=True, slots=True)
class NoticeView:
    id: UUID
    words: NoticeText
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Notices:
    """One use case a method; each is in the log."""

    database: Database
    clock: Clock

    async def all(self) -> Sequence[NoticeView]:
        """The newest first, those that are over, too."""
        async with self.database.system_session("operator: notices") as session:
            found = select(Notice).order_by(Notice.shown_from.desc(), Notice.id).limit(MOST)
            return [_view(notice) for notice in await session.scalars(found)]

    async def create(self, operator: Operator, words: NoticeText) -> NoticeView:
        """Raises `notice_times_invalid`."""
        words.check()
        async with self.database.system_session("operator: make a notice") as session:
            now = await self.clock.now(session)
            notice = Notice(
                id=new_id(),
                kind=str(words.kind),
                title_ko=words.title_ko,
                body_ko=words.body_ko,
                title_en=words.title_en,
                body_en=words.body_en,
                shown_from=words.shown_from,
                shown_until=words.shown_until,
                starts_at=words.starts_at,
                ends_at=words.ends_at,
                created_at=now,
                updated_at=now,
            )
            session.add(notice)
            subject = str(notice.id)
            entry = AuditEntry.by_operator(
                operator, AuditAction.NOTICE_CREATED, now, subject=subject
            )
            record(session, entry)
            return _view(notice)

    async def end(self, operator: Operator, notice_id: UUID) -> NoticeView:
        """Nobody sees it from now on; again is harmless. Raises `notice_not_found`."""
        async with self.database.system_session("operator: end a notice") as session:
            now = await self.clock.now(session)
            notice = await session.get(Notice, notice_id, with_for_update=True)
            if notice is None:
                raise DomainError("notice_not_found")
            if notice.shown_until > now:
                notice.shown_from = min(notice.shown_from, now)
                notice.shown_until = notice.updated_at = now
                subject = str(notice.id)
                entry = AuditEntry.by_operator(
                    operator, AuditAction.NOTICE_ENDED, now, subject=subject
                )
                record(session, entry)
            return _view(notice)


def _view(notice: Notice) -> NoticeView:
    words = NoticeText(
        NoticeKind(notice.kind),
        notice.title_ko,
        notice.body_ko,
        notice.title_en,
        notice.body_en,
        notice.shown_from,
        notice.shown_until,
        notice.starts_at,
        notice.ends_at,
    )
    return NoticeView(notice.id, words, notice.created_at)
