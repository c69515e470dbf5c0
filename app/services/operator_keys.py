"""`Idempotency-Key` of the operator's staff: one effect and one answer for a key.

As for customers (`app.services.idempotency`), the record is written in the effect's transaction; a
key is its operator's own. A refusal is kept as well, apart from the effect it undid.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import wire_now
from app.db.engine import Database
from app.db.vault import Vault
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.services.idempotency import KEPT, Answer, IdempotentRequest, RefusalAnswer

OperatorWork = Callable[[AsyncSession], Awaitable[Answer]]
_COLUMN = "operator_keys.body"
_BEGIN = text(
    "SELECT pg_try_advisory_xact_lock(hashtextextended(:lock, 0)) AS locked,"
    " k.fingerprint, k.status, k.body"
    " FROM (SELECT 1) AS one LEFT JOIN operator_keys k ON k.operator = :operator"
    " AND k.operation = :operation AND k.key = :key AND k.expires_at > :now"
)
_WRITE = text(
    "INSERT INTO operator_keys (operator, operation, key, fingerprint, status, body, expires_at)"
    " VALUES (:operator, :operation, :key, :fingerprint, :status, :body, :expires_at)"
    " ON CONFLICT (operator, operation, key) DO UPDATE SET fingerprint = excluded.fingerprint,"
    " status = excluded.status, body = excluded.body, expires_at = excluded.expires_at"
    " WHERE operator_keys.expires_at <= :now RETURNING id"
)


class _Undone(Exception):
    """Carries a refusal out of the transaction that it must undo."""

    def __init__(self, error: DomainError) -> None:
        super().__init__(error.code)
        self.error = error


@dataclass(frozen=True, slots=True)
class _Scope:
    operator: str
    request: IdempotentRequest
    now: datetime

    def values(self) -> dict[str, object]:
        scope = {
            "operator": self.operator,
            "operation": self.request.operation,
            "key": self.request.key,
        }
        return {**scope, "lock": "operator:" + ":".join(scope.values()), "now": self.now}


class OperatorKeys:
    """Keeps answers sealed, since they may tell of people, and what was asked as a keyed hash."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def within(
        self,
        operator: Operator,
        request: IdempotentRequest,
        work: OperatorWork,
        refusal: RefusalAnswer,
    ) -> Answer:
        """The work's answer, or the one that this key was given before.

        Raises `request_in_progress` and `idempotency_key_reused`.
        """
        scope = _Scope(operator.name, request, wire_now())
        try:
            async with self._database.system_session("operator: keyed") as session:
                known = await self._known(session, scope)
                if known is not None:
                    return known
                try:
                    answer = await work(session)
                except DomainError as refused:
                    raise _Undone(refused) from refused
                await self._keep(session, scope, answer)
                return answer
        except _Undone as undone:
            answer = refusal(undone.error)
        async with self._database.system_session("operator: keyed refusal") as session:
            known = await self._known(session, scope)
            if known is not None:
                return known
            await self._keep(session, scope, answer)
        return answer

    async def _known(self, session: AsyncSession, scope: _Scope) -> Answer | None:
        row = (await session.execute(_BEGIN, scope.values())).one()
        if row.fingerprint not in (None, self._fingerprint(scope.request)):
            raise DomainError("idempotency_key_reused")
        if row.status is not None:
            body = self._vault.open(_COLUMN, row.body).encode()
            return Answer(row.status, body, replayed=True)
        if not row.locked:
            raise DomainError("request_in_progress")
        return None

    async def _keep(self, session: AsyncSession, scope: _Scope, answer: Answer) -> None:
        """Raises `request_in_progress` where another request came between: nothing is done then."""
        kept = {
            "fingerprint": self._fingerprint(scope.request),
            "status": answer.status,
            "body": self._vault.seal(_COLUMN, answer.body.decode()),
            "expires_at": scope.now + KEPT,
        }
        row = await session.execute(_WRITE, scope.values() | kept)
        if row.one_or_none() is None:
            raise DomainError("request_in_progress")

    def _fingerprint(self, request: IdempotentRequest) -> bytes:
        digest = hashlib.sha256(request.content).hexdigest()
        return self._vault.index("operator_keys.fingerprint", digest)
