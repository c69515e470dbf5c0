"""Days off that the library does not know: elections, and what the government declares late."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base


class ExtraHoliday(Base):
    """A KST day that is no working day for whoever pays by bank."""

    __tablename__ = "extra_holidays"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str]
    added_by: Mapped[str]
    """The operator's account name."""
    created_at: Mapped[datetime]
