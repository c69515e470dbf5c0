"""The outermost layer, one pure ASGI callable: request ids, body limit, headers, one log line.

Kept free of per-request objects: it is paid on every read (`docs/performance.md`).
"""

import re
import time
import uuid
from collections.abc import Mapping
from typing import Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Problem, problem_response

MAX_BODY: Final = 1024 * 1024
"""Of a body in JSON; paths that take files have their own limit."""
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

REQUESTS = Counter("portal_requests_total", "Answers", ["method", "route", "status"])
SECONDS = Histogram("portal_request_seconds", "Time to the last byte", ["method", "route"])

log = structlog.get_logger("portal.access")


class Edge:
    """Wraps the application. Never lets a body through that is larger than its path may have."""

    def __init__(self, app: ASGIApp, limits: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.limits = limits or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        scope["request_id"] = request_id
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                out["X-Request-Id"] = request_id
                out["X-Content-Type-Options"] = "nosniff"
                out.add_vary_header("Accept-Language, X-Company-Id")
            await send(message)

        limit = self.limits.get(scope["path"], MAX_BODY)
        if _declared_length(headers) > limit:
            response = problem_response(Request(scope), Problem("payload_too_large"))
            await response(scope, receive, send_with_headers)
        else:
            await self.app(scope, _limited(receive, limit), send_with_headers)
        route = getattr(scope.get("route"), "path", "(none)")
        seconds = time.perf_counter() - started
        REQUESTS.labels(scope["method"], route, status).inc()
        SECONDS.labels(scope["method"], route).observe(seconds)
        log.info(
            "answered",
            request_id=request_id,
            method=scope["method"],
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
        )


def _declared_length(headers: Headers) -> int:
    try:
        return int(headers.get("content-length", "0"))
    except ValueError:
        return 0


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
