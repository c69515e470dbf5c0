"""Tables that serve the machine: clock, rate limits, idempotency, webhooks, mails."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, one_of


class BusinessClock(Base):
    """The sandbox's one row: how far business time is ahead of real time. Production has none."""

    __tablename__ = "business_clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ahead_microseconds: Mapped[int] = mapped_column(BigInteger())


class RateWindow(Base):
    """How often a key was seen in one window of wire time."""

    __tablename__ = "rate_windows"

    key: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[int] = mapped_column(BigInteger(), primary_key=True)
    hits: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class IdempotencyRecord(Base):
    """What a key of one account, company and operation was answered; kept 24 hours of wire time."""

    __tablename__ = "idempotency_records"
    __table_args__ = (
        UniqueConstraint(
            "account_id", "company_id", "operation", "key", postgresql_nulls_not_distinct=True
        ),
    )

    id: Mapped[Key]
    account_id: Mapped[UUID]
    company_id: Mapped[UUID | None]
    operation: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary())
    resource_id: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSONB())
    body: Mapped[bytes | None] = mapped_column(LargeBinary())
    expires_at: Mapped[datetime] = mapped_column(index=True)


class OperatorKey(Base):
    """What a key of one operator and operation was answered; kept 24 hours of wire time."""

    __tablename__ = "operator_keys"
    __table_args__ = (UniqueConstraint("operator", "operation", "key"),)

    id: Mapped[Key]
    operator: Mapped[str]
    operation: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary())
    status: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary())
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ReceivedWebhook(Base):
    """A provider's message, stored once by its id before anything is done about it."""

    __tablename__ = "received_webhooks"
    __table_args__ = (
        one_of("provider", "PORTONE", "GROUPWARE"),
        Index("ix_received_webhooks_bodies", "received_at", postgresql_where="payload <> '{}'"),
    )

    provider: Mapped[str] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB())
    """Emptied after a while: the id stays longer, so that a repeat is known."""
    received_at: Mapped[datetime] = mapped_column(index=True)
    processed_at: Mapped[datetime | None]


class FailedJob(Base):
    """A job that ended by an error, with what it is about; wire time."""

    __tablename__ = "failed_jobs"
    __table_args__ = (UniqueConstraint("job", "row_id"),)

    id: Mapped[Key]
    job: Mapped[str]
    row_id: Mapped[UUID]
    error: Mapped[str]
    failures: Mapped[int]
    first_failed_at: Mapped[datetime]
    last_failed_at: Mapped[datetime] = mapped_column(index=True)


class Mail(Base):
    """A mail queued in the transaction that caused it; address and words are encrypted."""

    __tablename__ = "mails"
    __table_args__ = (
        one_of("state", "QUEUED", "SENT", "FAILED", "UNWANTED"),
        Index("ix_mails_due", "due_at", postgresql_where="state = 'QUEUED'"),
        Index("ix_mails_handed_over", "created_at", postgresql_where="kind = 'handed_over'"),
        Index(
            "ix_mails_about",
            "about_account_id",
            postgresql_where="about_account_id IS NOT NULL",
        ),
        Index(
            "uq_mails_campaign",
            "campaign_id",
            "account_id",
            unique=True,
            postgresql_where="campaign_id IS NOT NULL",
        ),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    language: Mapped[str]
    company_id: Mapped[UUID | None] = mapped_column(index=True)
    account_id: Mapped[UUID | None] = mapped_column(index=True)
    about_account_id: Mapped[UUID | None]
    """Whom it names, where that is neither whoever caused it nor whoever gets it."""
    quote_id: Mapped[UUID | None]
    """The quote whose paper goes with it."""
    document_id: Mapped[UUID | None]
    """The paper of the company that goes with it (문서함)."""
    copy_of: Mapped[UUID | None]
    """The mail about a company's business that an ADMIN wanted a copy of."""
    campaign_id: Mapped[UUID | None]
    """The operator's campaign whose words it carries: once to each account."""
    recipient: Mapped[bytes] = mapped_column(LargeBinary())
    recipient_index: Mapped[bytes | None] = mapped_column(LargeBinary(), index=True)
    """None for mails of before there was one."""
    facts: Mapped[bytes] = mapped_column(LargeBinary())
    state: Mapped[str]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(index=True)
