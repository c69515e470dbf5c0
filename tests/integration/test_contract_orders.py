"""Additions, extensions and changes as real orders: what is paid, written and told."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.clock import RealClock
from sandbox.portone.console_actions import approve
from sandbox.world import World
from tests.contracts import (
    SEOUL,
    add_extend,
    bring_in,
    change,
    credit_of,
    membership_of,
    noon,
    only_membership,
    order,
    placed,
    refused,
    set_clock,
)
from tests.flows import (
    complete,
    customer,
    free_item,
    order_body,
    pay,
    place,
    read_order,
    run_jobs,
    sign_up,
    start_payment,
)
from tests.statements import counted

START = date(2028, 3, 10)
"""The clock moves forward only: each test has three years of its own, from a 10 March on."""
_today = [START]


@pytest.fixture
async def today(portal: FastAPI, world: World) -> date:
    """A day of this test's own, at noon in Seoul."""
    day = _today[0]
    _today[0] = date(day.year + 3, day.month, day.day)
    await set_clock(portal, world, noon(day))
    return day


async def at(portal: FastAPI, world: World, day: date) -> None:
    await set_clock(portal, world, noon(day))
    await run_jobs(portal)


async def test_the_guides_120_users_are_added_for_136_258_won(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """480,000 × 8/31 = 123,871 and 12,387 VAT, eight days before the term's end."""
    member = await sign_up(client, world)
    anchor = date(today.year - 1, 9, 29)
    membership = await bring_in(portal, member, anchor, [(12, {"SHARED_USER": 4000})], 120)
    await at(portal, world, date(today.year, 9, 21))
    item = add_extend(membership, users=120)
    preview = await client.post(
        "/v1/price-previews", json={"items": [item]}, headers=member.headers
    )
    assert preview.status_code == 200, preview.text
    body = preview.json()
    assert (body["amount"], body["vat"], body["total"]) == (123_871, 12_387, 136_258)
    line = body["items"][0]["lines"][0]
    assert line["months"] == {"whole": 0, "days": 8, "of": 31}
    assert (body["items"][0]["type"], body["items"][0]["type_label"]) == ("ADD", "추가")
    made = await placed(client, member, item, total=136_258)
    assert (made["type_label"], made["items"][0]["membership_id"]) == ("추가", membership)
    assert made["items"][0]["lines"][0]["days_of"] == 31
    # It can be paid until the term's end at the latest; a card order anyway to the next day's.
    assert made["expires_at"] == f"{today.year}-09-22T15:00:00Z"
    before = await membership_of(client, member, membership)
    assert before["users"]["total"] == 120
    await pay(client, world, member, made)
    await run_jobs(portal)
    done = await read_order(client, member, made)
    assert (done["status"], done["applied_on"]) == ("COMPLETED", f"{today.year}-09-21")
    after = await membership_of(client, member, membership)
    assert after["users"] == {"base": 120, "added": 120, "complimentary": 0, "total": 240}
    assert after["storage_gb"]["total"] == 240
    assert (after["expires_on"], after["monthly_fee"]) == (f"{today.year}-09-28", 480_000)
    site = world.groupware.sites[after["site"]["id"]].wanted
    assert (site.revision, site.users) == (8, 240)
    renewal, row = (await client.get("/v1/orders", headers=member.headers)).json()["items"]
    assert (row["type_label"], row["summary"]) == ("추가", "클라우드 공유형 +120명")
    # Its renewal was due a month before the last day: everything that is held now.
    assert (renewal["type_label"], renewal["summary"]) == ("갱신", "클라우드 공유형 240명 12개월")


async def test_added_and_extended_in_one_order_is_one_revision_at_the_groupware(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """On the first day: 5 × 4,000 × 12 = 240,000, and 15 × 4,000 × 12 = 720,000 more."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    site_id = (await membership_of(client, member, membership))["site"]["id"]
    before = world.groupware.sites[site_id].wanted.revision
    made = await placed(client, member, add_extend(membership, users=5, months=12), total=1_056_000)
    assert made["type_label"] == "추가+연장"
    await pay(client, world, member, made)
    await run_jobs(portal)
    after = await membership_of(client, member, membership)
    assert (after["users"]["total"], after["monthly_fee"]) == (15, 60_000)
    assert after["starts_on"] == str(today)
    assert after["expires_on"] == str(date(today.year + 2, today.month, today.day) - timedelta(1))
    assert world.groupware.sites[site_id].wanted.revision == before + 1


async def test_two_additions_paid_in_reverse_order_are_both_there(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    first = await placed(client, member, add_extend(membership, users=1), total=52_800)
    second = await placed(client, member, add_extend(membership, users=2), total=105_600)
    await pay(client, world, member, second)
    await pay(client, world, member, first)
    await run_jobs(portal)
    assert (await membership_of(client, member, membership))["users"]["total"] == 13
    for made in (first, second):
        assert (await read_order(client, member, made))["status"] == "COMPLETED"


async def test_two_extensions_at_once_follow_each_other(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    item = add_extend(membership, months=12)
    first = await placed(client, member, item, total=528_000)
    assert refused(await order(client, member, item, total=528_000)) == (409, "order_already_open")
    second = await placed(client, member, item, total=528_000, confirm_duplicate=True)
    for made in (first, second):
        await pay(client, world, member, made)
    await run_jobs(portal)
    after = await membership_of(client, member, membership)
    assert after["expires_on"] == str(date(today.year + 3, today.month, today.day) - timedelta(1))
    spans = []
    for made in (first, second):
        item_read = (await read_order(client, member, made))["items"][0]
        spans.append((item_read["starts_on"], item_read["expires_on"]))
    earlier, later = sorted(spans)
    assert earlier[1] < later[0]


async def test_an_extension_of_fewer_users_than_there_are_by_then_is_not_taken(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """Extended for ten and added to eleven: the eleventh would ride for nothing."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    extension = await placed(client, member, add_extend(membership, months=12), total=528_000)
    late = await start_payment(client, member, extension)
    addition = await placed(client, member, add_extend(membership, users=1), total=52_800)
    await pay(client, world, member, addition)
    await run_jobs(portal)
    answer = await client.post(
        f"/v1/orders/{extension['id']}/payments",
        json={"method": "CARD"},
        headers=member.headers | {"Idempotency-Key": "k" * 20},
    )
    assert refused(answer) == (409, "membership_changed")
    await approve(world, late["id"])
    assert (await complete(client, member, late))["status"] == "REFUNDED"
    ended = await read_order(client, member, extension)
    assert (ended["status"], ended["history"][-1]["reason"]) == ("CANCELLED", "membership_changed")
    assert (await membership_of(client, member, membership))["users"]["total"] == 11


async def test_an_addition_that_overtakes_an_extension_under_way_gets_its_money_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """Both are paid before either is applied: the second finds another contract."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    extension = await placed(client, member, add_extend(membership, months=12), total=528_000)
    addition = await placed(client, member, add_extend(membership, users=1), total=52_800)
    await pay(client, world, member, extension)
    await pay(client, world, member, addition)
    await run_jobs(portal)
    first, second = [await read_order(client, member, made) for made in (extension, addition)]
    assert (first["status"], second["status"]) == ("COMPLETED", "REFUNDED")
    assert second["payment_status"] == "REFUNDED"
    assert second["items"][0]["failure"] == "membership_changed"
    assert (await membership_of(client, member, membership))["users"]["total"] == 10
    busy = await order(client, member, add_extend(membership, users=1), total=105_600)
    assert busy.status_code == 201  # nothing is under way any more


async def test_an_addition_paid_a_day_later_gives_that_day_back_as_credit(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """31,000 for a month of 31 days less one: 30,000 stay, 1,000 and 100 VAT come back."""
    member = await sign_up(client, world)
    anchor = date(today.year, 7, 1)
    membership = await bring_in(portal, member, anchor, [(1, {"SHARED_USER": 3100})], 20)
    await at(portal, world, anchor)
    made = await placed(client, member, add_extend(membership, users=10), total=34_100)
    await at(portal, world, anchor + timedelta(days=1))
    await pay(client, world, member, made)
    await run_jobs(portal)
    balance = await credit_of(client, member)
    assert balance["balance"] == 1_100
    assert [(e["kind"], e["order_number"]) for e in balance["items"]] == [
        ("NOT_SERVED", made["number"])
    ]
    assert (await read_order(client, member, made))["applied_on"] == str(anchor + timedelta(1))


async def test_an_addition_dies_with_its_term_and_an_overdue_one_is_only_extended(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    anchor = date(today.year, 7, 1)
    membership = await bring_in(portal, member, anchor, [(1, {"SHARED_USER": 4000})], 10)
    await at(portal, world, date(today.year, 7, 31))
    made = await placed(client, member, add_extend(membership, users=31), total=4_400)
    assert made["expires_at"] == f"{today.year}-07-31T15:00:00Z"
    payment = await start_payment(client, member, made)
    await at(portal, world, date(today.year, 8, 1))
    await approve(world, payment["id"])
    assert (await complete(client, member, payment))["status"] == "REFUNDED"
    assert (await read_order(client, member, made))["status"] == "EXPIRED"
    overdue = await order(client, member, add_extend(membership, users=1), total=1)
    assert refused(overdue) == (409, "membership_overdue")
    changed = await order(client, member, change(membership, "DEDICATED", 10), total=1)
    assert refused(changed) == (409, "membership_overdue")
    extension = await placed(client, member, add_extend(membership, months=1), total=44_000)
    await pay(client, world, member, extension)
    await run_jobs(portal)
    after = await membership_of(client, member, membership)
    assert after["expires_on"] == f"{today.year}-08-31"
    # Three weeks behind that end it has expired: taken up again, with a new anchor, no set-up.
    await at(portal, world, date(today.year, 9, 20))
    again = await order(client, member, add_extend(membership, users=1, months=1), total=1)
    assert refused(again) == (409, "membership_expired")
    taken_up = await placed(client, member, add_extend(membership, months=1), total=44_000)
    await pay(client, world, member, taken_up)
    await run_jobs(portal)
    after = await membership_of(client, member, membership)
    assert (after["starts_on"], after["expires_on"]) == (
        f"{today.year}-09-20",
        f"{today.year}-10-19",
    )
    assert after["status"] == "IN_USE"


async def test_a_free_site_is_upgraded_and_keeps_its_site(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """All twelve are charged: 576,000 + 50,000 set-up = 626,000 and 62,600 VAT."""
    member = await sign_up(client, world)
    await place(client, member, order_body(free_item(), total=0))
    await run_jobs(portal)
    membership = await only_membership(client, member)
    before = await membership_of(client, member, membership)
    assert (before["plan"], before["users"]["complimentary"]) == ("SHARED_FREE", 9)
    more = await order(client, member, add_extend(membership, users=1), total=1)
    assert refused(more) == (422, "paid_plan_required")
    await at(portal, world, today + timedelta(days=40))
    made = await placed(client, member, change(membership, "SHARED", 12), total=688_600)
    await pay(client, world, member, made)
    await run_jobs(portal)
    after = await membership_of(client, member, membership)
    assert (after["plan"], after["site"], after["paid"]) == ("SHARED", before["site"], True)
    assert after["users"] == {"base": 12, "added": 0, "complimentary": 0, "total": 12}
    assert (after["storage_gb"]["total"], after["monthly_fee"]) == (12, 48_000)
    assert after["first_started_on"] == str(today)
    assert after["starts_on"] == str(today + timedelta(days=40))
    # The free place is free again.
    await place(client, member, order_body(free_item(), total=0))


async def test_shared_to_dedicated_credits_what_is_left_and_asks_for_the_rest(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """Ten for a year, changed after five months and some days; packs carry over, cards end."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    # 10 packs' worth of extras on the first day: 2 cards × 2,000 × 12 + 10,000 = 58,000.
    extras = add_extend(membership, CORPORATE_CARD=2, TAX_INVOICE_100=1)
    await pay(client, world, member, await placed(client, member, extras, total=63_800))
    await run_jobs(portal)
    # Half of each contract is left on the first day of the seventh month:
    half = date(today.year, 9, 10)
    await at(portal, world, half)
    wish = change(membership, "DEDICATED", 12)
    preview = await client.post(
        "/v1/price-previews", json={"items": [wish]}, headers=member.headers
    )
    priced = preview.json()
    # 12 × 5,000 × 12 = 720,000; base 2,400,000; set-up 450,000; credit 240,000 and 24,000.
    assert [(line["kind"], line["amount"]) for line in priced["items"][0]["lines"]] == [
        ("LICENCE", 720_000),
        ("BASE", 2_400_000),
        ("SETUP", 450_000),
        ("CREDIT", -240_000),
        ("CREDIT", -24_000),
    ]
    assert priced["items"][0]["ends"] == ["법인카드 2"]
    assert (priced["amount"], priced["discount"]) == (3_306_000, 36_000)
    made = await placed(client, member, wish, total=3_597_000)
    assert made["expires_at"] == f"{half}T15:00:00Z"
    await pay(client, world, member, made)
    await run_jobs(portal)
    after = await membership_of(client, member, membership)
    assert (after["plan"], after["service_type_label"]) == ("DEDICATED", "단독형")
    assert (after["starts_on"], after["users"]["total"]) == (str(half), 12)
    assert after["monthly_fee"] == 260_000
    held = {i["code"]: i["quantity"] for g in after["add_on_groups"] for i in g["items"]}
    assert held == {"TAX_INVOICE_100": 1}
    assert (await credit_of(client, member))["balance"] == 0
    # It went up already: there is nothing to go up to.
    answer = await order(client, member, change(membership, "DEDICATED", 13), total=1)
    assert refused(answer) == (422, "change_not_offered")


async def test_a_change_that_leaves_credit_asks_first_and_puts_it_to_the_balance(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """2,400,000 paid for a year of 50: a month for one user of DEDICATED leaves most of it."""
    member = await sign_up(client, world)
    membership = await bring_in(
        portal,
        member,
        today,
        [(12, {"SHARED_USER": 4000})],
        50,
        paid=[
            (
                "SHARED_USER",
                2_400_000,
                today,
                date(today.year + 1, today.month, today.day) - timedelta(days=1),
            )
        ],
        setup_paid=50_000,
    )
    # 5,000 + 200,000 + 450,000 - 2,400,000 = -1,745,000, VAT -174,500.
    item = change(membership, "DEDICATED", 1, months=1)
    answer = await order(client, member, item, total=-1_919_500)
    assert refused(answer) == (422, "change_needs_confirmation")
    made = await placed(client, member, item, total=-1_919_500, accept_credit=True)
    assert (made["payment_status"], made["status"]) == ("NOT_NEEDED", "PAID")
    assert (await credit_of(client, member))["balance"] == 0
    await run_jobs(portal)
    assert (await read_order(client, member, made))["status"] == "COMPLETED"
    balance = await credit_of(client, member)
    assert (balance["balance"], balance["items"][0]["kind"]) == (1_919_500, "CHANGE")
    await run_jobs(portal)
    assert (await credit_of(client, member))["balance"] == 1_919_500


async def test_after_a_full_coupon_there_is_no_credit_for_nothing(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    last = date(today.year + 1, today.month, today.day) - timedelta(days=1)
    membership = await bring_in(
        portal,
        member,
        today,
        [(12, {"SHARED_USER": 4000})],
        100,
        paid=[("SHARED_USER", 0, today, last)],
        setup_paid=50_000,
    )
    await at(portal, world, today + timedelta(days=1))
    preview = await client.post(
        "/v1/price-previews",
        json={"items": [change(membership, "DEDICATED", 100)]},
        headers=member.headers,
    )
    assert preview.json()["total"] == 9_405_000
    assert "CREDIT" not in {line["kind"] for line in preview.json()["items"][0]["lines"]}


async def test_nobody_changes_to_less_than_is_in_use(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    site = (await membership_of(client, member, membership))["site"]["id"]
    usage = {"users": 8, "account_bytes": 7 * 2**30, "public_bytes": 2**30, "options": {}}
    await set_usage(portal, site, usage)
    answer = await order(client, member, change(membership, "DEDICATED", 7), total=1)
    assert refused(answer) == (422, "below_present_use")
    assert answer.json()["users_used"] == 8
    assert answer.json()["errors"][0]["pointer"] == "/items/0/users"
    usage["users"] = 5
    await set_usage(portal, site, usage)
    answer = await order(client, member, change(membership, "DEDICATED", 7), total=1)
    assert answer.json()["errors"][0]["pointer"] == "/items/0/add_ons"
    answer = await order(client, member, change(membership, "DEDICATED", 7, STORAGE_GB=1), total=1)
    assert refused(answer) == (409, "price_changed")


async def set_usage(portal: FastAPI, site_id: str, usage: dict[str, Any]) -> None:
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text("UPDATE sites SET usage = cast(:usage AS jsonb), usage_at = :now WHERE id = :id"),
            {
                "usage": json.dumps(usage),
                "id": site_id,
                "now": await portal.state.deps.clock.now(session),
            },
        )


async def test_what_cannot_be_ordered_is_refused_by_its_code(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member, stranger = [await customer(client, world, portal) for _ in range(2)]
    membership = await only_membership(client, member)
    other = await only_membership(client, stranger)
    prices = [(12, {"SHARED_USER": 4000})]
    sold = await bring_in(portal, member, today, prices, 5, billing_channel="RESELLER")
    one = add_extend(membership, users=1)
    for items, expected in (
        ([add_extend(membership)], (422, "nothing_to_order")),
        ([add_extend(other, users=1)], (404, "membership_not_found")),
        ([add_extend(sold, users=1)], (403, "managed_by_reseller")),
        ([one, one], (422, "membership_twice")),
        ([one], (409, "price_changed")),
    ):
        assert refused(await order(client, member, *items, total=1)) == expected
    prospect = await sign_up(client, world)
    assert refused(await order(client, prospect, one, total=1)) == (403, "permission_denied")
    later = await order(client, member, one, total=1, starts_on=str(today + timedelta(days=1)))
    assert refused(later) == (422, "starts_on_for_new_only")


async def test_prices_of_memberships_need_a_sign_in(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    stranger, prospect = await customer(client, world, portal), await sign_up(client, world)
    body = {"items": [add_extend(membership, users=1)]}

    async def preview(headers: dict[str, str]) -> httpx.Response:
        return await client.post("/v1/price-previews", json=body, headers=headers)

    assert (await preview(member.headers)).json()["total"] == 52_800
    assert refused(await preview({})) == (401, "not_authenticated")
    assert refused(await preview({"Authorization": "Bearer x"})) == (401, "not_authenticated")
    assert refused(await preview(prospect.headers)) == (403, "permission_denied")
    assert refused(await preview(stranger.headers)) == (404, "membership_not_found")
    nothing = await client.post(
        "/v1/price-previews", json={"items": [add_extend(membership)]}, headers=member.headers
    )
    assert (nothing.status_code, nothing.json()["total"]) == (200, 0)
    wrong = await client.post(
        "/v1/price-previews", json={"items": [add_extend(membership) | {"add_users": -1}]}
    )
    assert wrong.json()["errors"][0]["pointer"] == "/items/0/add_users"


async def test_orders_of_memberships_cost_eight_statements_at_the_most(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    for item, total in (
        (add_extend(membership, users=1, months=12), 633_600),
        (change(membership, "DEDICATED", 10), 3_234_000),
    ):
        deps, kept = portal.state.deps, portal.state.deps.clock
        object.__setattr__(deps, "clock", RealClock())
        try:
            with counted(deps.database.engine) as statements:
                answer = await order(client, member, item, total=total)
        finally:
            object.__setattr__(deps, "clock", kept)
        assert answer.status_code == 201, answer.text
        assert len(statements.seen) <= 8, statements.seen


async def test_a_change_ends_with_its_day(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    late = datetime(today.year, today.month, today.day, 23, 59, tzinfo=SEOUL)
    await set_clock(portal, world, late)
    made = await placed(client, member, change(membership, "DEDICATED", 10), total=3_234_000)
    payment = await start_payment(client, member, made)
    await set_clock(portal, world, late + timedelta(minutes=2))
    await run_jobs(portal)
    assert (await read_order(client, member, made))["status"] == "EXPIRED"
    await approve(world, payment["id"])
    assert (await complete(client, member, payment))["status"] == "REFUNDED"
    assert (await membership_of(client, member, membership))["plan"] == "SHARED"
