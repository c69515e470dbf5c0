"""Ways to pay less than is used, each tried as a dated story: the rules close them.

Prices are the guide's: SHARED 4,000, DEDICATED 5,000 and 200,000 a month; set-up 50,000, 500,000.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from sandbox.portone.console_actions import approve
from sandbox.world import World
from tests.contracts import (
    SEOUL,
    add_extend,
    change,
    credit_of,
    membership_of,
    noon,
    order,
    placed,
    preview,
    set_clock,
)
from tests.flows import (
    Member,
    ask_for_quote,
    complete,
    customer,
    item,
    key,
    pay,
    read_order,
    run_jobs,
    sign_up,
    start_payment,
)

_years = iter(range(2029, 2110, 4))
"""Each story begins in a year behind a leap year: its February and the next one's have 28 days."""


@pytest.fixture
def year() -> int:
    return next(_years)


async def at(portal: FastAPI, world: World, day: date) -> None:
    await set_clock(portal, world, noon(day))
    await run_jobs(portal)


async def bought(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    *items: dict[str, Any],
    total: int,
    **changed: Any,
) -> tuple[Member, str]:
    """A new company that has bought this, and its membership."""
    member = await sign_up(client, world)
    await buy(client, world, portal, member, *items, total=total, **changed)
    answer = await client.get("/v1/memberships", headers=member.headers)
    return member, str(answer.json()["items"][0]["id"])


async def buy(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    member: Member,
    *items: dict[str, Any],
    total: int,
    **changed: Any,
) -> dict[str, Any]:
    made = await placed(client, member, *items, total=total, **changed)
    if total > 0:
        await pay(client, world, member, made)
    await run_jobs(portal)
    done = await read_order(client, member, made)
    assert done["status"] == "COMPLETED"
    return done


async def coupon(portal: FastAPI, percent: int) -> str:
    code = f"L{uuid4().hex[:10].upper()}"
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text(
                "INSERT INTO coupons (code, name_ko, name_en, scope, percent, first_day, last_day,"
                " plans, order_types, minimum_amount, uses) VALUES (:code, '쿠폰', 'Coupon', 'ALL',"
                " :percent, '2000-01-01', '2199-12-31', '[]', '[]', 0, 0)"
            ),
            {"code": code, "percent": percent},
        )
    return code


def lines(priced: dict[str, Any]) -> list[tuple[str, int]]:
    return [(line["kind"], line["amount"]) for line in priced["items"][0]["lines"]]


