"""Money that comes through banks: virtual accounts, and what came to our own account."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, OfCompany


class VirtualAccount(OfCompany, Base):
    """The account that a payment of method VIRTUAL_ACCOUNT was given."""

    __tablename__ = "virtual_accounts"
    __table_args__ = (
        Index("ix_virtual_accounts_due", "close_due_at", postgresql_where="closed_at IS NULL"),
    )

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    bank: Mapped[str]
    """As the provider names it."""
    number: Mapped[bytes] = mapped_column(LargeBinary())
    holder: Mapped[str]
    """Whose it is: the supplier's name."""
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    close_due_at: Mapped[datetime | None]
    """When it is closed, once its payment is over unpaid; none: nothing is left to close."""
    closed_at: Mapped[datetime | None]
