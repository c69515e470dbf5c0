"""While PostgreSQL is away the API says so (503), and goes on by itself when it is back."""

from collections.abc import Iterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError

from app.db.unavailable import is_unavailable
from sandbox.world import World
from tests.flows import Member, key, order_body, sign_up


@pytest.fixture(autouse=True)
async def the_books_agree() -> None:
    """Not here: the proof would have to ask a database that is away."""


class Gate:
    """Stands before every new connection; shut, it refuses like a server that is down."""

    def __init__(self, portal: FastAPI) -> None:
        self.engine = portal.state.deps.database.engine
        self.shut = False
        self._connect = self.engine.sync_engine.dialect.connect

        def connect(*arguments: object, **options: object) -> object:
            if self.shut:
                raise ConnectionRefusedError("down")
            return self._connect(*arguments, **options)

        self.engine.sync_engine.dialect.connect = connect

    async def close(self) -> None:
        """Open connections break, new ones are refused."""
        self.shut = True
        await self.engine.dispose()

    def open(self) -> None:
        self.shut = False


@pytest.fixture
def gate(portal: FastAPI) -> Iterator[Gate]:
    made = Gate(portal)
    yield made
    made.open()
    made.engine.sync_engine.dialect.connect = made._connect


def unavailable(answer: httpx.Response) -> bool:
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "5"
    return True


async def test_reads_and_writes_say_so_and_go_on_afterwards(
    client: httpx.AsyncClient, world: World, gate: Gate
) -> None:
    member: Member = await sign_up(client, world)
    once, body = key(), order_body()
    await gate.close()
    assert unavailable(await client.get("/v1/me", headers=member.headers))
    assert unavailable(await client.get("/v1/memberships", headers=member.headers))
    assert unavailable(await client.get("/v1/faqs"))
    assert unavailable(await client.post("/v1/orders", json=body, headers=member.headers | once))
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/readyz")).status_code == 503
    gate.open()
    placed = await client.post("/v1/orders", json=body, headers=member.headers | once)
    assert placed.status_code == 201, placed.text
    again = await client.post("/v1/orders", json=body, headers=member.headers | once)
    assert again.json()["id"] == placed.json()["id"]
    orders = (await client.get("/v1/orders", headers=member.headers)).json()["items"]
    assert len(orders) == 1


async def test_a_connection_that_breaks_in_the_middle_is_no_mistake_of_ours(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """As a restart does it: the server ends every backend of ours."""
    member = await sign_up(client, world)
    database = portal.state.deps.database
    await client.get("/v1/me", headers=member.headers)
    raw = await database.engine.raw_connection()
    assert raw.driver_connection is not None
    raw.driver_connection.terminate()
    raw.close()
    first = await client.get("/v1/me", headers=member.headers)
    assert first.status_code == 200 or unavailable(first)
    for _ in range(3):
        answer = await client.get("/v1/me", headers=member.headers)
        if answer.status_code == 200:
            break
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (ConnectionRefusedError("down"), True),
        (asyncpg.CannotConnectNowError("the database system is starting up"), True),
        (asyncpg.AdminShutdownError("terminating connection"), True),
        (asyncpg.ConnectionDoesNotExistError("connection was closed"), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InterfaceError("the server expects 1 argument"), False),
        (asyncpg.UniqueViolationError("duplicate key"), False),
        (asyncpg.UndefinedColumnError("no such column"), False),
        (DBAPIError("x", {}, ValueError("x"), connection_invalidated=True), True),
        (DBAPIError("x", {}, ValueError("x")), False),
        (ValueError("x"), False),
    ],
    ids=repr,
)
def test_what_says_that_the_database_is_away(error: Exception, away: bool) -> None:
    assert is_unavailable(error) is away
