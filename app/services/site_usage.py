"""Usage of sites: measured daily and on the groupware's word, kept by day, told at 80 and 100 %."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.membership_reads import UsageRead
from app.db.queue import Job, enqueue
from app.db.tables.sites import Site
from app.domain.periods import seoul_date
from app.domain.provider_errors import ProviderError, ProviderRefused
from app.domain.provisioning import UsageReport
from app.domain.usage import LEVELS, UsageMeasure, level_of, to_tell
from app.services.company_mails import CompanyMails
from app.services.ports import Groupware

MEASURE_USAGE: Final = "measure_usage"
TELL_USAGE: Final = "tell_usage"
AGAIN_AFTER: Final = timedelta(minutes=30)
SPREAD_SECONDS: Final = 3600
GB: Final = 2**30
FIRST: Final = UUID(int=0)
BATCH: Final = 1_000

_KEEP = text(
    "WITH kept AS (UPDATE sites SET usage = cast(:usage AS jsonb), usage_at = :at"  # noqa: S608
    "  WHERE id = :site AND (usage_at IS NULL OR usage_at < :at)"
    "  RETURNING id, company_id, usage_told),"
    " held AS (SELECT k.*, m.users, m.storage_gb FROM kept k JOIN memberships m"
    "  ON m.site_id = k.id),"
    " day AS (INSERT INTO site_usage_days AS d (site_id, company_id, day, users, users_contracted,"
    "  account_bytes, public_bytes, storage_contracted_bytes, measured_at)"
    "  SELECT id, company_id, :day, :users, users, :account_bytes, :public_bytes,"
    f"  storage_gb::bigint * {GB}, :at FROM held"
    "  ON CONFLICT (site_id, day) DO UPDATE SET users = excluded.users,"
    "  users_contracted = excluded.users_contracted, account_bytes = excluded.account_bytes,"
    "  public_bytes = excluded.public_bytes,"
    "  storage_contracted_bytes = excluded.storage_contracted_bytes,"
    "  measured_at = excluded.measured_at WHERE d.measured_at < excluded.measured_at)"
    " SELECT users, storage_gb, usage_told FROM held"
)
_SPREAD = text(
    "WITH next AS (SELECT id FROM sites WHERE state = 'OPEN' AND id > :after ORDER BY id"  # noqa: S608
    "  LIMIT :batch), due AS (UPDATE sites SET usage_due_at = cast(:now AS timestamptz)"
    f"  + abs(hashtext(id::text)) % {SPREAD_SECONDS} * interval '1 second'"
    "  WHERE id IN (SELECT id FROM sites WHERE id IN (SELECT id FROM next)"
    "  FOR NO KEY UPDATE SKIP LOCKED) RETURNING id)"
    " SELECT max(next.id::text) FROM next"
)
"""A batch: no site is held up by the others, and one that is locked just now is measured when its
page is opened, or the next day."""
_LOCK = text(
    "SELECT s.name, s.company_id, s.usage, s.usage_told, m.users, m.storage_gb FROM sites s"
    " JOIN memberships m ON m.site_id = s.id WHERE s.id = :site FOR NO KEY UPDATE OF s"
)


def to_read(report: UsageReport) -> UsageRead:
    return UsageRead(
        users=report.users_used,
        account_bytes=report.account_bytes,
        public_bytes=report.public_bytes,
        options=dict(report.options),
    )


async def keep_usage(session: AsyncSession, site_id: UUID, report: UsageReport) -> None:
    """The newer measurement wins, whoever writes last; the day's is its newest.

    Where a level was crossed, a job tells of it.
    """
    usage = to_read(report)
    values = {
        "usage": msgspec.json.encode(usage).decode(),
        "at": report.measured_at,
        "site": site_id,
        "day": seoul_date(report.measured_at),
        "users": usage.users,
        "account_bytes": usage.account_bytes,
        "public_bytes": usage.public_bytes,
    }
    row = (await session.execute(_KEEP, values)).one_or_none()
    if row is None:
        return
    reached = _reached(usage, row.users, row.storage_gb)
    if reached != _told(row.usage_told):
        await enqueue(session, [Job(TELL_USAGE, site_id)])


def _reached(usage: UsageRead, users: int, storage_gb: int) -> Mapping[UsageMeasure, int]:
    """Levels that are reached, without those below all."""
    used_bytes = usage.account_bytes + usage.public_bytes
    levels = {
        UsageMeasure.USERS: level_of(usage.users, users),
        UsageMeasure.STORAGE: level_of(used_bytes, storage_gb * GB),
    }
    return {measure: level for measure, level in levels.items() if level}


def _told(kept: Mapping[str, int] | None) -> Mapping[UsageMeasure, int]:
    return {UsageMeasure(measure): level for measure, level in (kept or {}).items()}


@dataclass(frozen=True, slots=True)
class SiteUsage:
    """The jobs."""

    database: Database
    clock: Clock
    groupware: Groupware
    mails: CompanyMails

    async def begin_day(self) -> None:
        """Every open site is measured within the hour: a statement for a thousand of them."""
        after: str | None = str(FIRST)
        while after is not None:
            async with self.database.system_session("measure usage") as session:
                now = await self.clock.now(session)
                known = {"now": now, "after": UUID(after), "batch": BATCH}
                after = await session.scalar(_SPREAD, known)

    async def measure(self, site_id: UUID) -> None:
        """Asks the groupware; while it is down, every half hour. Repeatable."""
        due_at: datetime | None = None
        try:
            report = await self.groupware.usage(str(site_id))
        except ProviderRefused:
            report = None  # no such site there: the next day is soon enough
        except ProviderError:
            report = None
            async with self.database.system_session("measure usage") as session:
                due_at = await self.clock.now(session) + AGAIN_AFTER
        async with self.database.system_session("measure usage") as session:
            if report is not None:
                await keep_usage(session, site_id, report)
            await session.execute(
                update(Site).where(Site.id == site_id).values(usage_due_at=due_at)
            )

    async def tell(self, site_id: UUID) -> None:
        """Once for each level that was crossed upwards. Repeatable."""
        async with self.database.system_session("tell usage") as session:
            now = await self.clock.now(session)
            row = (await session.execute(_LOCK, {"site": site_id})).one_or_none()
            if row is None or row.usage is None:
                return
            usage = msgspec.convert(row.usage, UsageRead)
            reached = _reached(usage, row.users, row.storage_gb)
            for measure, level in to_tell(_told(row.usage_told), reached).items():
                kind = "usage_full" if level == LEVELS[0] else "usage_high"
                used, contracted = _words(measure, usage, row.users, row.storage_gb)
                facts = {
                    "site": row.name,
                    "measure": str(measure),
                    "used": used,
                    "contracted": contracted,
                }
                await self.mails.tell_owner(session, row.company_id, kind, facts, now)
            await session.execute(
                update(Site)
                .where(Site.id == site_id)
                .values(usage_told={str(measure): level for measure, level in reached.items()})
            )


def _words(measure: UsageMeasure, usage: UsageRead, users: int, storage_gb: int) -> tuple[str, str]:
    """(used, contracted) as they are written."""
    if measure is UsageMeasure.USERS:
        return f"{usage.users:,}", f"{users:,}"
    used_bytes = usage.account_bytes + usage.public_bytes
    return f"{used_bytes / GB:,.1f} GB", f"{storage_gb:,}.0 GB"
