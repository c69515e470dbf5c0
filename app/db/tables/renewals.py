"""What is due next of each membership that is ours to renew, and consents to its prices."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Won


class MembershipSchedule(OfCompany, Base):
    """How far a term's timetable is done (`app.domain.renewals`); the row is locked last.

    Whoever changes a membership makes it due: its job then works out anew what follows. There is
    one open renewal of a membership at the most, since there is one place to name it.
    """

    __tablename__ = "membership_schedules"
    __table_args__ = (
        Index("ix_membership_schedules_due", "due_at", postgresql_where="due_at IS NOT NULL"),
    )

    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), primary_key=True)
    term_ends_on: Mapped[date | None]
    """The last day of the term that the steps are of; another one of the membership's: anew."""
    taken: Mapped[str | None]
    """The step of that term that was taken last."""
    step: Mapped[str | None]
    """The one that is next."""
    due_at: Mapped[datetime | None]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"), unique=True)
    """The renewal's order, until it is delivered or over."""
    dearer: Mapped[bool] = mapped_column(server_default="false")
    """Its order asks a higher price than the running term: it needs a consent to be charged."""
    charge_tried_at: Mapped[datetime | None]
    """When the cards were tried last for that order, one after another."""
    charge_step: Mapped[str | None]
    """The step that they are tried for just now."""
    charge_on: Mapped[date | None]
    """What is shown as the next charge: its day, KRW with VAT, and its state."""
    charge_amount: Mapped[int | None] = mapped_column(BigInteger())
    charge_state: Mapped[str | None]


class PriceConsent(OfCompany, Base):
    """Somebody agreed to a renewal's higher price: append-only."""

    __tablename__ = "price_consents"
    __table_args__ = (Index(None, "membership_id", "term_starts_on"),)

    id: Mapped[Key]
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    term_starts_on: Mapped[date]
    """The first day of the term that it is for: a renewal made anew for less needs no other."""
    total: Mapped[Won]
    agreed_at: Mapped[datetime]
