"""What goes back to whom, by which way, and how far it is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Timestamps, Won, one_of


class Refund(OfCompany, Timestamps, Base):
    """`amount` is KRW with VAT, `vat` the part that is VAT.

    A CREDIT or CLAIM refund is done as it is made. `due_at` is when its job looks at it next; None
    while nothing but a hand can move it.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        one_of("came_to", "PROVIDER", "BANK", "RECEIVABLE"),
        one_of("destination", "PROVIDER", "ACCOUNT", "CREDIT", "CLAIM"),
        one_of("state", "REQUESTED", "SENT", "DONE", "MANUAL_REQUIRED"),
        one_of(
            "reason",
            "NOT_MATCHING",
            "ORDER_CLOSED",
            "NOT_DELIVERED",
            "OPENING_FAILED",
            "TERMINATION",
            "WITHDRAWAL",
            "AT_PROVIDER",
            "OVERPAID",
        ),
        CheckConstraint("amount >= 0 AND vat >= 0 AND vat <= amount", name="parts"),
        CheckConstraint("(state = 'DONE') = (done_at IS NOT NULL)", name="done"),
        CheckConstraint("destination <> 'PROVIDER' OR payment_id IS NOT NULL", name="way"),
        Index("ix_refunds_page", "company_id", "created_at", "id"),
        Index("ix_refunds_due", "due_at", postgresql_where="due_at IS NOT NULL"),
        Index(
            "ix_refunds_by_hand", "created_at", "id", postgresql_where="state = 'MANUAL_REQUIRED'"
        ),
        Index("uq_refunds_cancellation", "payment_id", "cancellation_id", unique=True),
    )

    id: Mapped[Key]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"), index=True)
    """None for a contract of before the portal."""
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"))
    """None where no payment of the portal brought it."""
    came_to: Mapped[str] = mapped_column(server_default="PROVIDER")
    """Of money without a payment: where it lies. RECEIVABLE: booked to an order that ended."""
    destination: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str]
    amount: Mapped[Won]
    vat: Mapped[Won]
    fee: Mapped[Won] = mapped_column(server_default="0")
    """What was kept of what is not served (위약금): `amount` is without it."""
    owed_amount: Mapped[Won]
    """As it was decided, and booked: `amount` follows what really went back."""
    owed_vat: Mapped[Won]
    cancellation_id: Mapped[str | None]
    """The provider's."""
    attempts: Mapped[int]
    failure: Mapped[str | None]
    """Our word for why it takes a hand."""
    due_at: Mapped[datetime | None]
    requested_by: Mapped[str]
    """`system`, `account:<id>` or `operator:<name>`."""
    approved_by: Mapped[str | None]
    """The first of two operators who say that it was paid by hand."""
    done_by: Mapped[str | None]
    done_at: Mapped[datetime | None]
