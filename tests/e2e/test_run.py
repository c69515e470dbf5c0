"""`make run` as a user sees it: one ready line, answers, a clean stop, and data that stays."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Run:
    """`python -m tools.run`, which is what `make run` executes."""

    def __init__(self, data_dir: Path) -> None:
        self.port = free_port()
        environment = {
            **os.environ,
            "DATA_DIR": str(data_dir),
            "PORT": str(self.port),
            "METRICS_PORT": str(free_port()),
            "SANDBOX_PORT": str(free_port()),
            "SMTP_PORT": str(free_port()),
        }
        environment.pop("DATABASE_URL", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.run"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.strip())
        self.process.stdout.close()

    def until_ready(self) -> str:
        """The ready line; what stands before it is the demo's sign-ins."""
        while True:
            line = self._lines.get(timeout=60)
            if line.startswith("ready"):
                return line

    def left(self) -> list[str]:
        """What was printed after the ready line."""
        return list(self._lines.queue)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self._reader.join()
        return code


def test_run_says_ready_answers_stops_cleanly_and_keeps_its_cluster(
    tmp_path: Path,
) -> None:
    for _ in range(2):
        run = Run(tmp_path)
        try:
            assert run.until_ready() == f"ready http://127.0.0.1:{run.port}"
            answer = httpx.post(
                f"http://127.0.0.1:{run.port}/v1/price-previews",
                json={"items": [{"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}]},
            )
            assert answer.json()["total"] == 583_000
            made = (tmp_path / "postgres" / "PG_VERSION").stat().st_mtime_ns
        finally:
            code = run.stop()
            assert run.left() == []
        assert code == 0
        assert not (tmp_path / "postgres" / "postmaster.pid").exists()
    assert (tmp_path / "postgres" / "PG_VERSION").stat().st_mtime_ns == made


def test_a_taken_port_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "tools.run"],
            cwd=ROOT,
            env={**os.environ, "DATA_DIR": str(tmp_path / "data"), "PORT": port},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert f"PORT={port} cannot be listened on" in done.stderr
    assert not (tmp_path / "data").exists()
