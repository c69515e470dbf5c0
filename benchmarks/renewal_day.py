"""What does charging a renewal cost beside its statements? `make bench-renewals`.

One worker process on core 0 takes renewal after renewal by the jobs' own entry point: the order is
priced again, the card charged, the payment read and settled. The limit, on the same core in turns
with it, is a bare asyncpg loop: the same statements with the same values, transactions as they
were, against a copy of the database, and one HTTP call a charge. The provider answers at once, on
the other core. Exits 1 below 0.4, and where memory grows.
"""

import asyncio
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import httpx
import uvloop
from sqlalchemy import event
from sqlalchemy.engine import make_url

from app.db.prepare import prepare
from app.deps import Deps
from app.jobs.entrypoints import entrypoints
from app.logs import configure_logging
from app.services.renewals import RENEW_MEMBERSHIP
from benchmarks.one_provider import serve
from benchmarks.processes import free_port, wait_for
from benchmarks.recorded import Recorder, Statement
from benchmarks.renewals import CHARGED, DayClock, fill_renewals, membership_of, worker
from tools.postgres import EmbeddedPostgres

ROUNDS, A_ROUND, LONG = 9, 40, 2_000
"""Rounds of so many charges; then so many on end, over which memory is looked at."""
KEPT = 0.4
GROWN_MB = 8.0
"""More than this over the long run is a leak: the pools and caches are full by then."""
Done = TypeVar("Done")
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Stretch:
    """Charges, one after another; the process's own time for them, and its memory afterwards."""

    charges: int
    seconds: float
    own_seconds: float
    resident_mb: float

    @property
    def own_ms(self) -> float:
        return self.own_seconds / self.charges * 1_000

    @property
    def rate(self) -> float:
        return self.charges / self.seconds


def timed(charges: int, work: Callable[[], None]) -> Stretch:
    started, own = time.perf_counter(), time.process_time()
    work()
    seconds, own_seconds = time.perf_counter() - started, time.process_time() - own
    return Stretch(charges, seconds, own_seconds, resident_mb())


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Portal:
    """The worker's process: one loop, one `Deps`, log lines to a file as in production."""

    def __init__(self, url: str, provider: str) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._clock = DayClock(CHARGED)
        self.deps: Deps = worker(url, provider, self._clock)
        self._step = entrypoints(self.deps)[RENEW_MEMBERSHIP]
        self._log = tempfile.TemporaryFile("w")  # noqa: SIM115 - open as long as the process

    def charge(self, memberships: Sequence[UUID]) -> Stretch:
        return timed(len(memberships), lambda: self._quietly(self._charge_all(memberships)))

    async def _charge_all(self, memberships: Sequence[UUID]) -> None:
        for membership in memberships:
            await self._step(membership)

    def record(self, memberships: Sequence[UUID]) -> list[list[Statement]]:
        """The statements of each charge."""
        seen: list[Statement] = []

        @event.listens_for(self.deps.database.engine.sync_engine, "checkout")
        def on_checkout(connection: Any, *_: object) -> None:
            driver = connection.driver_connection
            if not isinstance(driver._protocol, Recorder):
                driver._protocol = Recorder(driver._protocol, seen)

        async def recorded() -> list[list[Statement]]:
            found = []
            for membership in memberships:
                seen.clear()
                await self._step(membership)
                found.append(list(seen))
            return found

        return self._quietly(recorded())

    def _quietly(self, work: Coroutine[Any, Any, Done]) -> Done:
        """Log lines are written as in production, to a file."""
        with redirect_stdout(self._log):
            configure_logging()
            return self._runner.run(work)


class Limit:
    """The bare loop's process: one connection, one HTTP client."""

    def __init__(self, url: str, provider: str, runs: list[list[Statement]]) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._provider, self._runs = provider, runs
        self._connection: asyncpg.Connection | None = None
        self._url = make_url(url).set(drivername="postgresql")
        self._http = httpx.AsyncClient(trust_env=False)

    def charge(self, first: int, last: int) -> Stretch:
        return timed(last - first, lambda: self._runner.run(self._charge_all(first, last)))

    async def _charge_all(self, first: int, last: int) -> None:
        if self._connection is None:
            address = self._url.render_as_string(hide_password=False)
            self._connection = await asyncpg.connect(address)
        connection = self._connection
        for run in self._runs[first:last]:
            for statement in run:
                if statement.arguments is None:
                    await connection.execute(statement.sql)
                else:
                    await connection.fetch(statement.sql, *statement.arguments)
            answer = await self._http.post(
                f"{self._provider}/payments/limit/billing-key", json=_ASK
            )
            answer.raise_for_status()


_ASK = {
    "storeId": "store-sandbox",
    "billingKey": "billing-key-of-the-card",
    "orderName": "ORD-20270222-AAAAA1",
    "amount": {"total": 528_000, "vat": 48_000},
    "currency": "KRW",
    "customer": {"id": "00000002-0000-7000-8000-000000000001"},
}
_HERE: dict[str, Any] = {}
"""What a process of its own holds from call to call."""


