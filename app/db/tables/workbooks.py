"""Workbooks of the history that were asked for, and the files that came of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, BelowCompany, Key, OfCompany, Timestamps, one_of


class OrderWorkbook(OfCompany, Timestamps, Base):
    """What somebody asked for: theirs alone, and gone at `expires_at`."""

    __tablename__ = "order_workbooks"
    __table_args__ = (
        one_of("state", "WAITING", "READY", "FAILED"),
        CheckConstraint(
            "(state = 'READY') = (size IS NOT NULL AND rows IS NOT NULL)", name="whole"
        ),
        CheckConstraint("(state = 'WAITING') = (due_at IS NOT NULL)", name="waiting"),
        Index("ix_order_workbooks_due", "due_at", postgresql_where="state = 'WAITING'"),
        Index("ix_order_workbooks_of", "account_id", "created_at"),
        Index("ix_order_workbooks_expires_at", "expires_at"),
    )

    id: Mapped[Key]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    filters: Mapped[dict[str, Any]] = mapped_column(JSONB())
    """As `app.db.order_reads.OrderFilters`."""
    state: Mapped[str]
    attempts: Mapped[int]
    due_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    rows: Mapped[int | None]
    size: Mapped[int | None]
    """Bytes."""


class OrderWorkbookPart(BelowCompany, Base):
    """A piece of the file: written whole with `state` READY, or not at all."""

    __tablename__ = "order_workbook_parts"
    __table_args__ = (
        UniqueConstraint("workbook_id", "position"),
        Index(None, "company_id", "workbook_id"),
    )

    id: Mapped[Key]
    workbook_id: Mapped[UUID] = mapped_column(ForeignKey("order_workbooks.id", ondelete="CASCADE"))
    position: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary())
