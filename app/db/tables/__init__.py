"""Every table of the portal. Importing this package fills `Base.metadata`."""

from app.db.tables import (
    accounts,
    audit,
    cases,
    catalogue,
    catalogue_drafts,
    companies,
    credit,
    handovers,
    invitations,
    orders,
    plumbing,
    price_agreements,
    quotes,
    scheduled_changes,
    sites,
    social,
    sso,
)
from app.db.tables.base import Base

__all__ = [
    "Base",
    "accounts",
    "audit",
    "cases",
    "catalogue",
    "catalogue_drafts",
    "companies",
    "credit",
    "handovers",
    "invitations",
    "orders",
    "plumbing",
    "price_agreements",
    "quotes",
    "scheduled_changes",
    "sites",
    "social",
    "sso",
]
