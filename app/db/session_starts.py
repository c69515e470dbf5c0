"""The beginning of a session: its device, row, first token and line in the history, at once.

One statement: sign-in and the exchange from the groupware have a budget of statements.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_BEGIN = text(
    """
    WITH seen AS (
        UPDATE known_devices SET last_seen_at = :now, name = :device
         WHERE account_id = :account_id AND token_hash = :given_hash
           AND last_seen_at > :remembered_since
        RETURNING id
    ), forgotten AS (
        -- It was this account's, too long ago to be known.
        UPDATE known_devices
           SET token_hash = :fresh_hash, last_seen_at = :now, name = :device
         WHERE account_id = :account_id AND token_hash = :given_hash
           AND last_seen_at <= :remembered_since
        RETURNING id
    ), others AS (
        -- A token that was not known is replaced for every account on the device, so that one that
        -- somebody planted there is worth nothing afterwards.
        UPDATE known_devices SET token_hash = :fresh_hash
         WHERE account_id <> :account_id AND token_hash = :given_hash
           AND NOT EXISTS (SELECT FROM seen)
    ), added AS (
        INSERT INTO known_devices (account_id, token_hash, name, created_at, last_seen_at)
        SELECT :account_id, :fresh_hash, :device, :now, :now
         WHERE NOT EXISTS (SELECT FROM seen) AND NOT EXISTS (SELECT FROM forgotten)
        RETURNING id
    ), room AS (
        -- The snapshot is from before the new one.
        DELETE FROM known_devices WHERE id IN (
            SELECT id FROM known_devices
             WHERE account_id = :account_id AND id NOT IN (SELECT id FROM forgotten)
               AND NOT EXISTS (SELECT FROM seen)
             ORDER BY last_seen_at DESC, id DESC OFFSET :most_devices - 1)
    ), met AS (
        SELECT id, false AS is_new FROM seen
        UNION ALL SELECT id, true FROM forgotten
        UNION ALL SELECT id, true FROM added
    ), begun AS (
        INSERT INTO sessions (id, account_id, client_type, company_id, device, address,
                              known_device_id, created_at, last_used_at, reauthenticated_at,
                              expires_at)
        SELECT cast(:session_id AS uuid), :account_id, :client_type, cast(:company_id AS uuid),
               :device, :address, met.id, :now, :now,
               cast(:reauthenticated_at AS timestamptz), cast(:expires_at AS timestamptz) FROM met
    ), first AS (
        INSERT INTO refresh_tokens (id, session_id, token_hash, expires_at)
        VALUES (:token_id, :session_id, :token_hash, :token_expires_at)
    ), noted AS (
        INSERT INTO sign_ins (account_id, way, outcome, device, address, at)
        VALUES (:account_id, :way, 'SIGNED_IN', :device, :address, :at)
    ), account AS (
        UPDATE accounts SET last_signed_in_at = :at WHERE id = :account_id RETURNING email
    )
    SELECT met.is_new, account.email FROM met, account
    """
)


@dataclass(frozen=True, slots=True)
class SessionStart:
    """A new session. Wire time, but for `at`, which is business time.

    `given_hash` is of the device's token, None where it has none; `fresh_hash` of the one that it
    gets where it was not known since `remembered_since`.
    """

    session_id: UUID
    account_id: UUID
    client_type: str
    company_id: UUID | None
    device: str
    given_hash: bytes | None = field(repr=False)
    fresh_hash: bytes = field(repr=False)
    remembered_since: datetime
    most_devices: int
    address: str
    way: str
    token_id: UUID
    token_hash: bytes = field(repr=False)
    now: datetime
    at: datetime
    reauthenticated_at: datetime
    expires_at: datetime
    token_expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """`is_new`: the account did not know the device. `email` is sealed."""

    is_new: bool
    email: bytes | None = field(repr=False)


async def insert_session(session: AsyncSession, start: SessionStart) -> SessionStarted:
    """Needs a session that sees the account, whose row is there."""
    row = (await session.execute(_BEGIN, asdict(start))).one()
    return SessionStarted(row.is_new, row.email)
