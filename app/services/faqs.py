"""고객포털 FAQ: looked for, opened, said to be helpful or not; and kept by the operator."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.faq import FaqEntry
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.faq import FaqCategory, cleaned, jamo, like_pattern
from app.domain.operators import Operator
from app.services.audit import AuditEntry, record
from app.services.rate_limits import RateLimit, count_hit

FEEDBACK: Final = RateLimit("faq_feedback", 60, timedelta(hours=1))
MOST: Final = 100
SHARDS: Final = 8
_LIKE_ENOUGH = text("SELECT set_config('pg_trgm.word_similarity_threshold', '0.25', true)")
SEARCH: Final = (
    "SELECT id, category, question_ko, answer_ko, question_en, answer_en, revision,"
    " searched LIKE :pattern AS whole, word_similarity(:words, searched) AS likeness"
    " FROM faq_entries WHERE (searched LIKE :pattern OR :words <% searched) AND published"
    " AND (cast(:category AS text) IS NULL OR category = :category)"
    " ORDER BY whole DESC, likeness DESC, category, position, id LIMIT :size"
)
"""What has the words first, then what is most like them."""
_ALL = text(
    "SELECT id, category, question_ko, answer_ko, question_en, answer_en, revision"
    " FROM faq_entries WHERE published"
    " AND (cast(:category AS text) IS NULL OR category = :category)"
    " ORDER BY array_position(cast(:categories AS text[]), category), position, id LIMIT :size"
)
_ONE = text(
    "SELECT e.id, e.category, e.question_ko, e.answer_ko, e.question_en, e.answer_en, e.revision,"
    " coalesce((SELECT sum(v.views) FROM faq_views v WHERE v.entry_id = e.id), 0)::bigint AS views,"
    " count(f.*) FILTER (WHERE f.helpful) AS helpful,"
    " count(f.*) FILTER (WHERE NOT f.helpful) AS unhelpful"
    " FROM faq_entries e LEFT JOIN faq_feedback f ON f.entry_id = e.id"
    " WHERE e.id = :id AND e.published GROUP BY e.id"
)
_VIEW = text(
    "INSERT INTO faq_views (entry_id, shard, views) VALUES (:id, :shard, 1)"
    " ON CONFLICT (entry_id, shard) DO UPDATE SET views = faq_views.views + 1"
)
_VOTE = text(
    "INSERT INTO faq_feedback (entry_id, voter, helpful, created_at, updated_at)"
    " SELECT id, :voter, :helpful, :now, :now FROM faq_entries WHERE id = :id AND published"
    " ON CONFLICT (entry_id, voter) DO UPDATE SET helpful = excluded.helpful,"
    " updated_at = excluded.updated_at RETURNING entry_id"
)


@dataclass(frozen=True, slots=True)
class FaqRead:
    """In both languages. Counts are those of an entry that was opened, else 0."""

    id: UUID
    category: FaqCategory
    question_ko: str
    answer_ko: str
    question_en: str
    answer_en: str
    revision: int
    views: int = 0
    helpful: int = 0
    unhelpful: int = 0


@dataclass(frozen=True, slots=True)
class FaqText:
    """What the operator writes."""

    category: FaqCategory
    position: int
    question_ko: str
    answer_ko: str
    question_en: str
    answer_en: str
    published: bool


@dataclass(frozen=True, slots=True)
class FaqView:
    """An entry as the operator sees it."""

    id: UUID
    words: FaqText
    revision: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Faqs:
    """One use case a method."""

    database: Database
    clock: Clock
    vault: Vault

    async def find(
        self, query: str | None, category: FaqCategory | None
    ) -> tuple[str | None, Sequence[FaqRead]]:
        """What was looked for, cleaned, and what was found, the best first; all without words."""
        words = cleaned(query)
        values: dict[str, object] = {"category": str(category) if category else None, "size": MOST}
        async with self.database.sessions.begin() as session:
            if words is None:
                values["categories"] = [str(each) for each in FaqCategory]
                rows = await session.execute(_ALL, values)
            else:
                await session.execute(_LIKE_ENOUGH)
                values |= {"words": jamo(words), "pattern": like_pattern(words)}
                rows = await session.execute(text(SEARCH), values)
        found = [FaqRead(row.id, FaqCategory(row.category), *row[2:7]) for row in rows]
        return words, found

    async def open(self, entry_id: UUID) -> FaqRead:
        """Counts the view. Raises `faq_not_found`."""
        async with self.database.sessions.begin() as session:
            row = (await session.execute(_ONE, {"id": entry_id})).one_or_none()
            if row is None:
                raise DomainError("faq_not_found")
            shard = random.randrange(SHARDS)  # noqa: S311 - spreads a counter, no secret
            await session.execute(_VIEW, {"id": entry_id, "shard": shard})
        return FaqRead(row.id, FaqCategory(row.category), *row[2:6], *row[6:])

    async def rate(self, entry_id: UUID, helpful: bool, device: str, address: str) -> None:
        """The last word of a device counts. Raises `faq_not_found`, `RateLimited`."""
        await count_hit(self.database, FEEDBACK, address)
        async with self.database.sessions.begin() as session:
            values = {
                "id": entry_id,
                "voter": self.vault.index("faq_feedback.voter", device),
                "helpful": helpful,
                "now": await self.clock.now(session),
            }
            if (await session.execute(_VOTE, values)).one_or_none() is None:
                raise DomainError("faq_not_found")


@dataclass(frozen=True, slots=True)
class OperatorFaqs:
    """The operator's side; every change is in the log."""

    database: Database
    clock: Clock

    async def all(self) -> Sequence[FaqView]:
        """Those that are not published, too, in the order of the page."""
        async with self.database.system_session("operator: FAQ") as session:
            found = select(FaqEntry).order_by(FaqEntry.category, FaqEntry.position, FaqEntry.id)
            return [_view(entry) for entry in await session.scalars(found)]

    async def create(self, operator: Operator, words: FaqText) -> FaqView:
        async with self.database.system_session("operator: make an FAQ entry") as session:
            now = await self.clock.now(session)
            entry = FaqEntry(created_at=now, updated_at=now, revision=1)
            _write(entry, words)
            session.add(entry)
            await session.flush()
            _record(session, operator, AuditAction.FAQ_CREATED, entry, now)
            return _view(entry)

    async def update(
        self, operator: Operator, entry_id: UUID, words: FaqText, seen: int | None
    ) -> FaqView:
        """Raises `faq_not_found`, and `precondition_failed` where somebody was quicker."""
        async with self.database.system_session("operator: change an FAQ entry") as session:
            now = await self.clock.now(session)
            entry = await session.get(FaqEntry, entry_id, with_for_update=True)
            if entry is None:
                raise DomainError("faq_not_found")
            if entry.revision != seen:
                raise DomainError("precondition_failed")
            _write(entry, words)
            entry.revision += 1
            entry.updated_at = now
            await session.flush()
            _record(session, operator, AuditAction.FAQ_CHANGED, entry, now)
            return _view(entry)


def _write(entry: FaqEntry, words: FaqText) -> None:
    entry.category, entry.position = str(words.category), words.position
    entry.question_ko, entry.answer_ko = words.question_ko, words.answer_ko
    entry.question_en, entry.answer_en = words.question_en, words.answer_en
    entry.published = words.published


def _view(entry: FaqEntry) -> FaqView:
    words = FaqText(
        FaqCategory(entry.category),
        entry.position,
        entry.question_ko,
        entry.answer_ko,
        entry.question_en,
        entry.answer_en,
        entry.published,
    )
    return FaqView(entry.id, words, entry.revision, entry.created_at, entry.updated_at)


def _record(
    session: AsyncSession, operator: Operator, action: AuditAction, entry: FaqEntry, now: datetime
) -> None:
    record(session, AuditEntry.by_operator(operator, action, now, subject=str(entry.id)))
