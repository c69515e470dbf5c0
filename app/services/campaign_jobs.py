"""Sends campaigns: batch by batch, each with its cursor in the transaction that queues its mails.

A worker that dies in a batch leaves none of it, and the next one goes on where the last commit was.
A unique index says the same once more: one mail of a campaign to an account.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.campaigns import Campaign
from app.db.vault import Vault
from app.domain.campaigns import CampaignAudience, CampaignState, step_campaign
from app.domain.mail_rules import CONSENT_LASTS, next_daytime
from app.services.campaign_counts import counts_of
from app.services.mails import Mails, NewMail

SEND_CAMPAIGN: Final = "send_campaign"
BATCH: Final = 500
"""Accounts looked at in one transaction."""
BATCHES: Final = 20
"""In one job: what is left is found by the sweep, so that other jobs have their turn."""
LOOKED_AT_AGAIN: Final = timedelta(minutes=1)

_OF_AUDIENCE: Final = {
    CampaignAudience.ALL: "true",
    CampaignAudience.SUPER_ADMINS: (
        "EXISTS (SELECT FROM companies o JOIN sites s ON s.company_id = o.id AND s.state = 'OPEN'"
        " WHERE o.corporate_account_id = a.id)"
    ),
    CampaignAudience.FREE_PLAN: (
        "EXISTS (SELECT FROM companies o JOIN memberships m ON m.company_id = o.id"
        " AND m.plan = 'SHARED_FREE' AND m.status <> 'TERMINATED'"
        " WHERE o.corporate_account_id = a.id)"
    ),
}
_BATCH: Final = {
    audience: text(
        "SELECT a.id, a.email, coalesce(a.status = 'ACTIVE' AND a.email IS NOT NULL"  # noqa: S608
        "   AND a.email_verified_at IS NOT NULL AND c.agreed AND c.given_at > :since"
        f"   AND {condition}, false) AS wanted"
        " FROM (SELECT * FROM accounts WHERE id > :after ORDER BY id LIMIT :batch) a"
        " LEFT JOIN LATERAL ("
        "   SELECT agreed, given_at FROM consents WHERE account_id = a.id AND kind = 'MARKETING'"
        "   AND erase_due_at IS NULL ORDER BY given_at DESC, id DESC LIMIT 1) c ON true"
        " ORDER BY a.id"
    )
    for audience, condition in _OF_AUDIENCE.items()
}


class CampaignJobs:
    """The job of a campaign that is SENDING or was STOPPED."""

    def __init__(self, database: Database, clock: Clock, vault: Vault, mails: Mails) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._mails = mails

    async def send(self, campaign_id: UUID) -> None:
        """Repeatable, and by two at once: each batch holds the campaign's row."""
        for _ in range(BATCHES):
            if not await self._step(campaign_id):
                return

    async def _step(self, campaign_id: UUID) -> bool:
        """Whether there is more to do now."""
        async with self._database.system_session("send campaign") as session:
            now = await self._clock.now(session)
            row = await session.get(Campaign, campaign_id, with_for_update=True)
            if row is None or row.due_at is None or row.due_at > now:
                return False
            row.updated_at = now
            if row.all_queued or row.state == CampaignState.STOPPED:
                await self._end(session, row, now)
                return False
            if (day := next_daytime(now)) > now:
                row.due_at = day
                return False
            await self._queue_batch(session, row, now)
            return not row.all_queued

    async def _queue_batch(self, session: AsyncSession, row: Campaign, now: datetime) -> None:
        values = {
            "after": row.last_account_id or UUID(int=0),
            "since": now - CONSENT_LASTS,
            "batch": BATCH,
        }
        statement = _BATCH[CampaignAudience(row.audience)]
        looked_at = (await session.execute(statement, values)).all()
        mails = [self._mail(row.id, account) for account in looked_at if account.wanted]
        await self._mails.queue_advertising(session, mails, now)
        row.queued += len(mails)
        row.all_queued = len(looked_at) < BATCH
        if looked_at:
            row.last_account_id = looked_at[-1].id
        row.due_at = now + LOOKED_AT_AGAIN if row.all_queued else now

    def _mail(self, campaign_id: UUID, account: Row[Any]) -> NewMail:
        address = self._vault.open("accounts.email", account.email)
        return NewMail("campaign", address, {}, account_id=account.id, campaign_id=campaign_id)

    async def _end(self, session: AsyncSession, row: Campaign, now: datetime) -> None:
        """Over when no mail waits any more; its counts stay, the mails go after their 90 days."""
        counts = (await counts_of(session, [row]))[row.id]
        if counts.waiting:
            row.due_at = next_daytime(now + LOOKED_AT_AGAIN)
            return
        if row.state == CampaignState.SENDING:
            row.state = str(step_campaign(CampaignState.SENDING, CampaignState.SENT))
        row.sent, row.skipped = counts.sent, counts.skipped
        row.due_at, row.ended_at = None, now
