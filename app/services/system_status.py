"""시스템현황: what is in use of what is contracted, stale while the groupware is down."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.membership_reads import (
    MEMBERSHIP_OF_SITE,
    MEMBERSHIP_PAGE,
    MembershipRead,
    UsageRead,
)
from app.db.tables.sites import Membership, Site
from app.db.usage_reads import USAGE_DAYS, UsageDayRead
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.periods import seoul_date
from app.domain.provider_errors import ProviderError
from app.domain.provisioning import UsageReport
from app.domain.usage import HISTORY_DAYS
from app.services.audit import AuditEntry, record
from app.services.cursors import OLDEST
from app.services.ports import Groupware
from app.services.principals import Access, Principal
from app.services.site_puts import want_accounting
from app.services.site_usage import keep_usage, to_read

FRESH = timedelta(minutes=5)
SHOWN_DAYS = 30
ACCOUNTING = "ACCOUNTING"
MOST_SITES = 100


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
    usage = to_read(report)
    await _keep(access, site_id, report)
    return replace(status, usage=usage, as_of=report.measured_at, stale=False), today


def _cached(membership: MembershipRead, now: datetime) -> SiteStatus:
    stale = membership.usage_at is None or now - membership.usage_at > FRESH
    return SiteStatus(membership, membership.usage, membership.usage_at, stale)


async def _keep(access: Access, site_id: UUID, report: UsageReport) -> None:
    async with access.transaction() as (session, _):
        await keep_usage(session, site_id, report)


@dataclass(frozen=True, slots=True)
class UsageHistory:
    """The days that were measured, the oldest first."""

    first_day: date
    last_day: date
    days: Sequence[UsageDayRead]


async def usage_history(
    access: Access, site_id: UUID, first_day: date | None, last_day: date | None
) -> UsageHistory:
    """Of at most a year, the last thirty days unless it is said.

    Raises `site_not_found`, `period_invalid`.
    """
    principal, found = await access.read(
        USAGE_DAYS, site=site_id, first_day=first_day, last_day=last_day, most=HISTORY_DAYS
    )
    if found is None:
        raise DomainError("site_not_found")
    last = last_day or seoul_date(principal.now)
    first = first_day or last - timedelta(days=SHOWN_DAYS - 1)
    if not 0 <= (last - first).days < HISTORY_DAYS:
        raise DomainError("period_invalid", "/query/from")
    days = [day for day in found.days if first <= day.day <= last]
    return UsageHistory(first, last, days)


async def switch_accounting(
    session: AsyncSession, principal: Principal, site_id: UUID, visible: bool
) -> tuple[Site, Membership]:
    """The menu in the groupware's channel GNB: wanted at once, done when the groupware says so.

    Raises `site_not_found`, `accounting_not_contracted`, `membership_state_conflict`.
    """
    site = await session.scalar(
        select(Site)
        .where(Site.id == site_id, Site.company_id == principal.company_id)
        .with_for_update()
    )
    membership = await session.scalar(select(Membership).where(Membership.site_id == site_id))
    if site is None or membership is None:
        raise DomainError("site_not_found")
    if site.state != "OPEN":
        raise DomainError("membership_state_conflict")
    if ACCOUNTING not in membership.add_ons:
        raise DomainError("accounting_not_contracted")
    if site.accounting_visible is not visible:
        await want_accounting(session, site, visible, principal.now)
        record(
            session,
            AuditEntry.of_company(
                principal,
                AuditAction.ACCOUNTING_SWITCHED,
                subject=str(site_id),
                details={"visible": visible},
            ),
        )
    return site, membership
