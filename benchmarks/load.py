"""The load generator: requests sent again and again over kept connections, each answer timed.

A process of its own, pinned to core 1. It checks that every answer is 2xx and, where one is
expected, that its body is that one. Reads a `Job` from stdin and writes a `Round` to stdout.
"""

import asyncio
import contextlib
import os
import pickle
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import uvloop

CONNECTIONS = 16
ANSWER_SECONDS = 20


@dataclass(frozen=True)
class Job:
    """`once`: each request is sent once, and the round ends with them or with its seconds."""

    port: int
    requests: list[bytes]
    seconds: float
    expected: bytes | None = None
    once: bool = False
    connections: int = CONNECTIONS


@dataclass
class Round:
    """`wrong` is the beginning of the first answer that should not have been."""

    rate: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    wrong: bytes = b""
    sent: int = 0


@dataclass
class Run:
    """One round against one server, while it goes on."""

    requests: Iterator[bytes]
    expected: bytes
    going: bool = True
    seconds: list[float] = field(default_factory=list)
    wrong: bytes = b""
    last: float = 0.0
    open: int = CONNECTIONS
    """Connections, of the job's."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def refuse(self, answer: bytes) -> None:
        self.wrong = answer[:1000]
        self.going = False
        self.ended.set()


class Client(asyncio.Protocol):
    """One connection: sends the next request when the last was answered."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._buffer = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        request = next(self._run.requests, None) if self._run.going else None
        if request is None:
            self._transport.close()
            self._run.open -= 1
            if not self._run.open:
                self._run.ended.set()
                self._run.closed.set()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        run = self._run
        if self._buffer:
            data = self._buffer + data
        if not (run.expected and data.endswith(run.expected)) and not is_whole(data):
            self._buffer = data
            return
        self._buffer = b""
        run.last = time.perf_counter()
        run.seconds.append(run.last - self._sent_at)
        if data[9:10] != b"2" or not data.endswith(run.expected):
            run.refuse(data)
        self._send()


def is_whole(answer: bytes) -> bool:
    """Whether all of the body is there that the header announces."""
    head_end = answer.find(b"\r\n\r\n")
    if head_end < 0:
        return False
    head = answer[:head_end].lower()
    start = head.index(b"content-length:") + 15
    end = head.find(b"\r\n", start)
    length = int(head[start : end if end >= 0 else len(head)])
    return len(answer) >= head_end + 4 + length


def in_turn(job: Job) -> Iterator[bytes]:
    while True:
        yield from job.requests
        if job.once:
            return


async def measure(job: Job) -> Round:
    run = Run(in_turn(job), job.expected or b"", open=job.connections)
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    for _ in range(job.connections):
        await loop.create_connection(lambda: Client(run), "127.0.0.1", job.port)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(run.ended.wait(), job.seconds)
    run.going = False
    if not run.wrong:
        async with asyncio.timeout(ANSWER_SECONDS):
            await run.closed.wait()
    times = sorted(run.seconds)
    if not times:
        return Round(wrong=run.wrong or b"no answer")
    return Round(
        rate=len(times) / (run.last - started),
        p50=times[len(times) // 2] * 1000,
        p99=times[int(len(times) * 0.99)] * 1000,
        wrong=run.wrong,
        sent=len(times),
    )


def main() -> None:
    os.sched_setaffinity(0, {1 % (os.cpu_count() or 1)})
    job: Job = pickle.load(sys.stdin.buffer)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        pickle.dump(runner.run(measure(job)), sys.stdout.buffer)


if __name__ == "__main__":
    from benchmarks.load import main as main_of_the_module

    main_of_the_module()
