"""Operations on their way out: what their answers say (RFC 9745, RFC 8594), and the document.

The policy is docs/compatibility.md: at least a year from the one day to the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])

MARK = "__portal_deprecation__"
LEAST_DAYS = 365


@dataclass(frozen=True, slots=True)
class Deprecation:
    """`since`, `gone_at`: aware. `instead`: the operation that does it now."""

    since: datetime
    gone_at: datetime
    instead: str

    def headers(self) -> list[tuple[bytes, bytes]]:
        gone_at = format_datetime(self.gone_at.astimezone(UTC), usegmt=True)
        return [
            (b"deprecation", f"@{int(self.since.timestamp())}".encode()),
            (b"sunset", gone_at.encode()),
        ]


def deprecated(since: datetime, gone_at: datetime, instead: str) -> Callable[[Endpoint], Endpoint]:
    """Marks an endpoint. Raises ValueError where clients would get less than a year."""
    if (gone_at - since).days < LEAST_DAYS:
        raise ValueError("clients have a year to change")

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, MARK, Deprecation(since, gone_at, instead))
        return endpoint

    return mark


def deprecation_of(endpoint: Callable[..., object]) -> Deprecation | None:
    found: Deprecation | None = getattr(endpoint, MARK, None)
    return found


def telling(app: ASGIApp, deprecation: Deprecation) -> ASGIApp:
    """The route's application, whose answers, refusals too, carry the headers."""
    headers = deprecation.headers()

    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        await app(scope, receive, send_with_headers)

    return tell
