"""One command, one run: the portal beside its limit, in interleaved rounds. `python -m benchmarks`.

Prints requests per second, p50 and p99, and the ratio to two limits. Says void where the load
generator is not at least three times as fast as the limit; exits 1 for an answer that is not 2xx
or that differs. Stops by itself after about three minutes.
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.db.prepare import prepare
from benchmarks.cases import Case, cases
from benchmarks.data import Seeded, seed
from tools.postgres import EmbeddedPostgres

ROUNDS = 3
SECONDS = 2.0
WARM_UP = 0.5


@dataclass(frozen=True)
class Figures:
    """Of one round."""

    rate: float
    p50: float
    p99: float


class WrongAnswer(SystemExit):
    """Something other than the expected answer came."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def load(port: int, request: str, expected: str | None, seconds: float = SECONDS) -> Figures:
    job = {"port": port, "request": request, "expected": expected, "seconds": seconds}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    if found["wrong"]:
        raise WrongAnswer(f"a wrong answer:\n{found['wrong']}")
    return Figures(found["rate"], found["p50"], found["p99"])


@contextmanager
def server(
    arguments: list[str], port: int, stdin: str, env: dict[str, str] | None = None
) -> Iterator[None]:
    """A server process that answers on its port, ended afterwards."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            text=True,
            env={**os.environ, **(env or {})},
        )
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        try:
            wait_for(port, process)
            yield
        finally:
            process.terminate()
            process.wait(20)


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("a server did not start")


def body_of(port: int, case: Case) -> str:
    """What the portal answers once; every further answer must be equal to it."""
    data = case.body.encode() if case.body else None
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{case.path}", data, case.headers, method=case.method
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


def row(name: str, portal: list[Figures], limit: list[Figures], ratio_of: str) -> None:
    ours = statistics.median(f.rate for f in portal)
    theirs = statistics.median(f.rate for f in limit)
    print(
        f"| {name} | {ours:,.0f} | {statistics.median(f.p50 for f in portal):.1f} |"
        f" {statistics.median(f.p99 for f in portal):.1f} | {ratio_of} | {theirs:,.0f} |"
        f" {ours / theirs:.2f} |",
        flush=True,
    )


def rounds(*ways: Callable[[float], Figures]) -> list[list[Figures]]:
    """Each way in turn, round by round, after a warm-up."""
    for way in ways:
        way(WARM_UP)
    found: list[list[Figures]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for index, way in enumerate(ways):
            found[index].append(way(SECONDS))
    return found


def compare(case: Case, portal_port: int, dsn: str) -> float:
    """One line a limit; returns the highest limit seen, for the void check."""
    body = body_of(portal_port, case)
    request = case.http(portal_port)
    limit_port = free_port()
    bare = body if case.bare else ""
    jobs = {"x": {"statements": case.statements, "body": body}}
    job = json.dumps({"dsn": dsn, "jobs": jobs, "bare": bare, "port": limit_port})
    highest = 0.0
    with server(["-m", "benchmarks.limit"], limit_port, job):
        ways = ["/bare/preview"] if case.bare else ["/plain/x", "/transaction/x"]
        found = rounds(
            lambda seconds: load(portal_port, request, body if case.same else None, seconds),
            *(
                lambda seconds, way=way: load(  # type: ignore[misc]
                    limit_port, case.http(limit_port, way), body, seconds
                )
                for way in ways
            ),
        )
        for way, limit in zip(ways, found[1:], strict=True):
            row(case.name, found[0], limit, way.split("/")[1])
            highest = max(highest, statistics.median(f.rate for f in limit))
    return highest


def generator_alone(dsn: str) -> float:
    """How fast the generator is against a constant answer."""
    port = free_port()
    job = json.dumps({"dsn": dsn, "jobs": {}, "bare": "", "port": port})
    request = f"GET /constant/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    with server(["-m", "benchmarks.limit"], port, job):
        load(port, request, None, WARM_UP)
        return max(load(port, request, '{"ok":true}').rate for _ in range(2))


def run(data_dir: Path) -> int:
    cluster = EmbeddedPostgres(data_dir, durable=False)
    cluster.ensure()
    try:
        cluster.create_database("bench")
        asyncio.run(prepare(cluster.dsn("bench")))
        seeded: Seeded = asyncio.run(seed(cluster.dsn("bench")))
        dsn = f"postgresql://portal_api@/bench?host={cluster.socket_dir}"
        port = free_port()
        environment = {
            "DATABASE_URL": cluster.dsn("bench", "portal_api"),
            "PORT": str(port),
        }
        print("| what | portal /s | p50 ms | p99 ms | limit | limit /s | ratio |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        highest = 0.0
        with server(["-m", "benchmarks.portal"], port, "", environment):
            for case in cases(seeded):
                highest = max(highest, compare(case, port, dsn))
        alone = generator_alone(dsn)
        void = alone < 3 * highest
        print(f"\nThe generator alone: {alone:,.0f}/s, {alone / highest:.1f} × the highest limit.")
        if void:
            print("VOID: the generator is not three times as fast as the limit.")
        return 0
    finally:
        cluster.stop()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        sys.exit(run(Path(folder)))


if __name__ == "__main__":
    main()
