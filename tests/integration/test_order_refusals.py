"""Orders that are refused: each with its code, its pointer, and nothing written."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from sandbox.faults import Fault
from sandbox.portone.console_actions import approve
from sandbox.world import World
from tests.flows import (
    Member,
    complete,
    customer,
    item,
    key,
    order_body,
    pay,
    place,
    read_order,
    run_jobs,
    sign_up,
    start_payment,
)


async def refused(
    client: httpx.AsyncClient, member: Member, body: dict[str, Any], **headers: str
) -> tuple[int, str, str]:
    """Status, code, and the first field's pointer."""
    sent = member.headers | (headers or key())
    answer = await client.post("/v1/orders", json=body, headers=sent)
    problem = answer.json()
    pointers = [error["pointer"] for error in problem["errors"]]
    return answer.status_code, problem["code"], pointers[0] if pointers else ""


async def orders_of(client: httpx.AsyncClient, member: Member) -> int:
    return len((await client.get("/v1/orders", headers=member.headers)).json()["items"])


@pytest.fixture(scope="module")
async def buyer(portal: FastAPI, world: World) -> Member:
    """Never gets an order in this module."""
    transport = httpx.ASGITransport(app=portal, client=("10.7.7.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        return await sign_up(client, world)


@pytest.mark.parametrize("quantity", [0, -1, 100_001, 10**30, 1.5, "10", True])
async def test_a_quantity_that_is_none_is_refused_at_its_place(
    client: httpx.AsyncClient, buyer: Member, quantity: object
) -> None:
    body = order_body(item() | {"users": quantity})
    assert await refused(client, buyer, body) == (422, "invalid_request", "/items/0/users")
    add_ons = [{"code": "STORAGE_GB", "quantity": quantity if quantity != 100_001 else 10**7}]
    body = order_body(item() | {"add_ons": add_ons})
    assert (await refused(client, buyer, body))[:2] == (422, "invalid_request")
    assert await orders_of(client, buyer) == 0


@pytest.mark.parametrize(
    ("changed", "status", "code", "pointer"),
    [
        ({"expected_total": 582_999}, 409, "price_changed", "/expected_total"),
        ({"unknown": 1}, 422, "invalid_request", "/unknown"),
        ({"consents": []}, 422, "consent_required", "/consents"),
        ({"payment_method": None}, 422, "payment_method_not_allowed", "/payment_method"),
        ({"coupon_code": "NOBODY"}, 409, "coupon_unknown", "/coupon_code"),
        ({"starts_on": "2020-01-01"}, 422, "starts_on_out_of_range", "/starts_on"),
        ({"items": []}, 422, "invalid_request", "/items"),
        ({"items": [item("MOON")]}, 422, "plan_unknown", "/items/0/plan"),
        ({"items": [item("SHARED", 10, 3)]}, 422, "invalid_request", "/items/0/months"),
    ],
)
async def test_what_is_wrong_with_an_order_is_said(
    client: httpx.AsyncClient,
    buyer: Member,
    changed: dict[str, Any],
    status: int,
    code: str,
    pointer: str,
) -> None:
    found = await refused(client, buyer, order_body() | changed)
    assert found == (status, code, pointer)
    assert await orders_of(client, buyer) == 0


async def test_a_changed_price_names_the_new_one(client: httpx.AsyncClient, buyer: Member) -> None:
    body = order_body(total=1)
    answer = await client.post("/v1/orders", json=body, headers=buyer.headers | key())
    assert (answer.status_code, answer.json()["total"]) == (409, 583_000)


@pytest.mark.parametrize(
    ("subdomain", "code"),
    [
        ("www", "subdomain_reserved"),
        ("ab", "subdomain_invalid"),
        ("-abc", "subdomain_invalid"),
        ("abc-", "subdomain_invalid"),
        ("xn--abc", "subdomain_invalid"),
        ("Hanbit", "subdomain_invalid"),
        ("한빛", "subdomain_invalid"),
        ("a" * 41, "subdomain_invalid"),
        ("a.b.c", "subdomain_invalid"),
    ],
)
async def test_a_subdomain_that_cannot_be_one(
    client: httpx.AsyncClient, buyer: Member, subdomain: str, code: str
) -> None:
    wanted = item()
    wanted["site"]["subdomain"] = subdomain
    found = await refused(client, buyer, order_body(wanted))
    assert found == (422, code, "/items/0/site/subdomain")


async def test_a_subdomain_of_somebody_else_is_taken_until_its_order_ends(
    client: httpx.AsyncClient, world: World
) -> None:
    first, second = await sign_up(client, world), await sign_up(client, world)
    wanted = item()
    held = await place(client, first, order_body(wanted))
    found = await refused(client, second, order_body(wanted))
    assert found == (409, "subdomain_taken", "/items/0/site/subdomain")
    await client.post(f"/v1/orders/{held['id']}/cancel", headers=first.headers)
    assert (await place(client, second, order_body(wanted)))["status"] == "PENDING_PAYMENT"


async def test_three_names_are_held_and_no_fourth(client: httpx.AsyncClient, world: World) -> None:
    member = await sign_up(client, world)
    await place(client, member, order_body(item(), item(), item(), total=1_749_000))
    body = order_body(item("SHARED", 1, 1), total=59_400)
    assert (await refused(client, member, body))[:2] == (409, "subdomain_holds_used_up")


async def test_an_order_needs_its_key_and_a_key_its_form(
    client: httpx.AsyncClient, buyer: Member
) -> None:
    body = order_body()
    missing = await client.post("/v1/orders", json=body, headers=buyer.headers)
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_required")
    for bad in ("short", "x" * 129, "with a blank in it"):
        found = await refused(client, buyer, body, **{"Idempotency-Key": bad})
        assert found[:2] == (400, "idempotency_key_invalid")


async def test_a_key_gives_its_first_answer_again_and_fits_one_body(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    headers, body = member.headers | key(), order_body()
    first = await client.post("/v1/orders", json=body, headers=headers)
    again = await client.post("/v1/orders", json=body, headers=headers)
    assert "idempotent-replayed" not in first.headers
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.content == first.content
    other = await client.post("/v1/orders", json=body | {"expected_total": 1}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await orders_of(client, member) == 1


async def test_the_same_items_again_need_to_be_meant(
    client: httpx.AsyncClient, world: World
) -> None:
    """The same: plan, numbers, term and sub-domain; what the site is called does not count."""
    member = await sign_up(client, world)
    wanted = item()
    order = await place(client, member, order_body(wanted))
    wanted["site"]["name"] = "한빛 지사"
    body = order_body(wanted)
    answer = await client.post("/v1/orders", json=body, headers=member.headers | key())
    assert (answer.status_code, answer.json()["code"]) == (409, "order_already_open")
    assert answer.json()["order_id"] == order["id"]
    meant = body | {"confirm_duplicate": True}
    assert (await refused(client, member, meant))[:2] == (409, "subdomain_taken")
    assert (await place(client, member))["id"] != order["id"]


async def test_money_that_moved_before_its_order_is_sent_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    payment = await start_payment(client, member, order)
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text("UPDATE orders SET created_at = :later WHERE id = :id"),
            {"later": datetime.now(UTC) + timedelta(hours=1), "id": UUID(order["id"])},
        )
    await approve(world, payment["id"])
    assert (await complete(client, member, payment))["status"] in {"REFUND_DUE", "REFUNDED"}
    await run_jobs(portal)
    assert world.portone.payments[payment["id"]].status == "CANCELLED"
    assert (await read_order(client, member, order))["status"] == "PENDING_PAYMENT"


async def due_at_once(portal: FastAPI) -> None:
    """Postponed openings are due now, as if time had passed."""
    deps = portal.state.deps
    fresh = type(deps.groupware._http._watch._breaker)()
    deps.groupware._http._watch._breaker = fresh
    async with deps.database.system_session("test: time passes") as session:
        await session.execute(
            text(
                "UPDATE order_items SET due_at = due_at - interval '1 hour'"
                " WHERE due_at IS NOT NULL"
            )
        )


@pytest.mark.parametrize(
    "fault",
    [Fault(down=True), Fault(nonsense=True), Fault(error_rate=1), Fault(drop_after=0)],
    ids=["down", "nonsense", "errors", "answers lost after the work"],
)
async def test_a_groupware_in_trouble_opens_the_site_once_when_it_is_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI, fault: Fault
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    world.faults.put("groupware", fault)
    await pay(client, world, member, order)
    for _ in range(4):
        await run_jobs(portal)
        await due_at_once(portal)
    assert (await read_order(client, member, order))["status"] == "PROVISIONING"
    world.faults.clear()
    for _ in range(4):
        await due_at_once(portal)
        await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "COMPLETED"
    named = [s for s in world.groupware.sites.values() if s.external_id == site_of(order)]
    assert len(named) == 1


def site_of(order: dict[str, Any]) -> str:
    return str(order["items"][0]["site"]["id"])


async def test_a_mail_server_that_is_down_stops_nothing_and_loses_no_mail(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """No mail server listens in these tests at all."""
    member = await customer(client, world, portal)
    deps = portal.state.deps
    async with deps.database.system_session("test: mails") as session:
        rows = await session.execute(
            text("SELECT id, state FROM mails WHERE company_id = :id AND kind = 'site_opened'"),
            {"id": UUID(member.company_id)},
        )
        mail = rows.one()
    assert mail.state == "QUEUED"
    await deps.mails.send(mail.id)
    async with deps.database.system_session("test: mails") as session:
        kept = (
            await session.execute(
                text("SELECT state, attempts FROM mails WHERE id = :id"), {"id": mail.id}
            )
        ).one()
    assert (kept.state, kept.attempts) == ("QUEUED", 1)


async def test_another_companys_idempotency_key_is_its_own(
    client: httpx.AsyncClient, world: World
) -> None:
    same = {"Idempotency-Key": uuid4().hex}
    for _ in range(2):
        member = await sign_up(client, world)
        answer = await client.post("/v1/orders", json=order_body(), headers=member.headers | same)
        assert answer.status_code == 201
        assert "idempotent-replayed" not in answer.headers
