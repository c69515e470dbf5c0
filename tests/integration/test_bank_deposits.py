"""무통장입금: parts add up, what is too much or too late goes back, and the ledger says so."""

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from app.clock import wire_now
from sandbox.world import World
from tests.flows import (
    Member,
    key,
    order_body,
    place,
    read_order,
    run_jobs,
    sign_up,
)
from tests.mails import mails_to

DEPOSITS = "/v1/operator/bank-deposits"


async def begin(client: httpx.AsyncClient, member: Member, order: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": "BANK_TRANSFER"},
        headers=member.headers | key(),
    )
    assert answer.status_code == 201, answer.text
    payment: dict[str, Any] = answer.json()
    return payment


async def waiting(
    client: httpx.AsyncClient, world: World
) -> tuple[Member, dict[str, Any], dict[str, Any]]:
    member = await sign_up(client, world)
    order = await place(client, member, order_body(payment_method="BANK_TRANSFER"))
    return member, order, await begin(client, member, order)


async def add(operator: httpx.AsyncClient, amount: int, name: str = "김담당") -> dict[str, Any]:
    line = {"amount": amount, "name": name, "deposited_on": f"{wire_now():%Y-%m-%d}"}
    answer = await operator.post(DEPOSITS, json=line)
    assert answer.status_code == 201, answer.text
    deposit: dict[str, Any] = answer.json()
    return deposit


async def confirm(
    operator: httpx.AsyncClient, deposit: dict[str, Any], payment: dict[str, Any]
) -> httpx.Response:
    path = f"{DEPOSITS}/{deposit['id']}/confirm"
    return await operator.post(path, json={"payment_id": payment["id"]})


async def pay_in(operator: httpx.AsyncClient, payment: dict[str, Any], amount: int) -> None:
    answer = await confirm(operator, await add(operator, amount), payment)
    assert answer.status_code == 200, answer.text


async def read_payment(
    client: httpx.AsyncClient, member: Member, payment: dict[str, Any]
) -> dict[str, Any]:
    answer = await client.get(f"/v1/payments/{payment['id']}", headers=member.headers)
    body: dict[str, Any] = answer.json()
    return body


async def rows(portal: FastAPI, statement: str, **values: object) -> list[Any]:
    async with portal.state.deps.database.system_session("test data") as session:
        done = await session.execute(text(statement), values)
        return [tuple(row) for row in done] if done.returns_rows else []


async def going_back(portal: FastAPI, order: dict[str, Any]) -> list[Any]:
    return await rows(
        portal,
        "SELECT reason, destination, came_to, amount FROM refunds WHERE order_id = :id ORDER BY id",
        id=order["id"],
    )


async def balances(portal: FastAPI, order: dict[str, Any]) -> dict[str, int]:
    """What the ledger says of an order's money; sides of nothing are left out."""
    found = await rows(
        portal,
        "SELECT account, sum(amount) FROM postings WHERE order_id = :id"
        " AND account NOT IN ('SALES', 'VAT') GROUP BY account HAVING sum(amount) <> 0",
        id=order["id"],
    )
    return {account: int(amount) for account, amount in found}


