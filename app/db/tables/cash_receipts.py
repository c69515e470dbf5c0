"""현금영수증: what payers chose, and each receipt that is to be issued, was, or was taken back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Timestamps, Won, one_of


class CashReceipt(OfCompany, Timestamps, Base):
    """Of one payment, KRW with VAT. After a refund the rest has a receipt, and a row, of its own.

    `due_at`: when issuing or taking back is tried next.
    """

    __tablename__ = "cash_receipts"
    __table_args__ = (
        one_of("type", "CORPORATE", "PERSONAL"),
        one_of("state", "CHOSEN", "WAITING", "ISSUED", "CANCELLING", "CANCELLED", "DROPPED"),
        CheckConstraint("total > 0 AND vat BETWEEN 0 AND total", name="amounts"),
        CheckConstraint("state <> 'ISSUED' OR issued_at IS NOT NULL", name="issued"),
        Index(
            "uq_cash_receipts_live",
            "payment_id",
            unique=True,
            postgresql_where="state IN ('CHOSEN', 'WAITING', 'ISSUED')",
        ),
        Index("ix_cash_receipts_page", "created_at", "id"),
        Index("ix_cash_receipts_due", "due_at", postgresql_where="due_at IS NOT NULL"),
        Index("ix_cash_receipts_chosen", "created_at", postgresql_where="state = 'CHOSEN'"),
        Index("ix_cash_receipts_numbers", "created_at", postgresql_where="number IS NOT NULL"),
    )

    id: Mapped[Key]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), index=True)
    key: Mapped[UUID] = mapped_column(unique=True)
    """Which payment it is at the provider: ours, or an id of its own for what is left of one."""
    after_id: Mapped[UUID | None] = mapped_column(ForeignKey("cash_receipts.id"), index=True)
    """The one that has to be taken back before it is issued."""
    type: Mapped[str]
    number: Mapped[bytes | None] = mapped_column(LargeBinary())
    masked: Mapped[str | None]
    total: Mapped[Won]
    vat: Mapped[Won]
    state: Mapped[str]
    asked_at: Mapped[datetime | None]
    """When the provider was asked to issue it last: it may have, whatever we know."""
    issue_number: Mapped[str | None]
    url: Mapped[str | None]
    attempts: Mapped[int]
    failure: Mapped[str | None]
    due_at: Mapped[datetime | None]
    issued_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


SHOWN = CashReceipt.state.in_(("CHOSEN", "WAITING", "ISSUED"))
"""Of a payment one at most: `uq_cash_receipts_live`."""
