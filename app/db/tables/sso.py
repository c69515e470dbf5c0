"""Coming from the groupware: one row from the start to the last use of its ticket."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key


class SsoLogin(Base):
    """Start, return, exchange, ticket: each once, in this order, deleted a while after.

    `verifier` and `nonce` are sealed until the return, `person` (login ID, name, address at the
    groupware, as JSON) from then until the ticket is used. Times are business time.
    """

    __tablename__ = "sso_logins"

    id: Mapped[Key]
    issuer: Mapped[str]
    target_uri: Mapped[str]
    state_hash: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    cookie_hash: Mapped[bytes] = mapped_column(LargeBinary())
    verifier: Mapped[bytes | None] = mapped_column(LargeBinary())
    nonce: Mapped[bytes | None] = mapped_column(LargeBinary())
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    returned_at: Mapped[datetime | None]

    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(), unique=True)
    code_expires_at: Mapped[datetime | None]
    exchanged_at: Mapped[datetime | None]
    subject: Mapped[str | None]
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("sites.id"), index=True)
    site_admin: Mapped[bool | None]
    person: Mapped[bytes | None] = mapped_column(LargeBinary())

    ticket_hash: Mapped[bytes | None] = mapped_column(LargeBinary(), unique=True)
    ticket_expires_at: Mapped[datetime | None]
    ticket_used_at: Mapped[datetime | None]
