"""What shall be another from a membership's next renewal on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, BelowCompany, Key


class ScheduledChangeRow(BelowCompany, Base):
    """One of a membership at the most; gone when it is undone, applied or overtaken."""

    __tablename__ = "scheduled_changes"
    __table_args__ = (
        Index(
            "ix_scheduled_changes_due", "check_due_at", postgresql_where="check_due_at IS NOT NULL"
        ),
    )

    id: Mapped[Key]
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), unique=True)
    plan: Mapped[str]
    users: Mapped[int]
    add_ons: Mapped[dict[str, Any]] = mapped_column(JSONB())
    seen_plan: Mapped[str]
    seen_users: Mapped[int]
    seen_add_ons: Mapped[dict[str, Any]] = mapped_column(JSONB())
    """What the membership held when it was scheduled: what is added later comes on top."""
    check_due_at: Mapped[datetime | None]
    """When it is looked at whether the free plan has room; None for any other plan."""
    created_at: Mapped[datetime]
