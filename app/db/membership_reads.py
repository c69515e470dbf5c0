"""Memberships with their sites, as they are shown: one statement for one or for a page."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from app.db.reads import read_many, read_one
from app.domain.scheduled_changes import ScheduledChange, SiteContent


class UsageRead(msgspec.Struct, frozen=True):
    """What the groupware measured; sizes in bytes."""

    users: int
    account_bytes: int
    public_bytes: int
    options: dict[str, int]


class ScheduledRead(msgspec.Struct, frozen=True):
    """What shall be from the next renewal on, and what there was when that was said."""

    plan: str
    users: int
    add_ons: dict[str, int]
    seen_plan: str
    seen_users: int
    seen_add_ons: dict[str, int]

    @property
    def change(self) -> ScheduledChange:
        """As the domain knows it."""
        return ScheduledChange(
            SiteContent(self.plan, self.users, self.add_ons),
            SiteContent(self.seen_plan, self.seen_users, self.seen_add_ons),
        )


class PayingCardRead(msgspec.Struct, frozen=True):
    """The registered card that renewals are charged to."""

    id: UUID
    state: str
    issuer: str | None
    name: str | None
    last4: str | None


class NextChargeRead(msgspec.Struct, frozen=True):
    """As its renewal's job has written it: KRW with VAT. All null where nothing is charged."""

    charge_on: date | None
    charge_amount: int | None
    charge_state: str | None


class MembershipRead(msgspec.Struct, frozen=True):
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
    put_failed: bool
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
    usage: UsageRead | None
    usage_at: datetime | None
    scheduled: ScheduledRead | None
    card: PayingCardRead | None
    next_charge: NextChargeRead | None
    created_at: datetime


_COLUMNS = (
    "m.id, s.id AS site_id, s.name AS site_name, s.url AS site_url, s.domain AS site_domain,"
    " s.business_number, s.admin_login_id, s.accounting_visible, s.accounting_started_on,"
    " s.applied_revision >= s.revision AS revision_applied, s.put_failed,"
    " m.plan, m.status, m.billing_channel, m.reseller_name, m.reseller_phone,"
    " m.first_started_on, m.starts_on, m.expires_on, m.users, m.base_users,"
    " m.complimentary_users, m.storage_gb, m.base_storage_gb, m.add_ons, m.monthly_fee,"
    " m.term_months, m.auto_renew, m.revision, s.usage, s.usage_at,"
    " (SELECT row_to_json(c) FROM scheduled_changes c WHERE c.membership_id = m.id) AS scheduled,"
    " (SELECT row_to_json(k) FROM (SELECT id, state, issuer, name, last4 FROM payment_methods"
    "   WHERE company_id = m.company_id AND id = m.payment_method_id) AS k) AS card,"
    " (SELECT row_to_json(n) FROM (SELECT charge_on, charge_amount, charge_state"
    "   FROM membership_schedules WHERE company_id = m.company_id AND membership_id = m.id) AS n)"
    "   AS next_charge,"
    " m.created_at"
)
FROM_MEMBERSHIPS = f"SELECT {_COLUMNS} FROM memberships m JOIN sites s ON s.id = m.site_id"  # noqa: S608 - our own text
MEMBERSHIP_PAGE = read_many(
    FROM_MEMBERSHIPS + " WHERE m.company_id = p.company_id AND (m.created_at, m.id) > (:at, :id)"
    " ORDER BY m.created_at, m.id LIMIT :size",
    MembershipRead,
)
"""The oldest first, from behind `at` and `id` (created_at, id)."""
MEMBERSHIP = read_one(
    FROM_MEMBERSHIPS + " WHERE m.company_id = p.company_id AND m.id = :id",
    MembershipRead,
)
MEMBERSHIP_OF_SITE = read_one(
    FROM_MEMBERSHIPS + " WHERE m.company_id = p.company_id AND m.site_id = :site",
    MembershipRead,
)
