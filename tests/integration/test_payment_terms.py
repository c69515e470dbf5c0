"""후불: delivered first, paid later by any way, told in time, and reported by age."""

from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.domain.periods import seoul_date
from sandbox.faults import Fault
from sandbox.portone.console_actions import approve
from sandbox.portone.virtual_accounts import deposit
from sandbox.world import World
from tests.contracts import add_extend, only_membership, placed, set_clock
from tests.flows import (
    Member,
    complete,
    key,
    order_body,
    place,
    read_order,
    register_card,
    run_jobs,
    sign_up,
)
from tests.mails import mails_to


async def give(
    operator: httpx.AsyncClient, member: Member, days: int | None = 30, limit: int | None = None
) -> dict[str, Any]:
    path = f"/v1/operator/companies/{member.company_id}/payment-terms"
    answer = await operator.put(path, json={"days": days, "limit": limit})
    assert answer.status_code == 200, answer.text
    terms: dict[str, Any] = answer.json()
    return terms


async def ordering(
    client: httpx.AsyncClient, member: Member, **changed: Any
) -> tuple[int, str | None]:
    body = order_body(payment_method="TERMS", confirm_duplicate=True, **changed)
    answer = await client.post("/v1/orders", json=body, headers=member.headers | key())
    return answer.status_code, answer.json().get("code")


async def delivered(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> tuple[Member, dict[str, Any]]:
    """A company with terms of 30 days, and an order that was delivered today."""
    member = await sign_up(client, world)
    await give(operator, member)
    order = await place(client, member, order_body(payment_method="TERMS"))
    assert (order["status"], order["payment_status"]) == ("PAID", "ON_TERMS")
    await run_jobs(portal)
    return member, order


async def rows(portal: FastAPI, statement: str, **values: object) -> list[Any]:
    async with portal.state.deps.database.system_session("test data") as session:
        done = await session.execute(text(statement), values)
        return [tuple(row) for row in done] if done.returns_rows else []


async def pay(
    client: httpx.AsyncClient, member: Member, order: dict[str, Any], method: str
) -> dict[str, Any]:
    answer = await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": method},
        headers=member.headers | key(),
    )
    assert answer.status_code == 201, answer.text
    payment: dict[str, Any] = answer.json()
    return payment


async def now_of(portal: FastAPI) -> datetime:
    deps = portal.state.deps
    now: datetime = await deps.clock.now_outside(deps.database)
    return now


async def age(portal: FastAPI, order: dict[str, Any], days: int) -> None:
    """The delivery, and all that hangs on it, was so many days before."""
    await rows(
        portal,
        "UPDATE orders SET terms_due_on = terms_due_on - cast(:days AS int),"
        " terms_next_at = terms_next_at - make_interval(days => cast(:days AS int))"
        " WHERE id = :id",
        id=order["id"],
        days=days,
    )


async def test_without_terms_nobody_pays_after_delivery(
    client: httpx.AsyncClient, world: World, operator: httpx.AsyncClient
) -> None:
    member = await sign_up(client, world)
    assert await ordering(client, member) == (422, "payment_method_not_allowed")
    given = await give(operator, member, 60, 1_000_000)
    assert (given["days"], given["limit"]) == (60, 1_000_000)
    assert (await ordering(client, member))[0] == 201
    assert await ordering(client, member) == (409, "credit_limit_exceeded")
    await give(operator, member, None)
    assert await ordering(client, member) == (422, "payment_method_not_allowed")


