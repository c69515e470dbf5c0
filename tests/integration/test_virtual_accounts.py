"""가상계좌: issued once, paid once, closed when it is over; what should not have come goes back."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.services.sweep import sweep
from sandbox.faults import Fault
from sandbox.portone.console_actions import approve
from sandbox.portone.virtual_accounts import deposit
from sandbox.world import World
from tests.contracts import set_clock
from tests.flows import (
    Member,
    complete,
    key,
    order_body,
    place,
    read_order,
    run_jobs,
    sign_up,
    start_payment,
)
from tests.mails import mails_to


async def ordered(client: httpx.AsyncClient, world: World) -> tuple[Member, dict[str, Any]]:
    member = await sign_up(client, world)
    return member, await place(client, member, order_body(payment_method="VIRTUAL_ACCOUNT"))


async def begin(
    client: httpx.AsyncClient,
    member: Member,
    order: dict[str, Any],
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    return await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": "VIRTUAL_ACCOUNT"},
        headers=member.headers | (headers or key()),
    )


async def with_account(
    client: httpx.AsyncClient, world: World
) -> tuple[Member, dict[str, Any], dict[str, Any]]:
    member, order = await ordered(client, world)
    answer = await begin(client, member, order)
    assert answer.status_code == 201, answer.text
    return member, order, answer.json()


async def rows(portal: FastAPI, statement: str, **values: object) -> list[Any]:
    async with portal.state.deps.database.system_session("test data") as session:
        done = await session.execute(text(statement), values)
        return list(done.all()) if done.returns_rows else []


async def going_back(portal: FastAPI, order: dict[str, Any]) -> list[tuple[str, str, int]]:
    found = await rows(
        portal,
        "SELECT reason, destination, amount FROM refunds WHERE order_id = :id ORDER BY id",
        id=order["id"],
    )
    return [tuple(row) for row in found]


def fresh_breaker(portal: FastAPI) -> None:
    http = portal.state.deps.payment_provider._portone.http
    http._watch._breaker = type(http._watch._breaker)()


async def time_is_over(portal: FastAPI, order: dict[str, Any]) -> None:
    await rows(
        portal,
        "UPDATE orders SET expires_at = created_at WHERE id = :id AND expires_at IS NOT NULL",
        id=order["id"],
    )


async def test_an_account_is_told_and_a_deposit_pays_the_order(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await with_account(client, world)
    account = payment["virtual_account"]
    assert (payment["status"], payment["checkout"]) == ("READY", None)
    assert (account["bank"], account["bank_label"]) == ("SHINHAN", "신한은행")
    ends = datetime.fromisoformat(account["expires_at"])
    assert ends == datetime.fromisoformat(order["expires_at"])
    mails = await mails_to(portal, member.email, "virtual_account_issued")
    assert [mail["account"] for mail in mails] == [account["number"]]
    (kept,) = await rows(
        portal, "SELECT number FROM virtual_accounts WHERE payment_id = :id", id=payment["id"]
    )
    assert account["number"].encode() not in kept.number
    deposit(world, account["number"])
    await world.webhooks.settled()
    await run_jobs(portal)
    paid = await read_order(client, member, order)
    assert (paid["status"], paid["payment_method"]) == ("COMPLETED", "VIRTUAL_ACCOUNT")
    assert (await complete(client, member, payment))["virtual_account"] is None


async def test_a_repeat_with_the_same_key_tells_the_same_account(
    client: httpx.AsyncClient, world: World
) -> None:
    member, order = await ordered(client, world)
    once = key()
    first, again = [await begin(client, member, order, once) for _ in range(2)]
    assert first.json()["virtual_account"] == again.json()["virtual_account"]


async def test_without_a_webhook_the_check_finds_the_deposit(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await with_account(client, world)
    world.webhooks.muted = True
    deposit(world, payment["virtual_account"]["number"])
    world.webhooks.muted = False
    await rows(portal, "UPDATE payments SET check_due_at = created_at WHERE status = 'READY'")
    await run_jobs(portal)
    assert (await read_order(client, member, order))["payment_status"] == "PAID"


async def test_a_lost_answer_issues_no_second_account(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order = await ordered(client, world)
    once = key()
    world.faults.put("portone", Fault(drop_after=0))
    assert (await begin(client, member, order, once)).status_code == 503
    world.faults.clear()
    fresh_breaker(portal)
    answer = await begin(client, member, order, once)
    assert answer.status_code == 201, answer.text
    issued = [p for p in world.portone.payments.values() if p.order_name == order["number"]]
    assert len(issued) == 1
    assert issued[0].account is not None
    assert issued[0].account.number == answer.json()["virtual_account"]["number"]


async def test_an_account_that_was_never_asked_for_is_issued_by_the_check(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order = await ordered(client, world)
    world.faults.put("portone", Fault(down=True))
    assert (await begin(client, member, order)).status_code == 503
    world.faults.clear()
    fresh_breaker(portal)
    await rows(portal, "UPDATE payments SET check_due_at = created_at WHERE status = 'READY'")
    await run_jobs(portal)
    assert len(await mails_to(portal, member.email, "virtual_account_issued")) == 1


async def test_a_deposit_of_another_amount_pays_nothing_and_goes_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await with_account(client, world)
    deposit(world, payment["virtual_account"]["number"], 500_000)
    await world.webhooks.settled()
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "PENDING_PAYMENT"
    assert (await complete(client, member, payment))["status"] == "REFUND_DUE"
    (flagged,) = await rows(portal, "SELECT flags FROM payments WHERE id = :id", id=payment["id"])
    assert flagged.flags == ["amount_mismatch"]
    assert await going_back(portal, order) == [("NOT_MATCHING", "ACCOUNT", 500_000)]


async def test_what_is_paid_in_twice_pays_once_and_the_rest_goes_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await with_account(client, world)
    number = payment["virtual_account"]["number"]
    deposit(world, number)
    await world.webhooks.settled()
    await run_jobs(portal)
    deposit(world, number)
    await world.webhooks.settled()
    for _ in range(2):
        await complete(client, member, payment)
    await run_jobs(portal)
    assert (await read_order(client, member, order))["payment_status"] == "PAID"
    assert await going_back(portal, order) == [("OVERPAID", "ACCOUNT", 583_000)]
    (kept,) = await rows(
        portal, "SELECT status, flags, surplus FROM payments WHERE id = :id", id=payment["id"]
    )
    assert tuple(kept) == ("PAID", ["overpaid"], 583_000)
    booked = await rows(
        portal,
        "SELECT e.kind, p.account, p.amount FROM postings p JOIN journal_entries e"
        " ON e.id = p.entry_id WHERE p.order_id = :id AND e.kind <> 'PLACED'"
        " ORDER BY e.kind, p.amount DESC",
        id=order["id"],
    )
    assert [tuple(line) for line in booked] == [
        ("CAPTURED", "PROVIDER", 583_000),
        ("CAPTURED", "RECEIVABLE", -583_000),
        ("UNWANTED", "PROVIDER", 583_000),
        ("UNWANTED", "REFUNDS_PAYABLE", -583_000),
    ]


async def test_a_second_deposit_of_which_nobody_was_told_is_found_by_the_daily_comparison(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await with_account(client, world)
    account = payment["virtual_account"]["number"]
    deposit(world, account)
    await world.webhooks.settled()
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "COMPLETED"
    world.webhooks.muted = True
    deposit(world, account)
    world.webhooks.muted = False
    await set_clock(portal, world, world.clock.now() + timedelta(hours=1))
    for _ in range(2):
        await portal.state.deps.books.compare()
    assert await going_back(portal, order) == [("OVERPAID", "ACCOUNT", 583_000)]


async def test_two_deposits_before_anybody_looked_are_told_apart(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await with_account(client, world)
    number = payment["virtual_account"]["number"]
    world.webhooks.muted = True
    deposit(world, number)
    deposit(world, number, 1_000)
    world.webhooks.muted = False
    assert (await complete(client, member, payment))["status"] == "PAID"
    assert await going_back(portal, order) == [("OVERPAID", "ACCOUNT", 1_000)]


async def test_a_deposit_after_expiry_goes_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await with_account(client, world)
    await time_is_over(portal, order)
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "EXPIRED"
    assert world.portone.payments[payment["id"]].status == "CANCELLED"  # the account is closed
    deposit(world, payment["virtual_account"]["number"])  # and the bank took it all the same
    await world.webhooks.settled()
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "EXPIRED"
    assert await going_back(portal, order) == [("ORDER_CLOSED", "ACCOUNT", 583_000)]


async def test_a_deposit_after_expiry_whose_webhook_came_while_nothing_could_be_read_goes_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """Nothing waits for it any more, and the daily comparison looks back for five weeks only."""
    member, order, payment = await with_account(client, world)
    await time_is_over(portal, order)
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "EXPIRED"
    await rows(portal, "UPDATE payments SET check_due_at = NULL WHERE id = :id", id=payment["id"])
    world.faults.put("portone", Fault(down=True))
    deposit(world, payment["virtual_account"]["number"])
    await world.webhooks.settled()
    await run_jobs(portal, rounds=2)
    assert await going_back(portal, order) == []
    world.faults.clear()
    fresh_breaker(portal)
    await set_clock(portal, world, world.clock.now() + timedelta(minutes=2))
    await run_jobs(portal)
    assert await going_back(portal, order) == [("ORDER_CLOSED", "ACCOUNT", order["total"])]


async def test_a_deposit_in_time_counts_although_its_webhook_was_lost(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """The order's last minute: the provider is asked before the order ends."""
    member, order, payment = await with_account(client, world)
    world.webhooks.muted = True
    deposit(world, payment["virtual_account"]["number"])
    world.webhooks.muted = False
    await time_is_over(portal, order)
    await run_jobs(portal)
    assert (await read_order(client, member, order))["payment_status"] == "PAID"


