"""The export of 100,000 orders beside writing the same rows to a file. `make bench-exports`.

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

from app.db.order_exports import EXPORT, ROWS_AT_ONCE
from app.db.order_reads import OrderFilters
from app.db.prepare import prepare
from benchmarks.data import COMPANY, fill, key, tokens
from benchmarks.histories import write_history
from benchmarks.processes import free_port, server
from tools.postgres import EmbeddedPostgres

ORDERS, ROUNDS, GOAL = 100_000, 7, 0.5


async def plain(dsn: str, target: Path) -> float:
    """Seconds that the rows take to the file without the portal."""
    connection = await asyncpg.connect(dsn)
    values = OrderFilters().values() | {"company": key(COMPANY, 1)}
    arguments = [values[name] for name in EXPORT.positiontup or ()]
    started = time.perf_counter()
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        async with connection.transaction():
            cursor = await connection.cursor(str(EXPORT), *arguments)
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
    asyncio.run(write_history(cluster.dsn("history"), 1, ORDERS))
    port = free_port()
    dsn = f"postgresql://postgres@/history?host={cluster.socket_dir}"
    url = cluster.dsn("history", "portal_api")
    ours, theirs = [], []
    with server("benchmarks.portal", port, None, DATABASE_URL=url, PORT=str(port)):
        downloaded(port, folder / "warm.csv")
        for _ in range(ROUNDS):
            theirs.append(limit(dsn, folder / "plain.csv"))
            ours.append(downloaded(port, folder / "portal.csv"))
    lines = (folder / "portal.csv").read_bytes().count(b"\r\n")
    assert lines == ORDERS + 6, lines  # the header, and the company's five
    ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
    print("| what | seconds | rows /s |\n| --- | --- | --- |")
    for name, taken in (("GET /v1/orders/export", ours), ("asyncpg to a file", theirs)):
        seconds = statistics.median(taken)
        print(f"| {name} | {seconds:.2f} | {ORDERS / seconds:,.0f} |")
    print(f"\nThe export is {ratio:.2f} of the limit; the goal is {GOAL}.")
    return 0 if ratio >= GOAL else 1


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
