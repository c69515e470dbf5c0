"""The audit log: rows are added and read, never changed. It names accounts by id, no persons."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key


class AuditEvent(Base):
    """One thing that was done, in business time. `account_id`: whom it is about."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_page", "company_id", "at", "id"),
        Index("ix_audit_events_account", "account_id", "at"),
    )

    id: Mapped[Key]
    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("companies.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB())
    at: Mapped[datetime]
