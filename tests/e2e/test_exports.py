"""Long histories as files, from the processes as they run: memory, a killed worker, a lazy client.

`make test` exports 15,000 orders, `make soak` (SOAK_ORDERS) 100,000 and says the figures.
"""

import asyncio
import io
import logging
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import openpyxl
import pytest

from benchmarks.histories import Owner, write_history
from tests.e2e.stack import Stack
from tests.e2e.test_two_of_each import sign_up
from tests.flows import Member, key, order_body
from tools.postgres import EmbeddedPostgres

ORDERS = int(os.environ.get("SOAK_ORDERS", "15000"))
ROWS = ORDERS + 1
MOST_GROWTH = 50 * 1024 * 1024
log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def stack(
    postgres: EmbeddedPostgres, database_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with Stack(postgres, database_name, folder, EXPORT_SILENT_SECONDS="1") as running:
        yield running


@pytest.fixture(scope="module")
async def member(stack: Stack) -> Member:
    """A company with a long history."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{stack.ports[0]}") as client:
        member = await sign_up(stack, client)
        placed = await client.post("/v1/orders", json=order_body(), headers=member.headers | key())
    site = UUID(placed.json()["items"][0]["site"]["id"])
    owner = Owner(UUID(member.company_id), UUID(member.account_id), site, site)
    await write_history(stack.admin_url, owner, ORDERS)
    return member


def forget_peak(process: "subprocess.Popen[bytes]") -> int:
    """Bytes that it has in memory now; its peak is counted anew."""
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")
    return _memory(process, "VmRSS")


def peak(process: "subprocess.Popen[bytes]") -> int:
    return _memory(process, "VmHWM")


def _memory(process: "subprocess.Popen[bytes]", name: str) -> int:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(name + ":"))
    return int(line.split()[1]) * 1024


def export(stack: Stack, member: Member, name: str) -> httpx.Response:
    url = f"http://127.0.0.1:{stack.ports[0]}/v1/orders/export?format={name}"
    headers = member.headers | {"Accept-Encoding": "identity"}
    return httpx.get(url, headers=headers, timeout=120)


def wait_for_file(stack: Stack, member: Member, asked: dict[str, Any]) -> bytes:
    base = f"http://127.0.0.1:{stack.ports[1]}/v1/orders/exports/{asked['id']}"
    deadline = time.monotonic() + 120
    while True:
        file = httpx.get(f"{base}/file", headers=member.headers, timeout=60)
        if file.status_code == 200:
            return file.content
        assert (file.status_code, file.json()["code"]) == (409, "export_not_ready")
        assert time.monotonic() < deadline
        time.sleep(0.05)


def rows_of(content: bytes) -> int:
    """How many orders the workbook has, each once."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    numbers = [row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]
    assert len(set(numbers)) == len(numbers)
    return len(numbers)


async def test_a_long_history_as_csv_needs_no_memory(stack: Stack, member: Member) -> None:
    await asyncio.to_thread(export, stack, member, "csv&status=REFUNDED")  # loads what is used
    api = stack.apis[0]
    before = forget_peak(api)
    answer = await asyncio.to_thread(export, stack, member, "csv")
    assert answer.content.count(b"\r\n") == ROWS + 1
    growth = peak(api) - before
    log.warning("CSV: %d orders, %d bytes, %d kB more", ROWS, len(answer.content), growth // 1024)
    assert growth < MOST_GROWTH


async def test_a_long_history_as_xlsx_needs_no_memory(stack: Stack, member: Member) -> None:
    processes = [*stack.workers, *stack.apis]
    before = [forget_peak(process) for process in processes]
    started = time.monotonic()
    asked = export(stack, member, "xlsx").json()
    content = await asyncio.to_thread(wait_for_file, stack, member, asked)
    taken = time.monotonic() - started
    growth = max(peak(p) - base for p, base in zip(processes, before, strict=True))
    log.warning(
        "XLSX: %d orders, %d bytes, %.1f s, %d kB more", ROWS, len(content), taken, growth // 1024
    )
    assert rows_of(content) == ROWS
    assert growth < MOST_GROWTH


async def test_a_worker_killed_at_a_workbook_is_finished_by_the_next(
    stack: Stack, member: Member
) -> None:
    asked = export(stack, member, "xlsx").json()
    begun = "SELECT count(*) FROM order_workbooks WHERE id = :id AND attempts > 0"
    deadline = time.monotonic() + 20
    while not await stack.count(begun, id=asked["id"]):
        assert time.monotonic() < deadline
    for worker in stack.workers:
        worker.kill()
        worker.wait()
    base = f"http://127.0.0.1:{stack.ports[0]}/v1/orders/exports/{asked['id']}"
    read = (await asyncio.to_thread(httpx.get, base, headers=member.headers)).json()
    assert (read["state"], read["rows"]) == ("WAITING", None)
    parts = "SELECT count(*) FROM order_workbook_parts WHERE workbook_id = :id"
    assert await stack.count(parts, id=asked["id"]) == 0
    stack.workers = [stack.start_worker(), stack.start_worker()]
    content = await asyncio.to_thread(wait_for_file, stack, member, asked)
    assert rows_of(content) == ROWS


async def test_a_client_that_stops_reading_frees_its_connection(
    stack: Stack, member: Member
) -> None:
    """A socket with a small window that is never read: the file is longer than all buffers."""
    open_now = (
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'portal_api'"
        " AND state LIKE 'idle in transaction%' AND query LIKE '%json_build_array%'"
    )
    request = (
        "GET /v1/orders/export HTTP/1.1\r\nHost: portal\r\n"
        f"Authorization: {member.headers['Authorization']}\r\n\r\n"
    )
    lazy = []
    try:
        for _ in range(2):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", stack.ports[0]))
            client.sendall(request.encode())
            lazy.append(client)
        if ORDERS > 50_000:  # fewer fit into the kernel's buffers
            await _until(stack, open_now, 2)
        await _until(stack, open_now, 0)
    finally:
        for client in lazy:
            client.close()
    answer = await asyncio.to_thread(export, stack, member, "csv")
    assert answer.content.count(b"\r\n") == ROWS + 1


async def _until(stack: Stack, count: str, wanted: int) -> None:
    deadline = time.monotonic() + 20
    while await stack.count(count) != wanted:
        assert time.monotonic() < deadline, wanted
        await asyncio.sleep(0.05)
