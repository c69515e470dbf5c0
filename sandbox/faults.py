"""Faults that are asked for: slow, failing, down, nonsense, and lost answers, by provider."""

import asyncio
import random

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.connections import cut_connection

PROVIDERS = ("nts", "portone", "groupware", "social", "smtp", "webhooks")


class Fault(BaseModel):
    """`drop_after` n: n requests are answered; later ones are done and their answer is lost.

    For `webhooks` the requests are ours to the portal: `down` mutes them, a lost answer has them
    sent again. `answer_after_ms`: the work is done at once and told that late, which `latency_ms`,
    before the work, is not. `only`: it is asked of requests whose path has that in it. `nonsense`
    is for the providers that speak HTTP.
    """

    model_config = ConfigDict(extra="forbid")

    latency_ms: int = Field(default=0, ge=0, le=60_000)
    error_rate: float = Field(default=0.0, ge=0, le=1)
    down: bool = False
    drop_after: int | None = Field(default=None, ge=0)
    nonsense: bool = False
    answer_after_ms: int = Field(default=0, ge=0, le=60_000)
    only: str | None = Field(default=None, min_length=1, max_length=100)


class Faults:
    """What is asked for now."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._answered: dict[str, int] = {}

    def of(self, provider: str) -> Fault:
        return self._faults.get(provider, Fault())

    def put(self, provider: str, fault: Fault) -> None:
        self._faults[provider] = fault
        self._answered[provider] = 0

    def clear(self) -> None:
        self._faults.clear()
        self._answered.clear()

    def all(self) -> dict[str, Fault]:
        return {name: self.of(name) for name in PROVIDERS}

    def drops(self, provider: str) -> bool:
        """Counts one answer; whether it is to be lost."""
        limit = self.of(provider).drop_after
        if limit is None:
            return False
        answered = self._answered.get(provider, 0)
        self._answered[provider] = answered + 1
        return answered >= limit


class DroppedConnection(Exception):
    """An answer that is lost where no socket can be cut (in-process tests): the work was done."""


class FaultMiddleware:
    """Applies a provider's fault to the requests below its prefix."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        provider = scope["path"].split("/")[1] if scope["type"] == "http" else ""
        if provider not in PROVIDERS:
            await self.app(scope, receive, send)
            return
        fault = self._faults.of(provider)
        if fault.only is not None and fault.only not in scope["path"]:
            await self.app(scope, receive, send)
            return
        if fault.latency_ms:
            await asyncio.sleep(fault.latency_ms / 1000)
        if fault.down or random.random() < fault.error_rate:
            await Response("Service Unavailable", 503)(scope, receive, send)
        elif fault.nonsense:
            await Response("<html>점검 중입니다</html>", 200)(scope, receive, send)
        elif self._faults.drops(provider):
            await self.app(scope, receive, _nowhere)
            if not await cut_connection(scope, receive):
                raise DroppedConnection(provider)
        else:
            await self.app(scope, receive, _late(send, fault.answer_after_ms))


def _late(send: Send, milliseconds: int) -> Send:
    """The first word of an answer comes that late."""
    if not milliseconds:
        return send

    async def later(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(milliseconds / 1000)
        await send(message)

    return later


async def _nowhere(_: Message) -> None:
    return None
