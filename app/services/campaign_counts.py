"""What became of campaigns' mails: counted from the mails until all are gone, then kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.campaigns import Campaign

_COUNTS: Final = text(
    "SELECT campaign_id, count(*) FILTER (WHERE state = 'SENT') AS sent,"
    " count(*) FILTER (WHERE state = 'QUEUED') AS waiting"
    " FROM mails WHERE campaign_id = ANY (:ids) GROUP BY campaign_id"
)


@dataclass(frozen=True, slots=True)
class CampaignCounts:
    """`skipped`: what was queued and came to nothing, since an answer, an address, the operator or
    the mail server said no; what is left of `queued` waits."""

    queued: int
    sent: int
    skipped: int

    @property
    def waiting(self) -> int:
        return self.queued - self.sent - self.skipped


async def counts_of(
    session: AsyncSession, rows: Sequence[Campaign]
) -> Mapping[UUID, CampaignCounts]:
    """By campaign; one statement, or none where all are over or drafts."""
    running = [row.id for row in rows if row.started_at is not None and row.ended_at is None]
    found = await session.execute(_COUNTS, {"ids": running}) if running else ()
    seen = {row.campaign_id: (row.sent, row.waiting) for row in found}
    counts = {}
    for row in rows:
        if row.ended_at is not None:
            counts[row.id] = CampaignCounts(row.queued, row.sent, row.skipped)
        else:
            sent, waiting = seen.get(row.id, (0, 0))
            counts[row.id] = CampaignCounts(row.queued, sent, row.queued - sent - waiting)
    return counts
