"""Accounts, verifications, consents, sessions. Personal columns hold AES-GCM bytes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import CITEXT, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, Timestamps, one_of


class Account(Timestamps, Base):
    """A corporate or individual member. A withdrawn one keeps its id and loses its person."""

    __tablename__ = "accounts"
    __table_args__ = (
        one_of("kind", "CORPORATE", "INDIVIDUAL"),
        one_of("status", "ACTIVE", "SUSPENDED", "WITHDRAWN"),
        Index(
            "uq_accounts_person",
            "ci_hash",
            unique=True,
            postgresql_where="kind = 'INDIVIDUAL' AND status <> 'WITHDRAWN'",
        ),
        CheckConstraint("(status = 'WITHDRAWN') = (withdrawn_at IS NOT NULL)", name="withdrawn"),
        Index(
            "ix_accounts_unnamed",
            "id",
            postgresql_where="name IS NOT NULL AND name_index IS NULL",
        ),
        Index("ix_accounts_erase_due", "erase_due_at", postgresql_where="erase_due_at IS NOT NULL"),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    status: Mapped[str]
    login_id: Mapped[str | None] = mapped_column(CITEXT(), unique=True)
    password_hash: Mapped[str | None]
    name: Mapped[bytes | None] = mapped_column(LargeBinary())
    name_index: Mapped[bytes | None] = mapped_column(LargeBinary(), index=True)
    birth_date: Mapped[bytes | None] = mapped_column(LargeBinary())
    phone: Mapped[bytes | None] = mapped_column(LargeBinary())
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(), index=True)
    email: Mapped[bytes | None] = mapped_column(LargeBinary())
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary(), index=True)
    email_verified_at: Mapped[datetime | None]
    ci_hash: Mapped[bytes | None] = mapped_column(LargeBinary(), index=True)
    department: Mapped[bytes | None] = mapped_column(LargeBinary())
    position: Mapped[bytes | None] = mapped_column(LargeBinary())
    landline: Mapped[bytes | None] = mapped_column(LargeBinary())
    last_signed_in_at: Mapped[datetime | None]
    """Business time; the history behind it is kept for three months only."""
    person_since: Mapped[datetime | None]
    """After a handover: what is older is another person's, and not shown."""
    withdrawn_at: Mapped[datetime | None]
    erase_due_at: Mapped[datetime | None]
    """When the rest of what was known of a person who left is erased; none: it is."""


class RetiredLoginId(Base):
    """Keyed hash of a login ID whose account withdrew: never given again."""

    __tablename__ = "retired_login_ids"

    login_id_hash: Mapped[bytes] = mapped_column(LargeBinary(), primary_key=True)
    retired_at: Mapped[datetime]


class Consent(Base):
    """One answer to one document at one time; the newest row of a kind is the present state."""

    __tablename__ = "consents"
    __table_args__ = (
        Index("ix_consents_erase_due", "erase_due_at", postgresql_where="erase_due_at IS NOT NULL"),
        Index(
            "ix_consents_renewal_due",
            "renewal_due_at",
            postgresql_where="renewal_due_at IS NOT NULL",
        ),
    )

    id: Mapped[Key]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str]
    version: Mapped[str]
    agreed: Mapped[bool]
    given_at: Mapped[datetime]
    erase_due_at: Mapped[datetime | None]
    """Of a person who left: until when the proof is kept. It is shown to nobody."""
    renewal_due_at: Mapped[datetime | None]
    """Of the newest answer about marketing, where it is yes: when it is asked for again."""


class BusinessVerification(Base):
    """사업자 진위 확인 that succeeded; its token is used once."""

    __tablename__ = "business_verifications"
    __table_args__ = (one_of("level", "STATUS", "IDENTITY", "DOCUMENT"),)

    id: Mapped[Key]
    business_number: Mapped[str]
    company_name: Mapped[str]
    representative: Mapped[bytes | None] = mapped_column(LargeBinary())
    level: Mapped[str]
    status: Mapped[str]
    tax_type: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class IdentityVerification(Base):
    """휴대폰 본인인증: started, sent, confirmed, used once for its purpose."""

    __tablename__ = "identity_verifications"
    __table_args__ = (
        one_of("status", "READY", "VERIFIED", "FAILED"),
        one_of(
            "purpose",
            "SIGN_UP",
            "FIND_LOGIN_ID",
            "RESET_PASSWORD",
            "CHANGE_PHONE",
            "HANDOVER",
            "REAUTH",
        ),
        Index("ix_identity_verifications_phone", "phone_index", "purpose", "created_at"),
    )

    id: Mapped[Key]
    purpose: Mapped[str]
    target_login_id: Mapped[str | None] = mapped_column(CITEXT())
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    method: Mapped[str]
    status: Mapped[str]
    client_secret_hash: Mapped[bytes] = mapped_column(LargeBinary())
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(), unique=True)
    phone_index: Mapped[bytes] = mapped_column(LargeBinary())
    person: Mapped[bytes | None] = mapped_column(LargeBinary())
    """The provider's name, birth date and phone as encrypted JSON, once VERIFIED."""
    ci_hash: Mapped[bytes | None] = mapped_column(LargeBinary())
    consents: Mapped[list[dict[str, Any]]] = mapped_column(JSONB())
    wrong_otps: Mapped[int]
    sends: Mapped[int]
    login_id_checks: Mapped[int]
    resend_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    verified_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class KnownDevice(Base):
    """A device that an account has signed in from. `last_seen_at` is wire time."""

    __tablename__ = "known_devices"
    __table_args__ = (UniqueConstraint("token_hash", "account_id"),)

    id: Mapped[Key]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary())
    name: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime] = mapped_column(index=True)


class SignIn(Base):
    """A try to sign in to an account, in business time; kept for three months."""

    __tablename__ = "sign_ins"
    __table_args__ = (
        one_of("outcome", "SIGNED_IN", "WRONG_PASSWORD", "SUSPENDED"),
        one_of("way", "PASSWORD", "SOCIAL", "GROUPWARE", "SIGN_UP"),
        Index("ix_sign_ins_page", "account_id", "at", "id"),
    )

    id: Mapped[Key]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    way: Mapped[str]
    outcome: Mapped[str]
    device: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


class EmailVerification(Base):
    """A link that was mailed: it verifies that address and no other, once."""

    __tablename__ = "email_verifications"

    id: Mapped[Key]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    email_index: Mapped[bytes] = mapped_column(LargeBinary())
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Session(Base):
    """A signed-in device. Its times are wire time."""

    __tablename__ = "sessions"
    __table_args__ = (one_of("client_type", "BROWSER", "NATIVE"),)

    id: Mapped[Key]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    client_type: Mapped[str]
    company_id: Mapped[UUID | None]
    """A groupware session reaches this company only."""
    device: Mapped[str]
    address: Mapped[str]
    known_device_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("known_devices.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    reauthenticated_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None]


class RefreshToken(Base):
    """One link of a session's chain; a child is derived from its parent's id."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("uq_refresh_tokens_parent", "parent_id", unique=True),)

    id: Mapped[Key]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id"), index=True)
    parent_id: Mapped[UUID | None]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class SignInFailure(Base):
    """Failed sign-ins by key (app/services/sign_in_limits.py), shared by all processes."""

    __tablename__ = "sign_in_failures"

    key: Mapped[bytes] = mapped_column(LargeBinary(), primary_key=True)
    failures: Mapped[int]
    last_failed_at: Mapped[datetime] = mapped_column(index=True)
