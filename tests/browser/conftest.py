"""`make run` with its demo data, and a real Chromium; screenshots go to build/screens."""

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import axe_playwright_python
import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect, sync_playwright

from tests.e2e.stack import free_port
from tools.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screens"
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
JUDGE = """axe.run({resultTypes: ["violations"]}).then(({violations}) => violations
  .filter(({impact}) => impact === "serious" || impact === "critical")
  .flatMap(({id, impact, nodes}) => nodes.map(({html, failureSummary}) =>
    `${impact} ${id}: ${html.slice(0, 160)} ${failureSummary}`)))"""
STRICT_PAGES = re.compile(r"/(spa|console|checkout)(/|\?|$)")
READY_SECONDS = 180
MAIL_SECONDS = 20
STEP_MS = 15_000


expect.set_options(timeout=STEP_MS)


@dataclass
class Running:
    """The addresses of a running `make run`."""

    data_dir: Path
    port: int
    sandbox_port: int

    @property
    def spa(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}/spa"

    @property
    def groupware(self) -> str:
        """By another name than the portal: a browser crosses sites, as in life."""
        return f"http://localhost:{self.sandbox_port}/groupware"

    def api(self, method: str, path: str, body: object = None) -> Any:
        url = f"http://127.0.0.1:{self.sandbox_port}/_sandbox/v1{path}"
        answer = httpx.request(method, url, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def portal(self, token: str, method: str, path: str, body: object = None) -> Any:
        """What the sandbox's SPA has no page for."""
        headers = {"Idempotency-Key": uuid4().hex}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = f"http://127.0.0.1:{self.port}{path}"
        answer = httpx.request(method, url, json=body, headers=headers, timeout=30)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def sign_in(self, login_id: str, password: str) -> str:
        """An access token."""
        body = {"login_id": login_id, "password": password, "client_type": "NATIVE"}
        return str(self.portal("", "POST", "/v1/auth/login", body)["access_token"])

    def sql(self, statement: str) -> None:
        """As the superuser, for what no interface of the portal does yet."""
        EmbeddedPostgres(self.data_dir).sql(statement, "portal")

    def site(self, subdomain: str) -> dict[str, Any]:
        sites = self.api("GET", "/sites")["items"]
        found: dict[str, Any] = next(s for s in sites if s["wanted"]["subdomain"] == subdomain)
        return found

    def otp_to(self, phone: str) -> str:
        return self._found(lambda: [m["otp"] for m in self._messages(phone) if m["otp"]])

    def link_to(self, email: str, page: str, first: str = "token") -> str:
        """The newest link to this page of the SPA that was mailed; `first` in its fragment."""
        start = f"{self.spa}{page}#{first}="
        return self._found(
            lambda: [
                link
                for message in self._messages(email)
                for link in message["links"]
                if link.startswith(start)
            ]
        )

    def _messages(self, to: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api("GET", f"/messages?to={to}")["items"]
        return found

    @staticmethod
    def _found(look: Callable[[], list[str]]) -> str:
        """The last that is there; mails are sent by the worker, which has a moment to do it."""
        deadline = time.monotonic() + MAIL_SECONDS
        while not (found := look()):
            assert time.monotonic() < deadline, "nothing came"
            threading.Event().wait(0.1)
        return found[-1]


def _wait_until_ready(process: "subprocess.Popen[str]") -> threading.Thread:
    """Its last line says so; the thread that reads ends with the process."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    seen = ""
    deadline = time.monotonic() + READY_SECONDS
    while not seen.endswith("\n") or not seen.splitlines()[-1].startswith("ready "):
        line = lines.get(timeout=max(0.1, deadline - time.monotonic()))
        assert line, f"make run ended:\n{seen}"
        seen += line
    return reader


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data_dir = tmp_path_factory.mktemp("run")
    ports = {name: free_port() for name in ("PORT", "SANDBOX_PORT", "SMTP_PORT", "METRICS_PORT")}
    environment = os.environ | {name: str(port) for name, port in ports.items()}
    environment |= {"DATA_DIR": str(data_dir), "DEMO": "1"}
    environment.pop("DATABASE_URL", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.run"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    reader = None
    try:
        reader = _wait_until_ready(process)
        yield Running(data_dir, ports["PORT"], ports["SANDBOX_PORT"])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)
        if reader is not None:
            reader.join(5)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium; Playwright downloads none."""
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or "/usr/bin/chromium"
    # Chromium's own sandbox refuses to run as root, which CI is.
    arguments = ["--lang=ko-KR", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()


@dataclass
class Visit:
    """One browser profile of one person, with everything its pages complained about."""

    running: Running
    context: BrowserContext
    name: str
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Patterns of what a console says rightly: a browser writes every refused request there."""
    shots: int = 0

    def page(self) -> Page:
        return self.context.new_page()

    def watch(self, page: Page) -> None:
        page.set_default_timeout(STEP_MS)
        page.on(
            "console",
            lambda said: (
                self.complaints.append(f"{page.url}: {said.text} {said.location.get('url', '')}")
                if said.type in {"error", "warning"}
                else None
            ),
        )
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._check_policy)

    def _check_policy(self, answer: Response) -> None:
        """The pages of the SPA, the console and the payment window allow nothing inline."""
        path = answer.url.partition(f":{self.running.sandbox_port}")[2]
        if STRICT_PAGES.match(path) and answer.headers.get("content-type", "").startswith(
            "text/html"
        ):
            policy = answer.headers.get("content-security-policy", "")
            if "default-src 'none'" not in policy or "unsafe-" in policy:
                self.complaints.append(f"{answer.url}: policy {policy!r}")

    def look(self, page: Page, what: str) -> None:
        """A picture of the whole page, and axe-core has nothing serious to say about it."""
        self.shots += 1
        page.screenshot(path=SHOTS / f"{self.name}-{self.shots:02d}-{what}.png", full_page=True)
        page.evaluate(AXE)
        found = page.evaluate(JUDGE)
        assert found == [], f"{page.url}:\n" + "\n".join(found)

    def shoot(self, page: Page, what: str) -> None:
        self.shots += 1
        page.screenshot(path=SHOTS / f"{self.name}-{self.shots:02d}-{what}.png")


@pytest.fixture
def visit(request: pytest.FixtureRequest, running: Running, browser: Browser) -> Iterator[Visit]:
    """Fails where a page said an error on its console."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        locale="ko-KR", timezone_id="Asia/Seoul", viewport={"width": 1280, "height": 900}
    )
    made = Visit(running, context, request.node.name.removeprefix("test_"))
    context.on("page", made.watch)
    yield made
    for number, page in enumerate(context.pages):
        page.screenshot(path=SHOTS / f"{made.name}-end-{number}.png")
    context.close()
    running.api("DELETE", "/faults")
    assert [
        said for said in made.complaints if not any(map(said.__contains__, made.expected))
    ] == []
