"""The operator's imports of contracts: what was asked for and what came of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, Timestamps, one_of


class ContractImport(Timestamps, Base):
    """A file and its end. While it waits or runs it has its file, sealed; afterwards no person."""

    __tablename__ = "contract_imports"
    __table_args__ = (
        one_of("status", "QUEUED", "RUNNING", "DONE", "REFUSED", "FAILED"),
        CheckConstraint(
            "(status IN ('QUEUED', 'RUNNING')) = (document IS NOT NULL)", name="has_its_file"
        ),
        CheckConstraint("(document IS NULL) = (due_at IS NULL)", name="is_due"),
        CheckConstraint("(document IS NULL) = (finished_at IS NOT NULL)", name="ends"),
        Index("ix_contract_imports_due", "due_at", postgresql_where="due_at IS NOT NULL"),
        Index("ix_contract_imports_page", "created_at", "id"),
    )

    id: Mapped[Key]
    status: Mapped[str]
    dry_run: Mapped[bool]
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary())
    document: Mapped[bytes | None] = mapped_column(LargeBinary(), deferred=True)
    attempts: Mapped[int]
    """Each try has its number: whoever has an older one was overtaken."""
    due_at: Mapped[datetime | None]
    """Of a RUNNING one: when it is taken from a worker that was not heard of."""
    rows: Mapped[int | None]
    imported: Mapped[int | None]
    known: Mapped[int | None]
    invited: Mapped[int | None]
    errors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB(), deferred=True)
    """The first of them: `line`, `column` and `reason`."""
    errors_total: Mapped[int]
    created_by: Mapped[str]
    finished_at: Mapped[datetime | None]
