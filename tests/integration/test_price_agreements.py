"""협약 단가 over HTTP: in what is told and sold to the company that agreed, and nowhere else."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from sandbox.world import World
from tests.contracts import add_extend, bring_in, noon, order, placed, preview, set_clock
from tests.flows import (
    Member,
    item,
    key,
    pay,
    read_order,
    run_jobs,
    sign_up,
    sign_up_individual,
)

NEW_40 = {"type": "NEW", "plan": "SHARED", "users": 40, "months": 12}


async def agree(
    portal: FastAPI,
    member: Member,
    first_day: date,
    last_day: date,
    membership_id: str | None = None,
    **prices: int,
) -> None:
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text(
                "INSERT INTO price_agreements (company_id, membership_id, unit_prices, first_day,"
                " last_day, reason, made_by, created_at) VALUES (:company, :membership,"
                " cast(:prices AS jsonb), :first, :last, '대량 계약', 'kim', :now)"
            ),
            {
                "company": UUID(member.company_id),
                "membership": UUID(membership_id) if membership_id else None,
                "prices": json.dumps(prices),
                "first": first_day,
                "last": last_day,
                "now": await portal.state.deps.clock.now(session),
            },
        )


async def test_agreed_prices_are_their_companys_own(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """40 × 3,000 × 12 = 1,440,000 and 50,000 set-up: 1,639,000 with VAT, until the last day."""
    today = date(2033, 6, 1)
    await set_clock(portal, world, noon(today))
    member, stranger = await sign_up(client, world), await sign_up(client, world)
    person = await sign_up_individual(client, world)
    list_price = (await preview(client, {}, NEW_40))["total"]
    assert list_price == 2_167_000  # 40 × 4,000 × 12 + 50,000
    await agree(portal, member, today, today + timedelta(days=30), SHARED_USER=3_000)
    mine = await preview(client, member.headers, NEW_40)
    assert mine["total"] == 1_639_000
    assert mine["items"][0]["labels"] == ["협약 단가"]
    for others in ({}, stranger.headers, person.headers):
        assert (await preview(client, others, NEW_40))["total"] == list_price
    bad = await client.post(
        "/v1/price-previews", json={"items": [NEW_40]}, headers={"Authorization": "Bearer x"}
    )
    assert (bad.status_code, bad.json()["code"]) == (401, "not_authenticated")
    theirs = await order(client, stranger, item("SHARED", 40), total=1_639_000)
    assert (theirs.status_code, theirs.json()["code"]) == (409, "price_changed")
    made = await placed(client, member, item("SHARED", 40), total=1_639_000)
    assert made["items"][0]["lines"][0]["unit_price"] == 3_000
    await pay(client, world, member, made)
    await run_jobs(portal)
    done = await read_order(client, member, made)
    assert (done["status"], done["items"][0]["labels"]) == ("COMPLETED", ["협약 단가"])
    membership_id = done["items"][0]["membership_id"]
    # The day after the last one: the catalogue's again, but what is added keeps the term's price.
    await set_clock(portal, world, noon(today + timedelta(days=31)))
    assert (await preview(client, member.headers, NEW_40))["total"] == list_price
    added = await preview(client, member.headers, add_extend(membership_id, users=1))
    assert added["items"][0]["lines"][0]["unit_price"] == 3_000


async def test_an_order_keeps_the_agreed_price_until_it_is_delivered(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """Ordered on the agreement's last day and paid on the next: 10 × 2,500 × 1 = 25,000."""
    today = date(2034, 6, 1)
    await set_clock(portal, world, noon(today))
    member = await sign_up(client, world)
    prices = [(1, {"SHARED_USER": 4_000})]
    membership_id = await bring_in(portal, member, today, prices, 10)
    other = await bring_in(portal, member, today, prices, 10)
    await agree(portal, member, today, today, membership_id, SHARED_USER=2_500)
    made = await placed(client, member, add_extend(membership_id, months=1), total=27_500)
    # Agreed for one membership: another of the same company pays the catalogue's 4,000.
    assert (await preview(client, member.headers, add_extend(other, months=1)))["total"] == 44_000
    await set_clock(portal, world, noon(today + timedelta(days=1)))
    await pay(client, world, member, made)
    await run_jobs(portal)
    assert (await read_order(client, member, made))["status"] == "COMPLETED"


async def test_a_quote_keeps_the_agreed_price_it_was_made_at(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    today = date(2035, 6, 1)
    await set_clock(portal, world, noon(today))
    member = await sign_up(client, world)
    await agree(portal, member, today, today, SHARED_USER=3_000)
    asked = {"items": [NEW_40], "recipients": ["OWN"]}
    quoted = await client.post("/v1/quotes", json=asked, headers=member.headers)
    assert quoted.json()["total"] == 1_639_000
    await set_clock(portal, world, noon(today + timedelta(days=20)))
    body = {
        "quote_id": quoted.json()["id"],
        "sites": [item()["site"]],
        "expected_total": 1_639_000,
        "payment_method": "CARD",
        "consents": [
            {"kind": kind, "version": "2023-09", "agreed": True}
            for kind in ("SERVICE_CONTRACT", "EARLY_TERMINATION")
        ],
    }
    answer = await client.post("/v1/orders", json=body, headers=member.headers | key())
    assert (answer.status_code, answer.json()["total"]) == (201, 1_639_000)


async def test_row_level_security_shows_a_company_its_own_agreements_and_lets_it_make_none(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    first, second = await sign_up(client, world), await sign_up(client, world)
    today = datetime.now(UTC).date()
    await agree(portal, first, today, today, SHARED_USER=1)
    database = portal.state.deps.database
    count = text("SELECT count(*) FROM price_agreements")
    for member, seen in ((first, 1), (second, 0)):
        company = UUID(member.company_id)
        async with database.tenant_session(UUID(member.account_id), company) as session:
            assert (await session.execute(count)).scalar_one() == seen
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.tenant_session(
            UUID(first.account_id), UUID(first.company_id)
        ) as session:
            await session.execute(text("UPDATE price_agreements SET unit_prices = '{}'"))
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.system_session("test: what was agreed stays") as session:
            await session.execute(text("UPDATE price_agreements SET unit_prices = '{}'"))
