"""Orders, their items and lines, their history, and the payments that settle them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, BelowCompany, Key, OfCompany, Timestamps, Won, one_of
from app.domain.ledger import vat_of_rest

ORDER_STATUSES = (
    "PENDING_PAYMENT",
    "PAID",
    "PROVISIONING",
    "COMPLETED",
    "PARTIALLY_COMPLETED",
    "PROVISIONING_FAILED",
    "CANCELLED",
    "EXPIRED",
    "REFUNDED",
)


class Order(OfCompany, Timestamps, Base):
    """`status` and `payment_status` are what the domain derived from items and payments."""

    __tablename__ = "orders"
    __table_args__ = (
        one_of("status", *ORDER_STATUSES),
        one_of(
            "payment_status",
            "NOT_NEEDED",
            "UNPAID",
            "ON_TERMS",
            "OVERDUE",
            "PAID",
            "PARTIALLY_REFUNDED",
            "REFUNDED",
        ),
        CheckConstraint("supply = amount - discount AND total = supply + vat", name="sums"),
        CheckConstraint("credit_used BETWEEN 0 AND greatest(total, 0)", name="credit"),
        CheckConstraint(
            "claim_reduced BETWEEN 0 AND greatest(total, 0) - credit_used"
            " AND claim_reduced_vat BETWEEN 0 AND claim_reduced",
            name="claim",
        ),
        Index("ix_orders_unpaid", "company_id", postgresql_where="status = 'PENDING_PAYMENT'"),
        Index("ix_orders_page", "company_id", "created_at", "id"),
        Index("ix_orders_status_page", "company_id", "status", "created_at", "id"),
        Index("ix_orders_kind_page", "company_id", "kind", "created_at", "id"),
        Index("ix_orders_fingerprint", "company_id", "fingerprint", "created_at"),
        Index(
            "ix_orders_owed",
            "company_id",
            postgresql_where="payment_status IN ('ON_TERMS', 'OVERDUE')",
        ),
        Index("ix_orders_terms", "terms_next_at", postgresql_where="terms_next_at IS NOT NULL"),
        Index(
            "ix_orders_in_flight",
            "status",
            postgresql_where=(
                "status IN ('PAID', 'PROVISIONING', 'PARTIALLY_COMPLETED', 'PROVISIONING_FAILED')"
            ),
        ),
        Index("ix_orders_due", "expires_at", postgresql_where="status = 'PENDING_PAYMENT'"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str]
    status: Mapped[str]
    payment_status: Mapped[str]
    payment_method: Mapped[str | None]
    catalogue_code: Mapped[str] = mapped_column(ForeignKey("catalogue_versions.code"), index=True)
    coupon_code: Mapped[str | None]
    coupon_discount: Mapped[Won]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary())
    amount: Mapped[Won]
    discount: Mapped[Won]
    supply: Mapped[Won]
    vat: Mapped[Won]
    total: Mapped[Won]
    credit_used: Mapped[Won] = mapped_column(server_default="0")
    """What of the total the company's credit balance pays."""
    claim_reduced: Mapped[Won] = mapped_column(server_default="0")
    """Of an order on terms: what is asked for no more, since it is not served. With VAT."""
    claim_reduced_vat: Mapped[Won] = mapped_column(server_default="0")
    ordered_on: Mapped[date]
    priced_on: Mapped[date]
    """The KST day whose prices it has."""
    starts_on: Mapped[date | None]
    consents: Mapped[list[dict[str, Any]]] = mapped_column(JSONB())
    expires_at: Mapped[datetime | None]
    expiry_due_at: Mapped[datetime | None]
    """Its time is over, and the provider could not be asked whether money has come."""
    paid_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    terms_days: Mapped[int | None]
    """후불: within how many days of its delivery it is paid."""
    terms_due_on: Mapped[date | None]
    """The last day (KST) to pay on, once it is delivered."""
    terms_stage: Mapped[str | None]
    """What whoever ordered was told last about it."""
    terms_next_at: Mapped[datetime | None]
    """When they are told the next thing."""
    announced_at: Mapped[datetime | None]
    """When the mail that it was placed was queued."""

    @property
    def to_pay(self) -> int:
        """KRW with VAT, beside the credit that it uses and what it asks for no more."""
        return self.total - self.credit_used - self.claim_reduced

    @property
    def vat_to_pay(self) -> int:
        """What of `to_pay` is VAT; of an order that asks for something."""
        return vat_of_rest(self.vat, self.total, self.credit_used) - self.claim_reduced_vat


