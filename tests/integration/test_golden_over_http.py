"""The golden file's NEW and ADD_EXTEND orders over HTTP, on one timeline: the clock moves forward.

Contracts are brought in as the import writes them, the version with tiers is put in as data.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from sandbox.world import World
from tests.contracts import SEOUL, add_extend, bring_in, noon, order, put_in_force, set_clock
from tests.flows import Member, free_item, item, sign_up

TESTS = Path(__file__).parents[1]
ORDERS = json.loads((TESTS / "golden" / "pricing.json").read_text("utf-8"))["orders"]
TIERED = json.loads((TESTS / "data" / "tiered.json").read_text("utf-8"))
CASES = [o for o in ORDERS if all(x["type"] in {"NEW", "ADD_EXTEND"} for x in o["items"])]
TIERS_FROM = date(2040, 1, 1)


def moved(case: dict[str, Any], day: str) -> date:
    """The file's days are gone: they are moved by two leap cycles, those with tiers by four."""
    then = date.fromisoformat(day)
    return then.replace(year=then.year + (16 if case["catalogue"] == "tiered" else 8))


def day_of(case: dict[str, Any]) -> date:
    first = case["items"][0]
    return moved(case, first.get("on", first.get("starts_on", "2024-06-03")))


TIMELINE = sorted(CASES, key=day_of)


@asynccontextmanager
async def visitor(portal: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """From an address of its own: limits are per address."""
    address = f"10.{uuid4().int % 256}.{uuid4().int % 256}.{uuid4().int % 254 + 1}"
    transport = httpx.ASGITransport(app=portal, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        yield client


async def add_coupon(portal: FastAPI, coupon: dict[str, Any]) -> str:
    code = uuid4().hex[:12].upper()
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text(
                "INSERT INTO coupons (code, name_ko, name_en, scope, percent, amount, first_day,"
                " last_day, plans, order_types, minimum_amount, uses)"
                " VALUES (:code, '쿠폰', 'Coupon', :scope, :percent, :amount, '2000-01-01',"
                " '2199-12-31', '[]', '[]', 0, 0)"
            ),
            {
                "code": code,
                "scope": coupon["scope"],
                "percent": coupon.get("percent"),
                "amount": coupon.get("amount"),
            },
        )
    return code


async def requested(
    portal: FastAPI, member: Member, case: dict[str, Any], golden: dict[str, Any]
) -> dict[str, Any]:
    add_ons = [{"code": code, "quantity": n} for code, n in golden.get("add_ons", {}).items()]
    plan = golden["plan"]
    if golden["type"] == "NEW":
        free = plan == "SHARED_FREE"
        wanted = free_item() if free else item(plan, golden["users"], golden["months"])
        return wanted | {"add_ons": add_ons}
    membership = await bring_in(
        portal,
        member,
        moved(case, golden["anchor_on"]),
        [(s["months"], {f"{plan}_USER": s["unit"]}) for s in golden["segments"]],
        golden["users"],
        plan,
        golden.get("held"),
    )
    return {
        "type": "ADD_EXTEND",
        "membership_id": membership,
        "add_users": golden.get("add_users", 0),
        "add_ons": add_ons,
        "extend_months": golden.get("extend_months", 0),
    }


async def asked_and_ordered(
    http: httpx.AsyncClient, world: World, portal: FastAPI, case: dict[str, Any]
) -> None:
    member = await sign_up(http, world)
    items = [await requested(portal, member, case, golden) for golden in case["items"]]
    coupon = await add_coupon(portal, case["coupon"]) if "coupon" in case else None
    asked = [{k: v for k, v in wanted.items() if k != "site"} for wanted in items]
    preview = await http.post(
        "/v1/price-previews",
        json={"items": asked, "coupon_code": coupon},
        headers=member.headers,
    )
    assert preview.status_code == 200, (case["name"], preview.text)
    expected = dict(case["expected"])
    if "expires_on" in expected:
        last_day = str(moved(case, expected.pop("expires_on")))
        assert preview.json()["items"][0]["expires_on"] == last_day, case["name"]
    assert {name: preview.json()[name] for name in expected} == expected, case["name"]
    made = await order(http, member, *items, total=expected["total"], coupon_code=coupon)
    if case["name"] == "nothing chosen":
        assert (made.status_code, made.json()["code"]) == (422, "nothing_to_order")
        return
    assert made.status_code == 201, (case["name"], made.text)
    assert {name: made.json()[name] for name in expected} == expected, case["name"]


async def test_every_golden_order_of_new_and_added_items_over_http(
    world: World, portal: FastAPI
) -> None:
    assert len(TIMELINE) == 30
    with_tiers = [case["catalogue"] == "tiered" for case in TIMELINE]
    assert with_tiers == sorted(with_tiers)
    assert with_tiers.count(True) == 7
    today = date.min
    for case in TIMELINE:
        if case["catalogue"] == "tiered" and today < TIERS_FROM:
            await set_clock(portal, world, noon(TIERS_FROM))
            await put_in_force(portal, TIERED, TIERS_FROM)
        assert today <= day_of(case)
        today = day_of(case)
        await set_clock(portal, world, noon(today))
        async with visitor(portal) as http:
            await asked_and_ordered(http, world, portal, case)
    async with visitor(portal) as http:
        await the_version_changes_at_midnight_in_seoul(http, world, portal)


async def the_version_changes_at_midnight_in_seoul(
    http: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """A user costs 4,000 to the last seconds of a day and 5,500 from 00:00:00 KST, extended too.

    What is added to a running term keeps the term's price; a code that it does not hold takes the
    day's.
    """
    dearer = json.loads(json.dumps(TIERED)) | {"code": "dearer", "tiers": []}
    shared = next(plan for plan in dearer["plans"] if plan["code"] == "SHARED")
    shared["unit_price"] = 5_500
    first_day = date(2043, 5, 1)
    midnight = datetime.combine(first_day, time(), tzinfo=SEOUL)
    await set_clock(portal, world, midnight - timedelta(days=1))
    await put_in_force(portal, dearer, first_day)
    member = await sign_up(http, world)
    membership = await bring_in(
        portal, member, date(2043, 4, 15), [(12, {"SHARED_USER": 4_000})], 10
    )
    new = {"type": "NEW", "plan": "SHARED", "users": 1, "months": 1}
    cases = [
        (new, 59_400, 61_050),  # with 50,000 set-up
        (add_extend(membership, months=1), 44_000, 60_500),
        # 3 × 4,000 for 11 months and 15, then 14 of 30 days: 138,000 and 137,600.
        (add_extend(membership, users=3), 151_800, 151_360),
    ]
    for moment, place in ((midnight - timedelta(seconds=3), 1), (midnight, 2)):
        for case in cases:
            await set_clock(portal, world, moment)
            answer = await http.post(
                "/v1/price-previews", json={"items": [case[0]]}, headers=member.headers
            )
            assert answer.json()["total"] == case[place], (moment, answer.text)
