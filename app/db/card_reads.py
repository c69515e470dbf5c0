"""Registered cards as they are shown, with the memberships that they pay."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from app.db.reads import read_many, read_one


class PaidMembershipRead(msgspec.Struct, frozen=True):
    """A membership whose renewals a card pays."""

    id: UUID
    site_name: str


class CardRead(msgspec.Struct, frozen=True):
    """`expires_on` is its last day, where somebody has told."""

    id: UUID
    state: str
    role: str
    issuer: str | None
    name: str | None
    last4: str | None
    expires_on: date | None
    created_at: datetime
    memberships: list[PaidMembershipRead]


_CARD = (
    "SELECT c.id, c.state, c.role, c.issuer, c.name, c.last4, c.expires_on, c.created_at,"
    " coalesce((SELECT json_agg(json_build_object('id', m.id, 'site_name', s.name) ORDER BY m.id)"
    "   FROM memberships m JOIN sites s ON s.id = m.site_id"
    "   WHERE m.payment_method_id = c.id), '[]') AS memberships"
    " FROM payment_methods c WHERE c.company_id = p.company_id AND c.state IN ('ACTIVE', 'LOST')"
)
CARDS = read_many(_CARD + " ORDER BY c.created_at, c.id", CardRead)
"""The oldest first; those that can be charged, and those that the provider has lost."""
CARD = read_one(_CARD + " AND c.id = :id", CardRead)
