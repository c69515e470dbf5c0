"""Invitations: of a company's own account (기업회원 가입 초대장), and of its administrators."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Timestamps, one_of


class CorporateInvitation(OfCompany, Timestamps, Base):
    """For a customer with contracts and no corporate account: one row per address, until used.

    Without a site it went to the contact on file; with one, a site administrator asked for it.
    """

    __tablename__ = "corporate_invitations"
    __table_args__ = (
        UniqueConstraint("company_id", "email_index"),
        Index("ix_corporate_invitations_email", "email_index"),
        Index(
            "ix_corporate_invitations_asked_for",
            "expires_at",
            postgresql_where="site_id IS NOT NULL",
        ),
    )

    id: Mapped[Key]
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("sites.id"), index=True)
    name: Mapped[bytes] = mapped_column(LargeBinary())
    email: Mapped[bytes] = mapped_column(LargeBinary())
    email_index: Mapped[bytes] = mapped_column(LargeBinary())
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    """Of the newest mail: a former one's link has ended."""
    sends: Mapped[int]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Invitation(OfCompany, Timestamps, Base):
    """Of an administrator (관리자). An accepted one keeps its token's hash and forgets the rest."""

    __tablename__ = "invitations"
    __table_args__ = (
        one_of("state", "INVITED", "APPROVAL_PENDING", "ACCEPTED"),
        UniqueConstraint("company_id", "email_index"),
        CheckConstraint("(state = 'ACCEPTED') = (email IS NULL)", name="forgotten"),
        CheckConstraint("state = 'INVITED' OR account_id IS NOT NULL", name="accepted_by"),
        Index("ix_invitations_page", "company_id", "created_at", "id"),
        Index("ix_invitations_email_index", "email_index"),
        Index("ix_invitations_email", "email_index"),
        Index("ix_invitations_ended", "expires_at", postgresql_where="state <> 'ACCEPTED'"),
    )

    id: Mapped[Key]
    state: Mapped[str]
    name: Mapped[bytes | None] = mapped_column(LargeBinary())
    email: Mapped[bytes | None] = mapped_column(LargeBinary())
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary())
    note: Mapped[bytes | None] = mapped_column(LargeBinary())
    language: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    sends: Mapped[int]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    """Who accepted; of an INVITED one, who would have but for the link to the groupware."""
