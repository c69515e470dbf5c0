"""`make run`: PostgreSQL, migrations and the API on this machine, until Ctrl-C or SIGTERM.

Reads PORT (8000), METRICS_PORT (8002), DATA_DIR (.data) and DATABASE_URL. Without the last, a
cluster is kept in DATA_DIR; with it, that server is used as it is.
"""

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from app.db.prepare import prepare
from tools.postgres import EmbeddedPostgres

DATABASE = "portal"
START_SECONDS = 30
STOP_SECONDS = 12
_PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """Somebody asked us to end."""


def _on_signal(_: int, __: FrameType | None) -> None:
    raise Stopped


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One of our processes; what it prints is in its log."""

    def __init__(self, name: str, module: str, environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=_die_with_parent,
                start_new_session=True,
            )

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that does not listen."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _require_free(variable: str, port: str) -> None:
    """Says which variable to change, before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except OSError as taken:
            raise SystemExit(f"{variable}={port} cannot be listened on: {taken}") from taken


def _watch(children: list[Child], ready_url: str, announce: str) -> None:
    """Says `announce` once ready, then waits for a child to die, which is an error."""
    deadline = time.monotonic() + START_SECONDS
    announced = False
    while True:
        for child in children:
            if child.process.poll() is not None:
                raise SystemExit(f"{child.name} ended:\n{child.last_words()}")
        if not announced and _answers(ready_url):
            announced = True
            print(announce, flush=True)
        if not announced and time.monotonic() > deadline:
            raise SystemExit(f"not ready in {START_SECONDS} s:\n{children[0].last_words()}")
        time.sleep(0.5 if announced else 0.05)


def main() -> None:
    port = os.environ.get("PORT", "8000")
    metrics_port = os.environ.get("METRICS_PORT", "8002")
    for variable, number in (("PORT", port), ("METRICS_PORT", metrics_port)):
        _require_free(variable, number)
    data_dir = Path(os.environ.get("DATA_DIR", ".data")).resolve()
    (data_dir / "log").mkdir(parents=True, exist_ok=True)
    for caught in (signal.SIGINT, signal.SIGTERM):
        signal.signal(caught, _on_signal)
    environment = {
        **os.environ,
        "PORT": port,
        "METRICS_PORT": metrics_port,
        "DATA_DIR": str(data_dir),
    }
    with ExitStack() as stack:
        try:
            if "DATABASE_URL" not in environment:
                server = EmbeddedPostgres(data_dir)
                stack.callback(server.stop)
                server.ensure()
                server.create_database(DATABASE)
                asyncio.run(prepare(server.dsn(DATABASE)))
                environment["DATABASE_URL"] = server.dsn(DATABASE, "portal_api")
            api = Child("api", "app.serve", environment, data_dir / "log" / "api.log")
            stack.callback(api.stop)
            base = f"http://127.0.0.1:{port}"
            _watch([api], f"{base}/readyz", f"ready {base}")
        except Stopped:
            for caught in (signal.SIGINT, signal.SIGTERM):
                signal.signal(caught, signal.SIG_IGN)


if __name__ == "__main__":
    main()
