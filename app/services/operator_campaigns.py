"""광고 발송 관리: written, tried out, sent and stopped by the operator (decisions/0035)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import Job, enqueue
from app.db.tables.campaigns import Campaign
from app.domain.audit import AuditAction
from app.domain.campaigns import (
    CampaignAudience,
    CampaignState,
    CampaignWords,
    check_draft,
    one_kind_of_line,
    step_campaign,
)
from app.domain.errors import DomainError
from app.domain.mail_rules import next_daytime
from app.domain.operators import Operator
from app.services.audit import AuditEntry, record
from app.services.campaign_counts import CampaignCounts, counts_of
from app.services.campaign_jobs import SEND_CAMPAIGN
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.mails import Mails, NewMail, campaign_facts
from app.services.rate_limits import RateLimit, count_hit

TESTS: Final = RateLimit("campaign_test", 30, timedelta(hours=1))
"""Of one operator: a test goes to any address."""


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign as it is now."""

    id: UUID
    words: CampaignWords
    state: CampaignState
    counts: CampaignCounts
    made_by: str
    created_at: datetime
    sent_by: str | None
    started_at: datetime | None
    stopped_by: str | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[CampaignView]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class OperatorCampaigns:
    """One use case a method; each change is in the log."""

    database: Database
    clock: Clock
    mails: Mails

    async def page(self, cursor: str | None, size: int) -> CampaignPage:
        """The newest first, by two statements. Raises `cursor_invalid`."""
        before = read_cursor(cursor) or NEWEST
        found = (
            select(Campaign)
            .where(tuple_(Campaign.created_at, Campaign.id) < before)
            .order_by(Campaign.created_at.desc(), Campaign.id.desc())
            .limit(size + 1)
        )
        async with self.database.system_session("operator: campaigns") as session:
            rows = (await session.scalars(found)).all()
            page = rows[:size]
            counts = await counts_of(session, page)
            views = [_view(row, counts[row.id]) for row in page]
        more = make_cursor(page[-1].created_at, page[-1].id) if len(rows) > size else None
        return CampaignPage(views, more)

    async def read(self, campaign_id: UUID) -> CampaignView:
        """By two statements. Raises `campaign_not_found`."""
        async with self.database.system_session("operator: campaign") as session:
            return await _read(session, await _get(session, campaign_id))

    async def create(self, operator: Operator, words: CampaignWords) -> CampaignView:
        """A draft. Raises `campaign_subject_marked`."""
        words.check()
        async with self.database.system_session("operator: write a campaign") as session:
            now = await self.clock.now(session)
            row = Campaign(
                id=new_id(),
                state=str(CampaignState.DRAFT),
                made_by=operator.name,
                all_queued=False,
                queued=0,
                sent=0,
                skipped=0,
                created_at=now,
            )
            _write(row, words, now)
            session.add(row)
            _record(session, operator, AuditAction.CAMPAIGN_CREATED, row, now)
            await session.flush()
            return await _read(session, row)

    async def change(
        self, operator: Operator, campaign_id: UUID, words: CampaignWords
    ) -> CampaignView:
        """Of a draft only.

        Raises `campaign_not_found`, `campaign_state_conflict`, `campaign_subject_marked`.
        """
        words.check()
        async with self.database.system_session("operator: change a campaign") as session:
            now = await self.clock.now(session)
            row = await _get(session, campaign_id, lock=True)
            check_draft(CampaignState(row.state))
            _write(row, words, now)
            _record(session, operator, AuditAction.CAMPAIGN_CHANGED, row, now)
            return await _read(session, row)

    async def test(self, operator: Operator, campaign_id: UUID, address: str) -> None:
        """One mail as it will look, marked as such a mail is, to an address of the operator's.

        Its link has no token: it would be somebody's. Raises `campaign_not_found`, `RateLimited`.
        """
        await count_hit(self.database, TESTS, operator.name)
        async with self.database.system_session("operator: try a campaign") as session:
            now = await self.clock.now(session)
            row = await _get(session, campaign_id)
            mail = NewMail("campaign_test", address, campaign_facts(row))
            job = self.mails.queue(session, mail, now)
            _record(session, operator, AuditAction.CAMPAIGN_TESTED, row, now)
            await session.flush()
            await enqueue(session, [job])

    async def send(
        self, session: AsyncSession, operator: Operator, campaign_id: UUID
    ) -> CampaignView:
        """From now on, or from the morning on. Nobody gets it twice.

        Raises `campaign_not_found`, `campaign_state_conflict`.
        """
        now = await self.clock.now(session)
        row = await _get(session, campaign_id, lock=True)
        row.state = str(step_campaign(CampaignState(row.state), CampaignState.SENDING))
        row.sent_by, row.started_at, row.updated_at = operator.name, now, now
        row.due_at = next_daytime(now)
        _record(session, operator, AuditAction.CAMPAIGN_SENT, row, now)
        await session.flush()
        if row.due_at == now:
            await enqueue(session, [Job(SEND_CAMPAIGN, row.id)])
        return await _read(session, row)

    async def stop(self, operator: Operator, campaign_id: UUID) -> CampaignView:
        """No more is queued, and what is queued is not sent; again is harmless.

        Raises `campaign_not_found`, `campaign_state_conflict`.
        """
        async with self.database.system_session("operator: stop a campaign") as session:
            now = await self.clock.now(session)
            row = await _get(session, campaign_id, lock=True)
            if row.state != CampaignState.STOPPED:
                row.state = str(step_campaign(CampaignState(row.state), CampaignState.STOPPED))
                row.stopped_by, row.due_at, row.updated_at = operator.name, now, now
                _record(session, operator, AuditAction.CAMPAIGN_STOPPED, row, now)
                await session.flush()
            return await _read(session, row)


async def _get(session: AsyncSession, campaign_id: UUID, *, lock: bool = False) -> Campaign:
    row = await session.get(Campaign, campaign_id, with_for_update=lock or None)
    if row is None:
        raise DomainError("campaign_not_found")
    return row


async def _read(session: AsyncSession, row: Campaign) -> CampaignView:
    return _view(row, (await counts_of(session, [row]))[row.id])


def _write(row: Campaign, words: CampaignWords, now: datetime) -> None:
    row.subject_ko, row.subject_en = words.subject_ko, words.subject_en
    row.body_ko = one_kind_of_line(words.body_ko)
    row.body_en = one_kind_of_line(words.body_en)
    row.audience, row.updated_at = str(words.audience), now


def _view(row: Campaign, counts: CampaignCounts) -> CampaignView:
    words = CampaignWords(
        row.subject_ko, row.body_ko, row.subject_en, row.body_en, CampaignAudience(row.audience)
    )
    return CampaignView(
        id=row.id,
        words=words,
        state=CampaignState(row.state),
        counts=counts,
        made_by=row.made_by,
        created_at=row.created_at,
        sent_by=row.sent_by,
        started_at=row.started_at,
        stopped_by=row.stopped_by,
        ended_at=row.ended_at,
    )


def _record(
    session: AsyncSession, operator: Operator, action: AuditAction, row: Campaign, now: datetime
) -> None:
    details = {"audience": row.audience}
    entry = AuditEntry.by_operator(operator, action, now, subject=str(row.id), details=details)
    record(session, entry)