async def test_while_the_provider_is_down_no_order_with_an_account_expires(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, _ = await with_account(client, world)
    await time_is_over(portal, order)
    world.faults.put("portone", Fault(down=True))
    await run_jobs(portal, rounds=2)
    assert (await read_order(client, member, order))["status"] == "PENDING_PAYMENT"
    world.faults.clear()
    fresh_breaker(portal)
    await set_clock(portal, world, world.clock.now() + timedelta(minutes=1))
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "EXPIRED"


async def test_a_provider_that_is_down_is_asked_about_it_once_a_minute(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """Not by every sweep, which is once a second."""
    member, order, _ = await with_account(client, world)
    await time_is_over(portal, order)
    world.faults.put("portone", Fault(down=True))
    deps = portal.state.deps
    queued = "SELECT count(*) AS n FROM pgqueuer WHERE entrypoint = 'expire_order'"
    await deps.payment_checks.expire_order(UUID(order["id"]))
    await sweep(deps.database, deps.clock)
    assert [row.n for row in await rows(portal, queued)] == [0]
    await set_clock(portal, world, world.clock.now() + timedelta(minutes=1))
    await sweep(deps.database, deps.clock)
    assert [row.n for row in await rows(portal, queued)] == [1]
    world.faults.clear()
    fresh_breaker(portal)
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "EXPIRED"


@pytest.mark.parametrize("way", ["another account", "another method", "cancel"])
async def test_a_payment_that_is_over_has_its_account_closed(
    client: httpx.AsyncClient, world: World, portal: FastAPI, way: str
) -> None:
    member, order, payment = await with_account(client, world)
    if way == "another account":
        second = (await begin(client, member, order)).json()
        assert second["virtual_account"]["number"] != payment["virtual_account"]["number"]
    elif way == "another method":
        changed = await client.put(
            f"/v1/orders/{order['id']}/payment-method",
            json={"payment_method": "CARD"},
            headers=member.headers,
        )
        assert changed.status_code == 200, changed.text
    else:
        await client.post(f"/v1/orders/{order['id']}/cancel", headers=member.headers)
    await run_jobs(portal)
    assert world.portone.payments[payment["id"]].status == "CANCELLED"
    answer = await client.get(f"/v1/payments/{payment['id']}", headers=member.headers)
    assert (answer.json()["status"], answer.json()["virtual_account"]) == ("CANCELLED", None)


async def test_an_order_that_was_paid_another_way_has_its_account_closed(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """A card window that was closed is paid all the same, after an account was issued."""
    member = await sign_up(client, world)
    order = await place(client, member)
    card = await start_payment(client, member, order)
    changed = await client.put(
        f"/v1/orders/{order['id']}/payment-method",
        json={"payment_method": "VIRTUAL_ACCOUNT"},
        headers=member.headers,
    )
    assert changed.status_code == 200, changed.text
    account = (await begin(client, member, order)).json()
    await approve(world, card["id"])
    await complete(client, member, card)
    await run_jobs(portal)
    assert (await read_order(client, member, order))["payment_method"] == "CARD"
    assert world.portone.payments[account["id"]].status == "CANCELLED"


async def test_closing_is_tried_again_until_the_provider_has_done_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await with_account(client, world)
    await client.post(f"/v1/orders/{order['id']}/cancel", headers=member.headers)
    world.faults.put("portone", Fault(drop_after=0))
    await run_jobs(portal, rounds=2)
    open_ = "SELECT closed_at, close_due_at FROM virtual_accounts WHERE payment_id = :id"
    (row,) = await rows(portal, open_, id=payment["id"])
    assert row.closed_at is None
    world.faults.clear()
    fresh_breaker(portal)
    await rows(portal, "UPDATE virtual_accounts SET close_due_at = issued_at")
    await run_jobs(portal)
    (row,) = await rows(portal, open_, id=payment["id"])
    assert (row.closed_at is not None, row.close_due_at) == (True, None)


async def test_money_that_comes_while_the_account_is_being_closed_pays_the_open_order(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await with_account(client, world)
    changed = await client.put(
        f"/v1/orders/{order['id']}/payment-method",
        json={"payment_method": "CARD"},
        headers=member.headers,
    )
    assert changed.status_code == 200
    world.webhooks.muted = True
    deposit(world, payment["virtual_account"]["number"])
    world.webhooks.muted = False
    await run_jobs(portal)
    paid = await read_order(client, member, order)
    assert (paid["payment_status"], paid["payment_method"]) == ("PAID", "VIRTUAL_ACCOUNT")


async def test_the_deposit_is_booked_once_whoever_asks(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await with_account(client, world)
    number = payment["virtual_account"]["number"]
    deposit(world, number)
    deposit(world, number)
    await asyncio.gather(*(complete(client, member, payment) for _ in range(4)))
    assert await going_back(portal, order) == [("OVERPAID", "ACCOUNT", 583_000)]
