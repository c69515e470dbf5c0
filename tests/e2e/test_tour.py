"""`make run`'s demo data and `make tour`, as a newcomer meets them; and that the tour can fail."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tools import sandbox_operators
from tools.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
PASSWORD = "portal demo 2026"
ROLES = {
    "demo-prospect": "PROSPECT",
    "demo-free": "SUPER_ADMIN",
    "demo-shared": "SUPER_ADMIN",
    "demo-dedicated": "SUPER_ADMIN",
    "demo-overdue": "SUPER_ADMIN",
    "demo-admin": None,
}
"""Null: an administrator of two companies has to choose one first."""


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Stack:
    """A running `python -m tools.run`; `printed` is what it said up to its ready line."""

    def __init__(self, data_dir: Path, **changed: str) -> None:
        self.ports = {name: free_port() for name in ("PORT", "SANDBOX_PORT")}
        self.base = f"http://127.0.0.1:{self.ports['PORT']}"
        more = {"METRICS_PORT": free_port(), "SMTP_PORT": free_port(), "DATA_DIR": str(data_dir)}
        self.environment = {**os.environ, **self.ports, **more, **changed}
        self.environment.pop("DATABASE_URL", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.run"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.printed: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip())
        self.process.stdout.close()

    def wait_until_ready(self) -> None:
        while not self.printed or not self.printed[-1].startswith("ready "):
            self.printed.append(self._lines.get(timeout=90))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self._reader.join()
        return code

    def tour(self, **changed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tools.tour"],
            cwd=ROOT,
            env={**self.environment, **changed},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def sign_in(self, login_id: str) -> dict[str, str]:
        body = {"login_id": login_id, "password": PASSWORD, "client_type": "NATIVE"}
        answer = httpx.post(f"{self.base}/v1/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def get(self, path: str, headers: dict[str, str]) -> dict[str, object]:
        answer = httpx.get(self.base + path, headers=headers)
        assert answer.status_code == 200, answer.text
        body: dict[str, object] = answer.json()
        return body


@contextmanager
def running(data_dir: Path, **changed: str) -> Iterator[Stack]:
    stack = Stack(data_dir, **changed)
    try:
        stack.wait_until_ready()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with demo data, on its second start."""
    data_dir = tmp_path_factory.mktemp("filled")
    with running(data_dir) as first:
        printed = first.printed[:-1]
    started = time.monotonic()
    with running(data_dir) as second:
        assert time.monotonic() - started < 60  # it found what was there: nothing is made again
        assert second.printed[:-1] == printed
        yield second


def test_every_printed_sign_in_works_and_has_its_role(filled: Stack) -> None:
    assert filled.printed[0] == f"demo sign-ins, password: {PASSWORD}"
    ends = filled.printed.index(sandbox_operators.sign_ins().splitlines()[0])
    assert [line.split()[0] for line in filled.printed[1:ends]] == list(ROLES)
    staff = [line.split() for line in filled.printed[ends + 1 : -1]]
    assert staff == [[name, str(role)] for name, role in sandbox_operators.STAFF]
    for login_id, role in ROLES.items():
        assert filled.get("/v1/me", filled.sign_in(login_id))["role"] == role


@pytest.mark.parametrize(
    ("login_id", "contracts"),
    [
        ("demo-free", [("SHARED_FREE", "IN_USE", 9, "DIRECT")]),
        ("demo-shared", [("SHARED", "IN_USE", 10, "DIRECT")]),
        (
            "demo-dedicated",
            [("DEDICATED", "IN_USE", 30, "DIRECT"), ("DEDICATED", "IN_USE", 120, "DIRECT")],
        ),
        ("demo-overdue", [("SHARED", "OVERDUE", 5, "DIRECT")]),
    ],
)
def test_a_demo_company_is_of_its_kind(
    filled: Stack, login_id: str, contracts: list[tuple[str, str, int, str]]
) -> None:
    page = filled.get("/v1/memberships", filled.sign_in(login_id))
    assert _contracts(page) == contracts


def test_the_demo_prospect_has_ordered_nothing(filled: Stack) -> None:
    assert filled.get("/v1/orders", filled.sign_in("demo-prospect"))["items"] == []


def test_the_demo_prospect_has_a_quote(filled: Stack) -> None:
    (quote,) = filled.get("/v1/quotes", filled.sign_in("demo-prospect"))["items"]
    assert (quote["total"], quote["status"]) == (583_000, "VALID")


def test_the_demo_admin_acts_for_a_customer_and_for_an_imported_company(filled: Stack) -> None:
    headers = filled.sign_in("demo-admin")
    companies = filled.get("/v1/me", headers)["companies"]
    assert isinstance(companies, list)
    seen = {}
    for company in companies:
        chosen = headers | {"X-Company-Id": company["id"]}
        seen[company["name"]] = _contracts(filled.get("/v1/memberships", chosen))
    assert seen == {
        "한빛상사": [("SHARED", "IN_USE", 10, "DIRECT")],
        "옛길물산": [("SHARED", "IN_USE", 20, "RESELLER")],
    }


@pytest.mark.parametrize("login_id", ["demo-free", "demo-shared", "demo-dedicated", "demo-overdue"])
def test_the_usage_of_each_demo_site_comes_from_the_groupware(filled: Stack, login_id: str) -> None:
    headers = filled.sign_in(login_id)
    sites = filled.get("/v1/system-status", headers)["items"]
    assert isinstance(sites, list)
    assert sites
    for site in sites:
        status = filled.get(f"/v1/system-status/{site['site']['id']}", headers)
        users = status["users"]
        assert isinstance(users, dict)
        assert users["used"] > 1
        assert status["stale"] is False


def _contracts(page: dict[str, object]) -> list[tuple[str, str, int, str]]:
    items = page["items"]
    assert isinstance(items, list)
    return sorted(
        (m["plan"], m["status"], m["users"]["total"], m["billing_channel"]) for m in items
    )


def test_the_tour_passes_and_can_be_taken_again(filled: Stack) -> None:
    for _ in range(2):
        done = filled.tour()
        assert done.returncode == 0, done.stdout + done.stderr
        assert "✓ 총 금액 (total): 583000" in done.stdout
        assert "tour passed" in done.stdout
        assert "\x1b[" not in done.stdout


def test_the_tour_shows_no_whole_token(filled: Stack) -> None:
    shown = filled.tour().stdout
    tokens = [line.split(": ", 1)[1] for line in shown.splitlines() if "_token: " in line]
    assert tokens
    assert all(token.endswith("…") for token in tokens)
    assert "eyJhbGciOi" not in shown


def test_the_tour_fails_when_the_total_is_not_the_expected_one(filled: Stack) -> None:
    done = filled.tour(TOUR_EXPECT_TOTAL="1")
    assert done.returncode == 1
    assert "tour failed: 총 금액 (total): 583000, not 1" in done.stderr


def test_the_tour_fails_when_nothing_answers() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.tour"],
        cwd=ROOT,
        env={**os.environ, "PORT": free_port(), "SANDBOX_PORT": free_port()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "tour failed: POST /v1/business-verifications: ConnectError" in done.stderr


def test_the_tour_fails_when_the_portal_asks_another_price(tmp_path: Path) -> None:
    with running(tmp_path, DEMO="0") as stack:
        assert stack.printed == [f"ready {stack.base}"]
        EmbeddedPostgres(tmp_path).sql(
            "UPDATE catalogue_versions SET document = replace(document::text,"
            " '4000', '4100')::jsonb",
            "portal",
        )
        done = stack.tour()
    assert done.returncode == 1
    assert "tour failed: 총 금액 (total): 596200, not 583000" in done.stderr
