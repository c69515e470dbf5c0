"""Which version an order gets: the one of its KST day, over HTTP."""

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.clock import wire_now
from sandbox.world import World
from tests.contracts import SEOUL, add_extend, noon, order, placed, preview, put_in_force, set_clock
from tests.flows import customer, item, pay, run_jobs, sign_up

TIERED = json.loads((Path(__file__).parents[1] / "data" / "tiered.json").read_text("utf-8"))


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Wire time of principals stands still, so that a second can be hit."""
    moment = wire_now()
    monkeypatch.setattr("app.services.principals.wire_now", lambda: moment)
    return moment


async def at_exactly(portal: FastAPI, world: World, stopped: datetime, to: datetime) -> None:
    """Principals find the moment itself on their clock, not one that goes on."""
    world.clock.ahead = to - stopped
    async with portal.state.deps.database.system_session("test clock") as session:
        await session.execute(
            text(
                "INSERT INTO business_clock (id, ahead_microseconds) VALUES (1, :ahead)"
                " ON CONFLICT (id) DO UPDATE SET ahead_microseconds = :ahead"
            ),
            {"ahead": (to - stopped) // timedelta(microseconds=1)},
        )


async def test_the_second_before_midnight_has_the_old_prices_and_midnight_the_new(
    client: httpx.AsyncClient, world: World, portal: FastAPI, stopped: datetime
) -> None:
    """40 × 4,000 × 12 + 50,000 = 1,970,000; from midnight 5 % of 1,920,000 = 96,000 off.

    In UTC both orders are of one day: 14:59:59 and 15:00:00.
    """
    first_day = date(2031, 3, 1)
    midnight = datetime.combine(first_day, time(), tzinfo=SEOUL)
    await at_exactly(portal, world, stopped, midnight - timedelta(days=1))
    await put_in_force(portal, TIERED, first_day)
    member = await sign_up(client, world)
    await at_exactly(portal, world, stopped, midnight - timedelta(seconds=1))
    old = await placed(client, member, item("SHARED", 40), total=2_167_000)
    assert (old["ordered_on"], old["created_at"]) == ("2031-02-28", "2031-02-28T14:59:59Z")
    await at_exactly(portal, world, stopped, midnight)
    late = await order(client, member, item("SHARED", 40), total=2_167_000, confirm_duplicate=True)
    assert (late.status_code, late.json()["code"]) == (409, "price_changed")
    assert late.json()["total"] == 2_061_400
    new = await placed(client, member, item("SHARED", 40), total=2_061_400, confirm_duplicate=True)
    assert (new["ordered_on"], new["created_at"]) == ("2031-03-01", "2031-02-28T15:00:00Z")
    assert new["items"][0]["discounts"] == [
        {"kind": "VOLUME", "name": "수량 할인", "amount": 96_000}
    ]


async def test_what_is_added_keeps_the_terms_price_and_what_is_extended_takes_the_days(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """24-month extensions chained to freeze a price: each has the price of the day of its order.

    Bought at 4,000, extended by 24 months at 4,000 the day before it rises to 6,000, and again
    after it: the second extension costs 6,000 though it is the membership's price that was frozen.
    """
    dearer = json.loads(json.dumps(TIERED)) | {"code": "dearer", "tiers": []}
    next(plan for plan in dearer["plans"] if plan["code"] == "SHARED")["unit_price"] = 6_000
    day = date(2032, 4, 1)
    await set_clock(portal, world, noon(day))
    member = await customer(client, world, portal)
    membership = (await client.get("/v1/memberships", headers=member.headers)).json()["items"][0]
    membership_id = membership["id"]
    rise = date(2032, 4, 20)
    await put_in_force(portal, dearer, rise)
    await set_clock(portal, world, noon(rise - timedelta(days=1)))
    # 10 × 4,000 × 24 = 960,000 and 96,000 VAT.
    chained = await placed(client, member, add_extend(membership_id, months=24), total=1_056_000)
    await pay(client, world, member, chained)
    await run_jobs(portal)
    await set_clock(portal, world, noon(date(2032, 5, 1)))
    # 10 × 6,000 × 24 = 1,440,000 and 144,000 VAT.
    again = await placed(client, member, add_extend(membership_id, months=24), total=1_584_000)
    await pay(client, world, member, again)
    await run_jobs(portal)
    # One user more for all of it: 11 months of the first 12 and 24 more at 4,000, then 24 at 6,000:
    # 44,000 + 96,000 + 144,000 = 284,000 and 28,400 VAT.
    priced = await preview(client, member.headers, add_extend(membership_id, users=1))
    lines = [(x["unit_price"], x["amount"]) for x in priced["items"][0]["lines"]]
    assert lines == [(4_000, 44_000), (4_000, 96_000), (6_000, 144_000)]
    assert priced["total"] == 312_400
    # A code that the term does not hold takes the day's: the tiers' file sells ACCOUNTING at 300.
    accounting = await preview(client, member.headers, add_extend(membership_id, ACCOUNTING=1))
    assert {x["unit_price"] for x in accounting["items"][0]["lines"]} == {300}
