"""Quotes: a price as it was told, and until when it is held."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, Timestamps, Won


class Quote(Timestamps, Base):
    """A company's quote, or, while `company_id` is null, a MEMBER's own."""

    __tablename__ = "quotes"
    __table_args__ = (
        CheckConstraint("supply = amount - discount AND total = supply + vat", name="sums"),
        Index("ix_quotes_page", "company_id", "created_at", "id"),
        Index("ix_quotes_own_page", "account_id", "created_at", "id"),
        Index("ix_quotes_unmailed", "created_at", postgresql_where="mailed_at IS NULL"),
    )

    id: Mapped[Key]
    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("companies.id"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    catalogue_code: Mapped[str] = mapped_column(ForeignKey("catalogue_versions.code"), index=True)
    wishes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB())
    """What was asked for, as `app.db.quote_reads.WishRead`."""
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB())
    """The price with its words, as `app.db.quote_reads.QuoteItemRead`."""
    coupon_code: Mapped[str | None]
    coupon_name_ko: Mapped[str | None]
    coupon_name_en: Mapped[str | None]
    coupon_discount: Mapped[Won]
    amount: Mapped[Won]
    discount: Mapped[Won]
    supply: Mapped[Won]
    vat: Mapped[Won]
    total: Mapped[Won]
    quoted_on: Mapped[date]
    expires_at: Mapped[datetime]
    recipients: Mapped[list[str]] = mapped_column(JSONB())
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary())
    """Of the link that brings a MEMBER's quote into a company."""
    mailed_at: Mapped[datetime | None]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"), unique=True)
