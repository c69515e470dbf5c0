"""`Idempotency-Key` (PRODUCT.md section 17): one effect and one answer for a key.

The record is written in the transaction of the effect, so that both stand or neither. A second
request while the first runs is told so by an advisory lock; one that slips between the lock and
the record loses at the unique index and is answered from the record on its second try.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import wire_now
from app.domain.errors import DomainError
from app.services.principals import Access, Principal

KEPT = timedelta(hours=24)

_BEGIN = text(
    "SELECT pg_try_advisory_xact_lock(hashtextextended(:lock, 0)) AS locked,"
    " r.fingerprint, r.status, r.headers, r.body"
    " FROM (SELECT 1) AS one LEFT JOIN idempotency_records r ON r.account_id = :account"
    " AND r.company_id IS NOT DISTINCT FROM :company AND r.operation = :operation"
    " AND r.key = :key AND r.expires_at > :now"
)
_KEEP = text(
    "INSERT INTO idempotency_records AS r"
    " (account_id, company_id, operation, key, fingerprint, status, headers, body, expires_at)"
    " VALUES (:account, :company, :operation, :key, :fingerprint, :status,"
    " cast(:headers AS jsonb), :body, :expires_at)"
    " ON CONFLICT (account_id, company_id, operation, key) DO UPDATE SET"
    " fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,"
    " body = excluded.body, expires_at = excluded.expires_at WHERE r.expires_at <= :now"
    " RETURNING r.id"
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
    """`key` as it was sent; `fingerprint` of the body."""

    operation: str
    key: str
    fingerprint: bytes

    @classmethod
    def of(cls, operation: str, key: str, body: bytes) -> "IdempotentRequest":
        return cls(operation, key, hashlib.sha256(body).digest())


class LostRace(Exception):
    """Another request with this key came first; its answer is there now."""


Work = Callable[[AsyncSession, Principal], Awaitable[Answer]]
RefusalAnswer = Callable[[DomainError], Answer]


async def run_once(
    access: Access, request: IdempotentRequest, work: Work, refusal: RefusalAnswer
) -> Answer:
    """The work's answer, or the one that this key was given before.

    A refusal of the work (`DomainError`) is an answer as well and kept; it changed nothing else.
    Raises what opening the access raises, `request_in_progress` and `idempotency_key_reused`.
    """
    for _ in range(3):
        try:
            return await _attempt(access, request, work, refusal)
        except LostRace:
            continue
        except IntegrityError as lost:
            if "uq_idempotency_records" not in str(lost.orig):
                raise
    raise DomainError("request_in_progress")


class _Refused(Exception):
    """Carries a refusal out of the transaction that it must undo."""

    def __init__(self, error: DomainError, principal: Principal) -> None:
        super().__init__(error.code)
        self.error = error
        self.principal = principal


async def _attempt(
    access: Access, request: IdempotentRequest, work: Work, refusal: RefusalAnswer
) -> Answer:
    try:
        async with access.transaction() as (session, principal):
            known = await _begin(session, principal, request)
            if known is not None:
                return known
            try:
                answer = await work(session, principal)
            except DomainError as refused:
                raise _Refused(refused, principal) from refused
            await _keep(session, principal, request, answer)
            return answer
    except _Refused as refused:
        answer = refusal(refused.error)
    async with access.transaction() as (session, principal):
        known = await _begin(session, principal, request)
        if known is not None:
            return known
        await _keep(session, principal, request, answer)
    return answer


async def _begin(
    session: AsyncSession, principal: Principal, request: IdempotentRequest
) -> Answer | None:
    company = _company(principal)
    scope = (principal.account_id, company, request.operation, request.key)
    values = {
        "lock": ":".join(str(part) for part in scope),
        "account": principal.account_id,
        "company": company,
        "operation": request.operation,
        "key": request.key,
        "now": wire_now(),
    }
    row = (await session.execute(_BEGIN, values)).one()
    if row.status is not None:
        if row.fingerprint != request.fingerprint:
            raise DomainError("idempotency_key_reused")
        return Answer(row.status, row.body, dict(row.headers), replayed=True)
    if not row.locked:
        raise DomainError("request_in_progress")
    return None


async def _keep(
    session: AsyncSession, principal: Principal, request: IdempotentRequest, answer: Answer
) -> None:
    now = wire_now()
    values = {
        "account": principal.account_id,
        "company": _company(principal),
        "operation": request.operation,
        "key": request.key,
        "fingerprint": request.fingerprint,
        "status": answer.status,
        "headers": msgspec.json.encode(answer.headers).decode(),
        "body": answer.body,
        "expires_at": now + KEPT,
        "now": now,
    }
    if (await session.execute(_KEEP, values)).one_or_none() is None:
        raise LostRace


def _company(principal: Principal) -> UUID | None:
    return principal.company.id if principal.company else None
