"""The export of 100,000 orders beside writing the same rows to a file, and pages of a long history.

`make bench-exports`, about two minutes.

The limit is a process of its own: asyncpg's cursor and `csv.writer`, with the same statement, past
the portal, its policies and HTTP. The portal's file comes over HTTP and goes to a file as well.
"""

import asyncio
import csv
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import httpx

from app.db.order_exports import ROWS_AT_ONCE, export_statement
from app.db.order_reads import OrderFilters
from app.db.prepare import prepare
from benchmarks.data import COMPANY, SITE, SITES, fill, key, tokens
from benchmarks.histories import Owner, write_history
from benchmarks.processes import free_port, server
from tools.postgres import EmbeddedPostgres

ORDERS, ROUNDS, GOAL = 100_000, 7, 0.5
FARTHEST = 1.2


async def plain(dsn: str, target: Path) -> float:
    """Seconds that the rows take to the file without the portal."""
    connection = await asyncpg.connect(dsn)
    statement, arguments = export_statement(key(COMPANY, 1), OrderFilters())
    started = time.perf_counter()
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        async with connection.transaction():
            cursor = await connection.cursor(statement, *arguments)
            while rows := await cursor.fetch(ROWS_AT_ONCE):
                writer.writerows(rows)
    seconds = time.perf_counter() - started
    await connection.close()
    return seconds


def downloaded(port: int, target: Path) -> float:
    """Seconds that the file takes from the portal."""
    headers = {"Authorization": f"Bearer {tokens().of(1)}", "Accept-Encoding": "identity"}
    url = f"http://127.0.0.1:{port}/v1/orders/export"
    started = time.perf_counter()
    with target.open("wb") as file, httpx.stream("GET", url, headers=headers, timeout=120) as sent:
        sent.raise_for_status()
        for part in sent.iter_raw():
            file.write(part)
    return time.perf_counter() - started


def limit(dsn: str, target: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.exports", dsn, str(target)],
        capture_output=True,
        check=True,
        text=True,
    )
    return float(done.stdout)


def measure(cluster: EmbeddedPostgres, folder: Path) -> int:
    cluster.create_database("history")
    asyncio.run(prepare(cluster.dsn("history")))
    asyncio.run(fill(cluster.dsn("history"), 10))
    asyncio.run(write_history(cluster.dsn("history"), Owner.numbered(1), ORDERS))
    asyncio.run(write_history(cluster.dsn("history"), Owner.numbered(2), 10_000))
    port = free_port()
    dsn = f"postgresql://postgres@/history?host={cluster.socket_dir}"
    url = cluster.dsn("history", "portal_api")
    ours, theirs = [], []
    with server("benchmarks.portal", port, None, DATABASE_URL=url, PORT=str(port)):
        downloaded(port, folder / "warm.csv")
        for _ in range(ROUNDS):
            theirs.append(limit(dsn, folder / "plain.csv"))
            ours.append(downloaded(port, folder / "portal.csv"))
        pages = page_times(port)
    lines = (folder / "portal.csv").read_bytes().count(b"\r\n")
    assert lines == ORDERS + 6, lines  # the header, and the company's five
    ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
    print("| what | seconds | rows /s |\n| --- | --- | --- |")
    for name, taken in (("GET /v1/orders/export", ours), ("asyncpg to a file", theirs)):
        seconds = statistics.median(taken)
        print(f"| {name} | {seconds:.2f} | {ORDERS / seconds:,.0f} |")
    print(f"\nThe export is {ratio:.2f} of the limit; the goal is {GOAL}.")
    print("\n| page of 20 of 10,000 orders | ms |\n| --- | --- |")
    for name, seconds in pages.items():
        print(f"| {name} | {seconds * 1000:.2f} |")
    first, deep = pages["first"], pages["the 400th"]
    print(f"\nThe 400th page takes {deep / first:.2f} of the first; the goal is at most 1.2.")
    return 0 if ratio >= GOAL and deep <= first * FARTHEST else 1


def page_times(port: int) -> dict[str, float]:
    """Median seconds of a page, each in turn: the first, a deep one, and filters that match few."""
    base = f"http://127.0.0.1:{port}/v1/orders?size=20"
    headers = {"Authorization": f"Bearer {tokens().of(2)}"}
    taken: dict[str, list[float]] = {}
    with httpx.Client(headers=headers, timeout=30) as client:
        cursor = client.get(base).json()["next_cursor"]
        for _ in range(398):
            cursor = client.get(f"{base}&cursor={cursor}").json()["next_cursor"]
        pages = {
            "first": base,
            "the 400th": f"{base}&cursor={cursor}",
            "type=CHANGE, 5 of them": f"{base}&type=CHANGE",
            "status=PROVISIONING_FAILED, 3 of them": f"{base}&status=PROVISIONING_FAILED",
            "of a site with few": f"{base}&site_id={key(SITE, 2 * SITES + 1)}",
            "of the site with nearly all": f"{base}&site_id={key(SITE, 2 * SITES)}",
            "a day, years ago": f"{base}&from=2016-02-01&to=2016-02-01",
        }
        for _ in range(100):
            for name, url in pages.items():
                started = time.perf_counter()
                client.get(url).raise_for_status()
                taken.setdefault(name, []).append(time.perf_counter() - started)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def main() -> None:
    if len(sys.argv) == 3:
        print(asyncio.run(plain(sys.argv[1], Path(sys.argv[2]))))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        cluster = EmbeddedPostgres(folder, durable=False)
        cluster.ensure()
        try:
            sys.exit(measure(cluster, folder))
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
