"""Handover of a company's own account to another person (담당자 변경)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, Timestamps


class Handover(Timestamps, Base):
    """One at a time for a company; gone when it is accepted or taken back."""

    __tablename__ = "handovers"

    id: Mapped[Key]
    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"), unique=True)
    name: Mapped[bytes] = mapped_column(LargeBinary())
    email: Mapped[bytes] = mapped_column(LargeBinary())
    phone: Mapped[bytes] = mapped_column(LargeBinary())
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    ci_hash: Mapped[bytes | None] = mapped_column(LargeBinary())
    """Whom two operators let take it over; None where the company named its successor itself."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
