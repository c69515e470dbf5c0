"""운영자: accounts of the operator's staff, and their sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.db.tables.base import Base, Key, one_of


class OperatorAccount(Base):
    """One of the staff. Made, changed and disabled by the command `python -m tools.operators`."""

    __tablename__ = "operators"
    __table_args__ = (one_of("state", "ACTIVE", "DISABLED"),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    state: Mapped[str]
    password_hash: Mapped[str]
    totp_secret: Mapped[bytes] = mapped_column(LargeBinary())
    """Sealed."""
    totp_step: Mapped[int | None] = mapped_column(BigInteger())
    """The half minute of the last code that was taken: none is taken twice."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OperatorSession(Base):
    """Eight hours of wire time, or until it is ended."""

    __tablename__ = "operator_sessions"

    id: Mapped[Key]
    operator_id: Mapped[UUID] = mapped_column(ForeignKey("operators.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    address: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
