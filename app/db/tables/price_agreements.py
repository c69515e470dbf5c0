"""Unit prices agreed with a company, or for one of its memberships."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany


class PriceAgreementRow(OfCompany, Base):
    """Goes before the catalogue from `first_day` to `last_day` (KST), unless ended before."""

    __tablename__ = "price_agreements"
    __table_args__ = (CheckConstraint("first_day <= last_day", name="days"),)

    id: Mapped[Key]
    membership_id: Mapped[UUID | None] = mapped_column(ForeignKey("memberships.id"), index=True)
    """None: of every site of the company."""
    unit_prices: Mapped[dict[str, Any]] = mapped_column(JSONB())
    first_day: Mapped[date]
    last_day: Mapped[date]
    reason: Mapped[str]
    made_by: Mapped[str]
    """The operator's account name."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
