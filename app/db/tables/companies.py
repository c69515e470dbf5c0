"""Companies and the individuals who may act for them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Computed, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Timestamps, one_of


class Company(Timestamps, Base):
    """A customer. One primary business number, at most one corporate account."""

    __tablename__ = "companies"
    __table_args__ = (
        Index(
            "uq_companies_business_number",
            "business_number",
            unique=True,
            postgresql_where="withdrawn_at IS NULL",
        ),
        Index(
            "ix_companies_legal_name_trgm",
            "legal_name",
            postgresql_using="gin",
            postgresql_ops={"legal_name": "gin_trgm_ops"},
        ),
        Index(
            "ix_companies_searched",
            "searched",
            postgresql_using="gin",
            postgresql_ops={"searched": "gin_trgm_ops"},
        ),
        one_of("verification_level", "STATUS", "IDENTITY", "DOCUMENT"),
        Index(
            "ix_companies_withdrawn",
            "withdrawn_at",
            postgresql_where="representative IS NOT NULL",
        ),
        Index(
            "ix_companies_status_due",
            "status_due_at",
            postgresql_where="status_due_at IS NOT NULL AND withdrawn_at IS NULL",
        ),
        Index(
            "ix_companies_withdraw_due",
            "withdraw_due_at",
            postgresql_where="withdraw_due_at IS NOT NULL",
        ),
    )

    id: Mapped[Key]
    legal_name: Mapped[str]
    business_number: Mapped[str]
    representative: Mapped[bytes | None] = mapped_column(LargeBinary())
    searched: Mapped[str] = mapped_column(
        Computed("lower(normalize(legal_name, NFD))", persisted=True)
    )
    """The name as it is looked for: decomposed, since pg_trgm sees letters of an alphabet."""
    verification_level: Mapped[str]
    verification_status: Mapped[str]
    verified_at: Mapped[datetime]
    proven_at: Mapped[datetime | None]
    corporate_account_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("accounts.id"), unique=True
    )
    withdrawn_at: Mapped[datetime | None]
    withdraw_due_at: Mapped[datetime | None]
    """When it is withdrawn by itself, while it is CLOSED: 90 days after its last refund."""
    status_checked_at: Mapped[datetime | None]
    """When the tax service was asked last; none: since it was verified."""
    status_due_at: Mapped[datetime | None]
    revision: Mapped[int]


class CompanyMember(OfCompany, Timestamps, Base):
    """An individual who accepted an invitation of the company (관리자)."""

    __tablename__ = "company_members"
    __table_args__ = (
        UniqueConstraint("company_id", "account_id"),
        one_of("state", "ACTIVE", "SUSPENDED"),
    )

    id: Mapped[Key]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    state: Mapped[str]


class GroupwareLink(OfCompany, Timestamps, Base):
    """An individual's groupware user; gives ADMIN only while the groupware confirms it."""

    __tablename__ = "groupware_links"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[Key]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("sites.id"), index=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    site_admin: Mapped[bool]
    confirmed_at: Mapped[datetime]
    """When the groupware last said whether they are a site administrator."""
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is asked again; none: at once."""
    lapsed_at: Mapped[datetime | None]
    """Since when it was known, and told, that the link gives no role."""
