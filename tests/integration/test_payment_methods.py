"""Another way to pay an unpaid order: what was begun is closed, money that came is kept once."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.settings import Settings
from sandbox.faults import Fault
from sandbox.portone.console_actions import approve, fail, hold
from sandbox.world import World
from tests.flows import (
    Member,
    complete,
    customer,
    free_item,
    key,
    order_body,
    place,
    read_order,
    run_jobs,
    sign_up,
    start_payment,
)
from tools.postgres import EmbeddedPostgres

SEOUL = ZoneInfo("Asia/Seoul")


@pytest.fixture(scope="module")
def settings(postgres: EmbeddedPostgres, database_name: str) -> Settings:
    """A shop that offers 실시간 계좌이체, too."""
    return Settings(
        database_url=postgres.dsn(database_name, "portal_api"),
        metrics_port=0,
        portone_transfer_channel_key="channel-key-transfer",
    )


async def choose(
    client: httpx.AsyncClient, member: Member, order: dict[str, Any], method: str
) -> httpx.Response:
    return await client.put(
        f"/v1/orders/{order['id']}/payment-method",
        json={"payment_method": method},
        headers=member.headers,
    )


async def begin(
    client: httpx.AsyncClient, member: Member, order: dict[str, Any], method: str
) -> httpx.Response:
    return await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": method},
        headers=member.headers | key(),
    )


async def payment_states(portal: FastAPI, order: dict[str, Any]) -> list[str]:
    async with portal.state.deps.database.system_session("test data") as session:
        rows = await session.execute(
            text("SELECT status FROM payments WHERE order_id = :id ORDER BY id"),
            {"id": order["id"]},
        )
        return list(rows.scalars())


async def test_an_order_by_card_is_paid_by_transfer(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    card = await start_payment(client, member, order)
    changed = await choose(client, member, order, "TRANSFER")
    assert changed.status_code == 200, changed.text
    body = changed.json()
    assert (body["payment_method"], body["payment_method_label"]) == (
        "TRANSFER",
        "실시간 계좌이체",
    )
    assert body["expires_at"] == order["expires_at"]
    assert [step["reason"] for step in body["history"]] == [
        None,
        "payment method CARD to TRANSFER",
    ]
    assert await payment_states(portal, order) == ["CANCELLED"]
    refused = await begin(client, member, order, "CARD")
    assert (refused.status_code, refused.json()["code"]) == (422, "payment_method_not_allowed")
    transfer = (await begin(client, member, order, "TRANSFER")).json()
    assert transfer["checkout"]["pay_method"] == "TRANSFER"
    assert transfer["checkout"]["channel_key"] == "channel-key-transfer"
    await approve(world, transfer["id"], method="TRANSFER")
    assert (await complete(client, member, transfer))["status"] == "PAID"
    await run_jobs(portal)
    paid = await read_order(client, member, order)
    assert (paid["status"], paid["payment_method"]) == ("COMPLETED", "TRANSFER")
    assert world.portone.payments[card["id"]].status == "READY"  # nobody paid it


async def test_the_same_method_again_changes_nothing(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    payment = await start_payment(client, member, order)
    before = await read_order(client, member, order)
    for _ in range(2):
        assert (await choose(client, member, order, "CARD")).json() == before
    assert await payment_states(portal, order) == ["READY"]
    await approve(world, payment["id"])
    assert (await complete(client, member, payment))["status"] == "PAID"
    twice = await place(client, member, order_body(confirm_duplicate=True))
    first = (await choose(client, member, twice, "TRANSFER")).json()
    assert (await choose(client, member, twice, "TRANSFER")).json() == first


async def test_money_that_came_first_pays_the_order(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    payment = await start_payment(client, member, order)
    world.webhooks.send = lambda *_: None  # type: ignore[method-assign,assignment,misc]
    try:
        await approve(world, payment["id"])  # and nobody has told us
        refused = await choose(client, member, order, "TRANSFER")
    finally:
        del world.webhooks.send
    assert (refused.status_code, refused.json()["code"]) == (409, "order_state_conflict")
    read = await read_order(client, member, order)
    assert (read["payment_status"], read["payment_method"]) == ("PAID", "CARD")


async def test_money_of_a_closed_window_pays_the_order_by_the_method_that_paid_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    card = await start_payment(client, member, order)
    assert (await choose(client, member, order, "TRANSFER")).status_code == 200
    transfer = (await begin(client, member, order, "TRANSFER")).json()
    await approve(world, card["id"])
    assert (await complete(client, member, card))["status"] == "PAID"
    read = await read_order(client, member, order)
    assert (read["payment_status"], read["payment_method"]) == ("PAID", "CARD")
    await approve(world, transfer["id"], method="TRANSFER")  # in the other tab
    await complete(client, member, transfer)
    await run_jobs(portal)
    assert world.portone.payments[transfer["id"]].status == "CANCELLED"
    assert sorted(await payment_states(portal, order)) == ["PAID", "REFUNDED"]


async def test_what_the_payers_bank_is_working_on_refuses_the_change(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member, order_body(payment_method="TRANSFER"))
    transfer = (await begin(client, member, order, "TRANSFER")).json()
    await hold(world, transfer["id"])
    refused = await choose(client, member, order, "CARD")
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_in_progress")
    assert (await read_order(client, member, order))["payment_method"] == "TRANSFER"
    assert await payment_states(portal, order) == ["READY"]
    await fail(world, transfer["id"])
    assert (await choose(client, member, order, "CARD")).status_code == 200
    assert await payment_states(portal, order) == ["CANCELLED"]


async def test_a_provider_that_cannot_be_asked_changes_nothing(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    await start_payment(client, member, order)
    world.faults.put("portone", Fault(down=True))
    refused = await choose(client, member, order, "TRANSFER")
    assert refused.status_code == 503, refused.text
    world.faults.clear()
    assert (await read_order(client, member, order))["payment_method"] == "CARD"
    assert await payment_states(portal, order) == ["READY"]


async def test_only_an_unpaid_order_and_only_what_is_offered(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    paid = (await client.get("/v1/orders", headers=member.headers)).json()["items"][0]
    free = await place(client, member, order_body(free_item(), total=0))
    open_order = await place(client, member)
    for order, method, answer in (
        (paid, "TRANSFER", (409, "order_state_conflict")),
        (free, "CARD", (409, "order_state_conflict")),
        (open_order, "VIRTUAL_ACCOUNT", (422, "payment_method_not_allowed")),
        (open_order, "GOLD", (422, "payment_method_not_allowed")),
    ):
        refused = await choose(client, member, order, method)
        assert (refused.status_code, refused.json()["code"]) == answer
    cancel = await client.post(f"/v1/orders/{open_order['id']}/cancel", headers=member.headers)
    assert cancel.status_code == 200
    refused = await choose(client, member, open_order, "TRANSFER")
    assert (refused.status_code, refused.json()["code"]) == (409, "order_state_conflict")


async def test_a_change_of_plan_is_paid_on_its_day_by_any_method(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    listed = (await client.get("/v1/memberships", headers=member.headers)).json()["items"][0]
    change = {
        "type": "CHANGE",
        "membership_id": listed["id"],
        "plan": "DEDICATED",
        "users": 10,
        "months": 12,
        "add_ons": [],
    }
    preview = await client.post(
        "/v1/price-previews", json={"items": [change]}, headers=member.headers
    )
    order = await place(client, member, order_body(change, total=preview.json()["total"]))
    changed = (await choose(client, member, order, "TRANSFER")).json()
    midnight = datetime.now(SEOUL).replace(hour=0, minute=0, second=0, microsecond=0)
    assert datetime.fromisoformat(changed["expires_at"]) == midnight + timedelta(days=1)
