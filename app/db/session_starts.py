"""The beginning of a session: its row, its first token, its line in the history, in one statement.

Sign-in and the exchange from the groupware have a budget of statements.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_BEGIN = text(
    """
    WITH begun AS (
        INSERT INTO sessions (id, account_id, client_type, company_id, device, address,
                              known_device_id, created_at, last_used_at, reauthenticated_at,
                              expires_at)
        VALUES (:session_id, :account_id, :client_type, :company_id, :device, :address,
                :known_device_id, :now, :now, :reauthenticated_at, :expires_at)
    ), first AS (
        INSERT INTO refresh_tokens (id, session_id, token_hash, expires_at)
        VALUES (:token_id, :session_id, :token_hash, :token_expires_at)
    ), account AS (
        UPDATE accounts SET last_signed_in_at = :at WHERE id = :account_id
    )
    INSERT INTO sign_ins (account_id, way, outcome, device, address, at)
    VALUES (:account_id, :way, 'SIGNED_IN', :device, :address, :at)
    """
)


@dataclass(frozen=True, slots=True)
class SessionStart:
    """A new session. Wire time, but for `at`, which is business time."""

    session_id: UUID
    account_id: UUID
    client_type: str
    company_id: UUID | None
    known_device_id: UUID
    device: str
    address: str
    way: str
    token_id: UUID
    token_hash: bytes = field(repr=False)
    now: datetime
    at: datetime
    reauthenticated_at: datetime
    expires_at: datetime
    token_expires_at: datetime


async def insert_session(session: AsyncSession, start: SessionStart) -> None:
    """Needs a session that sees the account, whose row is there."""
    await session.execute(_BEGIN, asdict(start))
