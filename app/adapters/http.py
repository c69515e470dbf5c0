"""One pooled HTTP client per provider, with time-outs, safe retries, a circuit and a log line."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec
import structlog

from app.adapters.circuit import CircuitBreaker
from app.domain.provider_errors import (
    ProviderError,
    ProviderNonsense,
    ProviderRefused,
    ProviderUnavailable,
    Refusal,
)

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
LARGEST_ANSWER = 1_048_576  # bytes
ATTEMPTS = 3

_log = structlog.stdlib.get_logger("app.adapters")
_jitter = random.SystemRandom()

T = TypeVar("T")
RefusalReader = Callable[[int, bytes], tuple[Refusal, str] | None]
"""Reads status and body of an answer that is not 2xx: our refusal and the provider's code, or None
when it is no refusal (an outage, or nothing that can be read)."""


def _drop(record: logging.LogRecord) -> bool:
    return False


# The client's own log line holds the whole URL, and with it the tax service's key.
logging.getLogger("httpx").addFilter(_drop)


def segment(value: str) -> str:
    """One segment of a path, whatever the value. Raises ValueError for one that means a folder."""
    if value in {"", ".", ".."}:
        raise ValueError("not a path segment")
    return quote(value, safe="")


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent. `repeatable` says that sending it twice does no more than sending it once."""

    operation: str
    method: str
    path: str
    json: object | None = None
    form: Mapping[str, str] | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    repeatable: bool = False


class ProviderHttp:
    """Speaks to one provider.

    `read_seconds` bounds one attempt after its connection; no attempt starts once that much time
    has passed, so that a call ends within about twice of it.
    """

    def __init__(
        self,
        provider: str,
        base_url: str,
        refusal: RefusalReader,
        *,
        read_seconds: float = READ_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
        backoff_seconds: float = 0.2,
        breaker: CircuitBreaker | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.provider = provider
        self._base_url = base_url.rstrip("/")
        self._refusal = refusal
        self._read_seconds = read_seconds
        self._attempt_seconds = connect_seconds + read_seconds
        self._backoff_seconds = backoff_seconds
        self._breaker = breaker or CircuitBreaker()
        self._sleep = sleep
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(
                connect=connect_seconds,
                read=read_seconds,
                write=read_seconds,
                pool=connect_seconds,
            ),
            transport=transport,
            trust_env=False,  # secrets go to the configured address and through no proxy
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def call(self, call: Call, answer: type[T]) -> T:
        """The answer to the call, read as `answer`. Raises one of the provider errors."""
        started = time.monotonic()
        outcome = "cancelled"
        try:
            result = await self._guarded(call, answer, started)
            outcome = "ok"
        except ProviderRefused as error:
            outcome = f"refused:{error.code}"
            raise
        except ProviderUnavailable as error:
            outcome = f"unavailable:{error.reason}"
            raise
        except ProviderNonsense:
            outcome = "nonsense"
            raise
        finally:
            _log.info(
                "provider_call",
                provider=self.provider,
                operation=call.operation,
                outcome=outcome,
                ms=round((time.monotonic() - started) * 1000),
            )
        return result

    def nonsense(self, operation: str, reason: str) -> ProviderNonsense:
        return ProviderNonsense(self.provider, operation, reason)

    async def _guarded(self, call: Call, answer: type[T], started: float) -> T:
        permit = self._breaker.enter()
        if permit is None:
            left = self._breaker.seconds_left()
            raise ProviderUnavailable(self.provider, call.operation, "circuit open", left)
        try:
            result = await self._repeated(call, answer, started)
        except ProviderRefused:
            self._breaker.succeeded(permit)  # a no is an answer
            raise
        except ProviderError:
            self._breaker.failed(permit)
            raise
        except BaseException:
            self._breaker.abandoned(permit)
            raise
        self._breaker.succeeded(permit)
        return result

    async def _repeated(self, call: Call, answer: type[T], started: float) -> T:
        attempt = 1
        while True:
            try:
                return await self._attempt(call, answer)
            except ProviderUnavailable:
                late = time.monotonic() - started >= self._read_seconds
                if not call.repeatable or attempt == ATTEMPTS or late:
                    raise
            ceiling = self._backoff_seconds * 2 ** (attempt - 1)
            await self._sleep(_jitter.uniform(ceiling / 2, ceiling))
            attempt += 1

    async def _attempt(self, call: Call, answer: type[T]) -> T:
        try:
            async with asyncio.timeout(self._attempt_seconds):
                status, headers, body = await self._exchange(call)
        except (TimeoutError, httpx.TimeoutException):
            raise self._unavailable(call, "timeout") from None
        # The causes are cut off: they hold the request, and with it secrets.
        except (httpx.DecodingError, httpx.LocalProtocolError):
            raise self.nonsense(call.operation, "encoding") from None
        except httpx.TransportError:
            raise self._unavailable(call, "connection") from None
        if 200 <= status < 300:
            return self._read(call, body, answer)
        raise self._not_ok(call, status, headers, body)

    async def _exchange(self, call: Call) -> tuple[int, httpx.Headers, bytes]:
        content = None
        headers = dict(call.headers)
        if call.json is not None:
            content = msgspec.json.encode(call.json)
            headers["Content-Type"] = "application/json"
        async with self._client.stream(
            call.method,
            self._base_url + call.path,
            content=content,
            data=call.form,
            params=call.params or None,
            headers=headers,
            auth=call.auth,
        ) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise self.nonsense(call.operation, "too large")
            return response.status_code, response.headers, bytes(body)

    def _read(self, call: Call, body: bytes, answer: type[T]) -> T:
        try:
            return msgspec.json.decode(body, type=answer)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise self.nonsense(call.operation, "shape") from None

    def _not_ok(
        self, call: Call, status: int, headers: httpx.Headers, body: bytes
    ) -> ProviderError:
        refusal = self._refusal(status, body)
        if refusal is not None:
            return ProviderRefused(self.provider, call.operation, *refusal)
        if status >= 500 or status in {408, 429}:
            wait = headers.get("retry-after", "")
            seconds = int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 6 else 5
            return self._unavailable(call, f"status {status}", seconds)
        return self.nonsense(call.operation, f"status {status}")

    def _unavailable(self, call: Call, reason: str, wait: int = 5) -> ProviderUnavailable:
        return ProviderUnavailable(self.provider, call.operation, reason, wait)
