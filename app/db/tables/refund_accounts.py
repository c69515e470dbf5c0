"""환불 계좌: where money goes that cannot go back the way it came. Rows are added only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany


class RefundAccount(OfCompany, Base):
    """The newest one of which `usable_at` has come is the one that is paid to.

    `due_at`: when its job lets waiting refunds go; None afterwards.
    """

    __tablename__ = "refund_accounts"
    __table_args__ = (
        Index("ix_refund_accounts_of", "company_id", "created_at"),
        Index("ix_refund_accounts_due", "due_at", postgresql_where="due_at IS NOT NULL"),
    )

    id: Mapped[Key]
    bank: Mapped[str]
    number: Mapped[bytes] = mapped_column(LargeBinary())
    holder: Mapped[bytes] = mapped_column(LargeBinary())
    """As the bank says it."""
    set_by: Mapped[UUID]
    """The account id of who gave it."""
    created_at: Mapped[datetime]
    usable_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
