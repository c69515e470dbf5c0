"""고객포털 FAQ: the operator's questions and answers, for everybody."""

from uuid import UUID

from sqlalchemy import Computed, ForeignKey, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, Timestamps, one_of


class FaqEntry(Timestamps, Base):
    """A question with its answer. `searched`: both languages by their jamo, without case."""

    __tablename__ = "faq_entries"
    __table_args__ = (
        one_of("category", "JOINING", "PAYING", "EXTENDING", "STARTING", "SUPPORT"),
        Index(
            "ix_faq_entries_searched",
            "searched",
            postgresql_using="gin",
            postgresql_ops={"searched": "gin_trgm_ops"},
        ),
        Index(None, "category", "position"),
    )

    id: Mapped[Key]
    category: Mapped[str]
    position: Mapped[int]
    question_ko: Mapped[str]
    answer_ko: Mapped[str]
    question_en: Mapped[str]
    answer_en: Mapped[str]
    published: Mapped[bool]
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    searched: Mapped[str] = mapped_column(
        Computed(
            "lower(normalize(question_ko || ' ' || answer_ko || ' ' || question_en || ' '"
            " || answer_en, NFD))",
            persisted=True,
        )
    )


class FaqViews(Base):
    """How often it was opened, in a few rows each, so that readers do not wait for each other."""

    __tablename__ = "faq_views"

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("faq_entries.id"), primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger(), primary_key=True)
    views: Mapped[int]


class FaqFeedback(Timestamps, Base):
    """What one device said of it last. `voter`: a keyed hash, of nobody who is known."""

    __tablename__ = "faq_feedback"
    __table_args__ = (Index(None, "updated_at"),)

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("faq_entries.id"), primary_key=True)
    voter: Mapped[bytes] = mapped_column(LargeBinary(), primary_key=True)
    helpful: Mapped[bool]
