"""현금영수증 that the portal has issued for a payment by a bank (PRODUCT.md section 11)."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.settings import Settings
from sandbox.faults import Fault
from sandbox.portone.console_actions import approve
from sandbox.portone.state import CashReceipt
from sandbox.world import World
from tests.contracts import noon, refused, set_clock
from tests.flows import Member, complete, key, order_body, place, run_jobs, sign_up
from tests.integration.test_payment_rules import fresh_breaker
from tests.integration.test_tax_invoices import give, invoices_of
from tests.operators import once

_days = iter(date(2233 + turn, 3, 2) for turn in range(60))
PERSONAL = {"kind": "CASH_RECEIPT", "type": "PERSONAL", "number": "010-1234-5678"}
CORPORATE = {"kind": "CASH_RECEIPT", "type": "CORPORATE", "number": "124-81-00998"}
UNKNOWN = {"kind": "CASH_RECEIPT", "type": "PERSONAL", "number": "01000000000"}
LIST = "/v1/operator/cash-receipts"


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "portone_transfer_channel_key": "channel-key-transfer",
            "portone_virtual_account_channel_key": "channel-key-virtual-account",
            "portone_cash_receipt_channel_key": "channel-key-cash-receipt",
        }
    )


@pytest.fixture(autouse=True)
def the_circuit_is_closed_at_last(portal: FastAPI) -> Iterator[None]:
    yield
    close_circuit(portal)


@pytest.fixture
async def today(portal: FastAPI, world: World) -> date:
    day = next(_days)
    await set_clock(portal, world, noon(day))
    return day


def close_circuit(portal: FastAPI) -> None:
    portal.state.deps.payment_provider._portone.http._watch._breaker = fresh_breaker(portal)


async def start(
    client: httpx.AsyncClient, member: Member, order: dict[str, Any], method: str, evidence: Any
) -> httpx.Response:
    body = {"method": method} | ({"evidence": evidence} if evidence else {})
    return await client.post(
        f"/v1/orders/{order['id']}/payments", json=body, headers=member.headers | key()
    )


async def ordered(
    client: httpx.AsyncClient, world: World, method: str
) -> tuple[Member, dict[str, Any]]:
    member = await sign_up(client, world)
    return member, await place(client, member, order_body(payment_method=method))


async def paid(
    client: httpx.AsyncClient, world: World, evidence: Any = PERSONAL
) -> tuple[Member, dict[str, Any], dict[str, Any]]:
    """By 실시간 계좌이체."""
    member, order = await ordered(client, world, "TRANSFER")
    started = await start(client, member, order, "TRANSFER", evidence)
    assert started.status_code == 201, started.text
    await approve(world, started.json()["id"], method="TRANSFER")
    assert (await complete(client, member, started.json()))["status"] == "PAID"
    return member, order, started.json()


def receipts_of(world: World, order: dict[str, Any]) -> list[CashReceipt]:
    """What stands at the provider of an order."""
    return [
        receipt
        for receipt in world.portone.cash_receipts.values()
        if receipt.order_name == order["number"] and receipt.cancelled_at is None
    ]


async def states(portal: FastAPI, order: dict[str, Any]) -> list[tuple[str, int]]:
    """Of the order's rows, the oldest first."""
    async with portal.state.deps.database.system_session("test: receipts") as session:
        found = await session.execute(
            text("SELECT state, total FROM cash_receipts WHERE order_id = :id ORDER BY id"),
            {"id": UUID(order["id"])},
        )
        return [(row.state, row.total) for row in found]


async def papers(client: httpx.AsyncClient, member: Member) -> list[tuple[str, int]]:
    """The company's evidence."""
    found = (await client.get("/v1/documents", headers=member.headers)).json()["items"]
    kinds = {"TAX_INVOICE", "CASH_RECEIPT", "CARD_SLIP"}
    return [(paper["kind"], paper["total"]) for paper in found if paper["kind"] in kinds]


