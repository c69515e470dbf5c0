"""Log lines: one JSON object each, to stdout, without personal data.

What is passed in is ours to choose. What an exception says is not: a database names the values of
the row that it refused, a parser the text that it could not read. So of an exception the log has
its kind, its place, and those of what caused it, and never its words.
"""

import json
import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict


def _in_words(value: object) -> str:
    """What JSON has no form for; of an exception its kind alone."""
    return type(value).__qualname__ if isinstance(value, BaseException) else repr(value)


_encode = msgspec.json.Encoder(enc_hook=_in_words).encode

NAMES = ("code", "sqlstate", "constraint_name", "provider", "operation")
"""Of an exception's own, what names a rule and never a value."""
OURS = str(Path(__file__).parent)


def configure_logging() -> None:
    """INFO and above of our own; WARNING and above of libraries, in the same form."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            exceptions_without_words,
            _as_json,
        ],
        logger_factory=structlog.WriteLoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LibraryLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def exceptions_without_words(
    _: object, __: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    """Puts `exception` in the place of `exc_info`."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()[1]
    if isinstance(given, tuple):
        given = given[1]
    if isinstance(given, BaseException):
        event["exception"] = [_told(error) for error in _chain(given)]
    return event


def _chain(error: BaseException) -> list[BaseException]:
    """The error, then what it came from."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        hidden = current.__suppress_context__
        current = current.__cause__ or (None if hidden else current.__context__)
    return found


def _told(error: BaseException) -> dict[str, object]:
    """The frames of our own code on the way there, and the innermost one."""
    frames = traceback.extract_tb(error.__traceback__)
    told = [frame for frame in frames[:-1] if frame.filename.startswith(OURS)] + frames[-1:]
    kind = type(error)
    names = {name: getattr(error, name, None) for name in NAMES}
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        **{name: value for name, value in names.items() if isinstance(value, str)},
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in told],
    }


class LibraryLines(logging.Formatter):
    """A library's record as our lines are; with an exception, only who says it and its kind."""

    def format(self, record: logging.LogRecord) -> str:
        event: MutableMapping[str, Any] = {
            "event": "library" if record.exc_info else str(record.msg),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        if record.exc_info:
            event["exc_info"] = record.exc_info
        return json.dumps(exceptions_without_words(None, "", event), ensure_ascii=False)


def _as_json(_: object, __: str, event: EventDict) -> str:
    """By msgspec, since each answer has a line (`docs/performance.md`)."""
    return _encode(event).decode()
