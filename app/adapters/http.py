"""One pooled HTTP client per provider, with time-outs, safe retries, a circuit and a log line."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from app.adapters.circuit import CircuitBreaker
from app.adapters.watch import Watch
from app.domain.provider_errors import (
    ProviderError,
    ProviderNonsense,
    ProviderRefused,
    ProviderUnavailable,
    Refusal,
)
from app.spans import TRACEPARENT, call_span, note_status, traceparent
from app.trace import HEADER, trace_id

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
LARGEST_ANSWER = 1_048_576  # bytes
ATTEMPTS = 3

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
    """Behind the base URL; a whole URL where the base is empty."""
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
        self._watch = Watch(provider, breaker)
        self._sleep = sleep
        self.timeout = httpx.Timeout(
            connect=connect_seconds, read=read_seconds, write=read_seconds, pool=connect_seconds
        )
        # Secrets go to the configured address and through no proxy.
        self._transport = transport or httpx.AsyncHTTPTransport(trust_env=False)
        self._client = httpx.AsyncClient(
            timeout=self.timeout, transport=self._transport, trust_env=False
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def call(self, call: Call, answer: type[T]) -> T:
        """The answer to the call, read as `answer`. Raises one of the provider errors."""
        started = time.monotonic()
        return await self._watch.over(
            call.operation, lambda: self._repeated(call, answer, started), started
        )

    async def lend(
        self, operation: str, work: Callable[[httpx.AsyncBaseTransport], Awaitable[T]]
    ) -> T:
        """What another library does over our connections: same limits, circuit and log line.

        Never repeated. `work` raises ProviderRefused for a no, and `nonsense` for what it cannot
        read; what httpx raises is turned into a provider error here.
        """
        lent = _Lent(
            self.provider, operation, self._transport, lambda: self.nonsense(operation, "too large")
        )
        return await self._watch.over(
            operation,
            lambda: self._one_attempt(operation, lambda: work(lent)),
            time.monotonic(),
        )

    def nonsense(self, operation: str, reason: str) -> ProviderNonsense:
        return ProviderNonsense(self.provider, operation, reason)

    async def _repeated(self, call: Call, answer: type[T], started: float) -> T:
        attempt = 1
        while True:
            try:
                return await self._attempt(call, answer, attempt - 1)
            except ProviderUnavailable:
                late = time.monotonic() - started >= self._read_seconds
                if not call.repeatable or attempt == ATTEMPTS or late:
                    raise
            ceiling = self._backoff_seconds * 2 ** (attempt - 1)
            await self._sleep(_jitter.uniform(ceiling / 2, ceiling))
            attempt += 1

    async def _one_attempt(self, operation: str, work: Callable[[], Awaitable[T]]) -> T:
        """Bounded in time; httpx's errors become ours."""
        try:
            async with asyncio.timeout(self._attempt_seconds):
                return await work()
        except (TimeoutError, httpx.TimeoutException):
            raise self._unavailable(operation, "timeout") from None
        # The causes are cut off: they hold the request, and with it secrets.
        except (httpx.DecodingError, httpx.LocalProtocolError):
            raise self.nonsense(operation, "encoding") from None
        except httpx.HTTPStatusError as error:
            raise self._unavailable(operation, f"status {error.response.status_code}") from None
        except httpx.TransportError:
            raise self._unavailable(operation, "connection") from None

    async def _attempt(self, call: Call, answer: type[T], resent: int) -> T:
        url = self._base_url + call.path
        with call_span(self.provider, call.operation, call.method, url, resent) as span:
            status, headers, body = await self._one_attempt(
                call.operation, lambda: self._exchange(call)
            )
            note_status(span, status, error_from=400)
        if 200 <= status < 300:
            return self._read(call, body, answer)
        raise self._not_ok(call, status, headers, body)

    async def _exchange(self, call: Call) -> tuple[int, httpx.Headers, bytes]:
        content = None
        headers = dict(call.headers) | _cause()
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
            return self._unavailable(call.operation, f"status {status}", seconds)
        return self.nonsense(call.operation, f"status {status}")

    def _unavailable(self, operation: str, reason: str, wait: int = 5) -> ProviderUnavailable:
        return ProviderUnavailable(self.provider, operation, reason, wait)


def _cause() -> dict[str, str]:
    """What a provider is told of why it is asked."""
    told = {HEADER: trace_id(), TRACEPARENT: traceparent()}
    return {name: value for name, value in told.items() if value is not None}


class _Lent(httpx.AsyncBaseTransport):
    """Our connections in another client's hands: it cannot close them, nor read without end."""

    def __init__(
        self,
        provider: str,
        operation: str,
        inner: httpx.AsyncBaseTransport,
        too_large: Callable[[], ProviderError],
    ) -> None:
        self._provider = provider
        self._operation = operation
        self._inner = inner
        self._too_large = too_large

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        with call_span(self._provider, self._operation, request.method, url) as span:
            request.headers.update(_cause())
            response = await self._inner.handle_async_request(request)
            note_status(span, response.status_code, error_from=400)
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        response.stream = _Bounded(stream, self._too_large)
        return response

    async def aclose(self) -> None:
        """The connections stay ours."""


class _Bounded(httpx.AsyncByteStream):
    def __init__(
        self, inner: httpx.AsyncByteStream, too_large: Callable[[], ProviderError]
    ) -> None:
        self._inner = inner
        self._too_large = too_large

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._inner:
            seen += len(chunk)
            if seen > LARGEST_ANSWER:
                raise self._too_large()
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
