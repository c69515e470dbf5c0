"""The `Idempotency-Key` header, and answers that are kept byte for byte."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.errors import PROBLEM_TYPE, Problem, problem_of, problem_response
from app.language import language_of
from app.routers.answers import to_json
from app.routers.dependencies import deps_of
from app.routers.models import AnswerStruct
from app.services.idempotency import Answer, Idempotency, IdempotentRequest, Work
from app.services.operator_keys import OperatorWork
from app.services.principals import Access

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="16-128 characters, one per intended effect; kept for 24 hours.",
    ),
]
IDEMPOTENT = (
    "idempotency_key_required",
    "idempotency_key_invalid",
    "idempotency_key_reused",
    "request_in_progress",
)
IDEMPOTENT_IF_ASKED = IDEMPOTENT[1:]
"""Where a key is accepted and not required."""
_ALLOWED = frozenset(range(0x21, 0x7F))
NO_CONTENT = Answer(204, b"")


def answer_of(body: AnswerStruct | BaseModel, status: int = 200, **headers: str) -> Answer:
    """A body as the bytes that are sent, and sent again."""
    return Answer(status, to_json(body), headers)


@dataclass(frozen=True, slots=True)
class Once:
    """Does a request's work once for its key, whatever is repeated.

    Where no key is required and none was sent, the work is simply done.
    """

    request: Request
    key: str | None
    required: bool

    async def within(self, access: Access, work: Work) -> Response:
        """Work that is one transaction, which keeps its answer as well."""
        if self._unasked():
            async with access.transaction() as (session, principal):
                return _response(await work(session, principal))
        keyed = await self._keyed(access)
        return _response(await self._store.within(access, keyed, work, self._refusal))

    async def around(self, access: Access, work: Callable[[], Awaitable[Answer]]) -> Response:
        """Work with transactions of its own, safe to repeat when a process died in it."""
        if self._unasked():
            return _response(await work())
        keyed = await self._keyed(access)
        return _response(await self._store.around(access, keyed, work, self._refusal))

    @property
    def _store(self) -> Idempotency:
        return deps_of(self.request).idempotency

    def _unasked(self) -> bool:
        return self.key is None and not self.required

    async def _keyed(self, access: Access) -> IdempotentRequest:
        """Raises for a key that is missing or no key, after what the access refuses."""
        code = _refused_key(self.key)
        if code is not None:
            await _require_right(access)
            raise Problem(code)
        return await _request_of(self.request, self.key or "")

    @property
    def _refusal(self) -> Callable[[DomainError], Answer]:
        return _refusal_of(self.request)


@dataclass(frozen=True, slots=True)
class OnceForOperator:
    """The same for an operator's request, whose right was looked at before."""

    request: Request
    key: str | None

    async def within(self, operator: Operator, work: OperatorWork) -> Response:
        """Work that is one transaction, which keeps its answer as well."""
        code = _refused_key(self.key)
        if code is not None:
            raise Problem(code)
        keyed = await _request_of(self.request, self.key or "")
        keys = deps_of(self.request).operator_keys
        return _response(await keys.within(operator, keyed, work, _refusal_of(self.request)))


async def _request_of(request: Request, key: str) -> IdempotentRequest:
    query = request.url.query
    asked = request.url.path + (f"?{query}" if query else "")
    content = asked.encode() + b"\x00" + await request.body()
    return IdempotentRequest(request.scope["route"].operation_id, key, content)


def _refusal_of(request: Request) -> Callable[[DomainError], Answer]:
    def refusal(refused: DomainError) -> Answer:
        response = problem_response(request, problem_of(refused, language_of(request)))
        return Answer(response.status_code, bytes(response.body), {})

    return refusal


async def _require_right(access: Access) -> None:
    """Raises where the caller may not do it at all; a company that is not there is no such case."""
    try:
        await access.principal()
    except DomainError as refused:
        if refused.code in {"not_authenticated", "permission_denied"}:
            raise


def _refused_key(key: str | None) -> str | None:
    """The code for a key that is missing or no key."""
    if key is None:
        return "idempotency_key_required"
    fits = 16 <= len(key) <= 128 and _ALLOWED.issuperset(key.encode("utf-8", "replace"))
    return None if fits else "idempotency_key_invalid"


async def _required(request: Request, idempotency_key: IdempotencyKey = None) -> Once:
    return Once(request, idempotency_key, required=True)


async def _if_asked(request: Request, idempotency_key: IdempotencyKey = None) -> Once:
    return Once(request, idempotency_key, required=False)


async def _by_operator(request: Request, idempotency_key: IdempotencyKey = None) -> OnceForOperator:
    return OnceForOperator(request, idempotency_key)


OncePerOperatorKey = Annotated[OnceForOperator, Depends(_by_operator)]
OncePerKey = Annotated[Once, Depends(_required)]
OnceIfKeyed = Annotated[Once, Depends(_if_asked)]


def _response(answer: Answer) -> Response:
    headers = answer.headers | {"Cache-Control": "no-store"}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    if answer.status == 204:
        return Response(None, 204, headers)
    media_type = "application/json" if answer.status < 400 else PROBLEM_TYPE
    return Response(answer.body, answer.status, headers, media_type)
