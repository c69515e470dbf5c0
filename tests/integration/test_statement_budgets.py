"""How many statements a request may cost, counted on the driver's connections."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.clock import RealClock
from app.db.ids import new_id
from app.db.queue import Job, enqueue
from app.db.tables.plumbing import RateWindow
from sandbox.world import World
from tests.flows import Member, customer, item, key, order_body, pay, place, sign_up, start_payment
from tests.statements import counted


@pytest.fixture(autouse=True)
def production_clock(portal: FastAPI) -> Iterator[None]:
    """The sandbox's clock reads a row; production's does not."""
    deps = portal.state.deps
    kept = deps.clock
    object.__setattr__(deps, "clock", RealClock())
    yield
    object.__setattr__(deps, "clock", kept)


async def cost(portal: FastAPI, client: httpx.AsyncClient, member: Member, path: str) -> int:
    headers = member.headers
    assert (await client.get(path, headers=headers)).status_code == 200
    with counted(portal.state.deps.database.engine) as statements:
        answer = await client.get(path, headers=headers)
    assert answer.status_code == 200
    return len(statements.seen)


async def test_the_counter_sees_every_path_to_the_database(portal: FastAPI) -> None:
    database = portal.state.deps.database
    await database.engine.dispose()  # a fresh connection asks about types, which is not counted
    with counted(database.engine) as statements:
        async with database.sessions.begin() as session:
            await session.execute(text("SELECT 1"))
            assert len(statements.seen) == 1
            rows = [
                RateWindow(key=uuid4().hex, window=1, hits=1, ends_at=datetime.now(UTC))
                for _ in range(3)
            ]
            session.add_all(rows)
            await session.flush()
            assert len(statements.seen) == 2
            await enqueue(session, [Job("count_me", new_id())])
            assert len(statements.seen) == 3
            raw = (await (await session.connection()).get_raw_connection()).driver_connection
            assert raw is not None
            await raw.fetch("SELECT 2")
            assert len(statements.seen) == 4
            await session.rollback()
        await database.fetch_row("SELECT 3", [])
        assert statements.seen[4:] == ["SELECT 3"]


async def test_hot_reads_cost_two_statements(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    orders = (await client.get("/v1/orders", headers=member.headers)).json()["items"]
    memberships = (await client.get("/v1/memberships", headers=member.headers)).json()["items"]
    payment = await start_payment(client, member, await place(client, member))
    for path in (
        "/v1/me",
        "/v1/orders",
        f"/v1/orders/{orders[0]['id']}",
        "/v1/memberships",
        f"/v1/memberships/{memberships[0]['id']}",
        f"/v1/payments/{payment['id']}",
        "/v1/system-status",
    ):
        assert await cost(portal, client, member, path) <= 2, path


async def test_a_list_costs_no_more_for_more_rows(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    before = await cost(portal, client, member, "/v1/orders")
    for _ in range(3):
        order = await place(client, member, order_body(item("SHARED", 1, 1), total=59_400))
        await pay(client, world, member, order)
    assert await cost(portal, client, member, "/v1/orders") == before


@pytest.mark.parametrize("sites", [1, 3])
async def test_placing_an_order_costs_eight_statements_at_the_most(
    client: httpx.AsyncClient, world: World, portal: FastAPI, sites: int
) -> None:
    member = await sign_up(client, world)
    body = order_body(*(item("SHARED", 1, 1) for _ in range(sites)), total=59_400 * sites)
    await client.post("/v1/price-previews", json={"items": [{"type": "NEW", "plan": "SHARED"}]})
    with counted(portal.state.deps.database.engine) as statements:
        answer = await client.post("/v1/orders", json=body, headers=member.headers | key())
    assert answer.status_code == 201, answer.text
    assert len(statements.seen) <= 8, await statements.seen()


async def test_an_order_with_a_coupon_stays_within_its_budget(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    today = datetime.now(ZoneInfo("Asia/Seoul")).date()
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text(
                "INSERT INTO coupons (code, name_ko, name_en, scope, percent, first_day, last_day,"
                " plans, order_types, minimum_amount, uses_in_all, uses_per_company, uses) VALUES"
                " ('BUDGET', '쿠폰', 'Coupon', 'ALL', 10, :day, :day, '[]', '[]', 0, 5, 1,"
                " 0)"
            ),
            {"day": today},
        )
    body = order_body(total=524_700, coupon_code="BUDGET")
    with counted(portal.state.deps.database.engine) as statements:
        answer = await client.post("/v1/orders", json=body, headers=member.headers | key())
    assert answer.status_code == 201, answer.text
    assert len(statements.seen) <= 8, await statements.seen()


async def test_a_price_preview_with_a_warm_catalogue_costs_none(
    client: httpx.AsyncClient, portal: FastAPI
) -> None:
    body = {"items": [{"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}]}
    await client.post("/v1/price-previews", json=body)
    with counted(portal.state.deps.database.engine) as statements:
        answer = await client.post("/v1/price-previews", json=body)
    assert (answer.status_code, statements.seen) == (200, [])
