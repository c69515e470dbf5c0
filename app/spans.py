"""Spans of OpenTelemetry behind one setting: a request, the jobs it causes, what those ask others.

Where nothing is exported nothing is imported either: this file holds no more than what a span is
to us, and a span of nobody. Names and attributes are those of the semantic conventions for HTTP and
messaging, without what may hold personal data or a secret: no URL, path, query, header, body,
address of a client, nor an exception's words.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Final, Literal, Protocol
from urllib.parse import urlsplit

from app.trace import trace_id
from app.version import VERSION

TRACEPARENT: Final = "traceparent"
"""W3C's header, and its name among a queued job's headers."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Kind = Literal["server", "consumer", "client"]
Attributes = Mapping[str, str | int]


class Span(Protocol):
    """One thing done, from its `with` to the end of it. An error that leaves it fails it."""

    def rename(self, name: str) -> None: ...

    def note(self, attributes: Attributes) -> None: ...

    def fail(self, kind: str) -> None:
        """`kind`: the error's type or a status, never its words."""


class Recorder(Protocol):
    """What spans are given to while they are exported."""

    def inner(
        self, name: str, kind: Kind, attributes: Attributes
    ) -> AbstractContextManager[Span]: ...

    def outer(
        self, name: str, kind: Kind, attributes: Attributes, parent: str | None
    ) -> AbstractContextManager[Span]:
        """`parent` is a traceparent; without one, or with nonsense, a trace begins."""

    def traceparent(self) -> str | None:
        """Of the span that this task is in; None outside of all."""

    async def aclose(self) -> None:
        """Sends what is left, for a few seconds at most."""


class _Nobody:
    """A span that nobody asked for."""

    def rename(self, name: str) -> None:
        pass

    def note(self, attributes: Attributes) -> None:
        pass

    def fail(self, kind: str) -> None:
        pass


class _Process:
    recorder: Recorder | None = None


_PROCESS: Final = _Process()
_NOTHING: Final = nullcontext[Span](_Nobody())


@asynccontextmanager
async def exported(endpoint: str, service: str) -> AsyncIterator[None]:
    """Within it this process' spans go to the collector at `endpoint`; nowhere if that is empty."""
    if not endpoint:
        yield
        return
    from app.span_export import OtlpRecorder  # noqa: PLC0415 - only what exports pays for the SDK

    _PROCESS.recorder = recorder = OtlpRecorder(endpoint, service, VERSION)
    try:
        yield
    finally:
        _PROCESS.recorder = None
        await recorder.aclose()


def traceparent() -> str | None:
    """For those who act because of the present span; None where there is none."""
    recorder = _PROCESS.recorder
    return None if recorder is None else recorder.traceparent()


def request_span(method: str, scheme: str, parent: str | None) -> AbstractContextManager[Span]:
    """Of a request to us. Its name is completed when its route is known."""
    recorder = _PROCESS.recorder
    if recorder is None:
        return _NOTHING
    known = method if method in METHODS else "_OTHER"
    attributes = {"http.request.method": known, "url.scheme": scheme}
    return recorder.outer(span_method(method), "server", attributes, parent)


def span_method(method: str) -> str:
    """What a span's name says of a method; those that anybody made up are one."""
    return method if method in METHODS else "HTTP"


def job_span(entrypoint: str, job_id: int, parent: str | None) -> AbstractContextManager[Span]:
    """Of a job that a worker took, below the request that queued it."""
    recorder = _PROCESS.recorder
    if recorder is None:
        return _NOTHING
    attributes = {
        "messaging.system": "pgqueuer",
        "messaging.destination.name": entrypoint,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.message.id": str(job_id),
    }
    return recorder.outer(f"process {entrypoint}", "consumer", attributes | _ours(), parent)


def call_span(
    provider: str, operation: str, method: str, url: str, resent: int = 0
) -> AbstractContextManager[Span]:
    """Of one attempt at a provider. Of `url` host and port are told, nothing else."""
    recorder = _PROCESS.recorder
    if recorder is None:
        return _NOTHING
    parts = urlsplit(url)
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "server.address": parts.hostname or "",
        "server.port": parts.port or (443 if parts.scheme == "https" else 80),
        "portal.provider": provider,
        "portal.operation": operation,
        **_ours(),
    }
    if resent:
        attributes["http.request.resend_count"] = resent
    return recorder.inner(f"{method} {provider}.{operation}", "client", attributes)


def mail_span(host: str, port: int) -> AbstractContextManager[Span]:
    """Of one mail handed to the mail server."""
    recorder = _PROCESS.recorder
    if recorder is None:
        return _NOTHING
    attributes: dict[str, str | int] = {
        "network.protocol.name": "smtp",
        "server.address": host,
        "server.port": port,
        "portal.provider": "mail",
        "portal.operation": "send",
        **_ours(),
    }
    return recorder.inner("SMTP mail.send", "client", attributes)


def note_status(span: Span, status: int, *, error_from: int) -> None:
    """What was answered. From `error_from` on it fails the span: 400 for who asked, 500 for us."""
    span.note({"http.response.status_code": status})
    if status >= error_from:
        span.fail(str(status))


def _ours() -> dict[str, str]:
    """By which a span is found from a log line."""
    request_id = trace_id()
    return {"portal.request_id": request_id} if request_id else {}
