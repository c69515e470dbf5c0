"""The operator's queue of cases, their files, and uploads that belong to none yet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, Timestamps, one_of

_OPEN = "state IN ('IN_PROGRESS', 'ON_HOLD')"


class Case(Timestamps, Base):
    """What a customer asks and an operator decides.

    `company_id` is whose people asked, none where nobody was signed in; a claim or an assisted
    handover is never the company's own row: that one is `subject_company_id`.
    """

    __tablename__ = "cases"
    __table_args__ = (
        one_of(
            *("kind", "BUSINESS_DOCUMENT", "COMPANY_CLAIM", "COMPANY_CHANGE"),
            *("BANK_ACCOUNT_CHANGE", "ASSISTED_HANDOVER"),
        ),
        Index("ix_cases_apply_due", "apply_due_at", postgresql_where="apply_due_at IS NOT NULL"),
        one_of("state", "IN_PROGRESS", "ON_HOLD", "APPROVED", "REFUSED"),
        CheckConstraint(
            "(decided_at IS NOT NULL) = (state IN ('APPROVED', 'REFUSED'))", name="decided"
        ),
        CheckConstraint(
            "decided_at IS NOT NULL OR company_id IS NOT NULL OR ci_hash IS NOT NULL",
            name="asked_by",
        ),
        CheckConstraint(
            "(kind IN ('COMPANY_CLAIM', 'ASSISTED_HANDOVER')) = (subject_company_id IS NOT NULL)",
            name="claimed",
        ),
        one_of("holder_answer", "AGREED", "OBJECTED"),
        CheckConstraint("(kind = 'ASSISTED_HANDOVER') = (waits_until IS NOT NULL)", name="waits"),
        Index(
            "uq_cases_objection_hash",
            "objection_hash",
            unique=True,
            postgresql_where="objection_hash IS NOT NULL",
        ),
        Index(
            "uq_cases_open_of_company",
            "company_id",
            "kind",
            unique=True,
            postgresql_where=f"company_id IS NOT NULL AND {_OPEN}",
        ),
        Index(
            "uq_cases_open_of_person",
            "ci_hash",
            "kind",
            "business_number",
            unique=True,
            postgresql_where=f"company_id IS NULL AND {_OPEN}",
        ),
        Index("ix_cases_decided_at", "decided_at", postgresql_where="decided_at IS NOT NULL"),
        Index("ix_cases_queue", "state", "created_at", "id"),
        Index("ix_cases_company_id", "company_id", "created_at"),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    state: Mapped[str]
    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("companies.id"))
    subject_company_id: Mapped[UUID | None] = mapped_column(ForeignKey("companies.id"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    business_number: Mapped[str]
    company_name: Mapped[str]
    level: Mapped[str | None]
    """IDENTITY where the sender's business verification showed more than that a number exists."""
    applicant: Mapped[bytes | None] = mapped_column(LargeBinary())
    """Name, phone and e-mail of a sender without an account, as encrypted JSON."""
    ci_hash: Mapped[bytes | None] = mapped_column(LargeBinary())
    wanted: Mapped[bytes | None] = mapped_column(LargeBinary())
    """What a COMPANY_CHANGE or a BANK_ACCOUNT_CHANGE asks for, as encrypted JSON."""
    apply_due_at: Mapped[datetime | None]
    """When an approved change is made, where that is another day."""
    waits_until: Mapped[datetime | None]
    """An ASSISTED_HANDOVER is not approved before, unless the present holder agrees."""
    objection_hash: Mapped[bytes | None] = mapped_column(LargeBinary())
    """Of the token by which the present holder answers."""
    holder_answer: Mapped[str | None]
    note: Mapped[bytes | None] = mapped_column(LargeBinary())
    """The sender's words."""
    language: Mapped[str]
    reason: Mapped[bytes | None] = mapped_column(LargeBinary())
    """The operator's words to the sender, of the last hold or refusal."""
    approved_by: Mapped[str | None]
    """The first of two operators."""
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class CaseFile(Base):
    """A file of a case. Stored below its upload's id, by a name that says nothing."""

    __tablename__ = "case_files"

    id: Mapped[Key]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("companies.id"), index=True)
    upload_id: Mapped[UUID]
    storage_key: Mapped[str] = mapped_column(unique=True)
    filename: Mapped[bytes] = mapped_column(LargeBinary())
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger())
    sha256: Mapped[bytes] = mapped_column(LargeBinary())
    created_at: Mapped[datetime]


class Upload(Base):
    """Files below this id are removed from the storage when it is due: nothing owns them."""

    __tablename__ = "uploads"

    id: Mapped[Key]
    due_at: Mapped[datetime] = mapped_column(index=True)
