"""Answers that are sent while they are made, to clients that read them."""

import asyncio
from collections.abc import AsyncGenerator

import anyio
import structlog
from fastapi.responses import StreamingResponse
from starlette.types import Message, Send

log = structlog.get_logger(__name__)


class LimitedStream(StreamingResponse):
    """Ends where its client takes longer than `silent` seconds for a part, or `whole` for all.

    What makes the parts may hold a connection and a transaction: they are let go then, and when
    the client is gone. The answer stops in its middle, which HTTP shows to whoever still reads.
    """

    def __init__(
        self,
        parts: AsyncGenerator[bytes],
        *,
        silent: float,
        whole: float,
        media_type: str,
        headers: dict[str, str],
    ) -> None:
        super().__init__(parts, media_type=media_type, headers=headers)
        self._parts = parts
        self._silent = silent
        self._whole = whole

    async def stream_response(self, send: Send) -> None:
        async def in_time(message: Message) -> None:
            async with asyncio.timeout(self._silent):
                await send(message)

        try:
            async with asyncio.timeout(self._whole):
                await super().stream_response(in_time)
        except TimeoutError:
            log.warning("slow_reader", silent=self._silent, whole=self._whole)
        finally:
            with anyio.CancelScope(shield=True):
                await self._parts.aclose()