async def test_a_payer_who_chose_one_has_it_issued_and_no_invoice(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member, order, payment = await paid(client, world)
    assert payment["cash_receipt"] == {
        "type": "PERSONAL",
        "number": "010****5678",
        "state": "CHOSEN",
    }
    await run_jobs(portal)
    (made,) = receipts_of(world, order)
    assert (made.payment_id, made.type, made.number) == (payment["id"], "PERSONAL", "01012345678")
    assert (made.total, made.vat) == (583_000, 53_000)
    assert invoices_of(world, order) == []
    assert await papers(client, member) == [("CASH_RECEIPT", 583_000)]
    seen = await client.get(f"/v1/payments/{payment['id']}", headers=member.headers)
    assert seen.json()["cash_receipt"]["state"] == "ISSUED"
    listed = (await client.get("/v1/documents", headers=member.headers)).json()["items"]
    (paper,) = [each for each in listed if each["kind"] == "CASH_RECEIPT"]
    file = await client.get(f"/v1/documents/{paper['id']}/file", headers=member.headers)
    assert file.status_code == 303


async def test_the_number_is_sealed(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    _, order, _ = await paid(client, world)
    async with portal.state.deps.database.system_session("test: sealed") as session:
        found = await session.execute(
            text("SELECT number FROM cash_receipts WHERE order_id = :id"), {"id": order["id"]}
        )
        assert b"01012345678" not in bytes(found.scalar_one())


async def test_a_bank_transfer_keeps_its_choice_until_another_and_is_issued_when_it_is_whole(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    member, order = await ordered(client, world, "BANK_TRANSFER")
    payment = (await start(client, member, order, "BANK_TRANSFER", PERSONAL)).json()
    gone_on = (await start(client, member, order, "BANK_TRANSFER", None)).json()
    assert gone_on["cash_receipt"] == payment["cash_receipt"]
    none = await start(client, member, order, "BANK_TRANSFER", {"kind": "TAX_INVOICE"})
    assert none.json()["cash_receipt"] is None
    last = (await start(client, member, order, "BANK_TRANSFER", CORPORATE)).json()
    assert last["cash_receipt"]["number"] == "124***0998"
    for amount in (500_000, 83_000):
        line = {"amount": amount, "name": "김담당", "deposited_on": str(today)}
        deposit = (await operator.post("/v1/operator/bank-deposits", json=line)).json()
        path = f"/v1/operator/bank-deposits/{deposit['id']}/confirm"
        await operator.post(path, json={"payment_id": payment["id"]})
        await run_jobs(portal)
    (made,) = receipts_of(world, order)
    assert (made.type, made.number, made.total) == ("CORPORATE", "1248100998", 583_000)
    assert invoices_of(world, order) == []


async def test_who_changed_back_to_an_invoice_has_that_alone(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member, order = await ordered(client, world, "TRANSFER")
    await start(client, member, order, "TRANSFER", PERSONAL)
    again = (await start(client, member, order, "TRANSFER", None)).json()
    assert again["cash_receipt"] is None
    await approve(world, again["id"], method="TRANSFER")
    await complete(client, member, again)
    await run_jobs(portal)
    assert receipts_of(world, order) == []
    assert await papers(client, member) == [("TAX_INVOICE", 583_000)]


async def test_the_windows_receipt_goes_before_the_choice(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member, order = await ordered(client, world, "TRANSFER")
    payment = (await start(client, member, order, "TRANSFER", PERSONAL)).json()
    await approve(world, payment["id"], method="TRANSFER", cash_receipt=True)
    await complete(client, member, payment)
    await run_jobs(portal)
    assert receipts_of(world, order) == []
    assert await states(portal, order) == [("DROPPED", 583_000)]
    assert await papers(client, member) == [("CASH_RECEIPT", 583_000)]


async def test_what_goes_back_takes_the_receipt_back_and_the_rest_has_another(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """360,000 and a fee of 36,000, which is no supply: 187,000 with 17,000 VAT are left."""
    member, order, payment = await paid(client, world)
    await run_jobs(portal)
    await give(portal, order, 360_000, 36_000, 36_000)
    await run_jobs(portal)
    (made,) = receipts_of(world, order)
    assert (made.total, made.vat) == (187_000, 17_000)
    assert made.payment_id != payment["id"]
    assert await papers(client, member) == [("CASH_RECEIPT", 187_000)]
    await give(portal, order, 187_000, 17_000, 0)
    await run_jobs(portal)
    assert receipts_of(world, order) == []
    assert await states(portal, order) == [("CANCELLED", 583_000), ("CANCELLED", 187_000)]
    assert await papers(client, member) == []


async def test_what_went_back_before_it_was_issued_is_never_issued(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    _, order, _ = await paid(client, world)
    await give(portal, order, 360_000, 36_000, 0)
    await give(portal, order, 110_000, 10_000, 0)
    await run_jobs(portal)
    (made,) = receipts_of(world, order)
    assert (made.total, made.vat) == (113_000, 7_000)
    assert await states(portal, order) == [
        ("DROPPED", 583_000),
        ("DROPPED", 223_000),
        ("ISSUED", 113_000),
    ]


async def test_a_lost_answer_issues_and_takes_back_nothing_twice(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    _, order, _ = await paid(client, world)
    for turn, amount in enumerate((583_000, 223_000)):
        world.faults.put("portone", Fault(drop_after=0, only="cash-receipt"))
        await run_jobs(portal)
        world.faults.clear()
        close_circuit(portal)
        await set_clock(portal, world, noon(today) + timedelta(hours=1 + 7 * turn))
        await run_jobs(portal)
        await set_clock(portal, world, noon(today) + timedelta(hours=7 + 7 * turn))
        await run_jobs(portal)
        assert [receipt.total for receipt in receipts_of(world, order)] == [amount]
        if turn == 0:
            await give(portal, order, 360_000, 36_000, 0)
    assert await states(portal, order) == [("CANCELLED", 583_000), ("ISSUED", 223_000)]


async def test_money_that_goes_back_while_the_answer_is_out_leaves_the_rest_alone(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """The answer was lost, so that it may stand: it is taken back before the rest is issued."""
    _, order, _ = await paid(client, world)
    world.faults.put("portone", Fault(drop_after=0, only="cash-receipt"))
    await run_jobs(portal)
    world.faults.clear()
    close_circuit(portal)
    await give(portal, order, 360_000, 36_000, 0)
    await run_jobs(portal)
    assert await states(portal, order) == [("CANCELLING", 583_000), ("WAITING", 223_000)]
    await set_clock(portal, world, noon(today) + timedelta(minutes=5))
    await run_jobs(portal)
    assert [receipt.total for receipt in receipts_of(world, order)] == [223_000]


async def test_two_workers_issue_it_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    _, order, payment = await paid(client, world)
    deps = portal.state.deps
    async with deps.database.system_session("test: which") as session:
        found = await session.execute(
            text("SELECT id FROM cash_receipts WHERE payment_id = :id"), {"id": payment["id"]}
        )
        receipt_id = found.scalar_one()
    await asyncio.gather(*(deps.cash_receipts.mind(receipt_id) for _ in range(5)))
    assert len(world.portone.cash_receipts) > 0
    assert await states(portal, order) == [("ISSUED", 583_000)]
    assert len(receipts_of(world, order)) == 1


async def of_order(operator: httpx.AsyncClient, order: dict[str, Any]) -> list[dict[str, Any]]:
    listed = (await operator.get(LIST, params={"size": 100})).json()["items"]
    return [each for each in listed if each["order_number"] == order["number"]]


async def test_what_is_refused_is_in_the_operators_list_and_tried_again(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    _, order, _ = await paid(client, world, UNKNOWN)
    await run_jobs(portal)
    [row] = await of_order(operator, order)
    assert (row["state"], row["failure"], row["number"]) == (
        "WAITING",
        "refused_rejected",
        "010****0000",
    )
    path = f"{LIST}/{row['id']}/retry"
    key_ = once()
    first, again = [await operator.post(path, headers=key_) for _ in range(2)]
    assert (first.status_code, first.content) == (200, again.content)
    await run_jobs(portal)
    assert [row["attempts"] for row in await of_order(operator, order)] == [2]
    nobody = await operator.post(f"{LIST}/{uuid4()}/retry", headers=once())
    assert refused(nobody) == (404, "cash_receipt_not_found")


async def test_while_the_provider_is_down_it_waits(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    _, order, _ = await paid(client, world)
    world.faults.put("portone", Fault(down=True))
    await run_jobs(portal)
    assert [row["failure"] for row in await of_order(operator, order)] == [None]
    world.faults.clear()
    close_circuit(portal)
    await set_clock(portal, world, noon(today) + timedelta(hours=1))
    await run_jobs(portal)
    assert len(receipts_of(world, order)) == 1
    assert await of_order(operator, order) == []


async def test_where_it_cannot_be_it_is_refused_and_nothing_began(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    """Not of a card, nor of an order on terms, whose invoice is written before the money."""
    member, order = await ordered(client, world, "TRANSFER")
    for wrong in ({"number": "124-81-00999"}, {"type": "PERSONAL"}):
        answer = await start(client, member, order, "TRANSFER", CORPORATE | wrong)
        assert refused(answer) == (422, "cash_receipt_number_invalid")
    card_member, card = await ordered(client, world, "CARD")
    answer = await start(client, card_member, card, "CARD", PERSONAL)
    assert refused(answer) == (422, "cash_receipt_not_allowed")
    path = f"/v1/operator/companies/{member.company_id}/payment-terms"
    await operator.put(path, json={"days": 30, "limit": None})
    body = order_body(payment_method="TERMS", confirm_duplicate=True)
    on_terms = await client.post("/v1/orders", json=body, headers=member.headers | key())
    assert on_terms.status_code == 201, on_terms.text
    answer = await start(client, member, on_terms.json(), "TRANSFER", PERSONAL)
    assert refused(answer) == (422, "cash_receipt_not_allowed")
    assert await states(portal, order) == []


async def test_one_whose_number_was_erased_waits_for_nothing_any_more(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """A provider that was down until retention came: no job fails for it again and again."""
    member, order = await ordered(client, world, "TRANSFER")
    payment = (await start(client, member, order, "TRANSFER", PERSONAL)).json()
    await approve(world, payment["id"], method="TRANSFER")
    await complete(client, member, payment)
    async with portal.state.deps.database.system_session("test: years later") as session:
        await session.execute(
            text("UPDATE cash_receipts SET number = NULL, masked = NULL WHERE payment_id = :id"),
            {"id": UUID(payment["id"])},
        )
    await run_jobs(portal)
    async with portal.state.deps.database.system_session("test: looked at") as session:
        found = await session.execute(
            text("SELECT state, failure, due_at FROM cash_receipts WHERE payment_id = :id"),
            {"id": UUID(payment["id"])},
        )
        assert [tuple(row) for row in found] == [("WAITING", "number_erased", None)]
