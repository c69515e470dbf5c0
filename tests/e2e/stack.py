"""The portal as it runs: API processes, workers and the sandbox on free ports, one database."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tools.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
START_SECONDS = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stack:
    """Started by `with`; every process ends with it."""

    def __init__(
        self,
        server: EmbeddedPostgres,
        database: str,
        folder: Path,
        api: str = "app.serve",
        **extra: str,
    ):
        self._api = api
        self._folder = folder
        self._stack = ExitStack()
        self.ports = [free_port(), free_port()]
        self.sandbox_port = free_port()
        self.admin_url = server.dsn(database)
        sandbox = f"http://127.0.0.1:{self.sandbox_port}"
        self._environment = {
            **os.environ,
            "DATABASE_URL": server.dsn(database, "portal_api"),
            "DATA_DIR": str(folder),
            "SANDBOX_PORT": str(self.sandbox_port),
            "SMTP_PORT": str(free_port()),
            "PORT": str(self.ports[0]),
            "METRICS_PORT": str(free_port()),
            "FILES_DIR": str(folder / "files"),
            "NTS_BASE_URL": f"{sandbox}/nts/api/nts-businessman/v1",
            "PORTONE_BASE_URL": f"{sandbox}/portone",
            "PORTONE_BILLING_CHANNEL_KEY": "channel-key-billing",
            "GROUPWARE_BASE_URL": f"{sandbox}/groupware",
            "GROUPWARE_OIDC_ISSUER": f"http://localhost:{self.sandbox_port}/groupware",
            "PORTAL_BASE_URL": f"http://127.0.0.1:{self.ports[0]}",
            "SPA_URL": f"{sandbox}/spa",
            "KAKAO_AUTH_URL": f"{sandbox}/social/kakao",
            "KAKAO_API_URL": f"{sandbox}/social/kakao",
            "NAVER_AUTH_URL": f"{sandbox}/social/naver",
            "NAVER_API_URL": f"{sandbox}/social/naver",
            "GOOGLE_ISSUER": f"{sandbox}/social/google",
            **extra,
        }
        self.apis: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Stack":
        try:
            self._start("sandbox")
            self.apis = [self.start_api(0), self.start_api(1)]
            self.workers = [self.start_worker(), self.start_worker()]
            for port in self.ports:
                self._wait(f"http://127.0.0.1:{port}/readyz")
            self._wait(f"http://127.0.0.1:{self.sandbox_port}/healthz")
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_api(self, place: int) -> "subprocess.Popen[bytes]":
        """The first tells its figures, too."""
        if place == 0:
            return self._start(self._api)
        return self._start(self._api, PORT=str(self.ports[place]), METRICS_PORT="0")

    def start_worker(self) -> "subprocess.Popen[bytes]":
        return self._start("app.worker")

    def _start(self, module: str, **changed: str) -> "subprocess.Popen[bytes]":
        log = self._stack.enter_context((self._folder / f"{module}.log").open("ab"))
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=self._environment | changed,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        self._stack.callback(_end, process)
        return process

    def _wait(self, url: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                if httpx.get(url, timeout=1).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        logs = "\n".join(p.read_text(errors="replace")[-2000:] for p in self._folder.glob("*.log"))
        raise AssertionError(f"{url} did not answer\n{logs}")

    def sandbox(self, method: str, path: str, body: object = None) -> Any:
        """The sandbox's own interface."""
        url = f"http://127.0.0.1:{self.sandbox_port}/_sandbox/v1{path}"
        answer = httpx.request(method, url, json=body, timeout=40)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def count(self, statement: str, **values: Any) -> int:
        """A number from the database, as the superuser sees it."""
        engine = create_async_engine(self.admin_url)
        try:
            async with engine.connect() as connection:
                return int((await connection.execute(text(statement), values)).scalar_one())
        finally:
            await engine.dispose()


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