async def test_an_order_on_terms_is_delivered_first_and_invoiced_with_its_delivery(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order = await delivered(client, world, portal, operator)
    read = await read_order(client, member, order)
    assert (read["status"], read["payment_status"]) == ("COMPLETED", "ON_TERMS")
    assert read["payment_method"] == "TERMS"
    today = seoul_date(await now_of(portal))
    assert read["payment_due_on"] == str(today + timedelta(days=30))
    [placed] = await mails_to(portal, member.email, "order_placed")
    assert placed["due"] == (
        "서비스를 개설하고 있습니다. 대금은 개설 후 30일 이내에 납부해 주세요."
    )
    mails = await mails_to(portal, member.email, "terms_invoice")
    assert [(m["total"], m["due_on"]) for m in mails] == [
        ("583,000", str(today + timedelta(days=30)))
    ]


@pytest.mark.parametrize("method", ["CARD", "VIRTUAL_ACCOUNT", "BILLING_KEY", "BANK_TRANSFER"])
async def test_it_is_paid_afterwards_by_any_way(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    method: str,
) -> None:
    member, order = await delivered(client, world, portal, operator)
    if method == "BILLING_KEY":
        await register_card(client, world, member)
    payment = await pay(client, member, order, method)
    if method == "BANK_TRANSFER":  # the code that was told stays good
        assert (await pay(client, member, order, method))["id"] == payment["id"]
    if method == "CARD":
        await approve(world, payment["id"])
        await complete(client, member, payment)
    elif method == "VIRTUAL_ACCOUNT":
        deposit(world, payment["virtual_account"]["number"])
        await complete(client, member, payment)
    elif method == "BANK_TRANSFER":
        day = f"{seoul_date(await now_of(portal))}"
        line = {"amount": 583_000, "name": "한빛상사", "deposited_on": day}
        added = await operator.post("/v1/operator/bank-deposits", json=line)
        path = f"/v1/operator/bank-deposits/{added.json()['id']}/confirm"
        done = await operator.post(path, json={"payment_id": payment["id"]})
        assert done.status_code == 200, done.text
    await run_jobs(portal)
    read = await read_order(client, member, order)
    assert (read["status"], read["payment_status"]) == ("COMPLETED", "PAID")
    assert read["payment_method"] == "TERMS"
    again = await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": method},
        headers=member.headers | key(),
    )
    assert (again.status_code, again.json()["code"]) == (409, "order_state_conflict")


