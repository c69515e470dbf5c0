"""후불: which companies may pay after delivery."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Won


class PaymentTerms(Base):
    """One row a company that has terms; who gave what before is in the audit log."""

    __tablename__ = "payment_terms"
    __table_args__ = (
        CheckConstraint("days IN (30, 60)", name="days"),
        CheckConstraint("credit_limit >= 0", name="credit_limit"),
    )

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"), primary_key=True)
    days: Mapped[int]
    credit_limit: Mapped[Won | None]
    """KRW with VAT, of all that the company owes on terms."""
    given_by: Mapped[str]
    given_at: Mapped[datetime]
