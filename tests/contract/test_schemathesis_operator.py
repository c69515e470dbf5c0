"""The operator's document against the running listener, as the operator and as nobody."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.deps import build_deps
from app.domain.contract_import import COLUMNS
from app.domain.operators import OperatorRole
from app.settings import Settings
from tests.contract.test_schemathesis import answers, check_answers, fuzz
from tests.e2e.stack import ROOT, START_SECONDS, free_port
from tools.openapi import OPERATORS
from tools.postgres import EmbeddedPostgres
from tools.sandbox_operators import hold_session

pytestmark = pytest.mark.timeout(900)
"""What a run may take on a busy machine; a quiet one needs a minute."""

TOKEN = "tests-operator-token-0123456789abcdef"


@pytest.fixture(scope="module")
def operator_port(postgres: EmbeddedPostgres, database_name: str) -> Iterator[int]:
    """One API process, which asks nobody outside for anything that the operator does."""
    port = free_port()
    asyncio.run(_sign_in(postgres.dsn(database_name, "portal_api")))
    environment = {
        **os.environ,
        "DATABASE_URL": postgres.dsn(database_name, "portal_api"),
        "PORT": str(free_port()),
        "METRICS_PORT": "0",
        "OPERATOR_PORT": str(port),
    }
    command = [sys.executable, "-m", "app.serve"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as api:
        try:
            _wait(f"http://127.0.0.1:{port}/openapi.json")
            yield port
        finally:
            api.terminate()


async def _sign_in(database_url: str) -> None:
    deps = build_deps(Settings(database_url=database_url))
    try:
        await hold_session(deps, "bootstrap", OperatorRole.ADMIN, TOKEN)
    finally:
        await deps.close()


def _wait(url: str) -> None:
    deadline = time.monotonic() + 2 * START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError(f"{url} did not answer")


def test_to_the_operator_the_listener_keeps_its_word(operator_port: int, tmp_path: Path) -> None:
    out = tmp_path / "answers"
    signed_in = ("-H", f"Authorization: Bearer {TOKEN}")
    bodies = {"operator_import_contracts": json.dumps(",".join(COLUMNS))}
    done = fuzz(operator_port, out, {}, bodies, *signed_in, document=OPERATORS)
    found = answers(out)
    check_answers(found)
    assert done.returncode == 0, done.stdout[-6000:]
    succeeded = {answer["operation"] for answer in found if answer["status"] < 300}
    assert {
        "operator_list_catalogue_versions",
        "operator_list_coupons",
        "operator_list_price_agreements",
        "operator_list_refunds",
        "operator_list_bank_deposits",
        "operator_ageing_report",
        "operator_list_terminations",
        "operator_list_contract_imports",
        "operator_import_contracts",
    } <= succeeded


def test_to_nobody_the_listener_says_nothing(operator_port: int, tmp_path: Path) -> None:
    out = tmp_path / "answers"
    done = fuzz(operator_port, out, {}, {}, document=OPERATORS)
    found = answers(out)
    check_answers(found)
    assert done.returncode == 0, done.stdout[-6000:]
    assert not [answer for answer in found if answer["status"] < 400]
