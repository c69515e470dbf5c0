"""Memberships with their sites, as they are shown: one statement for one or for a page."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class MembershipRead:
    """A membership and the site it is for. Quantities are totals; storage in GB of 2³⁰ bytes."""

    id: UUID
    site_id: UUID
    site_name: str
    site_url: str | None
    site_domain: str | None
    business_number: str
    admin_login_id: str
    accounting_visible: bool
    accounting_started_on: date | None
    revision_applied: bool
    plan: str
    status: str
    billing_channel: str
    reseller_name: str | None
    reseller_phone: str | None
    first_started_on: date
    starts_on: date
    expires_on: date | None
    users: int
    base_users: int
    complimentary_users: int
    storage_gb: int
    base_storage_gb: int
    add_ons: dict[str, int]
    monthly_fee: int
    term_months: int | None
    auto_renew: bool
    revision: int
    usage: dict[str, Any] | None
    usage_at: datetime | None
    created_at: datetime


_COLUMNS = (
    "m.id, s.id AS site_id, s.name AS site_name, s.url AS site_url, s.domain AS site_domain,"
    " s.business_number, s.admin_login_id, s.accounting_visible, s.accounting_started_on,"
    " s.applied_revision >= s.revision AS revision_applied,"
    " m.plan, m.status, m.billing_channel, m.reseller_name, m.reseller_phone,"
    " m.first_started_on, m.starts_on, m.expires_on, m.users, m.base_users,"
    " m.complimentary_users, m.storage_gb, m.base_storage_gb, m.add_ons, m.monthly_fee,"
    " m.term_months, m.auto_renew, m.revision, s.usage, s.usage_at, m.created_at"
)
_FROM = f"SELECT {_COLUMNS} FROM memberships m JOIN sites s ON s.id = m.site_id"  # noqa: S608 - our own text
_PAGE = text(
    _FROM + " WHERE m.company_id = :company AND (cast(:at AS timestamptz) IS NULL"
    " OR (m.created_at, m.id) > (:at, cast(:id AS uuid)))"
    " ORDER BY m.created_at, m.id LIMIT :size"
)
_ONE = text(_FROM + " WHERE m.company_id = :company AND m.id = :id")
_OF_SITE = text(_FROM + " WHERE m.company_id = :company AND m.site_id = :id")


async def read_memberships(
    session: AsyncSession, company_id: UUID, after: tuple[datetime, UUID] | None, size: int
) -> list[MembershipRead]:
    """The oldest first, from behind `after` (created_at, id)."""
    at, last = after or (None, None)
    values = {"company": company_id, "at": at, "id": last, "size": size}
    rows = await session.execute(_PAGE, values)
    return [MembershipRead(**row) for row in rows.mappings()]


async def read_membership(
    session: AsyncSession, company_id: UUID, membership_id: UUID
) -> MembershipRead | None:
    """None where the company has no such membership."""
    rows = await session.execute(_ONE, {"company": company_id, "id": membership_id})
    row = rows.mappings().one_or_none()
    return None if row is None else MembershipRead(**row)


async def read_membership_of_site(
    session: AsyncSession, company_id: UUID, site_id: UUID
) -> MembershipRead | None:
    """None where the company has no such site with a membership."""
    rows = await session.execute(_OF_SITE, {"company": company_id, "id": site_id})
    row = rows.mappings().one_or_none()
    return None if row is None else MembershipRead(**row)