async def test_one_user_for_a_month_and_then_a_change_does_not_skip_the_set_up(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """Straight to DEDICATED: 50 × 5,000 × 12 - 5 % + 2,400,000 + 500,000 = 5,750,000.

    By way of one user for a month: 4,000 + 50,000, and on the eleventh day (20 of 30 days left of
    the month from 1 June, worth 2,667) 3,000,000 - 150,000 + 2,400,000 + 450,000 - 2,667. Together
    5,751,333: the ten days of the one user more than straight.
    """
    await at(portal, world, date(year, 6, 1))
    straight = await preview(client, {}, item("DEDICATED", 50, 12))
    assert straight["supply"] == 5_750_000
    member, membership = await bought(client, world, portal, item("SHARED", 1, 1), total=59_400)
    await at(portal, world, date(year, 6, 11))
    wish = change(membership, "DEDICATED", 50)
    priced = await preview(client, member.headers, wish)
    assert lines(priced) == [
        ("LICENCE", 3_000_000),
        ("BASE", 2_400_000),
        ("SETUP", 450_000),
        ("CREDIT", -2_667),
    ]
    assert 54_000 + priced["supply"] == 5_751_333
    # (5,847,333 - 150,000) × 1.1, the VAT rounded down: 5,697,333 + 569,733.
    await buy(client, world, portal, member, wish, total=6_267_066)
    assert (await membership_of(client, member, membership))["plan"] == "DEDICATED"


async def test_what_a_full_coupon_paid_is_no_credit(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """100 users for a year, all of it off: 0 won. Two weeks later nothing was paid for them.

    100 × 5,000 × 12 - 5 % = 5,700,000, base 2,400,000, set-up 450,000: 8,550,000 and VAT. What is
    known of set-up is its amount before coupons: the coupon was for that, too.
    """
    await at(portal, world, date(year, 6, 1))
    code = await coupon(portal, 100)
    member, membership = await bought(
        client, world, portal, item("SHARED", 100, 12), total=0, coupon_code=code
    )
    await at(portal, world, date(year, 6, 15))
    wish = change(membership, "DEDICATED", 100)
    priced = await preview(client, member.headers, wish)
    assert lines(priced) == [("LICENCE", 6_000_000), ("BASE", 2_400_000), ("SETUP", 450_000)]
    await buy(client, world, portal, member, wish, total=9_405_000)
    assert (await credit_of(client, member))["balance"] == 0


async def test_of_a_half_coupon_half_is_credit(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """530,000 less 265,000: 240,000 of it for the licences, of which half a year is left.

    600,000 + 2,400,000 + 450,000 - 120,000 - 30,000 = 3,300,000, and 330,000 VAT.
    """
    await at(portal, world, date(year, 6, 1))
    code = await coupon(portal, 50)
    member, membership = await bought(
        client, world, portal, item(), total=291_500, coupon_code=code
    )
    await at(portal, world, date(year, 12, 1))
    priced = await preview(client, member.headers, change(membership, "DEDICATED", 10))
    assert lines(priced)[-1] == ("CREDIT", -120_000)
    assert priced["total"] == 3_630_000


async def test_the_first_day_of_a_short_contract_month_costs_all_of_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """From 1 January for a year. Ten more, as of which day:

    31 January: 1/31 of a month and 11 whole ones: 1,290 + 440,000; 1 February, 28 days: 11 whole
    ones, 440,000; 2 February: 27/28 and 10: 38,571 + 400,000. A day of February is not a thirtieth.
    """
    await at(portal, world, date(year, 1, 1))
    member, membership = await bought(client, world, portal, item(), total=583_000)
    wish = add_extend(membership, users=10)
    for day, supply in (
        (date(year, 1, 31), 441_290),
        (date(year, 2, 1), 440_000),
        (date(year, 2, 2), 438_571),
    ):
        await at(portal, world, day)
        priced = await preview(client, member.headers, wish)
        assert priced["supply"] == supply
    # Bought on the 2nd: 438,571 and 43,857 VAT; the ten are there to the year's end.
    await buy(client, world, portal, member, wish, total=482_428)
    after = await membership_of(client, member, membership)
    assert (after["users"]["total"], after["expires_on"]) == (20, f"{year}-12-31")


async def terminate(portal: FastAPI, member: Member) -> None:
    """What a termination writes; asking for one comes with a later part of the portal."""
    async with portal.state.deps.database.system_session("test data") as session:
        for statement in (
            "UPDATE memberships SET status = 'TERMINATED', revision = revision + 1"
            " WHERE company_id = cast(:id AS uuid)",
            "UPDATE sites SET state = 'TERMINATED' WHERE company_id = cast(:id AS uuid)",
        ):
            await session.execute(text(statement), {"id": member.company_id})


async def test_what_is_paid_for_a_terminated_membership_comes_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """Ten more for a year, 480,000 and 48,000 VAT, paid when the site is gone."""
    await at(portal, world, date(year, 6, 1))
    member = await customer(client, world, portal)
    found = await client.get("/v1/memberships", headers=member.headers)
    membership = found.json()["items"][0]["id"]
    wish = add_extend(membership, users=10)
    begun = await placed(client, member, wish, total=528_000)
    payment = await start_payment(client, member, begun)
    untouched = await placed(client, member, wish, total=528_000, confirm_duplicate=True)
    applied = await placed(client, member, add_extend(membership, users=1), total=52_800)
    await pay(client, world, member, applied)
    await terminate(portal, member)
    # Its payment was under way: sent back whole, and the order ends.
    await approve(world, payment["id"])
    assert (await complete(client, member, payment))["status"] == "REFUNDED"
    ended = await read_order(client, member, begun)
    assert (ended["status"], ended["history"][-1]["reason"]) == ("CANCELLED", "membership_changed")
    # Its payment is not begun any more.
    late = await client.post(
        f"/v1/orders/{untouched['id']}/payments",
        json={"method": "CARD"},
        headers=member.headers | key(),
    )
    assert (late.status_code, late.json()["code"]) == (409, "membership_changed")
    # Paid before the end and not delivered: given back as well.
    await run_jobs(portal)
    undelivered = await read_order(client, member, applied)
    assert (undelivered["status"], undelivered["payment_status"]) == ("REFUNDED", "REFUNDED")
    assert (await credit_of(client, member))["balance"] == 0


async def test_a_month_old_quote_buys_no_days_that_are_gone(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """A new site quoted on 1 June and ordered on 1 July runs a year from its opening on 1 July.

    An addition quoted on the same day for that term is over after a week, whatever it would give
    back; asked for anew it costs 11 whole months of 12.
    """
    await at(portal, world, date(year, 6, 1))
    member, membership = await bought(client, world, portal, item(), total=583_000)
    new = await ask_for_quote(client, member)
    added = await ask_for_quote(client, member, items=[add_extend(membership, users=10)])
    assert added["total"] == 528_000
    await at(portal, world, date(year, 7, 1))
    body = {
        "expected_total": 583_000,
        "payment_method": "CARD",
        "consents": [
            {"kind": kind, "version": "2023-09", "agreed": True}
            for kind in ("SERVICE_CONTRACT", "EARLY_TERMINATION")
        ],
    }
    answer = await client.post(
        "/v1/orders",
        json=body | {"quote_id": new["id"], "sites": [item()["site"]]},
        headers=member.headers | key(),
    )
    assert answer.status_code == 201, answer.text
    await pay(client, world, member, answer.json())
    await run_jobs(portal)
    opened = (await read_order(client, member, answer.json()))["items"][0]
    assert (opened["starts_on"], opened["expires_on"]) == (f"{year}-07-01", f"{year + 1}-06-30")
    late = await client.post(
        "/v1/orders",
        json=body | {"quote_id": added["id"], "sites": [], "expected_total": 528_000},
        headers=member.headers | key(),
    )
    assert (late.status_code, late.json()["code"]) == (409, "quote_expired")
    anew = await preview(client, member.headers, add_extend(membership, users=10))
    assert anew["total"] == 484_000  # 10 × 4,000 × 11 × 1.1


async def test_a_change_confirmed_after_midnight_begins_then_at_its_price(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """Ordered and paid at 23:59 of the term's last day, told to the groupware after midnight.

    On 31 May a day of 31 is left of 480,000 over 12 months: 480,000 / 12 / 31 = 1,290 of credit.
    600,000 - 30,000 + 2,400,000 + 450,000 - 1,290 = 3,418,710, and 341,871 VAT. The new year is
    whole from 1 June; no day is without a contract and none has two.
    """
    await at(portal, world, date(year, 6, 1))
    member, membership = await bought(client, world, portal, item(), total=583_000)
    late = datetime.combine(date(year + 1, 5, 31), time(23, 59), tzinfo=SEOUL)
    await set_clock(portal, world, late)
    wish = change(membership, "DEDICATED", 10)
    made = await placed(client, member, wish, total=3_760_581)
    await pay(client, world, member, made)
    await set_clock(portal, world, late + timedelta(minutes=2))
    await run_jobs(portal)
    done = await read_order(client, member, made)
    assert (done["status"], done["total"]) == ("COMPLETED", 3_760_581)
    after = await membership_of(client, member, membership)
    assert (after["plan"], after["starts_on"], after["expires_on"]) == (
        "DEDICATED",
        f"{year + 1}-06-01",
        f"{year + 2}-05-31",
    )
    assert await segments(portal, membership) == [
        ("SHARED", date(year, 6, 1), date(year + 1, 5, 31)),
        ("DEDICATED", date(year + 1, 6, 1), date(year + 2, 5, 31)),
    ]


async def segments(portal: FastAPI, membership: str) -> list[tuple[str, date, date]]:
    """Which plan's prices hold from when to when."""
    async with portal.state.deps.database.system_session("test: the contract") as session:
        rows = await session.execute(
            text(
                "SELECT CASE WHEN unit_prices ? 'SHARED_USER' THEN 'SHARED' ELSE 'DEDICATED' END"
                " AS plan, starts_on, coalesce(ended_on, ends_on) AS last FROM segments"
                " WHERE membership_id = cast(:id AS uuid) ORDER BY starts_on"
            ),
            {"id": membership},
        )
        return [(row.plan, row.starts_on, row.last) for row in rows]


async def test_the_hour_around_midnight_in_seoul_is_one_day_in_utc_and_two_here(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """Ten more for the rest of a month of 30 days: 8/30 of 40,000 at 23:30, 7/30 at 00:30."""
    await at(portal, world, date(year, 6, 1))
    member, membership = await bought(client, world, portal, item("SHARED", 10, 1), total=99_000)
    midnight = datetime.combine(date(year, 6, 24), time(), tzinfo=SEOUL)
    wish = add_extend(membership, users=10)
    for moment, supply in (
        (midnight - timedelta(minutes=30), 10_667),
        (midnight + timedelta(minutes=30), 9_333),
    ):
        await set_clock(portal, world, moment)
        assert (await preview(client, member.headers, wish))["supply"] == supply
    made = await placed(client, member, wish, total=10_266)
    assert (made["ordered_on"], made["created_at"][:13]) == (f"{year}-06-24", f"{year}-06-23T15")
    # What was shown before midnight is another price after it.
    stale = await order(client, member, wish, total=11_733, confirm_duplicate=True)
    assert (stale.status_code, stale.json()["total"]) == (409, 10_266)
