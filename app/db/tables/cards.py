"""A company's registered cards: what `/v1/payment-methods` shows."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Timestamps, one_of


class Card(OfCompany, Timestamps, Base):
    """Its id is the issue id that the provider's window is opened with.

    The billing key is a secret, and forgotten with the card.
    """

    __tablename__ = "payment_methods"
    __table_args__ = (
        one_of("state", "PENDING", "ACTIVE", "LOST", "DELETING", "DELETED"),
        one_of("role", "DEFAULT", "BACKUP", "OTHER"),
        CheckConstraint("(billing_key IS NULL) = (billing_key_index IS NULL)", name="key"),
        CheckConstraint("state <> 'ACTIVE' OR billing_key IS NOT NULL", name="chargeable"),
        CheckConstraint("state = 'ACTIVE' OR role = 'OTHER'", name="role_of_active"),
        Index(
            "uq_payment_methods_role",
            "company_id",
            "role",
            unique=True,
            postgresql_where="role <> 'OTHER'",
        ),
        Index("ix_payment_methods_due", "due_at", postgresql_where="due_at IS NOT NULL"),
    )

    id: Mapped[Key]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    """Who began it."""
    state: Mapped[str]
    role: Mapped[str]
    billing_key: Mapped[bytes | None] = mapped_column(LargeBinary())
    billing_key_index: Mapped[bytes | None] = mapped_column(LargeBinary(), unique=True)
    issuer: Mapped[str | None]
    name: Mapped[str | None]
    """What the issuer calls the card."""
    last4: Mapped[str | None]
    expires_on: Mapped[date | None]
    """Its last day, where somebody has told: the provider does not."""
    announced_at: Mapped[datetime | None]
    """When the company's own account was told of it."""
    warned_at: Mapped[datetime | None]
    """When it was told that the card expires."""
    check_wanted: Mapped[bool]
    """The provider has said that its key changed: it is read again."""
    due_at: Mapped[datetime | None]
    """When its job has something to do, by its state."""
