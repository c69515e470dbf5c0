"""What the portal asked its providers: the last of it, with the portal's request ids."""

import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import PROVIDERS

KEPT = 300


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """`status` 0: its answer was lost. `request_id`: what the portal sent as X-Request-Id."""

    at: datetime
    method: str
    path: str
    status: int
    milliseconds: float
    request_id: str | None


class RequestLog:
    """The newest first."""

    def __init__(self) -> None:
        self._seen: deque[SeenRequest] = deque(maxlen=KEPT)

    def add(self, seen: SeenRequest) -> None:
        self._seen.appendleft(seen)

    def all(self, request_id: str | None = None) -> list[SeenRequest]:
        return [seen for seen in self._seen if request_id in (None, "", seen.request_id)]


class _Clock(Protocol):
    def now(self) -> datetime: ...


class LogWorld(Protocol):
    """What of a world is needed here."""

    @property
    def requests(self) -> RequestLog: ...

    @property
    def clock(self) -> _Clock: ...


class RequestLogMiddleware:
    """Outside of the faults: what a fault did to an answer is seen, too."""

    def __init__(self, app: ASGIApp, world: LogWorld) -> None:
        self.app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        provider = scope["path"].split("/")[1] if scope["type"] == "http" else ""
        if provider not in PROVIDERS:
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, seen)
        finally:
            given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
            self._world.requests.add(
                SeenRequest(
                    self._world.clock.now(),
                    scope["method"],
                    scope["path"],
                    status,
                    (time.perf_counter() - started) * 1000,
                    given or None,
                )
            )
