"""What card companies decided of payments that were denied."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Timestamps, Won, one_of


class DisputeDecision(OfCompany, Timestamps, Base):
    """As the operator recorded it. `amount` is KRW with VAT: what was taken back.

    A payment is taken back once; one that was won can be lost in a later round.
    """

    __tablename__ = "dispute_decisions"
    __table_args__ = (
        one_of("outcome", "WON", "LOST"),
        CheckConstraint("(outcome = 'LOST') = (amount > 0) AND amount >= 0", name="taken"),
        UniqueConstraint("payment_id", "outcome", "decided_on"),
        Index(
            "uq_dispute_decisions_lost",
            "payment_id",
            unique=True,
            postgresql_where="outcome = 'LOST'",
        ),
    )

    id: Mapped[Key]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    outcome: Mapped[str]
    amount: Mapped[Won]
    decided_on: Mapped[date]
    recorded_by: Mapped[str]
