"""Files of customers in a bucket of any store that speaks S3 (contracts: AWS's API reference).

A key is seen by readers once its object is whole, whatever breaks off before. Memory is bounded: a
file shorter than a part is one request, a longer one goes up part by part, and comes back by ranges
of which each is a request of its own, so that a slow reader holds no connection to the store.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

import structlog
from obstore.exceptions import BaseError, GenericError
from obstore.store import S3Store

from app.adapters.circuit import CircuitBreaker
from app.adapters.file_keys import checked_folder, checked_key
from app.adapters.watch import Watch
from app.domain.provider_errors import (
    ProviderError,
    ProviderNonsense,
    ProviderRefused,
    ProviderUnavailable,
    Refusal,
)
from app.spans import call_span

if TYPE_CHECKING:  # the library has it for type checkers only
    from obstore.store import S3Credential

PROVIDER: Final = "files"
PART_BYTES: Final = 5 * 1024 * 1024
"""What S3 demands of every part but the last."""
RANGE_BYTES: Final = 1024 * 1024
CONNECT_SECONDS: Final = 2.0
REQUEST_SECONDS: Final = 10.0
"""A part through a slow line; no repeat begins once that much time has passed."""
REPEATS: Final = 2

_STATUS = re.compile(r"status code: ([0-9]{3})\b")
_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,60})</Code>")
_TIMEOUT = "kind: Timeout"

_log = structlog.stdlib.get_logger("app.adapters")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where files are: `endpoint` without a slash at its end; the bucket is in the path."""

    endpoint: str
    region: str
    name: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


class _BrokenOff(Exception):
    """Whoever sent the file went away."""


