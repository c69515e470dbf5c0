"""Advertising that the operator writes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, Timestamps, one_of


class Campaign(Timestamps, Base):
    """Words for those of an audience who agreed to advertising.

    `queued`, `sent` and `skipped` are final when `ended_at` is there; before that they are counted
    from the mails. Nothing here is about a person.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        one_of("audience", "ALL", "SUPER_ADMINS", "FREE_PLAN"),
        one_of("state", "DRAFT", "SENDING", "SENT", "STOPPED"),
        CheckConstraint("due_at IS NULL OR state IN ('SENDING', 'STOPPED')", name="due"),
        CheckConstraint("sent + skipped <= queued", name="counts"),
        Index("ix_campaigns_page", "created_at", "id"),
        Index("ix_campaigns_due", "due_at", postgresql_where="due_at IS NOT NULL"),
    )

    id: Mapped[Key]
    subject_ko: Mapped[str]
    body_ko: Mapped[str]
    subject_en: Mapped[str]
    body_en: Mapped[str]
    audience: Mapped[str]
    state: Mapped[str]
    made_by: Mapped[str]
    sent_by: Mapped[str | None]
    stopped_by: Mapped[str | None]
    last_account_id: Mapped[UUID | None] = mapped_column()
    """The cursor: accounts up to this one were looked at."""
    all_queued: Mapped[bool]
    """The last batch was queued; what is left is sending."""
    due_at: Mapped[datetime | None]
    """When the job has something to do."""
    queued: Mapped[int]
    sent: Mapped[int]
    skipped: Mapped[int]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
