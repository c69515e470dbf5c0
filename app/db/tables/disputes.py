"""What card companies decided of payments that were denied."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Timestamps, Won, one_of


class DisputeDecision(OfCompany, Timestamps, Base):
    """As the operator recorded it. `amount` is KRW with VAT: what was taken back.

    A payment is taken back once; one that was won can be lost in a later round. CORRECTED: what
    `corrects_id` says was recorded wrongly; its amount is the other's with the other sign.
    """

    __tablename__ = "dispute_decisions"
    __table_args__ = (
        one_of("outcome", "WON", "LOST", "CORRECTED"),
        CheckConstraint(
            "(outcome = 'LOST') = (amount > 0) AND (amount >= 0 OR outcome = 'CORRECTED')"
            " AND (outcome = 'CORRECTED') = (corrects_id IS NOT NULL)",
            name="taken",
        ),
        Index(
            "uq_dispute_decisions_lost",
            "payment_id",
            unique=True,
            postgresql_where="outcome = 'LOST' AND NOT again",
        ),
    )

    id: Mapped[Key]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), index=True)
    outcome: Mapped[str]
    amount: Mapped[Won]
    decided_on: Mapped[date]
    recorded_by: Mapped[str]
    corrects_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("dispute_decisions.id"), unique=True
    )
    again: Mapped[bool] = mapped_column(server_default="false")
    """Lost, recorded after another that was corrected: its entry is of this row."""
