"""Social sign-in: attempts under way, tickets to sign up, and the links of accounts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, one_of

PROVIDERS = ("kakao", "naver", "google")


class SocialState(Base):
    """One attempt, deleted when it is used. `verifier` and `nonce` are sealed."""

    __tablename__ = "social_states"
    __table_args__ = (
        one_of("provider", *PROVIDERS),
        one_of("client_type", "BROWSER", "NATIVE"),
    )

    id: Mapped[Key]
    provider: Mapped[str]
    client_type: Mapped[str]
    redirect_uri: Mapped[str]
    state_hash: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    client_secret_hash: Mapped[bytes] = mapped_column(LargeBinary())
    verifier: Mapped[bytes] = mapped_column(LargeBinary())
    nonce: Mapped[bytes] = mapped_column(LargeBinary())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime]


class SocialTicket(Base):
    """A provider's user without an account, deleted when the sign-up is done."""

    __tablename__ = "social_tickets"
    __table_args__ = (one_of("provider", *PROVIDERS),)

    id: Mapped[Key]
    provider: Mapped[str]
    subject_index: Mapped[bytes] = mapped_column(LargeBinary())
    email: Mapped[bytes | None] = mapped_column(LargeBinary())
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime]


class SocialLink(Base):
    """A way into an account: (provider, subject), the subject as a keyed hash.

    `email` is what the provider said when it was linked: shown to its owner, never a key.
    """

    __tablename__ = "social_links"
    __table_args__ = (
        one_of("provider", *PROVIDERS),
        UniqueConstraint("provider", "subject_index"),
        UniqueConstraint("account_id", "provider"),
    )

    id: Mapped[Key]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    provider: Mapped[str]
    subject_index: Mapped[bytes] = mapped_column(LargeBinary())
    email: Mapped[bytes | None] = mapped_column(LargeBinary())
    created_at: Mapped[datetime]
