"""The credit balance: rows are added and read, never changed; their sum is the balance."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Won, one_of

CREDIT_KINDS = ("NOT_SERVED", "CHANGE", "NOT_DELIVERED")


class CreditEntry(OfCompany, Base):
    """What was put to the balance, KRW with VAT, and for which order or item: once for each."""

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
        ),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    amount: Mapped[Won]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    order_item_id: Mapped[UUID | None] = mapped_column(ForeignKey("order_items.id"), index=True)
    created_at: Mapped[datetime]
