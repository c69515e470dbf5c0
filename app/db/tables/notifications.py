"""알림: what an account is told in the portal, beside the mail."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, one_of


class Notification(Base):
    """One for each piece of news. `words`: by language its title and text, as encrypted JSON."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_page", "account_id", "created_at", "id"),
        Index("ix_notifications_unread", "account_id", postgresql_where="read_at IS NULL"),
    )

    id: Mapped[Key]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    company_id: Mapped[UUID | None]
    """Whose business it is about; none for the account's own."""
    kind: Mapped[str]
    words: Mapped[bytes] = mapped_column(LargeBinary())
    created_at: Mapped[datetime] = mapped_column(index=True)
    read_at: Mapped[datetime | None]


class NotificationPreference(Base):
    """What an account chose of a topic; without a row the rule holds that is for its kind."""

    __tablename__ = "notification_preferences"
    __table_args__ = (one_of("topic", "ORDERS", "MEMBERSHIPS", "USAGE", "INQUIRIES", "SECURITY"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    mail: Mapped[bool]
    updated_at: Mapped[datetime]
