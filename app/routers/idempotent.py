"""The `Idempotency-Key` header, and answers that are kept byte for byte."""

from typing import Annotated

from fastapi import Header, Request, Response
from pydantic import BaseModel

from app.domain.errors import DomainError
from app.errors import PROBLEM_TYPE, Problem, problem_of, problem_response
from app.language import language_of
from app.routers.answers import to_json
from app.routers.models import AnswerStruct
from app.services.idempotency import Answer, IdempotentRequest, Work, run_once
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


def answer_of(body: AnswerStruct | BaseModel, status: int = 200, **headers: str) -> Answer:
    """A body as the bytes that are sent, and sent again."""
    return Answer(status, to_json(body), headers)


async def run_idempotent(
    request: Request,
    access: Access,
    operation: str,
    key: str | None,
    work: Work,
    *,
    required: bool = True,
) -> Response:
    """Runs the work once for the key. Raises for a key that is missing or no key.

    Where none is required and none was sent, the work is simply done.
    """
    if key is None and not required:
        async with access.transaction() as (session, principal):
            return _response(await work(session, principal))
    if key is None:
        raise Problem("idempotency_key_required")
    if not 16 <= len(key) <= 128 or not _ALLOWED.issuperset(key.encode("utf-8", "replace")):
        raise Problem("idempotency_key_invalid")

    def refusal(refused: DomainError) -> Answer:
        response = problem_response(request, problem_of(refused, language_of(request)))
        return Answer(response.status_code, bytes(response.body), {})

    body = await request.body()
    target = request.url.path.encode() + b"\x00" + body
    answer = await run_once(access, IdempotentRequest.of(operation, key, target), work, refusal)
    return _response(answer)


def _response(answer: Answer) -> Response:
    headers = dict(answer.headers)
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    media_type = "application/json" if answer.status < 400 else PROBLEM_TYPE
    return Response(
        answer.body if answer.status != 204 else None,
        answer.status,
        headers | {"Cache-Control": "no-store"},
        media_type,
    )
