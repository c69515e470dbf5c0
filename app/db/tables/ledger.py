"""The ledger: entries and their postings, which nobody changes; daily proofs and comparisons."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, BelowCompany, Key, OfCompany, Won, one_of

ENTRY_KINDS = (
    "PLACED",
    "ENDED",
    "CAPTURED",
    "DEPOSITED",
    "UNWANTED",
    "GIVEN_BACK",
    "SENT_BACK",
    "ADJUSTED",
    "CREDITED",
    "CHARGED_BACK",
    "CHARGE_RESTORED",
)
ACCOUNTS = (
    "PROVIDER",
    "BANK",
    "RECEIVABLE",
    "SALES",
    "VAT",
    "CREDIT",
    "REFUNDS_PAYABLE",
    "FEES",
    "GOODWILL",
    "CHARGEBACKS",
)


class JournalEntryRow(OfCompany, Base):
    """What happened to one subject: each kind once. Append-only, by trigger and by grant."""

    __tablename__ = "journal_entries"
    __table_args__ = (one_of("kind", *ENTRY_KINDS), UniqueConstraint("subject_id", "kind"))

    id: Mapped[Key]
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    at: Mapped[datetime]


class PostingRow(BelowCompany, Base):
    """A side of an entry: debit positive. An entry's add up to zero, which a trigger checks."""

    __tablename__ = "postings"
    __table_args__ = (
        one_of("account", *ACCOUNTS),
        Index(
            "ix_postings_credit",
            "company_id",
            "amount",
            postgresql_where="account = 'CREDIT'",
        ),
    )

    id: Mapped[Key]
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entries.id"), index=True)
    account: Mapped[str]
    amount: Mapped[Won]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"), index=True)
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"), index=True)
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("order_items.id"), index=True)
    first_day: Mapped[date | None]
    """Of the service that is sold (KST), for SALES."""
    last_day: Mapped[date | None]


class LedgerProof(Base):
    """What the daily proof found: none of the differences is what it should be."""

    __tablename__ = "ledger_proofs"

    id: Mapped[Key]
    proved_at: Mapped[datetime] = mapped_column(index=True)
    entries: Mapped[int]
    differences: Mapped[list[dict[str, Any]]] = mapped_column(JSONB())


class BookComparison(Base):
    """The provider's books beside ours, of payments that changed since the last comparison."""

    __tablename__ = "book_comparisons"

    id: Mapped[Key]
    since: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(index=True)
    payments: Mapped[int]
    theirs: Mapped[Won]
    ours: Mapped[Won]
    differences: Mapped[list[dict[str, Any]]] = mapped_column(JSONB())


class DailyTask(Base):
    """What is done once a day, and when next; a day that was missed is not made up for."""

    __tablename__ = "daily_tasks"
    __table_args__ = (Index(None, "due_at"),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    """The job's."""
    due_at: Mapped[datetime]
