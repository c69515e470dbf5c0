"""Who stops reading an export holds nothing of ours: no connection, no transaction, no place."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.services import order_csv
from app.settings import Settings
from sandbox.world import World
from tests.flows import Member, place, sign_up
from tools.postgres import EmbeddedPostgres

Sent = MutableMapping[str, Any]
Send = Callable[[Sent], Awaitable[None]]


@pytest.fixture(scope="module")
def settings(postgres: EmbeddedPostgres, database_name: str) -> Settings:
    """Little patience, and a pool of which one connection is for exports."""
    return Settings(
        database_url=postgres.dsn(database_name, "portal_api"),
        metrics_port=0,
        database_pool_size=3,
        export_silent_seconds=0.5,
        export_whole_seconds=1.5,
    )


@pytest.fixture
async def member(client: httpx.AsyncClient, world: World) -> Member:
    member = await sign_up(client, world)
    await place(client, member)
    return member


def scope_of(member: Member) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/orders/export",
        "raw_path": b"/v1/orders/export",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"authorization", member.headers["Authorization"].encode())],
        "client": ("10.7.7.7", 1),
        "server": ("portal", 80),
    }


async def read(portal: FastAPI, member: Member, send: Send) -> None:
    """The export, to a client whose side of the connection is `send`."""

    async def receive() -> Sent:
        await asyncio.Event().wait()
        raise AssertionError

    await portal(scope_of(member), receive, send)


async def open_transactions(owner_engine: AsyncEngine) -> int:
    async with owner_engine.connect() as connection:
        found = await connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = 'portal_api'"
                " AND datname = current_database() AND state <> 'idle'"
            )
        )
        return int(found.scalar_one())


async def test_a_client_that_stops_reading_is_left_and_holds_nothing(
    portal: FastAPI, member: Member, owner_engine: AsyncEngine
) -> None:
    sent: list[Sent] = []

    async def stuck(message: Sent) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            assert await open_transactions(owner_engine) == 1
            await asyncio.Event().wait()

    async with asyncio.timeout(5):
        await read(portal, member, stuck)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[-1]["more_body"]  # it stops in its middle, and says so
    assert await open_transactions(owner_engine) == 0
    assert portal.state.deps.database.engine.pool.checkedout() == 0


async def test_a_client_that_takes_for_ever_is_left_as_well(
    portal: FastAPI, member: Member, owner_engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always_more(session: AsyncSession, *_: object) -> Any:
        while True:
            await session.execute(text("SELECT 1"))
            yield [("ORD", KEY, "2026-01-01", "", "", "1")]

    monkeypatch.setattr(order_csv, "stream_rows", always_more)
    parts = 0

    async def slow(message: Sent) -> None:
        nonlocal parts
        parts += 1
        await asyncio.sleep(0.15)

    async with asyncio.timeout(8):
        await read(portal, member, slow)
    assert 4 <= parts <= 12
    assert await open_transactions(owner_engine) == 0


async def test_a_client_that_is_gone_holds_nothing(
    portal: FastAPI, member: Member, owner_engine: AsyncEngine
) -> None:
    async def gone(message: Sent) -> None:
        if message["type"] == "http.response.body":
            raise OSError

    with pytest.raises(Exception):  # noqa: B017, PT011 - the framework's, of its version
        await read(portal, member, gone)
    assert await open_transactions(owner_engine) == 0
    assert portal.state.deps.database.engine.pool.checkedout() == 0


async def test_exports_leave_connections_for_the_others(
    portal: FastAPI,
    client: httpx.AsyncClient,
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order_csv, "WAIT_SECONDS", 0.05)
    reading = asyncio.Event()

    async def stuck(message: Sent) -> None:
        if message["type"] == "http.response.body":
            reading.set()
            await asyncio.Event().wait()

    first = asyncio.create_task(read(portal, member, stuck))
    await reading.wait()
    second = await client.get("/v1/orders/export", headers=member.headers)
    assert (second.status_code, second.json()["code"]) == (429, "rate_limited")
    assert second.headers["retry-after"] == "30"
    assert (await client.get("/v1/orders", headers=member.headers)).status_code == 200
    await first
    assert (await client.get("/v1/orders/export", headers=member.headers)).status_code == 200


KEY = '["2023-09","NEW","COMPLETED","CARD",[["NEW","SHARED",10,12,{}]]]'
