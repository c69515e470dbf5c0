"""공지 and 점검: what the operator tells everybody on the home page."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, Timestamps, one_of


class Notice(Timestamps, Base):
    """Shown from `shown_from` until `shown_until`; maintenance has its own times, too."""

    __tablename__ = "notices"
    __table_args__ = (
        one_of("kind", "NOTICE", "MAINTENANCE"),
        CheckConstraint("shown_from <= shown_until", name="shown"),
        CheckConstraint("(kind = 'MAINTENANCE') = (starts_at IS NOT NULL)", name="times"),
        Index(None, "shown_until"),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    title_ko: Mapped[str]
    body_ko: Mapped[str]
    title_en: Mapped[str]
    body_en: Mapped[str]
    shown_from: Mapped[datetime]
    shown_until: Mapped[datetime]
    starts_at: Mapped[datetime | None]
    """When the portal or the groupware is out of service."""
    ends_at: Mapped[datetime | None] = mapped_column()
