"""시스템현황: what is in use of what is contracted, stale while the groupware is down."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import text

from app.db.membership_reads import (
    MembershipRead,
    read_membership_of_site,
    read_memberships,
)
from app.domain.errors import DomainError
from app.domain.provider_errors import ProviderError
from app.domain.provisioning import UsageReport
from app.services.ports import Groupware
from app.services.principals import Access

FRESH = timedelta(minutes=5)
MOST_SITES = 100

_KEEP = text(
    "UPDATE sites SET usage = cast(:usage AS jsonb), usage_at = :at"
    " WHERE id = :site AND (usage_at IS NULL OR usage_at < :at)"
)


class Usage(msgspec.Struct, frozen=True):
    """What the groupware measured; sizes in bytes."""

    users: int
    account_bytes: int
    public_bytes: int
    options: dict[str, int]


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """A site's membership and its usage. `stale`: older than five minutes, and no newer one."""

    membership: MembershipRead
    usage: Usage | None
    as_of: datetime | None
    stale: bool


async def list_statuses(access: Access) -> list[SiteStatus]:
    """Every site from what is cached: nothing is asked of the groupware."""
    async with access.transaction() as (session, principal):
        if principal.company is None:
            return []
        found = await read_memberships(session, principal.company_id, None, MOST_SITES)
    return [_cached(membership, principal.now) for membership in found]


async def get_status(groupware: Groupware, access: Access, site_id: UUID) -> SiteStatus:
    """Asks the groupware when the cache is old. Raises `site_not_found`."""
    async with access.transaction() as (session, principal):
        found = await read_membership_of_site(session, principal.company_id, site_id)
    if found is None:
        raise DomainError("site_not_found")
    status = _cached(found, principal.now)
    if not status.stale:
        return status
    try:
        report = await groupware.usage(str(site_id))
    except ProviderError:
        return status
    usage = _usage(report)
    await _keep(access, site_id, usage, report.measured_at)
    return replace(status, usage=usage, as_of=report.measured_at, stale=False)


def _cached(membership: MembershipRead, now: datetime) -> SiteStatus:
    usage = None
    if membership.usage is not None:
        usage = msgspec.convert(membership.usage, Usage)
    stale = membership.usage_at is None or now - membership.usage_at > FRESH
    return SiteStatus(membership, usage, membership.usage_at, stale)


def _usage(report: UsageReport) -> Usage:
    return Usage(
        users=report.users_used,
        account_bytes=report.account_bytes,
        public_bytes=report.public_bytes,
        options=dict(report.options),
    )


async def _keep(access: Access, site_id: UUID, usage: Usage, at: datetime) -> None:
    """The newer measurement wins, whoever writes last."""
    values = {"usage": msgspec.json.encode(usage).decode(), "at": at, "site": site_id}
    async with access.transaction() as (session, _):
        await session.execute(_KEEP, values)
