"""The ledger: credit that orders use, proofs that find what is wrong, the provider's books."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.ids import new_id
from app.db.ledger import post
from app.db.ledger_proof import account_totals, differences
from app.db.tables.credit import CreditEntry
from app.domain.credit import CreditKind
from app.domain.ledger import credited
from sandbox.portone.console_actions import approve, cancel_at_console
from sandbox.world import World
from tests.contracts import set_clock
from tests.flows import (
    Member,
    complete,
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
from tests.mails import mails_to


async def grant(portal: FastAPI, member: Member, amount: int) -> None:
    """Goodwill, as the operator gives it."""
    deps = portal.state.deps
    company = UUID(member.company_id)
    async with deps.database.system_session("test: goodwill") as session:
        now = await deps.clock.now(session)
        line = CreditEntry(
            id=new_id(),
            company_id=company,
            kind="GOODWILL",
            amount=amount,
            vat=0,
            order_id=None,
            created_at=now,
        )
        session.add(line)
        await post(session, now, credited(company, line.id, CreditKind.GOODWILL, amount, 0))


async def balance(client: httpx.AsyncClient, member: Member) -> tuple[int, list[tuple[str, int]]]:
    answer = await client.get("/v1/credit-balance", headers=member.headers)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["balance"], [(e["kind"], e["amount"]) for e in found["items"]]


async def of_order(engine: AsyncEngine, order: dict[str, Any]) -> dict[str, int]:
    """What the ledger says of an order, account by account."""
    async with engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT account, sum(amount)::bigint AS amount FROM postings WHERE order_id = :id"
                " GROUP BY account HAVING sum(amount) <> 0"
            ),
            {"id": order["id"]},
        )
        return {row.account: row.amount for row in rows}


async def test_an_order_that_is_paid_is_money_at_the_provider_and_a_sale_with_its_days(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    assert await of_order(owner_engine, order) == {
        "RECEIVABLE": 583_000,
        "SALES": -530_000,
        "VAT": -53_000,
    }
    await pay(client, world, member, order)
    assert await of_order(owner_engine, order) == {
        "PROVIDER": 583_000,
        "SALES": -530_000,
        "VAT": -53_000,
    }
    async with owner_engine.connect() as connection:
        [sold] = await connection.execute(
            text(
                "SELECT first_day, last_day FROM postings"
                " WHERE order_id = :id AND account = 'SALES'"
            ),
            {"id": order["id"]},
        )
    assert (sold.last_day - sold.first_day).days in {364, 365}


async def test_an_order_that_is_cancelled_owes_nothing(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    answer = await client.post(f"/v1/orders/{order['id']}/cancel", headers=member.headers | key())
    assert answer.status_code == 200
    assert await of_order(owner_engine, order) == {}


async def test_credit_pays_a_part_and_the_card_the_rest_with_the_rest_of_the_vat(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    await grant(portal, member, 83_000)
    order = await place(client, member, order_body(item(), use_credit=True))
    assert (order["total"], order["credit_used"], order["to_pay"]) == (583_000, 83_000, 500_000)
    assert await balance(client, member) == (0, [("USED", -83_000), ("GOODWILL", 83_000)])
    payment = await start_payment(client, member, order)
    assert payment["amount"] == 500_000
    assert payment["checkout"]["vat_amount"] == 45_455  # 53,000 less floor(7,545.4)
    await approve(world, payment["id"], vat=45_455)
    assert (await complete(client, member, payment))["status"] == "PAID"
    paid = await read_order(client, member, order)
    assert (paid["status"], paid["payment_status"]) == ("PAID", "PAID")
    assert await of_order(owner_engine, order) == {
        "PROVIDER": 500_000,
        "CREDIT": 83_000,
        "SALES": -530_000,
        "VAT": -53_000,
    }


async def test_credit_that_pays_all_opens_the_site_without_a_payment(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    await grant(portal, member, 600_000)
    order = await place(client, member, order_body(item(), use_credit=True))
    assert (order["status"], order["payment_status"]) == ("PAID", "NOT_NEEDED")
    assert (order["to_pay"], order["payment_method"]) == (0, None)
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "COMPLETED"
    assert (await balance(client, member))[0] == 17_000
    [placed] = await mails_to(portal, member.email, "order_placed")
    assert placed["due"] == "잔액 583,000원으로 결제되어 서비스를 개설하고 있습니다."


async def test_without_being_asked_credit_stays_where_it_is(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    await grant(portal, member, 83_000)
    order = await place(client, member)
    assert (order["credit_used"], order["to_pay"]) == (0, 583_000)
    assert (await balance(client, member))[0] == 83_000


async def test_a_rest_needs_a_way_to_be_paid(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    await grant(portal, member, 83_000)
    body = order_body(item(), use_credit=True, payment_method=None)
    answer = await client.post("/v1/orders", json=body, headers=member.headers | key())
    assert (answer.status_code, answer.json()["code"]) == (422, "payment_method_not_allowed")
    assert (await balance(client, member))[0] == 83_000


@pytest.mark.parametrize("end", ["cancelled", "expired"])
async def test_credit_comes_back_with_an_order_that_ends_unpaid(
    client: httpx.AsyncClient, world: World, portal: FastAPI, end: str
) -> None:
    member = await sign_up(client, world)
    await grant(portal, member, 83_000)
    order = await place(client, member, order_body(item(), use_credit=True))
    if end == "cancelled":
        await client.post(f"/v1/orders/{order['id']}/cancel", headers=member.headers | key())
    else:
        await set_clock(portal, world, world.clock.now() + timedelta(days=3))
        await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == end.upper()
    assert await balance(client, member) == (
        83_000,
        [("RELEASED", 83_000), ("USED", -83_000), ("GOODWILL", 83_000)],
    )


async def test_two_orders_at_once_never_use_the_same_won(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    for _ in range(5):
        member = await sign_up(client, world)
        await grant(portal, member, 100_000)
        made = await asyncio.gather(
            *(
                client.post(
                    "/v1/orders",
                    json=order_body(item(), use_credit=True, confirm_duplicate=True),
                    headers=member.headers | key(),
                )
                for _ in range(3)
            )
        )
        used = sorted(answer.json()["credit_used"] for answer in made)
        assert used == [0, 0, 100_000]
        assert (await balance(client, member))[0] == 0


async def test_a_refund_goes_back_to_the_card_first_and_then_to_credit(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    """59,400 that cannot be opened: 50,000 were paid by card, 9,400 by credit."""
    member = await sign_up(client, world)
    await grant(portal, member, 9_400)
    bad = item("SHARED", 1, 1)
    bad["site"]["subdomain"] = "fail-" + bad["site"]["subdomain"]
    order = await place(client, member, order_body(bad, total=59_400, use_credit=True))
    payment = await start_payment(client, member, order)
    assert payment["amount"] == 50_000
    await approve(world, payment["id"], vat=4_546)  # 5,400 less floor(5,400 × 9,400 / 59,400)
    await complete(client, member, payment)
    for _ in range(4):
        await run_jobs(portal)
        await set_clock(portal, world, world.clock.now() + timedelta(minutes=1))
    await set_clock(portal, world, world.clock.now() + timedelta(days=1))
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "REFUNDED"
    assert (await balance(client, member))[0] == 9_400
    assert await of_order(owner_engine, order) == {}
    assert world.portone.payments[payment["id"]].cancelled == 50_000


# --- what nobody can do


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE postings SET amount = amount + 1",
        "DELETE FROM postings",
        "TRUNCATE postings",
        "UPDATE journal_entries SET kind = 'ENDED'",
        "DELETE FROM journal_entries",
    ],
)
async def test_nobody_changes_the_ledger_not_even_its_owner(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    owner_engine: AsyncEngine,
    statement: str,
) -> None:
    await place(client, await sign_up(client, world))
    with pytest.raises(DBAPIError, match="append-only"):
        async with owner_engine.begin() as connection:
            await connection.execute(text(statement))


async def test_an_entry_that_is_not_balanced_is_refused(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    await place(client, await sign_up(client, world))
    with pytest.raises(DBAPIError, match="not balanced"):
        async with owner_engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO postings (company_id, entry_id, account, amount)"
                    " SELECT company_id, id, 'BANK', 1 FROM journal_entries LIMIT 1"
                )
            )


TAMPERING = {
    "dropped": (
        "WITH d AS (DELETE FROM postings WHERE entry_id = :entry)"
        " DELETE FROM journal_entries WHERE id = :entry"
    ),
    "doubled": (
        "INSERT INTO postings (company_id, entry_id, account, amount, order_id, payment_id)"
        " SELECT company_id, entry_id, account, amount, order_id, payment_id FROM postings"
        " WHERE entry_id = :entry"
    ),
    "altered": "UPDATE postings SET amount = amount * 2 WHERE entry_id = :entry",
    "moved": "UPDATE postings SET account = 'BANK' WHERE entry_id = :entry AND amount > 0",
}


@pytest.mark.parametrize("kind", ["PLACED", "CAPTURED", "CREDITED", "GIVEN_BACK", "SENT_BACK"])
@pytest.mark.parametrize("how", TAMPERING)
async def test_the_proof_names_an_entry_that_somebody_tampered_with(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    owner_engine: AsyncEngine,
    kind: str,
    how: str,
) -> None:
    """Each is balanced before and after: the sum alone would not notice."""
    member = await sign_up(client, world)
    await grant(portal, member, 1_000)
    order = await place(client, member)
    payment = await pay(client, world, member, order)
    cancel_at_console(world, payment["id"], 583_000)
    await portal.state.deps.payments.settle(UUID(payment["id"]))
    async with owner_engine.connect() as connection:
        transaction = await connection.begin()
        await connection.execute(text("SET session_replication_role = replica"))
        found = await connection.execute(
            text(
                "SELECT id, subject_id FROM journal_entries"
                " WHERE kind = :kind AND company_id = :company"
            ),
            {"kind": kind, "company": member.company_id},
        )
        entry = found.one()
        assert await differences(connection) == []  # type: ignore[arg-type]
        await connection.execute(text(TAMPERING[how]), {"entry": entry.id})
        named = await differences(connection)  # type: ignore[arg-type]
        await transaction.rollback()
    assert (kind, entry.subject_id) in {(d.what, d.subject_id) for d in named}
    assert await _clean(portal)


async def _clean(portal: FastAPI) -> bool:
    async with portal.state.deps.database.system_session("proof") as session:
        return await differences(session) == []


# --- every day


async def test_the_daily_tasks_run_once_a_day_whatever_happens(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
) -> None:
    await portal.state.deps.daily_tasks.ensure()
    await portal.state.deps.daily_tasks.ensure()
    before = (await operator.get("/v1/operator/ledger/proofs")).json()["items"]
    await set_clock(portal, world, world.clock.now() + timedelta(days=1))
    await run_jobs(portal)
    await run_jobs(portal)
    after = (await operator.get("/v1/operator/ledger/proofs")).json()["items"]
    assert len(after) == len(before) + 1
    assert after[0]["differences"] == []
    await set_clock(portal, world, world.clock.now() + timedelta(days=30))
    await run_jobs(portal)
    again = (await operator.get("/v1/operator/ledger/proofs")).json()["items"]
    assert len(again) == len(after) + 1  # a month without a worker is proved once


async def test_books_that_agree_say_so(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member = await sign_up(client, world)
    await pay(client, world, member, await place(client, member))
    await set_clock(portal, world, world.clock.now() + timedelta(hours=1))
    await portal.state.deps.books.compare()
    [newest, *_] = (await operator.get("/v1/operator/ledger/comparisons")).json()["items"]
    assert newest["payments"] >= 1
    assert newest["theirs"] == newest["ours"] >= 583_000
    assert newest["differences"] == []


async def test_a_payment_whose_webhook_was_lost_is_found_by_the_comparison(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    payment = await start_payment(client, member, order)
    world.webhooks.muted = True
    await approve(world, payment["id"])
    world.webhooks.muted = False
    await set_clock(portal, world, world.clock.now() + timedelta(hours=1))
    await portal.state.deps.books.compare()
    assert (await read_order(client, member, order))["payment_status"] == "PAID"
    [newest, *_] = (await operator.get("/v1/operator/ledger/comparisons")).json()["items"]
    assert newest["differences"] == []


async def test_a_charge_that_had_to_wait_is_not_missing_from_the_providers_books(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    """We began it an hour ago, and they have it under the time of a minute ago."""
    member = await sign_up(client, world)
    order = await place(client, member)
    payment = await start_payment(client, member, order)
    await set_clock(portal, world, world.clock.now() + timedelta(hours=1))
    await approve(world, payment["id"])
    theirs = world.portone.payments[payment["id"]]
    world.portone.payments[payment["id"]] = replace(theirs, requested_at=world.clock.now())
    await world.webhooks.settled()
    await run_jobs(portal)
    await portal.state.deps.books.compare()
    [newest, *_] = (await operator.get("/v1/operator/ledger/comparisons")).json()["items"]
    assert newest["differences"] == []


async def test_money_that_no_payment_of_ours_explains_is_reported(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    await approve(world, "somebody-elses-payment", amount=7_000)
    try:
        await set_clock(portal, world, world.clock.now() + timedelta(hours=1))
        await portal.state.deps.books.compare()
    finally:
        del world.portone.payments["somebody-elses-payment"]
    [newest, *_] = (await operator.get("/v1/operator/ledger/comparisons")).json()["items"]
    assert newest["differences"] == [
        {"payment_id": "somebody-elses-payment", "theirs": 7_000, "ours": 0}
    ]
    assert newest["theirs"] - newest["ours"] == 7_000


async def test_the_accounts_add_up_to_zero(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member = await sign_up(client, world)
    await pay(client, world, member, await place(client, member))
    found = (await operator.get("/v1/operator/ledger/accounts")).json()
    assert found["sum"] == 0
    async with portal.state.deps.database.system_session("proof") as session:
        totals = await account_totals(session)
    assert {row["account"]: row["balance"] for row in found["items"]} == totals
