"""Hot reads beside a million companies and beside a thousand. `python -m benchmarks.scale`.

By hand, not in CI: about twenty minutes and 12 GB of disk (SCALE_DIR, or the temporary folder).
Exits 1 where writing took more than fifteen minutes, a plan reads a table from end to end, or a
read keeps less than nine tenths of its speed.
"""

import asyncio
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from app.db.prepare import prepare
from benchmarks.data import MEMBERSHIP, ORDER, ORDERS, SITES, fill, key, tokens
from benchmarks.load import Job, Round
from benchmarks.plans import HOT, plan_of, read_whole
from benchmarks.processes import free_port, get, in_rounds, load, server
from tools.postgres import EmbeddedPostgres

SMALL = 1_000
FREE_GB = 20
READERS = 500
"""How many companies are asked for, spread over all of them."""
ROUNDS, SECONDS = 7, 1.5
FASTEST_MINUTES = 15
KEPT = 0.9


def requests(path: Callable[[int], str], companies: list[int], port: int) -> list[bytes]:
    signed = tokens()
    return [get(port, path(company), signed.of(company)) for company in companies]


PATHS: dict[str, Callable[[int], str]] = {
    "GET /v1/me": lambda _: "/v1/me",
    "GET /v1/memberships": lambda _: "/v1/memberships",
    "GET /v1/memberships/{id}": lambda i: f"/v1/memberships/{key(MEMBERSHIP, i * SITES)}",
    "GET /v1/orders": lambda _: "/v1/orders",
    "GET /v1/orders/{id}": lambda i: f"/v1/orders/{key(ORDER, i * ORDERS)}",
    "GET /v1/system-status": lambda _: "/v1/system-status",
}


def write(cluster: EmbeddedPostgres, name: str, companies: int) -> float:
    """Minutes that it took to make the database and its rows."""
    cluster.create_database(name)
    asyncio.run(prepare(cluster.dsn(name)))
    started = time.monotonic()
    asyncio.run(fill(cluster.dsn(name), companies))
    minutes = (time.monotonic() - started) / 60
    counts = [
        f"{table} {int(cluster.sql(f'SELECT count(*) FROM {table}', name)):,}"
        for table in ("companies", "memberships", "orders")
    ]
    size = cluster.sql(f"SELECT pg_size_pretty(pg_database_size('{name}'))", name).strip()
    print(f"{name}: {', '.join(counts)}; {size}, written in {minutes:.1f} minutes", flush=True)
    return minutes


def check_plans(cluster: EmbeddedPostgres, name: str) -> bool:
    """Prints every plan and whether it reads no table whole.

    One without rows is read whole by any plan; `tests/integration/test_hot_read_plans.py` has rows.
    """
    good = True
    for read, statement in HOT.items():
        plan = plan_of(cluster, name, statement)
        whole = [table for table in read_whole(plan) if not _is_empty(cluster, name, table)]
        good &= not whole
        print(f"\n{read}: {'reads whole: ' + ', '.join(whole) if whole else 'by index'}\n{plan}")
    return good


def _is_empty(cluster: EmbeddedPostgres, name: str, table: str) -> bool:
    return cluster.sql(f"SELECT NOT EXISTS (SELECT FROM {table})", name).strip() == "t"


def compare(ports: dict[str, int], readers: dict[str, list[int]]) -> bool:
    """One line a read, both databases in turn; whether each keeps its speed."""
    good = True
    print("| read | /s at 1 thousand | p99 ms | /s at 1 million | p99 ms | kept |")
    print("| --- | --- | --- | --- | --- | --- |")
    for read, path in PATHS.items():

        def way(name: str, path: Callable[[int], str] = path) -> Callable[[float], Round]:
            asked = requests(path, readers[name], ports[name])
            load(Job(ports[name], asked, 60.0, once=True))
            return lambda seconds: load(Job(ports[name], asked, seconds))

        found = in_rounds({name: way(name) for name in ports}, ROUNDS, SECONDS)
        small, large = (
            (statistics.median(r.rate for r in rounds), statistics.median(r.p99 for r in rounds))
            for rounds in found.values()
        )
        # Each round beside its neighbour: the machine's other work moves both.
        kept = statistics.median(b.rate / a.rate for a, b in zip(*found.values(), strict=True))
        good &= kept >= KEPT
        print(
            f"| {read} | {small[0]:,.0f} | {small[1]:.1f} | {large[0]:,.0f} | {large[1]:.1f} |"
            f" {kept:.2f} |",
            flush=True,
        )
    return good


def run(folder: Path, companies: int) -> int:
    cluster = EmbeddedPostgres(folder, durable=False)
    cluster.ensure()
    try:
        write(cluster, "thousand", SMALL)
        minutes = write(cluster, "million", companies)
        indexed = check_plans(cluster, "million")
        chance = random.Random(1)
        readers = {
            "thousand": chance.sample(range(1, SMALL + 1), READERS),
            "million": chance.sample(range(1, companies + 1), READERS),
        }
        ports = {name: free_port() for name in readers}
        with ExitStack() as stack:
            for name, port in ports.items():
                url = cluster.dsn(name, "portal_api")
                stack.enter_context(
                    server("benchmarks.portal", port, None, DATABASE_URL=url, PORT=str(port))
                )
            kept = compare(ports, readers)
        return 0 if indexed and kept and minutes <= FASTEST_MINUTES else 1
    finally:
        cluster.stop()


def main() -> None:
    companies = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    parent = Path(os.environ.get("SCALE_DIR", tempfile.gettempdir()))
    free = shutil.disk_usage(parent).free / 2**30
    if free < FREE_GB:
        sys.exit(f"{parent} has {free:.0f} GB free; {FREE_GB} are needed")
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        Path(folder).chmod(0o755)
        sys.exit(run(Path(folder), companies))


if __name__ == "__main__":
    main()
