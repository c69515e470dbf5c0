"""RFC 9457 problem documents: the one exception that carries one, and the handlers that write it.

Refusals of the domain (`DomainError`) and of providers (`ProviderError`) are mapped here, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from app.db.unavailable import POSSIBLE, is_unavailable
from app.domain.errors import DomainError
from app.domain.provider_errors import ProviderError, ProviderUnavailable
from app.language import Language, language_of
from app.problem_codes import ProblemCode, problem_code
from app.services.rate_limits import RateLimited

PROBLEM_TYPE = "application/problem+json"
TYPE_BASE = "https://portal.example/problems/"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One refused field: a JSON pointer into the body (RFC 6901), a stable code, words."""

    pointer: str
    code: str
    message: str


class Problem(Exception):
    """A refusal with a code of the catalogue; whoever raises it gives facts, never sentences."""

    def __init__(
        self,
        code: str,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: Mapping[str, str] | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(code)
        self.row: ProblemCode = problem_code(code)
        self.errors = errors
        self.headers = dict(headers or {})
        self.facts = dict(facts or {})


@dataclass(frozen=True, slots=True)
class ProblemBody:
    """The document's members, in the order in which they are written."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldError] = field(default_factory=list)


def problem_response(request: Request, problem: Problem) -> Response:
    """The document in the request's language, its facts as extension members."""
    row = problem.row
    title = row.title_ko if language_of(request) is Language.KO else row.title_en
    body = ProblemBody(
        type=TYPE_BASE + row.code,
        title=title,
        status=row.status,
        detail=title,
        code=row.code,
        request_id=request_id_of(request),
        errors=list(problem.errors),
    )
    document = msgspec.to_builtins(body) | {
        name: value for name, value in problem.facts.items() if name not in body.__slots__
    }
    return Response(
        msgspec.json.encode(document),
        status_code=row.status,
        media_type=PROBLEM_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def request_id_of(request: Request) -> str:
    """The id that the outermost middleware gave this request."""
    return str(request.scope.get("request_id", ""))


async def _on_problem(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, Problem)
    return problem_response(request, exc)


async def _on_domain_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, DomainError)
    return problem_response(request, problem_of(exc, language_of(request)))


def problem_of(exc: DomainError, language: Language) -> Problem:
    """A refusal of the domain as a problem; its pointer becomes the one entry of `errors`."""
    row = problem_code(exc.code)
    title = row.title_ko if language is Language.KO else row.title_en
    errors = (FieldError(exc.pointer, exc.code, title),) if exc.pointer is not None else ()
    headers = {"WWW-Authenticate": "Bearer"} if exc.code == "not_authenticated" else {}
    return Problem(exc.code, errors=errors, headers=headers, facts=dict(exc.facts))


_BY_PROVIDER = {
    "nts": "business_registry_unavailable",
    "identity": "identity_provider_incomplete",
}
RETRY_AFTER_SECONDS = 60


async def _on_provider_error(request: Request, exc: Exception) -> Response:
    """Down and slow are 503; an answer that cannot be used is 502, for the register 503 as well."""
    assert isinstance(exc, ProviderError)
    log.warning("provider_error", provider=exc.provider, operation=exc.operation)
    unavailable = isinstance(exc, ProviderUnavailable)
    named = _BY_PROVIDER.get(exc.provider)
    code = named or ("provider_unavailable" if unavailable else "provider_failed")
    wait = exc.retry_after if isinstance(exc, ProviderUnavailable) else RETRY_AFTER_SECONDS
    headers = {"Retry-After": str(wait)} if problem_code(code).status == 503 else {}
    return problem_response(request, Problem(code, headers=headers))


async def _on_rate_limited(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RateLimited)
    headers = {"Retry-After": str(exc.retry_after)}
    return problem_response(request, Problem("rate_limited", headers=headers))


async def _on_validation_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)
    refused = exc.errors()
    if any(error["type"] == "json_invalid" for error in refused):
        return problem_response(request, Problem("malformed_json"))
    errors = tuple(
        FieldError(_pointer(error["loc"]), str(error["type"]), str(error["msg"]))
        for error in refused
    )
    return problem_response(request, Problem("invalid_request", errors=errors))


ITEM_TYPES = frozenset({"NEW", "ADD_EXTEND", "CHANGE"})
"""What pydantic puts between an item and its fields: the type by which it read it."""


UNION_MEMBER = "~"
"""Begins the tags of a body's alternatives: they are no place in what was sent."""


def _pointer(location: tuple[str | int, ...]) -> str:
    """`("body", "items", 0)` → `/items/0`; what is not the body keeps its place: `/query/limit`."""
    parts = location[1:] if location[:1] == ("body",) else location
    parts = tuple(
        part for part in parts if part not in ITEM_TYPES and not str(part).startswith(UNION_MEMBER)
    )
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 400: "malformed_json"}


async def _on_http_exception(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    headers = dict(exc.headers or {})
    if exc.status_code == 405:
        headers["Allow"] = ", ".join(_allowed(request))
    problem = Problem(_HTTP_CODES.get(exc.status_code, "internal_error"), headers=headers)
    return problem_response(request, problem)


def _allowed(request: Request) -> list[str]:
    """Every method of the path. The framework names those of the first route that matched it.

    A path without parameters is itself and no other one's parameter: /quotes/claim is no quote.
    """
    path = request.url.path
    matching = [(r, methods) for r, methods in request.app.state.operations if r.match(path)]
    literal = [(regex, methods) for regex, methods in matching if not regex.groups]
    return sorted({method for _, methods in literal or matching for method in methods})


async def _on_unexpected(request: Request, exc: Exception) -> Response:
    log.error("unexpected", error=type(exc).__name__, request_id=request_id_of(request))
    return problem_response(request, Problem("internal_error"))


DATABASE_RETRY_SECONDS = 5


async def _on_database_error(request: Request, exc: Exception) -> Response:
    """Away: 503, and nothing is said of what was being committed. A mistake of ours: as others."""
    if not is_unavailable(exc):
        raise exc
    log.error("database_unavailable", error=type(exc).__name__, request_id=request_id_of(request))
    headers = {"Retry-After": str(DATABASE_RETRY_SECONDS)}
    return problem_response(request, Problem("database_unavailable", headers=headers))


def install(app: FastAPI) -> None:
    """Every way out of the application that is not an answer of a route."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(DomainError, _on_domain_error)
    app.add_exception_handler(ProviderError, _on_provider_error)
    app.add_exception_handler(RateLimited, _on_rate_limited)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    for kind in POSSIBLE:
        app.add_exception_handler(kind, _on_database_error)
    app.add_exception_handler(Exception, _on_unexpected)
