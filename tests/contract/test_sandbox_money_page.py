"""The console page on which cards are issued, accounts paid into, and our own account read."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from sandbox.app import create_sandbox
from sandbox.portone.console_actions import approve
from sandbox.settings import SandboxSettings
from sandbox.world import World

PAGE = "/console/money"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(SandboxSettings(data_dir=tmp_path, smtp_port=0))
    world.webhooks.muted = True
    yield world
    await world.close()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_sandbox(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client


async def issue(client: httpx.AsyncClient) -> str:
    sent = {"card": "4518420000000001", "issue_id": "issue", "customer_id": "company"}
    answer = await client.post("/console/billing-keys", data=sent)
    return answer.headers["location"].partition("issued=")[2]


async def test_a_card_is_issued_its_charges_are_decided_and_it_is_deleted(
    client: httpx.AsyncClient, world: World
) -> None:
    key = await issue(client)
    issued = world.portone.billing_keys[key]
    assert (issued.issue_id, issued.customer_id, issued.outcome) == (
        "issue",
        "company",
        "INSUFFICIENT_FUNDS",
    )
    shown = (await client.get(PAGE)).text
    assert "451842******0001" in shown
    assert "4518420000000001</td>" not in shown
    await client.post(f"/console/billing-keys/{key}", data={"outcome": "LOST_OR_STOLEN"})
    assert world.portone.billing_keys[key].outcome == "LOST_OR_STOLEN"
    await client.post(f"/console/billing-keys/{key}", data={"action": "delete"})
    assert world.portone.billing_keys[key].status == "DELETED"
    again = await client.post(f"/console/billing-keys/{key}", data={"action": "delete"})
    assert again.headers["location"] == f"{PAGE}?error=BILLING_KEY_ALREADY_DELETED"


async def test_a_virtual_account_is_paid_into_or_closed(
    client: httpx.AsyncClient, world: World
) -> None:
    authorised = {"Authorization": f"PortOne {world.settings.portone_secret}"}
    account = {"bank": "SHINHAN", "expiry": {"validHours": 24}, "option": {"type": "NORMAL"}}
    body = {
        "channelKey": "channel-key-virtual-account",
        "method": {"virtualAccount": account},
        "orderName": "ORD-1",
        "amount": {"total": 1_100},
        "currency": "KRW",
    }
    for payment_id in ("pay-1", "pay-2"):
        path = f"/portone/payments/{payment_id}/instant"
        assert (await client.post(path, json=body, headers=authorised)).status_code == 200
    assert "ORD-1" in (await client.get(PAGE)).text
    sent = {"action": "deposit", "amount": "1,000"}
    await client.post("/console/virtual-accounts/pay-1", data=sent)
    paid = world.portone.payments["pay-1"]
    assert (paid.status, paid.total) == ("PAID", 1_000)
    await client.post("/console/virtual-accounts/pay-2", data={"action": "close"})
    assert world.portone.payments["pay-2"].status == "CANCELLED"
    missing = await client.post("/console/virtual-accounts/pay-3", data=sent)
    assert missing.status_code == 404


async def test_our_own_account_is_paid_into_and_read_as_a_file(
    client: httpx.AsyncClient, world: World
) -> None:
    sent = {"amount": "583,000", "name": "<b>한빛</b>"}
    assert (await client.post("/console/bank-deposits", data=sent)).status_code == 303
    assert "<b>한빛" not in (await client.get(PAGE)).text
    file = await client.get("/console/bank-statement.csv")
    lines = file.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "거래일시,입금액,입금자명,거래번호"
    assert lines[1].endswith(",583000,<b>한빛</b>,SB00000001")
    for wrong in ({"amount": "x", "name": "a"}, {"amount": "1", "name": " "}):
        assert (await client.post("/console/bank-deposits", data=wrong)).status_code == 422


async def test_a_paid_payment_is_disputed_and_decided(
    client: httpx.AsyncClient, world: World
) -> None:
    await approve(world, "pay-1", amount=1_000)
    assert "이의제기(차지백)" in (await client.get("/console/payments")).text
    await client.post("/console/payments/pay-1", data={"action": "dispute"})
    assert "이의제기 종료" in (await client.get("/console/payments")).text
    await client.post("/console/payments/pay-1", data={"action": "resolve"})
    assert world.portone.payments["pay-1"].disputes[0].resolved_at is not None
