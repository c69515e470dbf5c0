"""해지: what was asked for, by which way, and what came of it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Timestamps, Won, one_of


class TerminationRow(OfCompany, Timestamps, Base):
    """`unused`, `vat`, `fee` and `refund` (KRW) are known when it is DONE.

    `due_at`: when its job looks at it next, from 24:00 KST of the last day on. `tell_due_at`: when
    the company's ADMINs are told that its last site ends.
    """

    __tablename__ = "terminations"
    __table_args__ = (
        one_of("state", "REQUESTED", "UNDONE", "DONE"),
        one_of("channel", "PORTAL", "PHONE", "MAIL", "INQUIRY"),
        one_of(
            "reason",
            "NOT_NEEDED",
            "PRICE",
            "FUNCTIONS",
            "ANOTHER_SERVICE",
            "CLOSING_DOWN",
            "OTHER",
        ),
        CheckConstraint("received_on <= last_day", name="days"),
        CheckConstraint("(state = 'REQUESTED') = (due_at IS NOT NULL)", name="due"),
        Index(
            "uq_terminations_open",
            "membership_id",
            unique=True,
            postgresql_where="state = 'REQUESTED'",
        ),
        Index("ix_terminations_due", "due_at", postgresql_where="due_at IS NOT NULL"),
        Index("ix_terminations_tell", "tell_due_at", postgresql_where="tell_due_at IS NOT NULL"),
    )

    id: Mapped[Key]
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    last_day: Mapped[date]
    received_on: Mapped[date]
    channel: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str]
    requested_by: Mapped[str]
    """`account:<id>` or `operator:<name>`."""
    withdrawal: Mapped[bool]
    """Within 7 days of its payment and with an unused site: everything was given back."""
    unused: Mapped[Won | None]
    vat: Mapped[Won | None]
    fee: Mapped[Won | None]
    refund: Mapped[Won | None]
    due_at: Mapped[datetime | None]
    tell_due_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
