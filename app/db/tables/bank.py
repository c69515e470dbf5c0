"""Money that comes through banks: virtual accounts, and what came to our own account."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Won, one_of


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


class BankDeposit(Base):
    """A line of the statement of our own bank account: what came never changes.

    What it was for is said once. Nobody's row until then, and the API's role never sees it.
    """

    __tablename__ = "bank_deposits"
    __table_args__ = (
        one_of("state", "OPEN", "MATCHED", "REJECTED"),
        one_of("source", "OPERATOR", "STATEMENT"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(state = 'OPEN') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(state = 'MATCHED') = (payment_id IS NOT NULL)", name="matched"),
        Index("ix_bank_deposits_page", "state", "at", "id"),
        Index("ix_bank_deposits_names", "at", postgresql_where="name IS NOT NULL"),
    )

    id: Mapped[Key]
    amount: Mapped[Won]
    name: Mapped[bytes | None] = mapped_column(LargeBinary())
    """The depositor's, forgotten with the record of the payment."""
    at: Mapped[datetime]
    source: Mapped[str]
    reference: Mapped[bytes | None] = mapped_column(LargeBinary(), unique=True)
    """A keyed hash of what tells the line apart: a statement that is read again brings no other."""
    state: Mapped[str]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"), index=True)
    paid: Mapped[Won]
    """What of it pays its payment; the rest goes back."""
    note: Mapped[str | None]
    """Why it was rejected, in the operator's words; names no person."""
    added_by: Mapped[str]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
