"""`kill -9` at random among API, workers and PostgreSQL while orders are placed, paid and opened.

Afterwards the orders, the provider's books and the groupware's sites agree, and the ledger with
them. KILLS and KILL_ORDERS say how many (`make soak`: 60 and 500); the seed is printed.
"""

import asyncio
import logging
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.db.ledger_proof import account_totals, differences
from app.db.prepare import prepare
from tests.e2e.stack import Stack
from tests.e2e.test_two_of_each import sign_up
from tests.flows import Member, item, key, order_body
from tools.postgres import EmbeddedPostgres

KILLS = int(os.environ.get("KILLS", "5"))
ORDERS = int(os.environ.get("KILL_ORDERS", "8"))
CUSTOMERS = min(8, ORDERS)
DATABASE = "killed"
TOTAL = 59_400
"""A user for a month: 4,000 and 50,000 set-up, with VAT."""
PAUSE_SECONDS = (0.3, 1.5)
SETTLE_SECONDS = 120.0
log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A cluster of its own that loses nothing when it dies: fsync is on."""
    durable = EmbeddedPostgres(tmp_path_factory.mktemp("durable"))
    durable.ensure()
    durable.create_database(DATABASE)
    asyncio.run(prepare(durable.dsn(DATABASE)))
    yield durable
    durable.stop()


@pytest.fixture(scope="module")
def stack(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("killed")
    with Stack(server, DATABASE, folder, SANDBOX_OPERATION_SECONDS="0.2") as running:
        yield running


@pytest.fixture(scope="module")
async def apis(stack: Stack) -> AsyncIterator[list[httpx.AsyncClient]]:
    clients = [
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) for port in stack.ports
    ]
    yield clients
    for client in clients:
        await client.aclose()


class Killer:
    """Kills, starts again, and starts what ended by itself, as a supervisor does."""

    def __init__(self, stack: Stack, server: EmbeddedPostgres, dice: random.Random) -> None:
        self._stack = stack
        self._server = server
        self._dice = dice
        self.killed: list[str] = []

    async def work(self) -> None:
        while len(self.killed) < KILLS:
            await asyncio.sleep(self._dice.uniform(*PAUSE_SECONDS))
            victim = self._dice.choice(["api", "api", "worker", "worker", "postgres"])
            self.killed.append(victim)
            if victim == "postgres":
                await asyncio.to_thread(self._kill_postgres)
            else:
                group = self._stack.apis if victim == "api" else self._stack.workers
                process = group[self._dice.randrange(2)]
                process.kill()
                await asyncio.to_thread(process.wait)

    async def mind_for_ever(self) -> None:
        """One that was started while the database was down has ended as well."""
        while True:
            await asyncio.to_thread(self._mind)
            await asyncio.sleep(0.2)

    def _mind(self) -> None:
        for place, process in enumerate(self._stack.apis):
            if process.poll() is not None:
                self._stack.apis[place] = self._stack.start_api(place)
        for place, process in enumerate(self._stack.workers):
            if process.poll() is not None:
                self._stack.workers[place] = self._stack.start_worker()

    def _kill_postgres(self) -> None:
        postmaster = int((self._server.cluster / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while _lives(postmaster):
            time.sleep(0.01)
        while True:  # the children notice and end; until then a new server refuses to start
            try:
                self._server.ensure()
            except Exception:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            else:
                return


def _lives(pid: int) -> bool:
    """Not dead, and not a dead one that nobody buried."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def insist(ask: Callable[[], Awaitable[httpx.Response]], *wanted: int) -> dict[str, Any]:
    """As a client that does not give up: again with the same key until it is answered."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            answer = await ask()
        except httpx.HTTPError:
            answer = None
        if answer is not None and answer.status_code in wanted:
            found: dict[str, Any] = answer.json()
            return found
        refused = answer is not None and answer.status_code < 500
        if refused and answer is not None:
            code = answer.json()["code"]
            assert code in {"request_in_progress", "rate_limited"}, answer.text
        assert time.monotonic() < deadline, answer.text if answer is not None else "no answer"
        await asyncio.sleep(0.15)


async def buy(
    stack: Stack, apis: list[httpx.AsyncClient], member: Member, dice: random.Random
) -> str:
    """An order that is placed, paid, and left to the workers; returns its id."""

    def api() -> httpx.AsyncClient:
        return apis[dice.randrange(2)]

    body = order_body(item("SHARED", 1, 1), total=TOTAL, confirm_duplicate=True)
    headers = member.headers | key()
    order = await insist(lambda: api().post("/v1/orders", json=body, headers=headers), 201)
    begin, again = f"/v1/orders/{order['id']}/payments", member.headers | key()
    payment = await insist(lambda: api().post(begin, json={"method": "CARD"}, headers=again), 201)
    approve = f"/payments/{payment['id']}/approve"
    await asyncio.to_thread(stack.sandbox, "POST", approve, {})
    if dice.random() < 0.7:
        complete = f"/v1/payments/{payment['id']}/complete"
        await insist(lambda: api().post(complete, headers=member.headers), 200)
    return str(order["id"])


async def opened(apis: list[httpx.AsyncClient], member: Member, order_id: str) -> None:
    path = f"/v1/orders/{order_id}"
    while True:
        read = await insist(lambda: apis[0].get(path, headers=member.headers), 200)
        if read["status"] == "COMPLETED":
            return
        await asyncio.sleep(0.2)


@pytest.mark.timeout(1800)
async def test_whatever_is_killed_orders_books_and_sites_agree(
    stack: Stack, server: EmbeddedPostgres, apis: list[httpx.AsyncClient]
) -> None:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    log.info("SEED=%d KILLS=%d KILL_ORDERS=%d", seed, KILLS, ORDERS)
    dice = random.Random(seed)
    members = [await sign_up(stack, apis[n % 2]) for n in range(CUSTOMERS)]
    killer = Killer(stack, server, dice)
    minding = asyncio.create_task(killer.mind_for_ever())
    killing = asyncio.create_task(killer.work())
    bought: list[str] = []

    async def customer(member: Member) -> None:
        own = random.Random(dice.random())
        while not killing.done() or len(bought) < ORDERS:
            order = await buy(stack, apis, member, own)
            bought.append(order)
            await opened(apis, member, order)  # a company holds three names at once

    await asyncio.gather(*(customer(member) for member in members))
    await killing
    log.info("killed %s during %d orders", ", ".join(killer.killed), len(bought))
    await settled(stack)
    minding.cancel()
    books = stack.sandbox("GET", "/payments")["items"]
    kept = [p for p in books if p["status"] == "PAID"]
    assert {p["status"] for p in books} <= {"PAID", "CANCELLED", "READY"}
    assert sum(p["amount"]["paid"] - p["amount"]["cancelled"] for p in kept) == TOTAL * len(bought)
    async with superuser(stack) as session:
        assert await differences(session) == []
        totals = await account_totals(session)
        assert (totals["PROVIDER"], sum(totals.values())) == (TOTAL * len(bought), 0)
        orders = await session.execute(text("SELECT id::text, status FROM orders"))
        assert {row.id: row.status for row in orders} == dict.fromkeys(bought, "COMPLETED")
        paid = await session.execute(text("SELECT id::text FROM payments WHERE status = 'PAID'"))
        assert set(paid.scalars()) == {p["id"] for p in kept}
        sites = (await session.execute(text("SELECT id::text, revision FROM sites"))).all()
    there = {
        s["external_id"]: s["applied_revision"] for s in stack.sandbox("GET", "/sites")["items"]
    }
    assert there == {site.id: site.revision for site in sites}
    assert len(there) == len(bought)


class superuser:  # noqa: N801 - a context
    """A session that sees everything, past the application."""

    def __init__(self, stack: Stack) -> None:
        self._engine = create_async_engine(stack.admin_url)

    async def __aenter__(self) -> AsyncSession:
        self._session = AsyncSession(self._engine)
        return self._session

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._engine.dispose()


async def settled(stack: Stack) -> None:
    """Until no refund, payment or site waits for anything."""
    waiting = (
        "SELECT (SELECT count(*) FROM refunds WHERE state <> 'DONE')"
        " + (SELECT count(*) FROM order_items WHERE state <> 'COMPLETED')"
        " + (SELECT count(*) FROM payments WHERE status = 'REFUND_DUE')"
        " + (SELECT count(*) FROM sites WHERE revision <> applied_revision)"
    )
    deadline = time.monotonic() + SETTLE_SECONDS
    while await stack.count(waiting):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.5)
