"""One id through a request, the jobs that it causes, and what providers are asked because of it."""

import re
from contextvars import ContextVar
from typing import Final

HEADER: Final = "X-Request-Id"
IN_A_JOB: Final = "request_id"
"""Among a queued job's headers."""
_SAFE: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")

_TRACE: ContextVar[str | None] = ContextVar("trace", default=None)


def begin_trace(request_id: str) -> None:
    """For what this task does from here on."""
    _TRACE.set(request_id)


def trace_id() -> str | None:
    """None outside of requests and jobs."""
    return _TRACE.get()


def is_trace_id(value: object) -> bool:
    """Whether it may be in a log line and a header."""
    return isinstance(value, str) and _SAFE.fullmatch(value) is not None
