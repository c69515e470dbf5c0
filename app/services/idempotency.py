"""`Idempotency-Key` (PRODUCT.md section 17): one effect and one answer for a key.

Where the effect is one transaction, the record is written in it, so that both stand or neither.
Where it has several, or asks a provider between them, the key is leased first and the answer kept
afterwards. A second request while the first runs is told so by an advisory lock or by the lease;
one that slips between the lock and the record loses at the unique index and is answered from the
record on its second try. Decision: docs/decisions/0007-idempotency-in-the-effects-transaction.md.
"""

import contextlib
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import wire_now
from app.db.vault import Vault
from app.domain.errors import DomainError
from app.services.principals import Access, Principal

KEPT = timedelta(hours=24)
LEASE = timedelta(minutes=1)
"""Longer than any of our time-outs: whoever holds a lease longer is dead."""
_COLUMN = "idempotency_records.body"

_BEGIN = text(
    "SELECT pg_try_advisory_xact_lock(hashtextextended(:lock, 0)) AS locked,"
    " r.fingerprint, r.status, r.headers, r.body, r.leased_until > :now AS leased"
    " FROM (SELECT 1) AS one LEFT JOIN idempotency_records r ON r.account_id = :account"
    " AND r.company_id IS NOT DISTINCT FROM :company AND r.operation = :operation"
    " AND r.key = :key AND r.expires_at > :now"
)
_WRITE = text(
    "INSERT INTO idempotency_records AS r (account_id, company_id, operation, key, fingerprint,"
    " status, headers, body, leased_until, expires_at)"
    " VALUES (:account, :company, :operation, :key, :fingerprint, :status,"
    " cast(:headers AS jsonb), :body, :leased_until, :expires_at)"
    " ON CONFLICT (account_id, company_id, operation, key) DO UPDATE SET"
    " fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,"
    " body = excluded.body, leased_until = excluded.leased_until, expires_at = excluded.expires_at"
    " WHERE r.expires_at <= :now OR r.leased_until <= :now RETURNING r.id"
)
_FINISH = text(
    "UPDATE idempotency_records SET status = :status, headers = cast(:headers AS jsonb),"
    " body = :body, leased_until = NULL WHERE id = :id AND leased_until = :leased_until"
)
_GIVE_BACK = text(
    "UPDATE idempotency_records SET expires_at = :now"
    " WHERE id = :id AND leased_until = :leased_until"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, byte for byte. `replayed`: not for the first time."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """`key` as it was sent; `content` is what makes two requests the same."""

    operation: str
    key: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Lease:
    """A record of ours that has no answer yet."""

    id: UUID
    until: datetime


class LostRace(Exception):
    """Another request with this key came first; its answer is there now."""


Work = Callable[[AsyncSession, Principal], Awaitable[Answer]]
WorkOfItsOwn = Callable[[], Awaitable[Answer]]
RefusalAnswer = Callable[[DomainError], Answer]
Won = TypeVar("Won")


class _Refused(Exception):
    """Carries a refusal out of the transaction that it must undo."""

    def __init__(self, error: DomainError) -> None:
        super().__init__(error.code)
        self.error = error


class Idempotency:
    """Keeps answers sealed, since they tell of people, and what was asked as a keyed hash, since
    it may hold a password."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def within(
        self, access: Access, request: IdempotentRequest, work: Work, refusal: RefusalAnswer
    ) -> Answer:
        """The work's answer, or the one that this key was given before.

        The work is done in the transaction that keeps its answer. A refusal of the work
        (`DomainError`) is an answer as well and kept; it changed nothing else. Raises what opening
        the access raises, `request_in_progress` and `idempotency_key_reused`.
        """

        async def attempt() -> Answer:
            try:
                async with access.transaction() as (session, principal):
                    known = await self._begin(session, access, principal, request)
                    if known is not None:
                        return known
                    try:
                        answer = await work(session, principal)
                    except DomainError as refused:
                        raise _Refused(refused) from refused
                    await self._write(session, access, principal, request, answer)
                    return answer
            except _Refused as refused:
                answer = refusal(refused.error)
            async with access.transaction() as (session, principal):
                known = await self._begin(session, access, principal, request)
                if known is not None:
                    return known
                await self._write(session, access, principal, request, answer)
            return answer

        return await _until_won(attempt)

    async def around(
        self,
        access: Access,
        request: IdempotentRequest,
        work: WorkOfItsOwn,
        refusal: RefusalAnswer,
    ) -> Answer:
        """As `within`, for work that has transactions of its own and is safe to repeat.

        The key is leased before the work begins and the answer kept when it ends. What is no
        answer (a provider that is down, too many tries, a failure of ours) gives the key back;
        where the process dies, the lease runs out and a repeat does the work again.
        """

        async def claim() -> Answer | Lease:
            async with access.transaction() as (session, principal):
                known = await self._begin(session, access, principal, request)
                return known or await self._write(session, access, principal, request, None)

        claimed = await _until_won(claim)
        if isinstance(claimed, Answer):
            return claimed
        try:
            answer = await work()
        except DomainError as refused:
            answer = refusal(refused)
        except Exception:
            # The work's own error is the answer, also to whose session it has ended.
            with contextlib.suppress(DomainError):
                async with access.transaction() as (session, _):
                    await session.execute(_GIVE_BACK, _lease(claimed) | {"now": wire_now()})
            raise
        async with access.transaction() as (session, _):
            await session.execute(_FINISH, _lease(claimed) | self._values(answer))
        return answer

    async def _begin(
        self,
        session: AsyncSession,
        access: Access,
        principal: Principal,
        request: IdempotentRequest,
    ) -> Answer | None:
        scope = _scope(access, principal, request)
        lock = ":".join(str(part) for part in scope.values())
        values = {**scope, "lock": lock, "now": wire_now()}
        row = (await session.execute(_BEGIN, values)).one()
        if row.fingerprint not in (None, self._fingerprint(request)):
            raise DomainError("idempotency_key_reused")
        if row.status is not None:
            body = self._vault.open(_COLUMN, row.body).encode()
            return Answer(row.status, body, dict(row.headers), replayed=True)
        if not row.locked or row.leased:
            raise DomainError("request_in_progress")
        return None

    async def _write(
        self,
        session: AsyncSession,
        access: Access,
        principal: Principal,
        request: IdempotentRequest,
        answer: Answer | None,
    ) -> Lease:
        """The record with its answer, or leased where there is none yet."""
        now = wire_now()
        until = now + LEASE
        values = {
            **_scope(access, principal, request),
            **self._values(answer),
            "fingerprint": self._fingerprint(request),
            "leased_until": until if answer is None else None,
            "expires_at": now + KEPT,
            "now": now,
        }
        row = (await session.execute(_WRITE, values)).one_or_none()
        if row is None:
            raise LostRace
        return Lease(row.id, until)

    def _values(self, answer: Answer | None) -> dict[str, object]:
        if answer is None:
            return {"status": None, "headers": None, "body": None}
        return {
            "status": answer.status,
            "headers": msgspec.json.encode(answer.headers).decode(),
            "body": self._vault.seal(_COLUMN, answer.body.decode()),
        }

    def _fingerprint(self, request: IdempotentRequest) -> bytes:
        digest = hashlib.sha256(request.content).hexdigest()
        return self._vault.index("idempotency_records.fingerprint", digest)


async def _until_won(attempt: Callable[[], Awaitable[Won]]) -> Won:
    """Tries again where another request with the key came first. Raises `request_in_progress`."""
    for _ in range(3):
        try:
            return await attempt()
        except LostRace:
            continue
        except IntegrityError as lost:
            if "uq_idempotency_records" not in str(lost.orig):
                raise
    raise DomainError("request_in_progress")


def _lease(lease: Lease) -> dict[str, object]:
    return {"id": lease.id, "leased_until": lease.until}


def _scope(access: Access, principal: Principal, request: IdempotentRequest) -> dict[str, object]:
    return {
        "account": principal.account_id,
        "company": access.company_meant(principal),
        "operation": request.operation,
        "key": request.key,
    }