class S3Files:
    """Keys are `folder/name`, as on a disk; the key is the object's.

    Every method raises ProviderUnavailable where the store is down, slow or asks to slow down, and
    another ProviderError where it says no.
    """

    def __init__(
        self,
        bucket: Bucket,
        *,
        request_seconds: float = REQUEST_SECONDS,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._store = _store(bucket, request_seconds)
        self._calls = _Calls(bucket.endpoint, breaker)

    async def create(self, key: str) -> "S3Sink":
        return S3Sink(self._store, self._calls, checked_key(key))

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Has the first part when it returns."""
        first, size = await self._range(checked_key(key), 0)
        return self._parts(key, first, size)

    async def remove_folder(self, folder: str) -> None:
        """What an upload that died left half written is not listed: the bucket's own rule."""
        prefix = checked_folder(folder) + "/"

        async def remove() -> None:
            async for found in self._store.list(prefix):
                await self._store.delete_async([each["path"] for each in found])

        await self._calls.run("remove", "DELETE", remove)

    async def _parts(self, key: str, first: bytes, size: int) -> AsyncIterator[bytes]:
        yield first
        at = len(first)
        while at < size:
            part, _ = await self._range(key, at)
            at += len(part)
            yield part

    async def _range(self, key: str, start: int) -> tuple[bytes, int]:
        """(bytes from `start` on, the whole's size). Raises FileNotFoundError."""

        async def get() -> tuple[bytes, int]:
            window = (start, start + RANGE_BYTES)
            found = await self._store.get_async(key, options={"range": window})
            return bytes(await found.bytes_async()), found.meta["size"]

        try:
            return await self._calls.run("read", "GET", get)
        except ProviderRefused as refused:
            if refused.code is Refusal.NOT_FOUND:
                raise FileNotFoundError(key) from None
            raise


class S3Sink:
    """One file on its way: kept until it is a part long, then handed on as it comes."""

    def __init__(self, store: S3Store, calls: "_Calls", key: str) -> None:
        self._store = store
        self._calls = calls
        self._key = key
        self._head = bytearray()
        self._coming: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=1)
        self._upload: asyncio.Task[None] | None = None
        self._broken = False

    async def write(self, content: bytes) -> None:
        if self._upload is not None:
            await self._hand_on(self._upload, content)
            return
        self._head += content
        if len(self._head) >= PART_BYTES:
            self._upload = asyncio.create_task(self._calls.run("write", "PUT", self._put_parts))

    async def close(self) -> None:
        if self._upload is None:
            await self._calls.run("write", "PUT", self._put_whole)
            return
        await self._hand_on(self._upload, None)
        await asyncio.shield(self._upload)

    async def abort(self) -> None:
        """Nothing is left of it, or what is left is never seen and the bucket's rule removes it."""
        self._head.clear()
        if self._upload is None:
            return
        self._broken = True
        while not self._coming.empty():
            self._coming.get_nowait()
        self._coming.put_nowait(None)
        try:
            await self._upload
        except (ProviderError, _BrokenOff) as error:
            _log.info("upload_broken_off", provider=PROVIDER, told=isinstance(error, _BrokenOff))

    async def _hand_on(self, upload: asyncio.Task[None], content: bytes | None) -> None:
        """Waits until there is room; raises what the upload failed of."""
        handing = asyncio.ensure_future(self._coming.put(content))
        try:
            await asyncio.wait({handing, upload}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            handing.cancel()
        if upload.done():
            upload.result()

    async def _put_whole(self) -> None:
        await self._store.put_async(self._key, bytes(self._head), use_multipart=False)

    async def _put_parts(self) -> None:
        """Aborted by the library when the content raises, or a part fails for good."""
        await self._store.put_async(
            self._key, self._content(), chunk_size=PART_BYTES, max_concurrency=1
        )

    async def _content(self) -> AsyncIterator[bytes]:
        head, self._head = bytes(self._head), bytearray()
        yield head
        del head
        while (content := await self._coming.get()) is not None:
            yield content
        if self._broken:
            raise _BrokenOff


class _Calls:
    """Each operation's circuit, log line, metrics and span; the library's errors become ours.

    The library's words hold addresses and the store's answers: none of them is passed on.
    """

    def __init__(self, endpoint: str, breaker: CircuitBreaker | None) -> None:
        self._endpoint = endpoint
        self._watch = Watch(PROVIDER, breaker)

    async def run(self, operation: str, method: str, work: Callable[[], Awaitable[T]]) -> T:
        async def translated() -> T:
            with call_span(PROVIDER, operation, method, self._endpoint):
                try:
                    return await work()
                except (BaseError, FileNotFoundError) as error:
                    raise _ours(operation, error) from None

        return await self._watch.over(operation, translated, time.monotonic())


def _ours(operation: str, error: Exception) -> ProviderError:
    """By status and code, which the library has in its words only."""
    words = str(error)
    status, code = _STATUS.search(words), _CODE.search(words)
    detail = code[1] if code else ""
    if isinstance(error, FileNotFoundError) and detail in {"", "NoSuchKey"}:
        return ProviderRefused(PROVIDER, operation, Refusal.NOT_FOUND, detail)
    if status is None:
        return _unanswered(operation, error, words)
    if status[1] in {"401", "403"} or detail == "NoSuchBucket":
        return ProviderRefused(PROVIDER, operation, Refusal.NOT_ALLOWED, detail)
    if status[1] >= "500" or status[1] in {"408", "429"}:
        return ProviderUnavailable(PROVIDER, operation, f"status {status[1]}")
    return ProviderNonsense(PROVIDER, operation, f"status {status[1]} {detail}".rstrip())


def _unanswered(operation: str, error: Exception, words: str) -> ProviderError:
    if not isinstance(error, GenericError):
        return ProviderNonsense(PROVIDER, operation, type(error).__name__)
    reason = "timeout" if _TIMEOUT in words else "connection"
    return ProviderUnavailable(PROVIDER, operation, reason)


def _store(bucket: Bucket, request_seconds: float) -> S3Store:
    """Says everything that the library would otherwise look for in the environment (`AWS_…`)."""

    def credentials() -> "S3Credential":
        return {
            "access_key_id": bucket.access_key,
            "secret_access_key": bucket.secret_key,
            "token": None,
            "expires_at": None,
        }

    return S3Store(
        bucket.name,
        endpoint=bucket.endpoint,
        region=bucket.region,
        credential_provider=credentials,
        skip_signature=False,
        virtual_hosted_style_request=False,
        client_options={
            "allow_http": bucket.endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
            "timeout": timedelta(seconds=request_seconds),
        },
        retry_config={
            "max_retries": REPEATS,
            "retry_timeout": timedelta(seconds=request_seconds),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=1),
                "base": 2,
            },
        },
    )
