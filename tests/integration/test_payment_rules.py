"""Money is believed when it fits, once, and otherwise sent back (PRODUCT.md section 11)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.domain.orders import PaymentMethod
from sandbox.faults import Fault
from sandbox.portone.console_actions import approve, fail
from sandbox.world import World
from tests.flows import (
    Member,
    complete,
    key,
    place,
    read_order,
    run_jobs,
    sign_up,
    start_payment,
)


async def ordered(
    client: httpx.AsyncClient, world: World
) -> tuple[Member, dict[str, Any], dict[str, Any]]:
    member = await sign_up(client, world)
    order = await place(client, member)
    return member, order, await start_payment(client, member, order)


@pytest.mark.parametrize(
    ("tampered", "flag"),
    [
        ({"amount": 1_000}, "amount_mismatch"),
        ({"amount": 583_001}, "amount_mismatch"),
        ({"currency": "USD"}, "currency_mismatch"),
        ({"store_id": "store-of-somebody"}, "store_mismatch"),
        ({"channel_type": "TEST"}, "channel_mismatch"),
    ],
)
async def test_a_tampered_payment_is_flagged_sent_back_and_delivers_nothing(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    tampered: dict[str, Any],
    flag: str,
) -> None:
    member, order, payment = await ordered(client, world)
    await approve(world, payment["id"], **tampered)
    done = await complete(client, member, payment)
    assert done["status"] in {"REFUND_DUE", "REFUNDED"}
    await run_jobs(portal)
    assert world.portone.payments[payment["id"]].status == "CANCELLED"
    assert (await read_order(client, member, order))["status"] == "PENDING_PAYMENT"
    assert await flags(portal, payment) == [flag]
    assert order["items"][0]["site"]["id"] not in world.groupware.sites


async def flags(portal: FastAPI, payment: dict[str, Any]) -> list[str]:
    async with portal.state.deps.database.system_session("test: flags") as session:
        found = await session.execute(
            text("SELECT flags FROM payments WHERE id = :id"), {"id": payment["id"]}
        )
        kept: list[str] = found.scalar_one()
        return kept


@pytest.fixture
def production_shop(portal: FastAPI) -> Iterator[None]:
    """Payments are checked as in production, on the channel that the TEST money comes from."""
    payments = portal.state.deps.payments
    kept = payments.shop
    payments.shop = replace(
        kept, live_only=True, channels={PaymentMethod.CARD: "channel-key-card-test"}
    )
    yield
    payments.shop = kept


@pytest.mark.usefixtures("production_shop")
async def test_a_test_channels_paid_is_no_money_in_production(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await ordered(client, world)
    await approve(world, payment["id"], channel_type="TEST")
    await complete(client, member, payment)
    assert await flags(portal, payment) == ["channel_not_live"]
    assert (await read_order(client, member, order))["status"] == "PENDING_PAYMENT"


async def test_another_vat_is_kept_and_flagged(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await ordered(client, world)
    await approve(world, payment["id"], vat=50_000)
    assert (await complete(client, member, payment))["status"] == "PAID"
    assert await flags(portal, payment) == ["vat_mismatch"]
    assert (await read_order(client, member, order))["payment_status"] == "PAID"


async def test_money_for_a_cancelled_order_goes_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await ordered(client, world)
    cancel = await client.post(f"/v1/orders/{order['id']}/cancel", headers=member.headers)
    assert cancel.status_code == 200
    await approve(world, payment["id"])
    await complete(client, member, payment)
    await run_jobs(portal)
    assert world.portone.payments[payment["id"]].status == "CANCELLED"
    assert (await read_order(client, member, order))["status"] == "CANCELLED"
    assert await flags(portal, payment) == ["order_not_open"]


async def test_a_refused_card_may_be_tried_again_in_the_same_window(
    client: httpx.AsyncClient, world: World
) -> None:
    member, order, payment = await ordered(client, world)
    await fail(world, payment["id"])
    assert (await complete(client, member, payment))["status"] == "FAILED"
    await approve(world, payment["id"])
    assert (await complete(client, member, payment))["status"] == "PAID"
    assert (await read_order(client, member, order))["payment_status"] == "PAID"


async def test_the_webhook_alone_pays_the_order(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await ordered(client, world)
    await approve(world, payment["id"])
    await world.webhooks.settled()
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "COMPLETED"


async def test_without_webhook_or_client_the_check_pays_the_order(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await ordered(client, world)
    world.webhooks.muted = True
    try:
        await approve(world, payment["id"])
    finally:
        world.webhooks.muted = False
    await run_jobs(portal)
    assert (await read_order(client, member, order))["payment_status"] == "UNPAID"
    async with portal.state.deps.database.system_session("test: time passes") as session:
        await session.execute(text("UPDATE payments SET check_due_at = created_at"))
    await run_jobs(portal)
    assert (await read_order(client, member, order))["payment_status"] == "PAID"


async def test_an_unsigned_webhook_is_refused_and_kept_nowhere(
    client: httpx.AsyncClient, portal: FastAPI
) -> None:
    for path in ("/v1/webhooks/portone", "/v1/webhooks/groupware"):
        answer = await client.post(
            path,
            content=b'{"type": "Transaction.Paid", "data": {}}',
            headers={
                "webhook-id": "msg_forged",
                "webhook-timestamp": "1",
                "webhook-signature": "v1,AAAA",
            },
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "webhook_refused")
    async with portal.state.deps.database.system_session("test: webhooks") as session:
        found = await session.execute(
            text("SELECT count(*) FROM received_webhooks WHERE webhook_id = 'msg_forged'")
        )
        assert found.scalar_one() == 0


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Fault(down=True), 503), (Fault(nonsense=True), 502), (Fault(drop_after=0), 503)],
)
async def test_a_provider_in_trouble_loses_nothing_and_takes_nothing_twice(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    fault: Fault,
    status: int,
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    path, headers = f"/v1/orders/{order['id']}/payments", member.headers | key()
    portal.state.deps.payment_provider._portone.http._watch._breaker = fresh_breaker(portal)
    world.faults.put("portone", fault)
    first = await client.post(path, json={"method": "CARD"}, headers=headers)
    assert first.status_code == status, first.text
    world.faults.clear()
    portal.state.deps.payment_provider._portone.http._watch._breaker = fresh_breaker(portal)
    again = await client.post(path, json={"method": "CARD"}, headers=headers)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    payment = again.json()
    await approve(world, payment["id"])
    world.faults.put("portone", fault)
    lost = await client.post(f"/v1/payments/{payment['id']}/complete", headers=member.headers)
    assert lost.status_code == status
    world.faults.clear()
    portal.state.deps.payment_provider._portone.http._watch._breaker = fresh_breaker(portal)
    assert (await complete(client, member, payment))["status"] == "PAID"
    assert (await complete(client, member, payment))["status"] == "PAID"


def fresh_breaker(portal: FastAPI) -> Any:
    """A circuit that has seen nothing."""
    return type(portal.state.deps.payment_provider._portone.http._watch._breaker)()
