"""Prices as data: catalogue versions and coupons, written by the operator for every tenant."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany


class CatalogueVersion(Base):
    """One immutable version; in force is the latest whose `effective_from` has come."""

    __tablename__ = "catalogue_versions"

    code: Mapped[str] = mapped_column(primary_key=True)
    effective_from: Mapped[date] = mapped_column(unique=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB())
    created_at: Mapped[datetime]


class CouponRow(Base):
    """A coupon: percent or amount off, within its days, plans, types and numbers of uses."""

    __tablename__ = "coupons"
    __table_args__ = (
        CheckConstraint("scope IN ('LICENCE', 'ALL')", name="scope"),
        CheckConstraint("(percent IS NULL) <> (amount IS NULL)", name="percent_or_amount"),
        CheckConstraint("uses >= 0 AND (uses_in_all IS NULL OR uses <= uses_in_all)", name="uses"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    name_ko: Mapped[str]
    name_en: Mapped[str]
    scope: Mapped[str]
    percent: Mapped[int | None]
    amount: Mapped[int | None]
    first_day: Mapped[date]
    last_day: Mapped[date]
    plans: Mapped[list[str]] = mapped_column(JSONB())
    order_types: Mapped[list[str]] = mapped_column(JSONB())
    minimum_amount: Mapped[int]
    uses_in_all: Mapped[int | None]
    uses_per_company: Mapped[int | None]
    uses: Mapped[int]
    ended_at: Mapped[datetime | None]
    """By the operator, before its last day."""


class CouponUse(OfCompany, Base):
    """Taken when the order is placed, given back when it ends CANCELLED or EXPIRED."""

    __tablename__ = "coupon_uses"

    id: Mapped[Key]
    coupon_code: Mapped[str] = mapped_column(index=True)
    order_id: Mapped[UUID] = mapped_column(unique=True)
    created_at: Mapped[datetime]
