"""A payment has one evidence: a tax invoice where no slip is one (PRODUCT.md section 11)."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from structlog.testing import capture_logs

from app.db.tables.orders import Order
from app.domain.periods import seoul_date
from app.domain.refunds import Money, RefundReason
from app.services.refunds import GivingBack, give_back
from app.settings import Settings
from sandbox.faults import Fault
from sandbox.nts import Standing
from sandbox.portone.console_actions import approve
from sandbox.portone.state import TaxInvoice
from sandbox.world import World
from tests.contracts import noon, set_clock
from tests.flows import (
    TAX_CONTACT,
    Member,
    complete,
    key,
    name_tax_contact,
    order_body,
    pay,
    place,
    run_jobs,
    sign_up,
)
from tests.integration.test_payment_rules import fresh_breaker
from tests.mails import mails_to
from tests.operators import TOKEN, operator_client

_days = iter(date(2033 + turn, 3, 2) for turn in range(60))
PATH = "/v1/company/tax-invoice-contact"


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    """A shop that offers 실시간 계좌이체, too."""
    return settings.model_copy(update={"portone_transfer_channel_key": "channel-key-transfer"})


@pytest.fixture(autouse=True)
def the_circuit_is_closed_at_last(portal: FastAPI) -> Iterator[None]:
    yield
    portal.state.deps.payment_provider._portone.http._watch._breaker = fresh_breaker(portal)


@pytest.fixture
async def today(portal: FastAPI, world: World) -> date:
    """A 2 March of this test's own, at noon in Seoul."""
    day = next(_days)
    await set_clock(portal, world, noon(day))
    return day


async def paid_by_transfer(
    client: httpx.AsyncClient, world: World, member: Member, *, cash_receipt: bool = False
) -> dict[str, Any]:
    order = await place(client, member)
    await client.put(
        f"/v1/orders/{order['id']}/payment-method",
        json={"payment_method": "TRANSFER"},
        headers=member.headers,
    )
    started = await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": "TRANSFER"},
        headers=member.headers | key(),
    )
    payment_id = started.json()["id"]
    await approve(world, payment_id, method="TRANSFER", cash_receipt=cash_receipt)
    assert (await complete(client, member, started.json()))["status"] == "PAID"
    return order


def invoices_of(world: World, order: dict[str, Any]) -> list[TaxInvoice]:
    """What the provider has of an order."""
    return [
        invoice
        for invoice in world.portone.tax_invoices.values()
        if order["number"] in str(invoice.content["items"])
    ]


async def give(portal: FastAPI, order: dict[str, Any], amount: int, vat: int, fee: int) -> None:
    deps = portal.state.deps
    async with deps.database.system_session("test: give back") as session:
        row = await session.get_one(Order, UUID(order["id"]), with_for_update=True)
        now = await deps.clock.now(session)
        why = GivingBack(RefundReason.TERMINATION, fee=fee)
        await give_back(session, row, Money(amount, vat), why, now)


