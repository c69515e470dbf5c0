"""시스템현황: what is in use of what is contracted, stale while the groupware is down."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.membership_reads import (
    MEMBERSHIP_OF_SITE,
    MEMBERSHIP_PAGE,
    MembershipRead,
    UsageRead,
)
from app.domain.errors import DomainError
from app.domain.periods import seoul_date
from app.domain.provider_errors import ProviderError
from app.domain.provisioning import UsageReport
from app.services.cursors import OLDEST
from app.services.ports import Groupware
from app.services.principals import Access

FRESH = timedelta(minutes=5)
MOST_SITES = 100

_KEEP = text(
    "UPDATE sites SET usage = cast(:usage AS jsonb), usage_at = :at"
    " WHERE id = :site AND (usage_at IS NULL OR usage_at < :at)"
)


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """A site's membership and its usage. `stale`: older than five minutes, and no newer one."""

    membership: MembershipRead
    usage: UsageRead | None
    as_of: datetime | None
    stale: bool


async def list_statuses(access: Access) -> tuple[list[SiteStatus], date]:
    """Every site from what is cached, with today's business date; nobody is asked."""
    at, last = OLDEST
    principal, found = await access.read(MEMBERSHIP_PAGE, at=at, id=last, size=MOST_SITES)
    now = principal.now
    return [_cached(membership, now) for membership in found], seoul_date(now)


async def get_status(
    groupware: Groupware, access: Access, site_id: UUID
) -> tuple[SiteStatus, date]:
    """With today's business date. Asks the groupware when the cache is old.

    Raises `site_not_found`.
    """
    principal, found = await access.read(MEMBERSHIP_OF_SITE, site=site_id)
    if found is None:
        raise DomainError("site_not_found")
    status, today = _cached(found, principal.now), seoul_date(principal.now)
    if not status.stale:
        return status, today
    try:
        report = await groupware.usage(str(site_id))
    except ProviderError:
        return status, today
    usage = _usage(report)
    await _keep(access, site_id, report)
    return replace(status, usage=usage, as_of=report.measured_at, stale=False), today


def _cached(membership: MembershipRead, now: datetime) -> SiteStatus:
    stale = membership.usage_at is None or now - membership.usage_at > FRESH
    return SiteStatus(membership, membership.usage, membership.usage_at, stale)


def _usage(report: UsageReport) -> UsageRead:
    return UsageRead(
        users=report.users_used,
        account_bytes=report.account_bytes,
        public_bytes=report.public_bytes,
        options=dict(report.options),
    )


async def keep_usage(session: AsyncSession, site_id: UUID, report: UsageReport) -> None:
    """The newer measurement wins, whoever writes last."""
    values = {
        "usage": msgspec.json.encode(_usage(report)).decode(),
        "at": report.measured_at,
        "site": site_id,
    }
    await session.execute(_KEEP, values)


async def _keep(access: Access, site_id: UUID, report: UsageReport) -> None:
    async with access.transaction() as (session, _):
        await keep_usage(session, site_id, report)
