"""Sites at the groupware, their memberships, segments and usage."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, false
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, BelowCompany, Key, OfCompany, Timestamps, Won, one_of


class Site(OfCompany, Timestamps, Base):
    """A site from the day its sub-domain is held for an order; its id is the `external_id`."""

    __tablename__ = "sites"
    __table_args__ = (
        one_of("state", "HELD", "OPEN", "RELEASED", "TERMINATED"),
        Index(
            "uq_sites_subdomain",
            "subdomain",
            unique=True,
            postgresql_where="state IN ('HELD', 'OPEN')",
        ),
        Index(
            "uq_sites_one_free",
            "company_id",
            unique=True,
            postgresql_where="plan = 'SHARED_FREE' AND state IN ('HELD', 'OPEN')",
        ),
        one_of("access", "ON", "OFF"),
        Index("ix_sites_usage_due", "usage_due_at", postgresql_where="usage_due_at IS NOT NULL"),
        Index("ix_sites_put_due", "put_due_at", postgresql_where="put_due_at IS NOT NULL"),
    )

    id: Mapped[Key]
    name: Mapped[str]
    plan: Mapped[str]
    subdomain: Mapped[str]
    state: Mapped[str]
    business_number: Mapped[str]
    admin_name: Mapped[bytes | None] = mapped_column(LargeBinary())
    admin_login_id: Mapped[str | None]
    admin_email: Mapped[bytes | None] = mapped_column(LargeBinary())
    groupware_site_id: Mapped[str | None]
    url: Mapped[str | None]
    domain: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    revision: Mapped[int]
    """Of the wanted entitlement; the groupware ignores what is not greater."""
    applied_revision: Mapped[int]
    operation_id: Mapped[str | None]
    accounting_visible: Mapped[bool]
    accounting_started_on: Mapped[date | None]
    usage: Mapped[dict[str, Any] | None] = mapped_column(JSONB())
    usage_at: Mapped[datetime | None]
    access: Mapped[str] = mapped_column(default="ON", server_default="ON")
    """What is wanted: OFF once its membership has expired."""
    put_due_at: Mapped[datetime | None]
    """When access or end, wanted by no order, are to be put at the groupware."""
    put_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    put_failed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The groupware refused the last try; there is another one."""
    usage_due_at: Mapped[datetime | None]
    usage_told: Mapped[dict[str, Any] | None] = mapped_column(JSONB())
    """By measure, the level (80 or 100 %) that its people know of."""


class SiteUsageDay(Base):
    """What was in use of what was contracted, as it was measured last that day (KST)."""

    __tablename__ = "site_usage_days"

    site_id: Mapped[UUID] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"), index=True)
    users: Mapped[int]
    users_contracted: Mapped[int]
    account_bytes: Mapped[int] = mapped_column(BigInteger())
    public_bytes: Mapped[int] = mapped_column(BigInteger())
    storage_contracted_bytes: Mapped[int] = mapped_column(BigInteger())
    measured_at: Mapped[datetime] = mapped_column(index=True)


def _first_day(context: DefaultExecutionContext) -> date:
    first_day: date = context.get_current_parameters()["starts_on"]  # type: ignore[no-untyped-call]
    return first_day


class Membership(OfCompany, Timestamps, Base):
    """What a site is entitled to, written in the transaction that confirms its item."""

    __tablename__ = "memberships"
    __table_args__ = (
        one_of("status", "IN_USE", "OVERDUE", "EXPIRED", "TERMINATED"),
        one_of("billing_channel", "DIRECT", "RESELLER"),
        CheckConstraint("users > 0 AND storage_gb >= 0 AND monthly_fee >= 0", name="quantities"),
        CheckConstraint("starts_on <= expires_on", name="term"),
        Index("ix_memberships_page", "company_id", "created_at", "id"),
    )

    id: Mapped[Key]
    site_id: Mapped[UUID] = mapped_column(ForeignKey("sites.id"), unique=True)
    plan: Mapped[str]
    status: Mapped[str]
    billing_channel: Mapped[str]
    reseller_name: Mapped[str | None]
    reseller_phone: Mapped[str | None]
    first_started_on: Mapped[date]
    starts_on: Mapped[date]
    expires_on: Mapped[date | None]
    users: Mapped[int]
    """In all: what the term began with (`base_users`) and what was added since."""
    base_users: Mapped[int]
    complimentary_users: Mapped[int]
    """How many of them are given for nothing (무료제공)."""
    storage_gb: Mapped[int]
    base_storage_gb: Mapped[int]
    add_ons: Mapped[dict[str, Any]] = mapped_column(JSONB())
    monthly_fee: Mapped[int]
    term_months: Mapped[int | None]
    anchor_on: Mapped[date] = mapped_column(default=_first_day)
    """Where contract months are counted from: the term's first day unless it was renewed."""
    setup_paid: Mapped[Won] = mapped_column(server_default="0")
    """SETUP lines of completed orders before coupons, less what was refunded."""
    auto_renew: Mapped[bool]
    payment_method_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("payment_methods.id"), index=True
    )
    """The registered card that its renewals are charged to."""
    revision: Mapped[int]
    ended_on: Mapped[date | None]
    """The last day of service, once it is TERMINATED."""
    end_reason: Mapped[str | None]


class Segment(BelowCompany, Base):
    """Contracted time with its unit prices; an order's item makes one."""

    __tablename__ = "segments"
    __table_args__ = (
        one_of("kind", "NEW", "EXTEND", "CHANGE", "RENEWAL"),
        Index(None, "company_id", "order_item_id"),
        Index("ix_segments_due", "due_at", postgresql_where="due_at IS NOT NULL"),
    )

    id: Mapped[Key]
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    order_item_id: Mapped[UUID | None] = mapped_column(ForeignKey("order_items.id"), unique=True)
    """None for what was imported."""
    kind: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    months: Mapped[int | None]
    unit_prices: Mapped[dict[str, Any]] = mapped_column(JSONB())
    ended_on: Mapped[date | None]
    """The last day on which it held, where a change or a termination ended it."""
    due_at: Mapped[datetime | None]
    """When it begins, while that lies ahead: its prices become the membership's fee then."""
    created_at: Mapped[datetime]


class HeldLine(BelowCompany, Base):
    """A recurring line as it was sold to a site: what a change or a termination gives back from.

    `net` was paid for `first_day` to `last_day`; `monthly` is its fee, net of volume.
    """

    __tablename__ = "held_lines"
    __table_args__ = (
        CheckConstraint("net >= 0 AND first_day <= last_day", name="sold"),
        Index(None, "company_id", "membership_id", "first_day"),
    )

    id: Mapped[Key]
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    order_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("order_lines.id"), unique=True)
    """None for what was imported."""
    code: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[Won]
    net: Mapped[Won]
    monthly: Mapped[Won]
    first_day: Mapped[date]
    last_day: Mapped[date]
    ended_on: Mapped[date | None]
    """The last day served, where a change or a termination ended it before its last."""
    created_at: Mapped[datetime]