class OrderItem(BelowCompany, Base):
    """One site of an order, with its own state."""

    __tablename__ = "order_items"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        Index(None, "company_id", "order_id"),
        one_of("type", "NEW", "ADD", "EXTEND", "ADD_EXTEND", "CHANGE", "RENEWAL"),
        one_of("state", "PENDING", "PROVISIONING", "COMPLETED", "FAILED", "REFUNDED"),
        Index(
            "ix_order_items_due", "due_at", postgresql_where="state IN ('PENDING', 'PROVISIONING')"
        ),
        Index(
            "ix_order_items_unattended",
            "due_at",
            postgresql_where="state = 'FAILED' AND due_at IS NOT NULL",
        ),
    )

    id: Mapped[Key]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    position: Mapped[int]
    type: Mapped[str]
    plan: Mapped[str]
    users: Mapped[int]
    months: Mapped[int | None]
    add_ons: Mapped[dict[str, Any]] = mapped_column(JSONB())
    agreed_prices: Mapped[dict[str, Any] | None] = mapped_column(JSONB())
    """Unit prices that went before the catalogue's when it was priced, and do when it is again."""
    state: Mapped[str]
    site_id: Mapped[UUID] = mapped_column(ForeignKey("sites.id"), index=True)
    membership_id: Mapped[UUID | None] = mapped_column(ForeignKey("memberships.id"), index=True)
    """Of a NEW item from when its site is open; of any other from when it is placed."""
    applied_on: Mapped[date | None]
    """The first day on which it is in effect (적용시작일), once that is known."""
    expires_on: Mapped[date | None]
    """The last contracted day after it."""
    discounts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB())
    labels: Mapped[list[str]] = mapped_column(JSONB())
    attempts: Mapped[int]
    due_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failure: Mapped[str | None]


class OrderLine(BelowCompany, Base):
    """A priced line; `net` is what was agreed for it after every discount."""

    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint("item_id", "position"),
        Index(None, "company_id", "item_id"),
    )

    id: Mapped[Key]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("order_items.id"), index=True)
    position: Mapped[int]
    kind: Mapped[str]
    code: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[Won]
    months: Mapped[int | None]
    days: Mapped[int]
    days_of: Mapped[int | None]
    """A part of a contract month: `days` of one that has `days_of`."""
    amount: Mapped[Won]
    net: Mapped[Won]


class OrderEvent(BelowCompany, Base):
    """One step of an order: append-only."""

    __tablename__ = "order_events"
    __table_args__ = (Index(None, "company_id", "order_id"),)

    id: Mapped[Key]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    status: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime]


PAYER_KNOWN = "coalesce(issuer, last4, receipt_url) IS NOT NULL"


class Payment(OfCompany, Timestamps, Base):
    """One attempt to pay an order; its id is the provider's `paymentId`."""

    __tablename__ = "payments"
    __table_args__ = (
        one_of("method", "CARD", "TRANSFER", "VIRTUAL_ACCOUNT", "BANK_TRANSFER", "BILLING_KEY"),
        Index(
            "uq_payments_one_captured",
            "order_id",
            unique=True,
            postgresql_where="status IN ('PAID', 'PARTIALLY_REFUNDED')",
        ),
        one_of(
            "status",
            "READY",
            "PAID",
            "FAILED",
            "CANCELLED",
            "REFUND_DUE",
            "PARTIALLY_REFUNDED",
            "REFUNDED",
        ),
        Index("ix_payments_due", "check_due_at", postgresql_where="check_due_at IS NOT NULL"),
        Index(
            "ix_payments_part_paid",
            "id",
            postgresql_where="received > 0 AND status = 'CANCELLED'",
        ),
        Index("ix_payments_disputed", "created_at", "id", postgresql_where="disputes <> '[]'"),
        Index("ix_payments_payers", "paid_at", postgresql_where=PAYER_KNOWN),
    )

    id: Mapped[Key]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    method: Mapped[str]
    status: Mapped[str]
    amount: Mapped[Won]
    vat: Mapped[Won]
    flags: Mapped[list[str]] = mapped_column(JSONB())
    receipt_url: Mapped[str | None]
    cash_receipt_number: Mapped[str | None]
    """현금영수증 that the payer asked for in the payment window: there is no tax invoice then."""
    issuer: Mapped[str | None]
    last4: Mapped[str | None]
    paid_at: Mapped[datetime | None]
    check_due_at: Mapped[datetime | None]
    payment_method_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("payment_methods.id"), index=True
    )
    """The registered card that is charged."""
    charge_begun_at: Mapped[datetime | None]
    """Since when the provider may have taken the money; what became of it is read."""
    failure_code: Mapped[str | None]
    """Why the card was declined, in our words."""
    provider_code: Mapped[str | None]
    """The same in the payment company's."""
    surplus: Mapped[Won] = mapped_column(server_default="0")
    """What came into its virtual account beyond it, and goes back."""
    disputes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB(), server_default="[]")
    """When a card holder denied it (차지백), and when that was decided."""
    received: Mapped[Won] = mapped_column(server_default="0")
    """Of a bank transfer: what of it has come by now."""
    hard_decline: Mapped[bool] = mapped_column(server_default="false")
    """Trying again with the same card changes nothing."""