async def test_it_is_told_a_week_before_and_is_overdue_the_day_after(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order = await delivered(client, world, portal, operator)
    told = {"terms_due_soon": 0, "terms_overdue": 0}

    async def expect(payment_status: str, **more: int) -> None:
        await run_jobs(portal)
        read = await read_order(client, member, order)
        assert read["payment_status"] == payment_status
        for kind, count in (told | more).items():
            assert len(await mails_to(portal, member.email, kind)) == count

    await age(portal, order, 22)
    await expect("ON_TERMS")
    await age(portal, order, 1)
    await expect("ON_TERMS", terms_due_soon=1)
    await age(portal, order, 7)
    await expect("ON_TERMS", terms_due_soon=1)
    await age(portal, order, 1)
    await expect("OVERDUE", terms_due_soon=1, terms_overdue=1)
    assert await ordering(client, member) == (409, "payment_terms_overdue")
    await age(portal, order, 13)
    await expect("OVERDUE", terms_due_soon=1, terms_overdue=3)


async def test_what_has_come_in_part_is_not_asked_for_again(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order = await delivered(client, world, portal, operator)
    payment = await pay(client, member, order, "BANK_TRANSFER")
    line = {
        "amount": 83_000,
        "name": "한빛상사",
        "deposited_on": f"{seoul_date(await now_of(portal))}",
    }
    added = await operator.post("/v1/operator/bank-deposits", json=line)
    path = f"/v1/operator/bank-deposits/{added.json()['id']}/confirm"
    done = await operator.post(path, json={"payment_id": payment["id"]})
    assert done.status_code == 200, done.text
    await age(portal, order, 31)
    await run_jobs(portal)
    [asked, *_] = await mails_to(portal, member.email, "terms_overdue")
    assert asked["total"] == "500,000"


async def test_a_clock_that_jumps_says_each_thing_once_in_its_order(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order = await delivered(client, world, portal, operator)
    await set_clock(portal, world, await now_of(portal) + timedelta(days=60))
    await run_jobs(portal)
    assert (await read_order(client, member, order))["payment_status"] == "OVERDUE"
    assert len(await mails_to(portal, member.email, "terms_due_soon")) == 1
    assert len(await mails_to(portal, member.email, "terms_overdue")) == 3


async def test_what_is_owed_is_reported_by_its_age(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order = await delivered(client, world, portal, operator)
    ages = {0: "current", 30: "current", 31: "days_1_30", 61: "days_31_60"}
    ages |= {91: "days_61_90", 121: "over_90"}
    due = date.fromisoformat(
        str(
            (await rows(portal, "SELECT terms_due_on FROM orders WHERE id = :i", i=order["id"]))[0][
                0
            ]
        )
    )
    for days, bucket in ages.items():
        await rows(
            portal,
            "UPDATE orders SET terms_due_on = :due WHERE id = :id",
            due=due - timedelta(days=days),
            id=order["id"],
        )
        report = (await operator.get("/v1/operator/reports/ageing")).json()["items"]
        (row,) = [item for item in report if item["company_id"] == member.company_id]
        assert (row[bucket], row["total"]) == (583_000, 583_000), days
    file = await operator.get("/v1/operator/reports/ageing?format=csv")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert "회사명,사업자등록번호,만기 전" in file.content.decode("utf-8-sig")
    assert "583000,583000" in file.text


async def test_giving_terms_is_in_the_log_and_needs_a_company(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member = await sign_up(client, world)
    await give(operator, member, 30, 5_000)
    logged = await rows(
        portal,
        "SELECT actor, details FROM audit_events WHERE action = 'payment_terms.given'"
        " AND company_id = :id",
        id=member.company_id,
    )
    assert logged == [("operator:bootstrap", {"days": 30, "limit": 5_000})]
    path = "/v1/operator/companies/{}/payment-terms"
    read = await operator.get(path.format(member.company_id))
    assert (read.json()["days"], read.json()["limit"]) == (30, 5_000)
    nobody = await operator.get(path.format("0193f2c8-7a4b-7a5e-9a6a-0a8e6f0b7c1d"))
    assert (nobody.status_code, nobody.json()["code"]) == (404, "company_not_found")


async def test_an_addition_that_was_delivered_on_terms_is_paid_weeks_later(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    """Its membership has it already, and would be priced differently for it today."""
    member, _ = await delivered(client, world, portal, operator)
    membership = await only_membership(client, member)
    addition = add_extend(membership, users=2)
    order = await placed(client, member, addition, total=105_600, payment_method="TERMS")
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "COMPLETED"
    await set_clock(portal, world, await now_of(portal) + timedelta(days=20))
    payment = await pay(client, member, order, "CARD")
    await approve(world, payment["id"])
    answer = await client.post(f"/v1/payments/{payment['id']}/complete", headers=member.headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "PAID")
    paid = await read_order(client, member, order)
    assert (paid["status"], paid["payment_status"]) == ("COMPLETED", "PAID")
    assert world.portone.payments[payment["id"]].cancelled == 0


async def test_an_order_on_terms_that_is_still_being_delivered_is_paid_all_the_same(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    """Found by `make simulate`: the groupware is down, and the term has ended meanwhile."""
    member, _ = await delivered(client, world, portal, operator)
    membership = await only_membership(client, member)
    addition = add_extend(membership, users=2)
    order = await placed(client, member, addition, total=105_600, payment_method="TERMS")
    world.faults.put("groupware", Fault(down=True))
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "PROVISIONING"
    payment = await pay(client, member, order, "CARD")
    await set_clock(portal, world, await now_of(portal) + timedelta(days=367))
    await approve(world, payment["id"])
    answer = await client.post(f"/v1/payments/{payment['id']}/complete", headers=member.headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "PAID")
    paid = await read_order(client, member, order)
    assert (paid["status"], paid["payment_status"]) == ("PROVISIONING", "PAID")
