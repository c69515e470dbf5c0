"""What sites use at this moment, asked before a transaction begins (PRODUCT.md section 8, CHANGE).

Where the groupware is down, what it measured last counts; where nothing was ever measured nobody
knows, and what hangs on it is refused for the time being.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from app.db.reads import read_many
from app.domain.changes import Usage
from app.domain.provider_errors import ProviderError, ProviderRefused
from app.services.ports import Groupware
from app.services.principals import Access
from app.services.system_status import FRESH


class SiteToAsk(msgspec.Struct, frozen=True):
    """The site of a membership, and when it was measured last."""

    membership_id: UUID
    site_id: UUID
    usage_at: datetime | None


_SITES = read_many(
    "SELECT m.id AS membership_id, s.id AS site_id, s.usage_at"
    " FROM memberships m JOIN sites s ON s.id = m.site_id WHERE m.company_id = p.company_id"
    " AND (m.id = ANY(cast(:ids AS uuid[])) OR m.id IN (SELECT w.membership_id FROM quotes q,"
    "   jsonb_to_recordset(q.wishes) AS w(type text, membership_id uuid)"
    "   WHERE q.id = :quote AND q.company_id = p.company_id AND w.type = 'CHANGE'))",
    SiteToAsk,
)


async def present_use(
    groupware: Groupware,
    access: Access,
    memberships: Sequence[UUID],
    quote_id: UUID | None = None,
) -> Mapping[UUID, Usage]:
    """By membership, of those named and of those that a quote changes; those measured in the last

    five minutes, and those that the groupware does not know, are left out. Raises what opening the
    access raises, and ProviderError where a site was never measured and cannot be.
    """
    if not memberships and quote_id is None:
        return {}
    principal, sites = await access.read(_SITES, ids=list(memberships), quote=quote_id)
    old = [s for s in sites if s.usage_at is None or principal.now - s.usage_at > FRESH]
    found = await asyncio.gather(*(_ask(groupware, site) for site in old))
    return {
        site.membership_id: usage
        for site, usage in zip(old, found, strict=True)
        if usage is not None
    }


async def _ask(groupware: Groupware, site: SiteToAsk) -> Usage | None:
    try:
        report = await groupware.usage(str(site.site_id))
    except ProviderRefused:
        return None
    except ProviderError:
        if site.usage_at is None:
            raise
        return None
    return Usage(report.users_used, report.account_bytes + report.public_bytes)
