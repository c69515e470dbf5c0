"""후불: what is not served of an order that is not paid yet comes off what it asks for.

A year of 583,000 that ends after three months: unused 360,000, VAT 36,000, fee 36,000, so that
360,000 come off and 223,000 stay owed. The ledger's proof runs after each test.
"""

from calendar import isleap
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from sandbox.portone.console_actions import approve
from sandbox.world import World
from tests.contracts import noon, set_clock
from tests.flows import (
    Member,
    complete,
    item,
    key,
    order_body,
    place,
    read_order,
    run_jobs,
    sign_up,
)
from tests.integration.test_ledger import grant
from tests.integration.test_payment_terms import age, give, rows
from tests.integration.test_payment_terms import pay as begin_payment
from tests.integration.test_tax_invoices import invoices_of
from tests.integration.test_terminations import ask_to_end, look_at_end, on, only_site, state_of
from tests.mails import mails_to

_years = iter(year for year in range(2031, 2400, 4) if isleap(year + 1))  # 2100 is none


@pytest.fixture
async def year(portal: FastAPI, world: World) -> int:
    """Of this test alone; it is noon of its first day."""
    year = next(_years)
    await on(portal, world, date(year, 1, 1))
    return year


async def delivered(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    *items: dict[str, Any],
    total: int = 583_000,
) -> tuple[Member, dict[str, Any]]:
    """An order on terms of 60 days, and what could be delivered of it is."""
    member = await sign_up(client, world)
    await give(operator, member, 60)
    order = await place(client, member, order_body(*items, total=total, payment_method="TERMS"))
    await run_jobs(portal)
    return member, order


async def end(
    client: httpx.AsyncClient, world: World, portal: FastAPI, member: Member, year: int
) -> None:
    """After three months; what is shown before and what comes are the same figures."""
    membership, _ = await only_site(client, member)
    last_day = date(year, 3, 31)
    await on(portal, world, last_day)
    shown = await look_at_end(client, member, membership, last_day)
    figures = [shown[name] for name in ("unused", "vat", "fee", "refund")]
    assert figures == [360_000, 36_000, 36_000, 360_000]
    assert (await ask_to_end(client, member, membership, last_day)).status_code == 201
    await on(portal, world, last_day + timedelta(days=1))
    assert await state_of(portal, membership) == "TERMINATED"


async def given(client: httpx.AsyncClient, member: Member) -> list[tuple[str, str, int, int]]:
    """By destination: state, amount and VAT of what is given back."""
    answer = await client.get("/v1/refunds", headers=member.headers)
    return sorted(
        (row["destination"], row["state"], row["amount"], row["vat"])
        for row in answer.json()["items"]
    )


async def owed(operator: httpx.AsyncClient, member: Member) -> int:
    """The ageing report's total of the company."""
    report = (await operator.get("/v1/operator/reports/ageing")).json()["items"]
    return sum(row["total"] for row in report if row["company_id"] == member.company_id)


async def comes(
    operator: httpx.AsyncClient, payment: dict[str, Any], amount: int, day: date
) -> None:
    line = {"amount": amount, "name": "한빛상사", "deposited_on": f"{day}"}
    added = await operator.post("/v1/operator/bank-deposits", json=line)
    path = f"/v1/operator/bank-deposits/{added.json()['id']}/confirm"
    done = await operator.post(path, json={"payment_id": payment["id"]})
    assert done.status_code == 200, done.text


def said(world: World, order: dict[str, Any]) -> list[tuple[int, int, int]]:
    """Supply, VAT and total of the order's invoices."""
    names = ("totalSupplyAmount", "totalTaxAmount", "totalAmount")
    found = [made.content for made in invoices_of(world, order)]
    return [tuple(content[name] for name in names) for content in found]  # type: ignore[misc]


async def test_what_a_termination_gives_back_comes_off_what_is_owed_and_the_rest_is_paid(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    year: int,
) -> None:
    """The fee stays owed; the invoice is corrected by what is not supplied."""
    member, order = await delivered(client, world, portal, operator)
    await end(client, world, portal, member, year)
    assert await given(client, member) == [("CLAIM", "DONE", 360_000, 36_000)]
    labelled = await client.get("/v1/refunds", headers=member.headers)
    assert labelled.json()["items"][0]["destination_label"] == "청구액 감액"
    read = await read_order(client, member, order)
    assert (read["total"], read["claim_reduced"], read["to_pay"]) == (583_000, 360_000, 223_000)
    assert read["payment_status"] == "OVERDUE"
    assert await owed(operator, member) == 223_000
    await on(portal, world, date(year, 4, 2))
    assert said(world, order) == [(530_000, 53_000, 583_000), (-360_000, -36_000, -396_000)]
    notes = await client.get("/v1/documents?kind=REFUND_NOTE", headers=member.headers)
    assert notes.json()["items"] == []  # no money went back: the corrected invoice says it
    payment = await begin_payment(client, member, order, "CARD")
    assert (payment["amount"], payment["vat"]) == (223_000, 17_000)
    await approve(world, payment["id"])
    assert (await complete(client, member, payment))["status"] == "PAID"
    assert (await read_order(client, member, order))["payment_status"] == "PAID"
    assert await owed(operator, member) == 0


async def test_reminders_ask_for_the_rest_only(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    year: int,
) -> None:
    """The last day to pay is 1 April: a week before, all of it is owed still."""
    member, order = await delivered(client, world, portal, operator)
    await age(portal, order, -30)
    await end(client, world, portal, member, year)
    await on(portal, world, date(year, 4, 2))
    (before,) = await mails_to(portal, member.email, "terms_due_soon")
    (after,) = await mails_to(portal, member.email, "terms_overdue")
    assert (before["total"], after["total"]) == ("583,000", "223,000")