async def test_a_transfer_is_invoiced_on_its_day_to_the_companys_contact(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    order = await paid_by_transfer(client, world, member)
    await run_jobs(portal)
    (made,) = invoices_of(world, order)
    content = made.content
    assert (content["writeDate"], content["purposeType"]) == (str(today), "RECEIPT")
    assert (content["totalSupplyAmount"], content["totalTaxAmount"]) == (530_000, 53_000)
    recipient = content["recipient"]
    assert isinstance(recipient, dict)
    assert (recipient["name"], recipient["representativeName"]) == ("한빛상사", "홍길동")
    assert recipient["contact"] == {"email": "tax@hanbit.example", "name": "정도현"}


async def test_a_card_has_its_slip_and_no_invoice(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    await pay(client, world, member, order)
    await run_jobs(portal)
    assert invoices_of(world, order) == []


async def test_who_asked_for_a_cash_receipt_in_the_window_gets_no_invoice(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """One kind of evidence a payment, in what goes back of it, too."""
    member = await sign_up(client, world)
    order = await paid_by_transfer(client, world, member, cash_receipt=True)
    await run_jobs(portal)
    assert invoices_of(world, order) == []
    papers = (await client.get("/v1/documents", headers=member.headers)).json()["items"]
    kinds = {paper["kind"]: paper for paper in papers}
    assert "TAX_INVOICE" not in kinds
    receipt = kinds["CASH_RECEIPT"]
    assert (receipt["kind_label"], receipt["total"]) == ("현금영수증", 583_000)
    file = await client.get(f"/v1/documents/{receipt['id']}/file", headers=member.headers)
    assert file.status_code == 303
    assert file.headers["location"].startswith("https://receipts.sandbox.example/cash/")
    await give(portal, order, 360_000, 36_000, 36_000)
    await run_jobs(portal)
    assert invoices_of(world, order) == []


async def test_what_goes_back_is_a_correction_with_its_reason_once_the_original_was_sent(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """360,000 of supply and 36,000 VAT; a fee of 36,000 is kept and is no supply."""
    member = await sign_up(client, world)
    order = await paid_by_transfer(client, world, member)
    await run_jobs(portal)
    await give(portal, order, 360_000, 36_000, 36_000)
    await run_jobs(portal)
    assert len(invoices_of(world, order)) == 1
    await set_clock(portal, world, noon(today + timedelta(days=1)))
    await run_jobs(portal)
    original, correction = invoices_of(world, order)
    assert correction.original_id == original.id
    assert correction.reason == "CHANGE_IN_SUPPLY_COST"
    assert correction.content["writeDate"] == str(today)
    assert (correction.content["totalSupplyAmount"], correction.content["totalTaxAmount"]) == (
        -360_000,
        -36_000,
    )


async def test_all_of_it_back_cancels_the_contract(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    order = await paid_by_transfer(client, world, member)
    await run_jobs(portal)
    await set_clock(portal, world, noon(today + timedelta(days=3)))
    await give(portal, order, 583_000, 53_000, 0)
    await run_jobs(portal)
    _, correction = invoices_of(world, order)
    assert correction.reason == "CANCELLATION_OF_CONTRACT"
    assert correction.content["writeDate"] == str(today + timedelta(days=3))


async def test_a_lost_answer_issues_nothing_twice(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    order = await paid_by_transfer(client, world, member)
    world.faults.put("portone", Fault(drop_after=0))
    await run_jobs(portal)
    world.faults.clear()
    portal.state.deps.payment_provider._portone.http._watch._breaker = fresh_breaker(portal)
    assert len(invoices_of(world, order)) == 1
    await set_clock(portal, world, noon(today) + timedelta(hours=1))
    await run_jobs(portal)
    assert len(invoices_of(world, order)) == 1
    assert await waiting(portal, member) == []


async def business_number(portal: FastAPI, member: Member) -> str:
    async with portal.state.deps.database.system_session("test: number") as session:
        found = await session.execute(
            text("SELECT business_number FROM companies WHERE id = :id"),
            {"id": UUID(member.company_id)},
        )
        return str(found.scalar_one())


async def waiting(portal: FastAPI, member: Member) -> list[str | None]:
    """Why each of the company's invoices waits."""
    async with portal.state.deps.database.system_session("test: invoices") as session:
        found = await session.execute(
            text("SELECT failure FROM tax_invoices WHERE company_id = :id AND state = 'WAITING'"),
            {"id": UUID(member.company_id)},
        )
        return [row.failure for row in found]


async def test_an_order_on_terms_is_invoiced_once_with_its_delivery_and_not_again_when_paid(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """청구 on the day of the delivery; the money that comes later has no evidence of its own."""
    member = await sign_up(client, world)
    async with operator_client(portal) as operator:
        path = f"/v1/operator/companies/{member.company_id}/payment-terms"
        await operator.put(path, json={"days": 30, "limit": None}, headers=TOKEN)
    order = await place(client, member, order_body(payment_method="TERMS"))
    await run_jobs(portal)
    (made,) = invoices_of(world, order)
    assert (made.content["writeDate"], made.content["purposeType"]) == (str(today), "INVOICE")
    assert made.content["totalAmount"] == 583_000
    await set_clock(portal, world, noon(today + timedelta(days=3)))
    started = await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": "TRANSFER"},
        headers=member.headers | key(),
    )
    await approve(world, started.json()["id"], method="TRANSFER")
    assert (await complete(client, member, started.json()))["status"] == "PAID"
    await run_jobs(portal)
    assert invoices_of(world, order) == [made]
    await give(portal, order, 360_000, 36_000, 36_000)
    await run_jobs(portal)
    _, correction = invoices_of(world, order)
    assert (correction.original_id, correction.content["purposeType"]) == (made.id, "INVOICE")


async def test_without_a_contact_nothing_is_ordered_that_would_need_an_invoice(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """Neither by the order nor by another method afterwards; a card needs none."""
    member = await sign_up(client, world, with_tax_contact=False)
    direct = await client.post(
        "/v1/orders",
        json=order_body(payment_method="TRANSFER"),
        headers=member.headers | key(),
    )
    order = await place(client, member)
    later = await client.put(
        f"/v1/orders/{order['id']}/payment-method",
        json={"payment_method": "TRANSFER"},
        headers=member.headers,
    )
    for refused in (direct, later):
        assert (refused.status_code, refused.json()["code"]) == (
            422,
            "tax_invoice_information_required",
        )
    missing = [fact["pointer"] for fact in later.json()["missing"]]
    assert missing[:2] == ["/representative_name", "/road_address"]
    await name_tax_contact(client, member)
    again = await client.put(
        f"/v1/orders/{order['id']}/payment-method",
        json={"payment_method": "TRANSFER"},
        headers=member.headers,
    )
    assert again.status_code == 200


async def test_without_a_contact_it_waits_the_customer_is_asked_and_somebody_is_woken(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    order = await paid_by_transfer(client, world, member)
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text("DELETE FROM tax_invoice_contacts WHERE company_id = :id"),
            {"id": UUID(member.company_id)},
        )
    await run_jobs(portal)
    assert await waiting(portal, member) == ["recipient_incomplete"]
    assert len(await mails_to(portal, member.email, "tax_contact_wanted")) == 1
    with capture_logs() as logs:
        await set_clock(portal, world, noon(date(today.year, 4, 7)))
        await run_jobs(portal)
        assert not [entry for entry in logs if entry["event"] == "tax_invoice_late"]
        await set_clock(portal, world, noon(date(today.year, 4, 8)))
        await run_jobs(portal)
    (late,) = [entry for entry in logs if entry["event"] == "tax_invoice_late"]
    assert (late["written_on"], late["failure"]) == (str(today), "recipient_incomplete")
    await name_tax_contact(client, member)
    await set_clock(portal, world, noon(date(today.year, 4, 9)) + timedelta(hours=1))
    await run_jobs(portal)
    (made,) = invoices_of(world, order)
    assert made.content["writeDate"] == str(today)


async def of_operator(
    operator: httpx.AsyncClient, order: dict[str, Any]
) -> list[tuple[str, bool, str | None, int]]:
    """What waits of an order, as the operator sees it."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        asked = {"cursor": cursor} if cursor else {}
        answer = await operator.get("/v1/operator/tax-invoices", params=asked)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
    return [
        (each["id"], each["late"], each["failure"], each["supply"])
        for each in found
        if each["order_number"] == order["number"]
    ]


async def test_the_operator_sees_what_waits_and_issues_it_once_it_is_mended(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    order = await paid_by_transfer(client, world, member)
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text("DELETE FROM tax_invoice_contacts WHERE company_id = :id"),
            {"id": UUID(member.company_id)},
        )
    await run_jobs(portal)
    async with operator_client(portal) as operator:
        operator.headers.update(TOKEN)
        [(invoice_id, late, failure, supply)] = await of_operator(operator, order)
        assert (late, failure, supply) == (False, "recipient_incomplete", 530_000)
        await set_clock(portal, world, noon(date(today.year, 4, 8)))
        assert [each[1] for each in await of_operator(operator, order)] == [True]
        await name_tax_contact(client, member)
        path = f"/v1/operator/tax-invoices/{invoice_id}/retry"
        assert (await operator.post(path)).status_code == 200
        await run_jobs(portal)
        assert await of_operator(operator, order) == []
        again = await operator.post(path)
    assert (again.status_code, again.json()["code"]) == (404, "tax_invoice_not_found")
    assert len(invoices_of(world, order)) == 1


@pytest.mark.parametrize(
    ("standing", "failure"),
    [(Standing.CLOSED, "business_closed"), (Standing.SUSPENDED, "business_suspended")],
)
async def test_a_business_that_does_not_stand_gets_no_invoice_and_the_operator_is_told_once(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    today: date,
    standing: Standing,
    failure: str,
) -> None:
    member = await sign_up(client, world)
    order = await paid_by_transfer(client, world, member)
    number = await business_number(portal, member)
    world.nts.overrides[number] = standing
    for later in (0, 2):
        await set_clock(portal, world, noon(today + timedelta(days=later)))
        await run_jobs(portal)
    assert (invoices_of(world, order), await waiting(portal, member)) == ([], [failure])
    told = await mails_to(portal, "operator@portal.example", "tax_invoice_held")
    assert [mail["failure"] for mail in told if mail["number"] == order["number"]] == [failure]
    del world.nts.overrides[number]
    await set_clock(portal, world, noon(today + timedelta(days=4)))
    await run_jobs(portal)
    (made,) = invoices_of(world, order)
    assert made.content["writeDate"] == str(today)


async def test_while_the_tax_service_is_down_nothing_is_guessed_and_the_invoice_waits(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    order = await paid_by_transfer(client, world, member)
    number = await business_number(portal, member)
    world.nts.overrides[number] = Standing.FAILING
    await run_jobs(portal)
    assert (invoices_of(world, order), await waiting(portal, member)) == ([], [None])
    del world.nts.overrides[number]
    await set_clock(portal, world, noon(today) + timedelta(hours=1))
    await run_jobs(portal)
    assert len(invoices_of(world, order)) == 1


async def test_the_contact_is_read_and_written_whole(
    client: httpx.AsyncClient, world: World, today: date
) -> None:
    member = await sign_up(client, world, with_tax_contact=False)
    empty = await client.get(PATH, headers=member.headers)
    assert (empty.headers["etag"], empty.json()["contacts"]) == ('"r0"', [])
    await name_tax_contact(client, member)
    seen = await client.get(PATH, headers=member.headers)
    assert seen.json() == TAX_CONTACT | {
        "address_detail": None,
        "contacts": [{"name": "정도현", "email": "tax@hanbit.example", "phone": None}],
    }
    stale = await client.put(PATH, json=TAX_CONTACT, headers=member.headers | {"If-Match": '"r0"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert seoul_date(noon(today)) == today
