"""The layer that makes a span of each request. It is there only where spans are exported."""

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.spans import TRACEPARENT, note_status, request_span, span_method


class RequestSpans:
    """Outside of all other layers, below what a caller says by `traceparent`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method: str = scope["method"]
        with request_span(method, scope["scheme"], _given(scope["headers"])) as span:
            status = 500  # what is answered for an error that leaves the application

            async def watched(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await self.app(scope, receive, watched)
            finally:
                note_status(span, status, error_from=500)
                if request_id := scope.get("request_id"):
                    span.note({"portal.request_id": request_id})
                route = getattr(scope.get("route"), "path", None)
                if route is not None:
                    span.rename(f"{span_method(method)} {route}")
                    span.note({"http.route": route})


def _given(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The caller's traceparent; None where it is not said once."""
    found = [value for name, value in headers if name == TRACEPARENT.encode()]
    return found[0].decode("latin-1") if len(found) == 1 else None
