"""The credit statement: lines are added and read, never changed. The balance is the ledger's."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Won, one_of

CREDIT_KINDS = (
    "NOT_SERVED",
    "CHANGE",
    "NOT_DELIVERED",
    "USED",
    "RELEASED",
    "REFUNDED",
    "GOODWILL",
)


class CreditEntry(OfCompany, Base):
    """What was put to the balance or taken from it (negative), KRW with VAT, and for what."""

    __tablename__ = "credit_entries"
    __table_args__ = (
        one_of("kind", *CREDIT_KINDS),
        Index("ix_credit_entries_page", "company_id", "created_at", "id"),
        Index(
            "uq_credit_entries_once",
            "order_id",
            "order_item_id",
            "kind",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where="kind NOT IN ('REFUNDED', 'GOODWILL')",
        ),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    amount: Mapped[Won]
    vat: Mapped[Won]
    """Its VAT; 0 of a payment that is only moved."""
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"))
    order_item_id: Mapped[UUID | None] = mapped_column(ForeignKey("order_items.id"), index=True)
    created_at: Mapped[datetime]
