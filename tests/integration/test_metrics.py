"""/metrics on the internal listener: requests, what waits, orders by state, calls to providers."""

import re

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.internal import create_internal_app
from app.services.gauges import IN_FLIGHT
from sandbox.world import World
from tests.flows import free_item, order_body, place, run_jobs, sign_up


async def read(portal: FastAPI) -> dict[str, float]:
    """By name and labels."""
    transport = httpx.ASGITransport(create_internal_app(portal.state.deps))
    async with httpx.AsyncClient(transport=transport, base_url="http://inner") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def answered(figures: dict[str, float]) -> float:
    """Calls to the groupware that were answered."""
    calls = [name for name in figures if name.startswith("portal_provider_calls_total{")]
    return sum(figures[n] for n in calls if 'outcome="ok",provider="groupware"' in n)


async def test_what_waits_is_counted_and_then_it_does_not_wait(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    await run_jobs(portal)
    before = await read(portal)
    member = await sign_up(client, world)
    await place(client, member)
    await place(client, member, order_body(free_item(), total=0))
    waiting = await read(portal)
    unpaid = 'portal_orders{status="PENDING_PAYMENT"}'
    opening = 'portal_orders{status="PAID"}', 'portal_orders{status="PROVISIONING"}'
    assert waiting[unpaid] - before[unpaid] == 1
    assert sum(waiting[name] - before[name] for name in opening) == 1
    queued = 'portal_jobs{state="queued"}'
    assert waiting[queued] > before[queued]
    assert waiting["portal_mails_queued"] > before["portal_mails_queued"]
    assert waiting["portal_database_up"] == 1
    await run_jobs(portal)
    after = await read(portal)
    assert [after[name] - before[name] for name in opening] == [0, 0]
    assert answered(after) > answered(waiting)
    asked = [name for name in after if name.startswith("portal_requests_total{")]
    assert any('route="/v1/orders"' in name for name in asked)


async def test_no_label_holds_a_value_of_a_customer(portal: FastAPI) -> None:
    """Labels are routes, codes and states: they are few, and say nothing of anybody."""
    for name in await read(portal):
        for value in re.findall(r'="([^"]*)"', name):
            assert re.fullmatch(r"[A-Za-z0-9_.{}/+-]*|\\(none\\)|\(none\)", value), name


async def test_it_is_counted_by_the_index_of_what_waits(owner_engine: AsyncEngine) -> None:
    async with owner_engine.connect() as connection:
        await connection.execute(text("SET enable_seqscan = off"))
        counted = f"EXPLAIN SELECT status, count(*) FROM orders WHERE {IN_FLIGHT} GROUP BY status"
        plan = "\n".join((await connection.execute(text(counted))).scalars())
    assert "ix_orders_in_flight" in plan
