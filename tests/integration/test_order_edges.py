"""Orders at the edges: too long, overtaken by a change, and two at the very same moment."""

import asyncio
from datetime import date, timedelta

import httpx
import pytest
from fastapi import FastAPI

from app.clock import wire_now
from sandbox.portone.console_actions import approve
from sandbox.world import World
from tests.contracts import add_extend, change, membership_of, placed, preview, set_clock
from tests.flows import (
    Member,
    complete,
    customer,
    item,
    key,
    order_body,
    pay,
    read_order,
    run_jobs,
    sign_up,
    start_payment,
)


async def only_membership(client: httpx.AsyncClient, member: Member) -> str:
    answer = await client.get("/v1/memberships", headers=member.headers)
    return str(answer.json()["items"][0]["id"])


@pytest.mark.parametrize(
    "long",
    [
        lambda: order_body(*(item() for _ in range(500))),
        lambda: order_body(*(item() for _ in range(21))),
        lambda: order_body(
            item() | {"add_ons": [{"code": f"CODE_{n}", "quantity": 1} for n in range(500)]}
        ),
        lambda: order_body(consents=[{"kind": "A", "version": "1", "agreed": True}] * 500),
    ],
    ids=["500 items", "21 items", "500 add-ons", "500 consents"],
)
async def test_an_order_of_500_lines_is_refused_and_leaves_nothing(
    client: httpx.AsyncClient, world: World, long: object
) -> None:
    member = await sign_up(client, world)
    assert callable(long)
    answer = await client.post("/v1/orders", json=long(), headers=member.headers | key())
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert (await client.get("/v1/orders", headers=member.headers)).json()["items"] == []


async def test_a_total_that_differs_by_a_won_is_no_order(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    for total in (582_999, 583_001, 530_000, 1):
        body = order_body(total=total)
        answer = await client.post("/v1/orders", json=body, headers=member.headers | key())
        assert (answer.status_code, answer.json()["code"]) == (409, "price_changed")
        assert answer.json()["total"] == 583_000
    assert (await client.get("/v1/orders", headers=member.headers)).json()["items"] == []


async def test_an_addition_that_a_change_overtook_gets_its_money_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """Five shared users for a year, 240,000 and VAT, of a site that is dedicated by then."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    addition = await placed(client, member, add_extend(membership, users=5), total=264_000)
    window = await start_payment(client, member, addition)
    wanted = change(membership, "DEDICATED", 10)
    total = (await preview(client, member.headers, wanted))["total"]
    await pay(client, world, member, await placed(client, member, wanted, total=total))
    await run_jobs(portal)
    await approve(world, window["id"])
    assert (await complete(client, member, window))["status"] == "REFUNDED"
    assert world.portone.payments[window["id"]].status == "CANCELLED"
    ended = await read_order(client, member, addition)
    assert (ended["status"], ended["history"][-1]["reason"]) == ("CANCELLED", "membership_changed")
    now = await membership_of(client, member, membership)
    assert (now["plan"], now["users"]["total"]) == ("DEDICATED", 10)


async def test_two_extensions_paid_at_the_same_moment_follow_each_other(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """No day twice and none left out, whichever is first; each is paid once."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    before = await membership_of(client, member, membership)
    wish = add_extend(membership, months=12)  # 10 × 4,000 × 12 = 480,000, and VAT
    orders = [
        await placed(client, member, wish, total=528_000, confirm_duplicate=True) for _ in range(2)
    ]
    windows = [await start_payment(client, member, made) for made in orders]
    for window in windows:
        await approve(world, window["id"])
    await asyncio.gather(*(complete(client, member, window) for window in windows))
    await asyncio.gather(*(run_jobs(portal) for _ in range(2)))
    # The one that had to wait looks again two seconds later.
    await set_clock(portal, world, wire_now() + timedelta(minutes=1))
    await run_jobs(portal)
    read = [(await read_order(client, member, made)) for made in orders]
    assert [r["status"] for r in read] == ["COMPLETED", "COMPLETED"]
    spans = sorted((r["items"][0]["starts_on"], r["items"][0]["expires_on"]) for r in read)
    days = [date.fromisoformat(day) for span in spans for day in span]
    assert (days[0] - date.fromisoformat(before["expires_on"])).days == 1
    assert (days[2] - days[1]).days == 1
    assert (await membership_of(client, member, membership))["expires_on"] == spans[1][1]
