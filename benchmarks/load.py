"""The load generator: one request, sent again and again over kept connections, timed.

A process of its own, pinned to core 1. It checks that every answer is 2xx and has the same body.
"""

import asyncio
import contextlib
import json
import os
import sys
import time

import uvloop

CONNECTIONS = 16


class Client(asyncio.Protocol):
    """Sends the next request when the last was answered; counts, and keeps the times."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._run.request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = content_length(self._buffer[:head_end])
        if len(self._buffer) < head_end + 4 + length:
            return
        self._run.answered(self._buffer, head_end + 4, time.perf_counter() - self._sent_at)
        self._buffer = b""
        if self._run.going:
            self._send()
        else:
            self._transport.close()


def content_length(head: bytes) -> int:
    lowered = head.lower()
    start = lowered.index(b"content-length:") + 15
    end = lowered.find(b"\r\n", start)
    return int(lowered[start : end if end >= 0 else len(lowered)])


class Run:
    """One round against one server."""

    def __init__(self, request: bytes, expected: bytes | None) -> None:
        self.request = request
        self._expected = expected
        self.going = True
        self.seconds: list[float] = []
        self.wrong = ""
        self.ended = asyncio.Event()

    def answered(self, answer: bytes, body_at: int, seconds: float) -> None:
        self.seconds.append(seconds)
        if answer[9:10] != b"2" or (self._expected and answer[body_at:] != self._expected):
            self.wrong = answer[:400].decode("utf-8", "replace")
            self.going = False
            self.ended.set()


async def measure(port: int, request: bytes, expected: bytes | None, seconds: float) -> Run:
    run = Run(request, expected)
    loop = asyncio.get_running_loop()
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Client(run), "127.0.0.1", port)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(run.ended.wait(), seconds)
    run.going = False
    await asyncio.sleep(0.1)
    return run


def main() -> None:
    """Reads one job as JSON from stdin, prints the figures as JSON."""
    os.sched_setaffinity(0, {1 % (os.cpu_count() or 1)})
    job = json.load(sys.stdin)
    expected = job["expected"].encode() if job["expected"] is not None else None
    started = time.perf_counter()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        run = runner.run(measure(job["port"], job["request"].encode(), expected, job["seconds"]))
    took = time.perf_counter() - started - 0.1
    times = sorted(run.seconds)
    print(
        json.dumps(
            {
                "rate": len(times) / took,
                "p50": times[len(times) // 2] * 1000 if times else 0,
                "p99": times[int(len(times) * 0.99)] * 1000 if times else 0,
                "wrong": run.wrong,
            }
        )
    )


if __name__ == "__main__":
    main()
