"""What the operator gave for nothing."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Timestamps, one_of


class GoodwillGrant(OfCompany, Timestamps, Base):
    """CREDIT has an `amount` (KRW), USERS a membership with `users` until `last_day` (KST)."""

    __tablename__ = "goodwill_grants"
    __table_args__ = (
        one_of("kind", "CREDIT", "USERS"),
        one_of("state", "WAITING", "GIVEN", "REFUSED", "ENDED"),
        CheckConstraint(
            "(kind = 'CREDIT') = (amount IS NOT NULL) AND (kind = 'USERS') = (users IS NOT NULL)"
            " AND (users IS NULL) = (membership_id IS NULL)"
            " AND (users IS NULL) = (last_day IS NULL) AND coalesce(amount, users) > 0",
            name="what",
        ),
        Index("ix_goodwill_grants_page", "state", "created_at", "id"),
        Index("ix_goodwill_grants_due", "due_at", postgresql_where="due_at IS NOT NULL"),
    )

    id: Mapped[Key]
    membership_id: Mapped[UUID | None] = mapped_column(ForeignKey("memberships.id"), index=True)
    kind: Mapped[str]
    amount: Mapped[int | None] = mapped_column(BigInteger())
    users: Mapped[int | None]
    last_day: Mapped[date | None]
    reason: Mapped[str]
    note: Mapped[str]
    """The operator's own words, which name no person."""
    state: Mapped[str]
    made_by: Mapped[str]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    """When the users end."""
