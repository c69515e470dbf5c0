"""A registered card is charged once, whatever the provider answers (PRODUCT.md section 11)."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.domain.provider_errors import ProviderUnavailable
from sandbox.faults import Fault
from sandbox.portone.billing_keys import decide_charges, delete_billing_key
from sandbox.world import World
from tests.flows import (
    Member,
    key,
    order_body,
    place,
    read_order,
    register_card,
    run_jobs,
    sign_up,
)


async def ordered(
    client: httpx.AsyncClient, world: World, number: str = "4518420000001234"
) -> tuple[Member, dict[str, Any], dict[str, Any]]:
    """A member with a card, and an order that shall be paid by it."""
    member = await sign_up(client, world)
    card = await register_card(client, world, member, number)
    return member, card, await place(client, member, order_body(payment_method="BILLING_KEY"))


async def pay_now(
    client: httpx.AsyncClient,
    member: Member,
    order: dict[str, Any],
    headers: dict[str, str] | None = None,
    **more: Any,
) -> httpx.Response:
    return await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": "BILLING_KEY"} | more,
        headers=member.headers | (headers or key()),
    )


def fresh_breaker(portal: FastAPI) -> None:
    http = portal.state.deps.payment_provider._portone.http
    http._watch._breaker = type(http._watch._breaker)()


def charges_of(world: World, order: dict[str, Any]) -> list[str]:
    """The provider's own books: payments of an order that took money."""
    return [
        p.id
        for p in world.portone.payments.values()
        if p.order_name == order["number"] and p.paid_at is not None
    ]


async def make_due(portal: FastAPI) -> None:
    async with portal.state.deps.database.system_session("test: time passes") as session:
        await session.execute(
            text("UPDATE payments SET check_due_at = created_at WHERE check_due_at IS NOT NULL")
        )


async def when_it_is_well_again(world: World, portal: FastAPI) -> None:
    """The provider's trouble is over, and the check of what is open has its turn."""
    world.faults.clear()
    fresh_breaker(portal)
    await make_due(portal)
    await run_jobs(portal)


async def test_paying_by_a_registered_card_is_done_at_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, card, order = await ordered(client, world)
    answer = await pay_now(client, member, order, payment_method_id=card["id"])
    assert answer.status_code == 201, answer.text
    payment = answer.json()
    assert (payment["status"], payment["failure"], payment["checkout"]) == ("PAID", None, None)
    charged = world.portone.payments[payment["id"]]
    assert (charged.total, charged.vat, charged.customer_id) == (583_000, 53_000, member.company_id)
    assert charged.billing_key == card["billing_key"]
    await run_jobs(portal)
    paid = await read_order(client, member, order)
    assert (paid["status"], paid["payment_method"]) == ("COMPLETED", "BILLING_KEY")


async def test_the_default_card_is_charged_where_none_is_named(
    client: httpx.AsyncClient, world: World
) -> None:
    member, _, order = await ordered(client, world)
    assert (await pay_now(client, member, order)).json()["status"] == "PAID"


async def test_a_repeat_with_the_same_key_charges_nothing_again(
    client: httpx.AsyncClient, world: World
) -> None:
    member, _, order = await ordered(client, world)
    once = key()
    first = await pay_now(client, member, order, once)
    again = await pay_now(client, member, order, once)
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json() == again.json()
    assert len(charges_of(world, order)) == 1


@pytest.mark.parametrize(
    ("number", "code", "hard"),
    [
        ("4518420000000001", "INSUFFICIENT_FUNDS", False),
        ("4518420000000002", "DECLINED", False),
        ("4518420000000003", "LOST_OR_STOLEN", True),
        ("4518420000000004", "CARD_STOPPED", True),
        ("4518420000000005", "CARD_EXPIRED", True),
    ],
)
async def test_a_decline_says_whether_trying_again_makes_sense(
    client: httpx.AsyncClient, world: World, portal: FastAPI, number: str, code: str, hard: bool
) -> None:
    member, _, order = await ordered(client, world, number)
    payment = (await pay_now(client, member, order)).json()
    assert (payment["status"], payment["checkout"]) == ("FAILED", None)
    assert (payment["failure"]["code"], payment["failure"]["hard"]) == (code, hard)
    await run_jobs(portal)
    assert (await read_order(client, member, order))["payment_status"] == "UNPAID"
    async with portal.state.deps.database.system_session("test") as session:
        row = await session.execute(
            text("SELECT failure_code, hard_decline FROM payments WHERE id = :id"),
            {"id": payment["id"]},
        )
        assert tuple(row.one()) == (code, hard)


