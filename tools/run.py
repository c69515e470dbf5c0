"""`make run`: PostgreSQL, migrations, sandbox, API and worker, until Ctrl-C or SIGTERM.

Reads PORT (8000), SANDBOX_PORT (8001), SMTP_PORT (8025), METRICS_PORT (8002), DATA_DIR (.data) and
DATABASE_URL. Without the last, a cluster is kept in DATA_DIR and filled with demo data once; with
it, that server is used, and filled only where DEMO=1 says so. DEMO=0 means no demo data. With
OPERATOR_PORT the operator's listener is there, too.
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
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from app.db.prepare import prepare
from tools.postgres import EmbeddedPostgres

DATABASE = "portal"
DEMO_FILE = "demo.txt"
START_SECONDS = 60
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


PORTS = {"PORT": "8000", "SANDBOX_PORT": "8001", "SMTP_PORT": "8025", "METRICS_PORT": "8002"}
PROVIDERS = {
    "NTS_BASE_URL": "nts/api/nts-businessman/v1",
    "PORTONE_BASE_URL": "portone",
    "GROUPWARE_BASE_URL": "groupware",
    "KAKAO_AUTH_URL": "social/kakao",
    "KAKAO_API_URL": "social/kakao",
    "NAVER_AUTH_URL": "social/naver",
    "NAVER_API_URL": "social/naver",
    "GOOGLE_ISSUER": "social/google",
    "SPA_URL": "spa",
}
"""Where the sandbox plays each provider and the SPA; a variable that is set is left alone."""
LOCAL_FRONTENDS = "http://127.0.0.1:3000 http://localhost:3000"
"""A frontend team's own SPA, beside the sandbox's."""
MODULES = {"sandbox": "sandbox", "api": "app.serve", "worker": "app.worker"}


def _environment(data_dir: Path) -> dict[str, str]:
    """What the children read: ours, with the ports and the sandbox's addresses filled in."""
    environment = {**PORTS, **os.environ, "DATA_DIR": str(data_dir)}
    sandbox = f"http://127.0.0.1:{environment['SANDBOX_PORT']}"
    for variable, path in PROVIDERS.items():
        environment.setdefault(variable, f"{sandbox}/{path}")
    issuer = f"http://localhost:{environment['SANDBOX_PORT']}/groupware"
    environment.setdefault("GROUPWARE_OIDC_ISSUER", issuer)
    environment.setdefault("PORTAL_BASE_URL", f"http://127.0.0.1:{environment['PORT']}")
    environment.setdefault("BANK_ACCOUNT_NUMBER", "140-012-345678")
    environment.setdefault("PORTONE_BILLING_CHANNEL_KEY", "channel-key-billing")
    environment.setdefault("PORTONE_VIRTUAL_ACCOUNT_CHANNEL_KEY", "channel-key-virtual-account")
    environment.setdefault("FILES_DIR", str(data_dir / "files"))
    environment.setdefault("CORS_ORIGINS", f"{sandbox} {LOCAL_FRONTENDS}")
    return environment


def _demo_wanted(environment: dict[str, str]) -> bool:
    """A database that was named is somebody's: it is filled only when asked for."""
    default = "0" if "DATABASE_URL" in environment else "1"
    return environment.get("DEMO", default) == "1"


def _finished(demo: Child | None) -> bool:
    """Whether the demo data are there, or are not wanted."""
    if demo is None:
        return True
    code = demo.process.poll()
    if code:
        raise SystemExit(f"{demo.name} failed:\n{demo.last_words()}")
    return code == 0


def _watch(
    children: list[Child], demo: Child | None, ready_urls: list[str], announce: Callable[[], None]
) -> None:
    """Calls `announce` once all are ready, then waits for a child to die, which is an error."""
    deadline = time.monotonic() + START_SECONDS
    announced = False
    while True:
        for child in children:
            if child.process.poll() is not None:
                raise SystemExit(f"{child.name} ended:\n{child.last_words()}")
        if not announced and _finished(demo) and all(_answers(url) for url in ready_urls):
            announced = True
            announce()
        if not announced and time.monotonic() > deadline:
            started = [*children, *([demo] if demo else [])]
            words = "\n".join(f"{child.name}: {child.last_words()}" for child in started)
            raise SystemExit(f"not ready in {START_SECONDS} s:\n{words}")
        time.sleep(0.5 if announced else 0.05)


def main() -> None:
    data_dir = Path(os.environ.get("DATA_DIR", ".data")).resolve()
    environment = _environment(data_dir)
    with_demo = _demo_wanted(environment)
    for variable in PORTS:
        _require_free(variable, environment[variable])
    (data_dir / "log").mkdir(parents=True, exist_ok=True)
    for caught in (signal.SIGINT, signal.SIGTERM):
        signal.signal(caught, _on_signal)
    with ExitStack() as stack:
        try:
            if "DATABASE_URL" not in environment:
                server = EmbeddedPostgres(data_dir)
                stack.callback(server.stop)
                server.ensure()
                server.create_database(DATABASE)
                asyncio.run(prepare(server.dsn(DATABASE)))
                environment["DATABASE_URL"] = server.dsn(DATABASE, "portal_api")

            def child(name: str, module: str) -> Child:
                made = Child(name, module, environment, data_dir / "log" / f"{name}.log")
                stack.callback(made.stop)
                return made

            children = [child(name, module) for name, module in MODULES.items()]
            demo = child("demo", "tools.demo") if with_demo else None
            base = f"http://127.0.0.1:{environment['PORT']}"
            sandbox = f"http://127.0.0.1:{environment['SANDBOX_PORT']}"

            def announce() -> None:
                if demo is not None:
                    print((data_dir / DEMO_FILE).read_text(encoding="utf-8"), end="")
                print(f"ready {base}", flush=True)

            _watch(children, demo, [f"{sandbox}/healthz", f"{base}/readyz"], announce)
        except Stopped:
            for caught in (signal.SIGINT, signal.SIGTERM):
                signal.signal(caught, signal.SIG_IGN)


if __name__ == "__main__":
    main()
