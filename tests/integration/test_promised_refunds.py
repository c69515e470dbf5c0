"""A refund that was asked for before a lost dispute: the money goes back once (decision 29)."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.db.tables.orders import Order
from app.domain.refunds import Money, RefundReason
from app.services.refunds import GivingBack, give_back
from sandbox.faults import Fault
from sandbox.portone.console_actions import answer_cancellations
from sandbox.world import World
from tests.flows import run_jobs
from tests.integration.test_disputes import booked, decide, disputed
from tests.integration.test_payment_rules import fresh_breaker


async def promise(portal: FastAPI, order: dict[str, Any], amount: int, vat: int) -> None:
    deps = portal.state.deps
    async with deps.database.system_session("test: give back") as session:
        row = await session.get_one(Order, UUID(order["id"]), with_for_update=True)
        why = GivingBack(RefundReason.TERMINATION)
        await give_back(session, row, Money(amount, vat), why, await deps.clock.now(session))


async def refunds(portal: FastAPI, payment: dict[str, Any]) -> list[tuple[str, int]]:
    async with portal.state.deps.database.system_session("test: refunds") as session:
        found = await session.execute(
            text("SELECT state, amount FROM refunds WHERE payment_id = :id ORDER BY id"),
            {"id": UUID(payment["id"])},
        )
        return [(row.state, row.amount) for row in found]


async def status(portal: FastAPI, payment: dict[str, Any]) -> str:
    async with portal.state.deps.database.system_session("test: status") as session:
        found = await session.execute(
            text("SELECT status FROM payments WHERE id = :id"), {"id": UUID(payment["id"])}
        )
        return str(found.scalar_one())


def cancelled(world: World, payment: dict[str, Any]) -> int:
    """At the provider."""
    return world.portone.payments[payment["id"]].cancelled


async def test_of_two_promises_the_last_gives_way_to_what_was_taken(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """Of 583,000 are 200,000 and 196,000 promised and 283,000 taken: 100,000 of the last go back.

    The ledger has what the provider lost and the proof holds (after every test).
    """
    _, order, payment, today = await disputed(client, world, portal)
    await promise(portal, order, 200_000, 18_181)
    await promise(portal, order, 196_000, 17_818)
    assert (await decide(portal, payment, "LOST", 283_000, today)).status_code == 200
    await run_jobs(portal)
    assert await refunds(portal, payment) == [("DONE", 200_000), ("DONE", 100_000)]
    assert cancelled(world, payment) == 300_000
    assert await status(portal, payment) == "PARTIALLY_REFUNDED"
    assert (await booked(portal, payment)).get("PROVIDER", 0) == 0


@pytest.mark.parametrize("refused", [False, True])
async def test_a_whole_refund_of_what_was_taken_whole_gives_nothing_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI, refused: bool
) -> None:
    """Neither by the provider nor, after the issuer refused, by hand."""
    _, order, payment, today = await disputed(client, world, portal)
    if refused:
        answer_cancellations(world, payment["id"], "REFUSED")
    await promise(portal, order, 583_000, 53_000)
    if refused:
        await run_jobs(portal)
        assert await refunds(portal, payment) == [("MANUAL_REQUIRED", 583_000)]
    assert (await decide(portal, payment, "LOST", 583_000, today)).status_code == 200
    await run_jobs(portal)
    assert await refunds(portal, payment) == [("DONE", 0)]
    assert cancelled(world, payment) == 0
    assert await status(portal, payment) == "PAID"


async def test_while_one_may_be_on_its_way_the_decision_waits(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """A worker took it and has not answered: nobody knows whether the money is gone."""
    _, order, payment, today = await disputed(client, world, portal)
    await promise(portal, order, 583_000, 53_000)
    deps = portal.state.deps
    async with deps.database.system_session("test: taken") as session:
        found = await session.execute(
            text("SELECT id FROM refunds WHERE payment_id = :id"), {"id": UUID(payment["id"])}
        )
        refund_id = found.scalar_one()
    assert await deps.refunds._take(refund_id) is not None
    answer = await decide(portal, payment, "LOST", 583_000, today)
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_being_sent")
    assert await refunds(portal, payment) == [("REQUESTED", 583_000)]
    assert (await booked(portal, payment))["PROVIDER"] == 583_000


async def test_a_refund_whose_answer_was_lost_is_found_although_nothing_is_left_of_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """What the provider gave back all the same is booked as what it was, and shows in the books."""
    _, order, payment, today = await disputed(client, world, portal)
    await promise(portal, order, 100_000, 9_090)
    world.faults.put("portone", Fault(drop_after=1))
    await run_jobs(portal)
    world.faults.clear()
    portal.state.deps.payment_provider._portone.http._watch._breaker = fresh_breaker(portal)
    assert cancelled(world, payment) == 100_000
    assert (await decide(portal, payment, "LOST", 583_000, today)).status_code == 200
    assert await refunds(portal, payment) == [("REQUESTED", 0)]
    await run_jobs(portal)
    assert await refunds(portal, payment) == [("DONE", 100_000)]
    assert (await booked(portal, payment))["PROVIDER"] == -100_000
