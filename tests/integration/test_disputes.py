"""차지백 are shown on the payment and told to the operator; webhooks about nothing do nothing."""

from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from sandbox.portone.console_actions import open_dispute, resolve_disputes
from sandbox.world import World
from tests.flows import Member, pay, place, read_order, run_jobs, sign_up
from tests.mails import mails_to

OPERATOR = "operator@portal.example"


async def paid(client: httpx.AsyncClient, world: World) -> tuple[Member, Any, dict[str, Any]]:
    member = await sign_up(client, world)
    order = await place(client, member)
    return member, order, await pay(client, world, member, order)


async def told(portal: FastAPI, payment: dict[str, Any]) -> list[str]:
    mails = await mails_to(portal, OPERATOR, "dispute")
    return [mail["state"] for mail in mails if mail["payment"] == payment["id"]]


async def disputes(
    client: httpx.AsyncClient, member: Member, payment: dict[str, Any]
) -> list[bool]:
    """Whether each was decided."""
    answer = await client.get(f"/v1/payments/{payment['id']}", headers=member.headers)
    return [dispute["resolved_at"] is not None for dispute in answer.json()["disputes"]]


async def test_a_dispute_shows_on_the_payment_and_the_operator_is_told_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await paid(client, world)
    assert await disputes(client, member, payment) == []
    open_dispute(world, payment["id"])
    await world.webhooks.settled()
    for _ in range(2):
        await run_jobs(portal)
        await portal.state.deps.payments.settle(UUID(payment["id"]))
    assert await disputes(client, member, payment) == [False]
    assert await told(portal, payment) == ["진행 중"]
    resolve_disputes(world, payment["id"])
    await world.webhooks.settled()
    await run_jobs(portal)
    assert await disputes(client, member, payment) == [True]
    assert await told(portal, payment) == ["진행 중", "종료"]
    assert (await read_order(client, member, order))["payment_status"] == "PAID"


async def test_a_webhook_about_a_payment_that_is_not_ours_is_taken_and_does_nothing(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    await run_jobs(portal)
    for payment_id in ("0193f2c8-7a4b-7a5e-9a6a-0a8e6f0b7c1d", "somebody-elses", ""):
        data: dict[str, object] = {"storeId": "store-sandbox", "paymentId": payment_id}
        world.webhooks.send("portone", "Transaction.Paid", data)
    world.webhooks.send("portone", "BillingKey.Deleted", {"billingKey": "billing-key-of-nobody"})
    world.webhooks.send("portone", "Transaction.SomethingNew", {"paymentId": 5})
    await world.webhooks.settled()
    async with portal.state.deps.database.system_session("test") as session:
        queued = await session.execute(
            text("SELECT count(*) FROM pgqueuer WHERE entrypoint IN ('check_payment', 'mind_card')")
        )
        assert queued.scalar_one() == 0