async def test_a_payment_begun_for_all_of_it_is_closed_and_its_money_goes_back(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    year: int,
) -> None:
    member, order = await delivered(client, world, portal, operator)
    await on(portal, world, date(year, 3, 31))
    payment = await begin_payment(client, member, order, "CARD")
    await end(client, world, portal, member, year)
    path = f"/v1/payments/{payment['id']}"
    assert (await client.get(path, headers=member.headers)).json()["status"] == "CANCELLED"
    await approve(world, payment["id"])
    await complete(client, member, payment)
    await run_jobs(portal)
    assert world.portone.payments[payment["id"]].cancelled == 583_000
    assert (await client.get(path, headers=member.headers)).json()["status"] == "REFUNDED"
    flags = await rows(portal, "SELECT flags FROM payments WHERE id = :id", id=payment["id"])
    assert flags == [(["amount_mismatch"],)]
    read = await read_order(client, member, order)
    assert (read["payment_status"], read["to_pay"]) == ("OVERDUE", 223_000)


async def test_a_bank_transfer_in_parts_asks_for_the_rest_only(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    year: int,
) -> None:
    """100,000 of 583,000 had come: under the same code 123,000 are missing, and not 483,000."""
    member, order = await delivered(client, world, portal, operator)
    payment = await begin_payment(client, member, order, "BANK_TRANSFER")
    await comes(operator, payment, 100_000, date(year, 1, 1))
    assert await owed(operator, member) == 483_000
    await end(client, world, portal, member, year)
    assert await given(client, member) == [("CLAIM", "DONE", 360_000, 36_000)]
    assert await owed(operator, member) == 123_000
    assert (await begin_payment(client, member, order, "BANK_TRANSFER"))["amount"] == 223_000
    await comes(operator, payment, 123_000, date(year, 4, 1))
    assert (await read_order(client, member, order))["payment_status"] == "PAID"
    assert await owed(operator, member) == 0


async def test_what_exceeds_the_rest_that_is_owed_goes_back_to_what_has_come(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    year: int,
) -> None:
    """300,000 of 583,000 had come: 283,000 come off, 77,000 go back, nothing is owed."""
    member, order = await delivered(client, world, portal, operator)
    payment = await begin_payment(client, member, order, "BANK_TRANSFER")
    await comes(operator, payment, 300_000, date(year, 1, 1))
    await end(client, world, portal, member, year)
    assert await given(client, member) == [
        ("ACCOUNT", "MANUAL_REQUIRED", 77_000, 7_700),
        ("CLAIM", "DONE", 283_000, 28_300),
    ]
    read = await read_order(client, member, order)
    assert (read["payment_status"], read["to_pay"]) == ("PAID", 300_000)
    assert await owed(operator, member) == 0
    await on(portal, world, date(year, 4, 2))
    assert sorted(said(world, order)) == [
        (-290_700, -28_300, -319_000),
        (-69_300, -7_700, -77_000),
        (530_000, 53_000, 583_000),
    ]


def unopenable(**asked: Any) -> dict[str, Any]:
    bad = item(**asked)
    bad["site"]["subdomain"] = "fail-" + bad["site"]["subdomain"]
    return bad


async def after_a_day(portal: FastAPI, world: World, year: int) -> None:
    """Nobody has looked after what failed."""
    for hours in (0.02, 0.04, 0.06, 0.08, 25):
        await set_clock(portal, world, noon(date(year, 1, 1)) + timedelta(hours=hours))
        await run_jobs(portal)


async def test_an_item_that_cannot_be_delivered_comes_off_what_is_owed(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    year: int,
) -> None:
    member, order = await delivered(
        client, world, portal, operator, item(), unopenable(), total=1_166_000
    )
    await after_a_day(portal, world, year)
    assert await given(client, member) == [("CLAIM", "DONE", 583_000, 53_000)]
    read = await read_order(client, member, order)
    assert (read["status"], read["payment_status"]) == ("PARTIALLY_COMPLETED", "ON_TERMS")
    assert (read["to_pay"], await owed(operator, member)) == (583_000, 583_000)


async def test_an_order_of_which_nothing_can_be_delivered_asks_for_nothing(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    year: int,
) -> None:
    member, order = await delivered(client, world, portal, operator, unopenable())
    await after_a_day(portal, world, year)
    read = await read_order(client, member, order)
    assert (read["status"], read["payment_status"], read["to_pay"]) == ("REFUNDED", "NOT_NEEDED", 0)
    assert await owed(operator, member) == 0
    await on(portal, world, date(year, 6, 1))
    assert (await read_order(client, member, order))["payment_status"] == "NOT_NEEDED"
    assert invoices_of(world, order) == []
    refused = await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": "CARD"},
        headers=member.headers | key(),
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "order_state_conflict")


async def test_the_credit_that_such_an_order_used_comes_back_after_what_is_owed(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    year: int,
) -> None:
    member = await sign_up(client, world)
    await give(operator, member, 60)
    await grant(portal, member, 83_000)
    body = order_body(unopenable(), payment_method="TERMS", use_credit=True)
    order = await place(client, member, body)
    assert order["to_pay"] == 500_000
    await run_jobs(portal)
    await after_a_day(portal, world, year)
    assert await given(client, member) == [
        ("CLAIM", "DONE", 500_000, 45_455),
        ("CREDIT", "DONE", 83_000, 7_545),
    ]
    read = await read_order(client, member, order)
    assert (read["payment_status"], read["to_pay"]) == ("NOT_NEEDED", 0)
