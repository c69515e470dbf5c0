"""차지백 are shown on the payment and told to the operator; webhooks about nothing do nothing."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from app.db.tables.orders import Order
from app.domain.periods import seoul_date
from app.domain.refunds import Money, RefundReason
from app.services.books import _OURS
from app.services.refunds import GivingBack, give_back
from sandbox.portone.console_actions import open_dispute, resolve_disputes
from sandbox.world import World
from tests.flows import Member, pay, place, read_order, run_jobs, sign_up
from tests.mails import mails_to
from tests.operators import TOKEN, once, operator_client

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


async def decide(
    portal: FastAPI, payment: dict[str, Any], outcome: str, amount: int, day: str
) -> httpx.Response:
    async with operator_client(portal) as operator:
        return await operator.post(
            f"/v1/operator/payments/{payment['id']}/dispute-decisions",
            json={"outcome": outcome, "amount": amount, "decided_on": day},
            headers=TOKEN,
        )


async def disputed(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> tuple[Member, Any, dict[str, Any], str]:
    """A payment whose dispute is over, and today."""
    member, order, payment = await paid(client, world)
    open_dispute(world, payment["id"])
    resolve_disputes(world, payment["id"])
    await world.webhooks.settled()
    await run_jobs(portal)
    async with portal.state.deps.database.system_session("test: today") as session:
        today = seoul_date(await portal.state.deps.clock.now(session))
    return member, order, payment, str(today)


async def booked(portal: FastAPI, payment: dict[str, Any]) -> dict[str, int]:
    """What the ledger says of a payment, without sides that are nil."""
    async with portal.state.deps.database.system_session("test: ledger") as session:
        found = await session.execute(
            text(
                "SELECT account, sum(amount)::bigint AS amount FROM postings"
                " WHERE payment_id = :id GROUP BY account HAVING sum(amount) <> 0"
            ),
            {"id": UUID(payment["id"])},
        )
        return {row.account: row.amount for row in found}


async def test_what_a_card_company_takes_is_booked_once_and_not_missing_at_the_provider(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment, today = await disputed(client, world, portal)
    for _ in range(2):
        answer = await decide(portal, payment, "LOST", 583_000, today)
        assert (answer.status_code, answer.json()["amount"]) == (200, 583_000)
    assert await booked(portal, payment) == {"CHARGEBACKS": 583_000, "RECEIVABLE": -583_000}
    again = await decide(portal, payment, "WON", 0, today)
    assert (again.status_code, again.json()["code"]) == (409, "dispute_outcome_recorded")
    async with portal.state.deps.database.system_session("test: ours") as session:
        ours = await session.execute(_OURS, {"ids": [UUID(payment["id"])]})
        assert ours.one().amount == 583_000
    assert (await read_order(client, member, order))["payment_status"] == "PAID"


async def test_what_is_won_moves_nothing_and_a_later_round_can_be_lost(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    _, _, payment, today = await disputed(client, world, portal)
    assert (await decide(portal, payment, "WON", 0, today)).status_code == 200
    assert await booked(portal, payment) == {"PROVIDER": 583_000, "RECEIVABLE": -583_000}
    assert (await decide(portal, payment, "LOST", 83_000, today)).status_code == 200
    assert (await booked(portal, payment))["PROVIDER"] == 500_000


async def test_what_cannot_be_is_refused(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    _, _, whole = await paid(client, world)
    _, _, payment, today = await disputed(client, world, portal)
    refused = [
        await decide(portal, {"id": str(uuid4())}, "LOST", 1, today),
        await decide(portal, whole, "LOST", 1, today),
        await decide(portal, payment, "LOST", 583_001, today),
        await decide(portal, payment, "LOST", 0, today),
        await decide(portal, payment, "WON", 1, today),
        await decide(portal, payment, "WON", 0, "9999-12-31"),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [
        (404, "payment_not_found"),
        (409, "payment_not_disputed"),
        *[(422, "dispute_outcome_invalid")] * 4,
    ]


async def test_what_was_taken_is_not_given_back_again(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """Of 583,000 the card company took 283,000: of 396,000 that are owed 300,000 are left."""
    member, order, payment, today = await disputed(client, world, portal)
    await decide(portal, payment, "LOST", 283_000, today)
    deps = portal.state.deps
    async with deps.database.system_session("test: give back") as session:
        row = await session.get_one(Order, UUID(order["id"]), with_for_update=True)
        now = await deps.clock.now(session)
        why = GivingBack(RefundReason.TERMINATION)
        made = await give_back(session, row, Money(396_000, 36_000), why, now)
        assert [refund.amount for refund in made] == [300_000]
        assert await give_back(session, row, Money(10_000, 909), why, now) == []
    answer = await client.get("/v1/credit-balance", headers=member.headers)
    assert answer.json()["balance"] == 0


async def listed(portal: FastAPI, state: str, payment: dict[str, Any]) -> list[dict[str, Any]]:
    """What the operator sees of a payment in one state, page by page."""
    found: list[dict[str, Any]] = []
    asked: dict[str, str | int] = {"state": state, "size": 2}
    async with operator_client(portal) as operator:
        while True:
            answer = await operator.get("/v1/operator/disputes", params=asked, headers=TOKEN)
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            if answer.json()["next_cursor"] is None:
                return [each for each in found if each["payment_id"] == payment["id"]]
            asked["cursor"] = answer.json()["next_cursor"]


async def test_the_operator_sees_what_is_denied_and_what_came_of_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    _, _, whole = await paid(client, world)
    _, order, payment, today = await disputed(client, world, portal)
    assert await listed(portal, "OPEN", whole) == []
    [row] = await listed(portal, "OPEN", payment)
    assert (row["order_number"], row["amount"], row["decisions"]) == (order["number"], 583_000, [])
    assert len(row["disputes"]) == 1
    await decide(portal, payment, "LOST", 83_000, today)
    assert await listed(portal, "OPEN", payment) == []
    [row] = await listed(portal, "DECIDED", payment)
    assert [each["amount"] for each in row["decisions"]] == [83_000]


async def test_what_was_recorded_wrongly_is_taken_back_and_recorded_right(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """Once, by five at a time; the ledger keeps every entry and is proven after the test."""
    _, _, payment, today = await disputed(client, world, portal)
    wrong = (await decide(portal, payment, "LOST", 583_000, today)).json()
    path = f"/v1/operator/payments/{payment['id']}/dispute-decisions/{wrong['id']}/correct"
    async with operator_client(portal) as operator:
        operator.headers.update(TOKEN)
        answers = await asyncio.gather(*(operator.post(path, headers=once()) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404, 404]
        (made,) = [answer.json() for answer in answers if answer.status_code == 200]
        assert (made["outcome"], made["amount"]) == ("CORRECTED", -583_000)
        own = await operator.post(path.replace(wrong["id"], made["id"]), headers=once())
        assert own.json()["code"] == "dispute_decision_not_found"
    assert await booked(portal, payment) == {"PROVIDER": 583_000, "RECEIVABLE": -583_000}
    assert len(await listed(portal, "OPEN", payment)) == 1
    for _ in range(2):
        assert (await decide(portal, payment, "LOST", 83_000, today)).status_code == 200
    assert await booked(portal, payment) == {
        "PROVIDER": 500_000,
        "CHARGEBACKS": 83_000,
        "RECEIVABLE": -583_000,
    }
