"""The layer that makes a span of each request. It is there only where spans are exported."""

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.spans import TRACEPARENT, Span, note_status, request_span, span_method


class RequestSpans:
    """Outside of all other layers, below what a caller says by `traceparent`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        parent = _given(scope["headers"])
        with request_span(scope["method"], scope["scheme"], parent) as span:
            status: int | None = None  # stays so if the caller leaves before an answer

            async def watched(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await self.app(scope, receive, watched)
            except Exception:
                status = status or 500  # as the framework answers behind us
                raise
            finally:
                if status is not None:
                    note_status(span, status, error_from=500)
                _name(span, scope)


def _name(span: Span, scope: Scope) -> None:
    """By the route's template; what is no route has no more of a name than its method."""
    if request_id := scope.get("request_id"):
        span.note({"portal.request_id": request_id})
    route = getattr(scope.get("route"), "path", None)
    if route is not None:
        span.rename(f"{span_method(scope['method'])} {route}")
        span.note({"http.route": route})


def _given(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The caller's traceparent; None where it is not said once."""
    found = [value for name, value in headers if name == TRACEPARENT.encode()]
    return found[0].decode("latin-1") if len(found) == 1 else None