def begin(kind: type, *arguments: object) -> None:
    """The first thing in a process: it stays on core 0."""
    os.sched_setaffinity(0, {0})
    _HERE["it"] = kind(*arguments)


def there(method: str, *arguments: object) -> Any:
    return getattr(_HERE["it"], method)(*arguments)


class Apart:
    """A `Portal` or `Limit` in a process of its own."""

    def __init__(self, kind: type, *arguments: object) -> None:
        self._pool = ProcessPoolExecutor(
            1, mp_context=_SPAWN, initializer=begin, initargs=(kind, *arguments)
        )

    def call(self, method: str, *arguments: object) -> Any:
        return self._pool.submit(there, method, *arguments).result()

    def end(self) -> None:
        self._pool.shutdown()


def started_provider(port: int) -> BaseProcess:
    """On the other core; it answers at once."""
    process = _SPAWN.Process(target=serve, args=(port,), daemon=True)
    process.start()
    wait_for(port)
    return process


def measure(cluster: EmbeddedPostgres, provider: str) -> tuple[float, float]:
    """(the ratio, by how many MB memory grew over the long run)."""
    taken = (ROUNDS + 1) * A_ROUND
    cluster.create_database("portal")
    asyncio.run(prepare(cluster.dsn("portal")))
    url, companies = cluster.dsn("portal", "portal_api"), taken + 2 * A_ROUND + LONG
    asyncio.run(fill_renewals(cluster.dsn("portal"), url, companies))
    for copy in ("recorded", "limit"):
        cluster.create_database(copy, template="portal")
    due = [membership_of(company) for company in range(1, companies + 1)]

    recording = Apart(Portal, cluster.dsn("recorded", "portal_api"), provider)
    runs: list[list[Statement]] = recording.call("record", due[:taken])
    recording.end()
    show(runs)
    portal = Apart(Portal, url, provider)
    limit = Apart(Limit, cluster.dsn("limit", "portal_api"), provider, runs)
    print("| portal: charges /s | limit: charges /s | ratio | own ms | limit's | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    ratios = []
    for number in range(ROUNDS + 1):
        first, last = number * A_ROUND, (number + 1) * A_ROUND
        ours: Stretch = portal.call("charge", due[first:last])
        bare: Stretch = limit.call("charge", first, last)
        if number:  # the first warms up
            ratios.append(ours.rate / bare.rate)
            own = bare.own_ms / ours.own_ms
            print(
                f"| {ours.rate:,.1f} | {bare.rate:,.1f} | {ratios[-1]:.2f} |"
                f" {ours.own_ms:.1f} | {bare.own_ms:.1f} | {own:.2f} |",
                flush=True,
            )
    limit.end()
    before: Stretch = portal.call("charge", due[taken : taken + 2 * A_ROUND])
    after: Stretch = portal.call("charge", due[taken + 2 * A_ROUND :])
    portal.end()
    check_paid(cluster, companies)
    grown = after.resident_mb - before.resident_mb
    print(
        f"\nMemory: {before.resident_mb:.1f} MB, and {after.resident_mb:.1f} MB"
        f" after {after.charges:,} charges more ({after.rate:,.1f} /s)."
    )
    return statistics.median(ratios), grown


def show(runs: Sequence[Sequence[Statement]]) -> None:
    """What a charge runs."""
    of = [[s.sql.strip(" ;").upper() for s in run] for run in runs[A_ROUND:]]
    aside = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
    counts = [sum(not sql.startswith(aside) for sql in run) for run in of]
    begins = [sum(sql.startswith("BEGIN") for sql in run) for run in of]
    print(
        f"A charge: {min(counts)} to {max(counts)} statements in"
        f" {statistics.median(begins):.0f} transactions; two calls of the provider.\n"
    )


def check_paid(cluster: EmbeddedPostgres, companies: int) -> None:
    """Nothing was measured that did not charge."""
    paid = "SELECT count(*) FROM payments WHERE status = 'PAID' AND method = 'BILLING_KEY'"
    if int(cluster.sql(paid, "portal")) != companies:
        raise SystemExit(f"{cluster.sql(paid, 'portal').strip()} of {companies} were charged")


def main() -> None:
    configure_logging()
    port = free_port()
    provider = started_provider(port)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        cluster = EmbeddedPostgres(Path(folder), durable=False)
        cluster.ensure()
        try:
            ratio, grown = measure(cluster, f"http://127.0.0.1:{port}")
        finally:
            cluster.stop()
            provider.terminate()
    print(f"\nA renewal is charged at {ratio:.2f} of the limit; {KEPT} is wanted.")
    if ratio < KEPT or grown > GROWN_MB:
        sys.exit(1)


if __name__ == "__main__":
    main()
