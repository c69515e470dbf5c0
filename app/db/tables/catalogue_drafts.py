"""Catalogue versions as the operator prepares them: nobody can order by one."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base


class CatalogueDraft(Base):
    """Kept as the trace of a version once it is activated."""

    __tablename__ = "catalogue_drafts"

    code: Mapped[str] = mapped_column(primary_key=True)
    effective_from: Mapped[date]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB())
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    activated_by: Mapped[str | None]
    activated_at: Mapped[datetime | None]