async def test_our_account_is_told_with_a_code_and_a_deposit_pays_the_order(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order, payment = await waiting(client, world)
    account = payment["bank_account"]
    assert (account["number"], account["bank_label"]) == ("140-012-345678", "신한은행")
    assert (account["received"], account["remaining"]) == (0, 583_000)
    deposit = await add(operator, 583_000, f"한빛 {account['depositor_code']}")
    (proposal,) = [p for p in deposit["proposals"] if "CODE" in p["reasons"]]
    assert proposal["payment_id"] == payment["id"]
    assert (proposal["order_number"], proposal["remaining"]) == (order["number"], 583_000)
    done = (await confirm(operator, deposit, payment)).json()
    assert (done["state"], done["paid"], done["proposals"]) == ("MATCHED", 583_000, [])
    await run_jobs(portal)
    paid = await read_order(client, member, order)
    assert (paid["status"], paid["payment_method"]) == ("COMPLETED", "BANK_TRANSFER")
    assert (await read_payment(client, member, payment))["bank_account"] is None
    assert await balances(portal, order) == {"BANK": 583_000}


async def test_parts_add_up_and_whoever_ordered_is_told_what_is_missing(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order, payment = await waiting(client, world)
    await pay_in(operator, payment, 500_000)
    half = await read_payment(client, member, payment)
    assert half["status"] == "READY"
    assert (half["bank_account"]["received"], half["bank_account"]["remaining"]) == (
        500_000,
        83_000,
    )
    mails = await mails_to(portal, member.email, "deposit_in_part")
    assert [mail["missing"] for mail in mails] == ["83,000"]
    assert await balances(portal, order) == {"BANK": 500_000, "RECEIVABLE": 83_000}
    assert (await begin(client, member, order))["id"] == payment["id"]
    await pay_in(operator, payment, 83_000)
    assert (await read_order(client, member, order))["payment_status"] == "PAID"
    assert await balances(portal, order) == {"BANK": 583_000}
    invoices = "SELECT supply, vat FROM tax_invoices WHERE payment_id = :id"
    assert await rows(portal, invoices, id=payment["id"]) == [(530_000, 53_000)]


async def test_what_is_too_much_goes_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order, payment = await waiting(client, world)
    await pay_in(operator, payment, 583_500)
    assert (await read_order(client, member, order))["payment_status"] == "PAID"
    await pay_in(operator, payment, 583_000)
    assert await going_back(portal, order) == [
        ("OVERPAID", "ACCOUNT", "BANK", 500),
        ("OVERPAID", "ACCOUNT", "BANK", 583_000),
    ]
    assert await balances(portal, order) == {"BANK": 1_166_500, "REFUNDS_PAYABLE": -583_500}


async def test_a_deposit_for_an_order_that_has_ended_goes_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order, payment = await waiting(client, world)
    await client.post(f"/v1/orders/{order['id']}/cancel", headers=member.headers)
    await pay_in(operator, payment, 583_000)
    assert await going_back(portal, order) == [("ORDER_CLOSED", "ACCOUNT", "BANK", 583_000)]
    assert await balances(portal, order) == {"BANK": 583_000, "REFUNDS_PAYABLE": -583_000}


async def test_what_had_come_by_the_end_of_an_order_goes_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order, payment = await waiting(client, world)
    await pay_in(operator, payment, 500_000)
    statement = "UPDATE orders SET expires_at = created_at WHERE id = :id"
    await rows(portal, statement, id=order["id"])
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "EXPIRED"
    assert await going_back(portal, order) == [("ORDER_CLOSED", "ACCOUNT", "RECEIVABLE", 500_000)]
    assert await balances(portal, order) == {"BANK": 500_000, "REFUNDS_PAYABLE": -500_000}
    await run_jobs(portal)
    assert len(await going_back(portal, order)) == 1


async def test_an_order_of_which_a_part_has_come_is_paid_no_other_way(
    client: httpx.AsyncClient, world: World, operator: httpx.AsyncClient
) -> None:
    member, order, payment = await waiting(client, world)
    await pay_in(operator, payment, 500_000)
    changed = await client.put(
        f"/v1/orders/{order['id']}/payment-method",
        json={"payment_method": "CARD"},
        headers=member.headers,
    )
    assert (changed.status_code, changed.json()["code"]) == (409, "payment_in_progress")


async def test_one_deposit_is_confirmed_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    _, order, payment = await waiting(client, world)
    deposit = await add(operator, 100_000)
    answers = await asyncio.gather(*(confirm(operator, deposit, payment) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]
    assert await balances(portal, order) == {"BANK": 100_000, "RECEIVABLE": 483_000}


async def test_the_banks_statement_is_taken_whole_and_known_when_it_comes_again(
    client: httpx.AsyncClient, world: World, operator: httpx.AsyncClient
) -> None:
    for amount, name in ((583_000, "한빛상사"), (583_000, "한빛상사"), (1_000, "김담당")):
        world.bank.add(amount, name, world.clock.now())
    path, body = f"{DEPOSITS}/import", {"csv": world.bank.statement()}
    first = (await operator.post(path, json=body)).json()
    assert first == {"added": 3, "known": 0, "errors": []}
    world.bank.add(5, "더", world.clock.now())
    again = await operator.post(path, json={"csv": world.bank.statement()})
    assert again.json() == {"added": 1, "known": 3, "errors": []}
    broken = world.bank.statement() + "어제,1000,김담당,X\n"
    refused = (await operator.post(path, json={"csv": broken})).json()
    assert (refused["added"], refused["errors"]) == (
        0,
        [{"line": 6, "column": "거래일시", "code": "time_invalid"}],
    )


async def test_a_line_that_is_for_no_order_is_rejected_with_a_word(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    deposit = await add(operator, 7_777, "이자")
    path = f"{DEPOSITS}/{deposit['id']}/reject"
    done = (await operator.post(path, json={"note": "예금 이자"})).json()
    assert (done["state"], done["note"], done["decided_by"]) == (
        "REJECTED",
        "예금 이자",
        "operator:bootstrap",
    )
    again = await operator.post(path, json={"note": "예금 이자"})
    assert (again.status_code, again.json()["code"]) == (409, "bank_deposit_state_conflict")
    listed = (await operator.get(f"{DEPOSITS}?state=REJECTED")).json()["items"]
    assert deposit["id"] in [item["id"] for item in listed]
    (kept,) = await rows(portal, "SELECT name FROM bank_deposits WHERE id = :id", id=deposit["id"])
    assert "이자".encode() not in kept[0]


async def test_only_a_bank_transfer_is_paid_by_a_deposit(
    client: httpx.AsyncClient, world: World, operator: httpx.AsyncClient
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    answer = await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": "CARD"},
        headers=member.headers | key(),
    )
    refused = await confirm(operator, await add(operator, 583_000), answer.json())
    assert (refused.status_code, refused.json()["code"]) == (422, "payment_method_not_allowed")
