"""The outermost layer, one pure ASGI callable: request ids, body limit, headers, one log line.

Kept free of per-request objects: it is paid on every read (`docs/performance.md`).
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Problem, problem_response
from app.services.rate_limits import COUNTED, Counted
from app.trace import begin_trace, is_trace_id

MAX_BODY: Final = 1024 * 1024
"""Of a body in JSON; paths that take files have their own limit."""
_VARIES: Final = b"Accept-Encoding, Accept-Language, X-Company-Id"
_NO_SNIFFING: Final = (b"x-content-type-options", b"nosniff")

REQUESTS = Counter("portal_requests_total", "Answers", ["method", "route", "status"])
SECONDS = Histogram("portal_request_seconds", "Time to the last byte", ["method", "route"])

log = structlog.get_logger("portal.access")


class Edge:
    """Wraps the application. Never lets a body through that is larger than its path may have.

    `limits`: by path; one that ends with `/` is that of every path one level below.
    """

    def __init__(self, app: ASGIApp, limits: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.limits = limits or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        given, length = _asked(scope["headers"])
        request_id = given if is_trace_id(given) else os.urandom(16).hex()
        scope["request_id"] = request_id
        begin_trace(request_id)
        status = 500
        counted: list[Counted] = []
        COUNTED.set(counted)

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_ours(message["headers"], request_id)
                if counted:
                    message["headers"] += _quotas(counted)
            await send(message)

        limit = self._limit(scope["path"])
        if length > limit:
            response = problem_response(Request(scope), Problem("payload_too_large"))
            await response(scope, receive, send_with_headers)
        else:
            await self.app(scope, _limited(receive, limit), send_with_headers)
        route = getattr(scope.get("route"), "path", "(none)")
        seconds = time.perf_counter() - started
        answers, times = _series(scope["method"], route, status)
        answers.inc()
        times.observe(seconds)
        log.info(
            "answered",
            request_id=request_id,
            method=scope["method"],
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
        )

    def _limit(self, path: str) -> int:
        """A path's own, or that of all paths one level below it."""
        found = self.limits.get(path)
        if found is None:
            found = self.limits.get(path[: path.rfind("/") + 1], MAX_BODY)
        return found


class WhereAsked:
    """Layers for those who name an origin or take gzip; anybody else goes past them.

    They cost 10 µs where they have nothing to do (`docs/performance.md`). That answers vary by
    encoding is said by the edge, whoever asks.
    """

    def __init__(self, app: ASGIApp, layers: Callable[[ASGIApp], ASGIApp]) -> None:
        self.app = app
        self.layered = layers(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.layered if scope["type"] != "http" or _negotiates(scope) else self.app
        await app(scope, receive, send)


def _negotiates(scope: Scope) -> bool:
    return any(
        name == b"origin" or (name == b"accept-encoding" and b"gzip" in value)
        for name, value in scope["headers"]
    )


def _asked(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, int]:
    """The request id that was sent, and the body's declared length; empty and 0 without."""
    given, length = "", 0
    for name, value in headers:
        if name == b"x-request-id" and not given:
            given = value.decode("latin-1")
        elif name == b"content-length" and value.isdigit():
            length = int(value[:20])
    return given, length


def _with_ours(
    headers: Iterable[tuple[bytes, bytes]], request_id: str
) -> list[tuple[bytes, bytes]]:
    """An answer's headers and those that every answer has; what it varies by is one header."""
    varies = _VARIES
    out = []
    for name, value in headers:
        if name == b"vary":
            varies = b", ".join([*(v for v in value.split(b", ") if v not in varies), varies])
        else:
            out.append((name, value))
    out += ((b"vary", varies), (b"x-request-id", request_id.encode()), _NO_SNIFFING)
    return out


def _quotas(counted: Iterable[Counted]) -> tuple[tuple[bytes, bytes], ...]:
    """Structured fields of draft-ietf-httpapi-ratelimit-headers: each quota and what is left."""
    policies, left = [], []
    for found in counted:
        limit, again = found.limit, found.next_window_at - found.at
        policies.append(f'"{limit.name}";q={limit.hits};w={int(limit.window.total_seconds())}')
        left.append(f'"{limit.name}";r={found.left};t={int(again.total_seconds())}')
    return (
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", ", ".join(left).encode()),
    )


@cache
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, status), SECONDS.labels(method, route)


def _limited(receive: Receive, limit: int) -> Receive:
    """Counts what comes, for bodies that declare no length."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise Problem("payload_too_large")
        return message

    return counted
