"""What an imported contract is in the database: its company, site, membership and their rows.

As values for `app.db.bulk`: there may be fifty thousand of each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.db.ids import new_id
from app.domain.contract_import import ImportRow
from app.domain.provisioning import SiteFacts
from app.services.business_checks import EVERY

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Placed:
    """A row and the groupware's site it is about."""

    row: ImportRow
    site_id: UUID
    facts: SiteFacts


@dataclass(frozen=True, slots=True)
class NewContract:
    """What is made of a row."""

    place: Placed
    company_id: UUID
    membership_id: UUID = field(default_factory=new_id)


def company_values(row: ImportRow, company_id: UUID, now: datetime) -> Values:
    """UNPROVEN until somebody signs up by its invitation."""
    return {
        "id": company_id,
        "legal_name": row.company_name,
        "business_number": row.business_number,
        "verification_level": "STATUS",
        "verification_status": "ACTIVE",
        "verified_at": now,
        "status_due_at": now + EVERY,
        "revision": 1,
        "created_at": now,
        "updated_at": now,
    }


def site_values(new: NewContract, now: datetime) -> Values:
    row, facts = new.place.row, new.place.facts
    return {
        "id": new.place.site_id,
        "company_id": new.company_id,
        "name": row.site_name,
        "plan": row.plan,
        "subdomain": row.subdomain,
        "state": "OPEN",
        "business_number": row.business_number,
        "admin_login_id": row.site_admin_login_id,
        "groupware_site_id": facts.site_id,
        "opened_at": now,
        "revision": facts.revision,
        "applied_revision": facts.revision,
        "accounting_visible": facts.accounting_menu,
        "created_at": now,
        "updated_at": now,
    }


def membership_values(new: NewContract, now: datetime) -> Values:
    row, facts = new.place.row, new.place.facts
    storage = facts.account_gb + facts.public_gb
    return {
        "id": new.membership_id,
        "company_id": new.company_id,
        "site_id": new.place.site_id,
        "plan": row.plan,
        "status": "IN_USE",
        "billing_channel": row.billing_channel,
        "reseller_name": row.reseller_name,
        "reseller_phone": row.reseller_phone,
        "first_started_on": row.anchor_on,
        "starts_on": row.anchor_on,
        "expires_on": row.expires_on,
        "users": row.users,
        "base_users": row.users,
        "complimentary_users": row.users if row.free else 0,
        "storage_gb": storage,
        "base_storage_gb": storage,
        "add_ons": dict(row.add_ons),
        "monthly_fee": row.monthly_fee,
        "term_months": row.months,
        "anchor_on": row.anchor_on,
        "setup_paid": row.setup_paid,
        "auto_renew": False,
        "revision": 1,
        "created_at": now,
        "updated_at": now,
    }


def segment_values(new: NewContract, now: datetime) -> Values:
    """At the contract's own prices; no order made it."""
    row = new.place.row
    return {
        "id": new_id(),
        "company_id": new.company_id,
        "membership_id": new.membership_id,
        "kind": "NEW",
        "starts_on": row.anchor_on,
        "ends_on": row.expires_on,
        "months": row.contracted_months,
        "unit_prices": dict(row.unit_prices),
        "created_at": now,
    }


def held_values(new: NewContract, now: datetime) -> Iterator[Values]:
    """What was paid for it, from which a change gives back; no order line made it."""
    for line in new.place.row.paid:
        yield {
            "id": new_id(),
            "company_id": new.company_id,
            "membership_id": new.membership_id,
            "code": line.code,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "net": line.net,
            "monthly": line.monthly,
            "first_day": line.first_day,
            "last_day": line.last_day,
            "created_at": now,
        }


def schedule_values(new: NewContract, now: datetime) -> Values | None:
    """Its timetable, where it is ours to renew."""
    row = new.place.row
    if row.expires_on is None or row.billing_channel != "DIRECT":
        return None
    return {"membership_id": new.membership_id, "company_id": new.company_id, "due_at": now}