async def test_after_a_decline_another_payment_pays(
    client: httpx.AsyncClient, world: World
) -> None:
    member, card, order = await ordered(client, world, "4518420000000001")
    first = (await pay_now(client, member, order)).json()
    decide_charges(world, card["billing_key"], "APPROVED")
    second = (await pay_now(client, member, order)).json()
    assert (second["status"], second["id"] != first["id"]) == ("PAID", True)


async def test_charged_and_the_connection_dropped_is_found_out(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """The charge's answer is lost, and so is that of the first look: the check reads it."""
    member, _, order = await ordered(client, world)
    world.faults.put("portone", Fault(drop_after=0))
    answer = await pay_now(client, member, order)
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
    assert len(charges_of(world, order)) == 1
    assert (await read_order(client, member, order))["payment_status"] == "UNPAID"
    await when_it_is_well_again(world, portal)
    assert (await read_order(client, member, order))["status"] == "COMPLETED"
    assert len(charges_of(world, order)) == 1


async def test_a_decline_whose_answer_was_lost_is_not_tried_again(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """Who is in doubt reads: a lost or stolen card is charged once, and so is any other."""
    member, card, order = await ordered(client, world, "4518420000000003")
    world.faults.put("portone", Fault(drop_after=0))
    assert (await pay_now(client, member, order)).status_code == 503
    decide_charges(world, card["billing_key"], "APPROVED")
    await when_it_is_well_again(world, portal)
    assert charges_of(world, order) == []
    async with portal.state.deps.database.system_session("test") as session:
        row = await session.execute(
            text("SELECT status, failure_code FROM payments WHERE order_id = :id"),
            {"id": order["id"]},
        )
        assert tuple(row.one()) == ("FAILED", "LOST_OR_STOLEN")


async def test_charged_and_answered_after_the_time_out_is_paid_at_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, _, order = await ordered(client, world)
    http = portal.state.deps.payment_provider._portone.http
    monkeypatch.setattr(http, "_attempt_seconds", 0.2)
    world.faults.put("portone", Fault(answer_after_ms=5_000, only="/billing-key"))
    answer = await pay_now(client, member, order)
    assert (answer.status_code, answer.json()["status"]) == (201, "PAID"), answer.text
    assert len(charges_of(world, order)) == 1


async def test_a_charge_that_never_arrived_is_made_by_the_check(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, _, order = await ordered(client, world)
    world.faults.put("portone", Fault(down=True))
    assert (await pay_now(client, member, order)).status_code == 503
    assert charges_of(world, order) == []
    await when_it_is_well_again(world, portal)
    assert (await read_order(client, member, order))["status"] == "COMPLETED"
    assert len(charges_of(world, order)) == 1


async def test_nothing_else_pays_an_order_while_its_charge_is_in_doubt(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, _, order = await ordered(client, world)
    world.faults.put("portone", Fault(down=True))
    assert (await pay_now(client, member, order)).status_code == 503
    world.faults.clear()
    fresh_breaker(portal)
    again = await pay_now(client, member, order)
    assert (again.status_code, again.json()["code"]) == (409, "payment_in_progress")
    other = await client.put(
        f"/v1/orders/{order['id']}/payment-method",
        json={"payment_method": "CARD"},
        headers=member.headers,
    )
    assert (other.status_code, other.json()["code"]) == (409, "payment_in_progress")


async def test_two_at_once_charge_one_payment_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, _, order = await ordered(client, world)
    answers = await asyncio.gather(*(pay_now(client, member, order) for _ in range(4)))
    statuses = sorted(a.status_code for a in answers)
    assert statuses[0] == 201
    assert set(statuses) <= {201, 409}
    await make_due(portal)
    await run_jobs(portal)
    assert len(charges_of(world, order)) == 1
    assert (await read_order(client, member, order))["status"] == "COMPLETED"


async def test_the_same_payment_charged_by_two_jobs_is_charged_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, _, order = await ordered(client, world)
    world.faults.put("portone", Fault(down=True))
    await pay_now(client, member, order)
    world.faults.clear()
    fresh_breaker(portal)
    async with portal.state.deps.database.system_session("test") as session:
        payment_id = UUID(
            str(
                await session.scalar(
                    text("SELECT id FROM payments WHERE order_id = :id"), {"id": order["id"]}
                )
            )
        )
    await asyncio.gather(*(portal.state.deps.charges.charge(payment_id) for _ in range(3)))
    assert len(charges_of(world, order)) == 1
    await portal.state.deps.charges.charge(payment_id)
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "COMPLETED"


async def test_a_key_deleted_at_the_provider_is_found_when_it_is_charged(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, card, order = await ordered(client, world)
    delete_billing_key(world, card["billing_key"], quietly=True)
    payment = (await pay_now(client, member, order)).json()
    assert (payment["status"], payment["failure"]["code"]) == ("FAILED", "KEY_DELETED")
    assert payment["failure"]["hard"] is True
    cards = await client.get("/v1/payment-methods", headers=member.headers)
    assert cards.json()["items"][0]["state"] == "LOST"
    again = await pay_now(client, member, order, payment_method_id=card["id"])
    assert (again.status_code, again.json()["code"]) == (409, "payment_method_lost")
    none = await pay_now(client, member, order)
    assert (none.status_code, none.json()["code"]) == (404, "payment_method_not_found")


async def test_a_card_is_named_for_a_payment_by_card_on_file_only(
    client: httpx.AsyncClient, world: World
) -> None:
    member, card, _ = await ordered(client, world)
    order = await place(client, member, order_body(confirm_duplicate=True))
    answer = await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": "CARD", "payment_method_id": card["id"]},
        headers=member.headers | key(),
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "payment_method_not_allowed")


async def test_a_neighbours_card_is_not_charged(client: httpx.AsyncClient, world: World) -> None:
    member, _, order = await ordered(client, world)
    stranger = await sign_up(client, world)
    theirs = await register_card(client, world, stranger)
    answer = await pay_now(client, member, order, payment_method_id=theirs["id"])
    assert (answer.status_code, answer.json()["code"]) == (404, "payment_method_not_found")
    assert charges_of(world, order) == []


async def test_money_of_a_charge_for_a_cancelled_order_goes_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """The customer cancels while nobody knows yet that the card was charged."""
    member, _, order = await ordered(client, world)
    world.faults.put("portone", Fault(drop_after=0))
    assert (await pay_now(client, member, order)).status_code == 503
    world.faults.clear()
    fresh_breaker(portal)
    cancelled = await client.post(f"/v1/orders/{order['id']}/cancel", headers=member.headers)
    assert cancelled.status_code == 200
    await make_due(portal)
    await run_jobs(portal)
    (payment_id,) = charges_of(world, order)
    assert world.portone.payments[payment_id].status == "CANCELLED"
    assert (await read_order(client, member, order))["status"] == "CANCELLED"


async def test_an_unreadable_answer_is_no_answer(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, _, order = await ordered(client, world)
    world.faults.put("portone", Fault(nonsense=True))
    assert (await pay_now(client, member, order)).status_code == 502
    await when_it_is_well_again(world, portal)
    assert (await read_order(client, member, order))["status"] == "COMPLETED"


async def test_a_provider_that_stays_down_is_asked_again_a_minute_later(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, _, order = await ordered(client, world)
    world.faults.put("portone", Fault(down=True))
    await pay_now(client, member, order)
    await make_due(portal)
    await run_jobs(portal)
    async with portal.state.deps.database.system_session("test") as session:
        row = await session.execute(
            text(
                "SELECT id, status, check_due_at > updated_at AS later FROM payments"
                " WHERE order_id = :id"
            ),
            {"id": order["id"]},
        )
        payment = row.one()
    assert (payment.status, payment.later) == ("READY", True)
    fresh_breaker(portal)
    with pytest.raises(ProviderUnavailable):
        await portal.state.deps.charges.charge(payment.id)
