"""The processes of a run: servers that are started and ended, and rounds of load against them."""

import os
import pickle
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.load import Job, Round

START_SECONDS = 60
WARM_UP_SECONDS = 0.5


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(module: str, port: int, job: object, **environment: str) -> Iterator[None]:
    """A server that answers on its port, ended afterwards. It reads its job from stdin."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, **environment},
        )
        assert process.stdin is not None
        pickle.dump(job, process.stdin)
        process.stdin.close()
        try:
            if not _answers(port, process):
                log.seek(0)
                raise SystemExit(f"{module} did not start:\n{log.read()[-2000:]}")
            yield
        finally:
            process.terminate()
            process.wait(20)


def wait_for(port: int) -> None:
    """Until somebody answers on it. Ends the run where nobody does."""
    if not _answers(port):
        raise SystemExit(f"nobody answers on port {port}")


def _answers(port: int, process: subprocess.Popen[bytes] | None = None) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.1)
    return False


def load(job: Job) -> Round:
    """One round by a generator of its own. A wrong answer ends the whole run with exit 1."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=pickle.dumps(job),
        stdout=subprocess.PIPE,
        check=True,
    )
    found: Round = pickle.loads(done.stdout)
    if found.wrong:
        raise SystemExit(f"a wrong answer:\n{found.wrong.decode('utf-8', 'replace')}")
    return found


def in_rounds(
    ways: dict[str, Callable[[float], Round]], rounds: int, seconds: float
) -> dict[str, list[Round]]:
    """Each way in turn, round by round, after a warm-up of each."""
    for way in ways.values():
        way(WARM_UP_SECONDS)
    found: dict[str, list[Round]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(way(seconds))
    return found


def get(port: int, path: str, token: str) -> bytes:
    """A signed-in GET as it goes over the wire."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
