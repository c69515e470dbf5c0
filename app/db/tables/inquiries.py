"""문의: what was asked, the messages of its thread, and the files that go with them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, one_of


class Inquiry(Base):
    """A thread. `account_id` of whoever was signed in; others come back by their link's token."""

    __tablename__ = "inquiries"
    __table_args__ = (
        one_of("kind", "USAGE", "ORDER", "TERMINATION", "OTHER"),
        one_of("type", "GENERAL", "FAULT"),
        one_of("state", "RECEIVED", "ANSWERED", "CLOSED"),
        Index("ix_inquiries_page", "account_id", "created_at", "id"),
        Index("ix_inquiries_queue", "state", "updated_at", "id"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    type: Mapped[str]
    state: Mapped[str]
    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("companies.id"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    title: Mapped[bytes] = mapped_column(LargeBinary())
    asker: Mapped[bytes] = mapped_column(LargeBinary())
    """E-mail, company name and phones, as encrypted JSON."""
    email_index: Mapped[bytes] = mapped_column(LargeBinary(), index=True)
    token: Mapped[bytes] = mapped_column(LargeBinary())
    """Sealed: every answer's mail carries it."""
    language: Mapped[str]
    consents: Mapped[list[dict[str, Any]]] = mapped_column(JSONB())
    updated_at: Mapped[datetime] = mapped_column(index=True)
    """Of its newest message, or of its closing."""
    created_at: Mapped[datetime]


class InquiryMessage(Base):
    """What one side wrote. `account_id` and `company_id` are the inquiry's."""

    __tablename__ = "inquiry_messages"
    __table_args__ = (one_of("author", "CUSTOMER", "OPERATOR"),)

    id: Mapped[Key]
    inquiry_id: Mapped[UUID] = mapped_column(
        ForeignKey("inquiries.id", ondelete="CASCADE"), index=True
    )
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    author: Mapped[str]
    operator: Mapped[str | None]
    """Which one wrote; customers are not told."""
    text: Mapped[bytes] = mapped_column(LargeBinary())
    created_at: Mapped[datetime]


class Attachment(Base):
    """A file on its way: promised (a ticket), sent (a storage key), then a message's."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_expires_at", "expires_at", postgresql_where="message_id IS NULL"),
    )

    id: Mapped[Key]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    filename: Mapped[bytes] = mapped_column(LargeBinary())
    upload_id: Mapped[UUID | None]
    storage_key: Mapped[str | None] = mapped_column(unique=True)
    media_type: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger())
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary())
    inquiry_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("inquiries.id", ondelete="CASCADE"), index=True
    )
    message_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("inquiry_messages.id", ondelete="CASCADE"), index=True
    )
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
