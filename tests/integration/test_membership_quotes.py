"""견적서 for what a membership gets: held for seven days, and until that membership changes."""

import io
import re
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pypdf import PdfReader

from sandbox.world import World
from tests.contracts import (
    add_extend,
    bring_in,
    change,
    credit_of,
    membership_of,
    noon,
    only_membership,
    placed,
    refused,
    set_clock,
)
from tests.flows import (
    ORDER_CONSENTS,
    Member,
    ask_for_quote,
    customer,
    free_item,
    item,
    key,
    order_body,
    pay,
    place,
    read_order,
    run_jobs,
    sign_up,
    sign_up_individual,
)

_days = iter(date(2028 + 2 * turn, 7, 1) for turn in range(40))


@pytest.fixture
async def today(portal: FastAPI, world: World) -> date:
    """A 1 July of this test's own, at noon in Seoul."""
    day = next(_days)
    await set_clock(portal, world, noon(day))
    return day


async def order_quote(
    client: httpx.AsyncClient, member: Member, quote: dict[str, Any], **changed: Any
) -> httpx.Response:
    total = changed.get("expected_total", quote["total"])
    body = {
        "quote_id": quote["id"],
        "sites": [],
        "expected_total": total,
        "payment_method": "CARD" if total > 0 else None,
        "consents": ORDER_CONSENTS,
    } | changed
    return await client.post("/v1/orders", json=body, headers=member.headers | key())


async def read_quote(
    client: httpx.AsyncClient, member: Member, quote: dict[str, Any]
) -> dict[str, Any]:
    answer = await client.get(f"/v1/quotes/{quote['id']}", headers=member.headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def words_of(client: httpx.AsyncClient, member: Member, quote: dict[str, Any]) -> str:
    """The paper's text without its blanks."""
    answer = await client.get(f"/v1/quotes/{quote['id']}/pdf", headers=member.headers)
    assert answer.status_code == 200, answer.text
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


async def test_an_addition_keeps_the_quotes_day_and_gives_back_the_days_that_are_gone(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """10 × 3,100 for July = 31,000 and 3,100 VAT; four days of 1,000 come back with 400 VAT."""
    member = await sign_up(client, world)
    membership = await bring_in(portal, member, today, [(1, {"SHARED_USER": 3_100})], 20)
    quote = await ask_for_quote(client, member, items=[add_extend(membership, users=10)])
    assert (quote["total"], quote["status"]) == (34_100, "VALID")
    assert quote["valid_until"] == str(today + timedelta(days=7))
    asked = quote["items"][0]
    assert (asked["type"], asked["membership_id"], asked["site_name"]) == (
        "ADD",
        membership,
        "옛길 본사",
    )
    await set_clock(portal, world, noon(today + timedelta(days=4)))
    made = await order_quote(client, member, quote)
    assert (made.status_code, made.json()["total"]) == (201, 34_100), made.text
    await pay(client, world, member, made.json())
    await run_jobs(portal)
    assert (await read_order(client, member, made.json()))["status"] == "COMPLETED"
    assert (await membership_of(client, member, membership))["users"]["total"] == 30
    balance = await credit_of(client, member)
    assert (balance["balance"], balance["items"][0]["kind"]) == (4_400, "NOT_SERVED")
    assert (await read_quote(client, member, quote))["status"] == "ORDERED"


async def test_the_paper_says_what_joins_which_site_and_how_long_it_holds(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """5 × 3,100 × 30/31 days and 25 × 4,000 for a month: 15,000 + 100,000, and 11,500 VAT."""
    member = await sign_up(client, world)
    anchor = today - timedelta(days=1)
    membership = await bring_in(portal, member, anchor, [(1, {"SHARED_USER": 3_000})], 20)
    # Contract month 30 June to 29 July, 30 days: 29 are left of it: 14,500.
    wish = add_extend(membership, users=5, months=1)
    quote = await ask_for_quote(client, member, items=[wish])
    assert quote["total"] == 125_950  # (14,500 + 100,000) × 1.1
    words = await words_of(client, member, quote)
    for said in (
        "클라우드공유형·옛길본사",
        "추가+연장·+5명·연장1개월",
        "29/30개월",
        f"{today.year}년7월8일까지",
        "대상멤버십이변경되기전까지",
        "적용되기전기간의금액은적립금으로돌려드립니다",
        "금일십이만오천구백오십원정",
    ):
        assert said in words, said


async def test_after_seven_days_or_behind_the_terms_end_the_quote_is_over(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    prices = [(1, {"SHARED_USER": 4_000})]
    long = await bring_in(portal, member, today, prices, 20)
    short = await bring_in(portal, member, date(today.year, 6, 4), prices, 20)
    seven = await ask_for_quote(client, member, items=[add_extend(long, users=1)])
    until_end = await ask_for_quote(client, member, items=[add_extend(short, users=1)])
    assert until_end["valid_until"] == f"{today.year}-07-03"
    extension = await ask_for_quote(client, member, items=[add_extend(short, months=1)])
    assert extension["valid_until"] == f"{today.year}-07-08"
    await set_clock(portal, world, noon(today + timedelta(days=3)))
    assert refused(await order_quote(client, member, until_end)) == (409, "quote_expired")
    await set_clock(portal, world, noon(today + timedelta(days=7)))
    assert (await read_quote(client, member, seven))["status"] == "VALID"
    await set_clock(portal, world, noon(today + timedelta(days=8)))
    assert (await read_quote(client, member, seven))["status"] == "EXPIRED"
    assert refused(await order_quote(client, member, seven)) == (409, "quote_expired")


async def test_a_quote_dies_with_the_membership_it_was_made_for(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """Extended for ten and added to eleven: the quote was for ten."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    quote = await ask_for_quote(client, member, items=[add_extend(membership, months=12)])
    assert quote["total"] == 528_000
    added = await placed(client, member, add_extend(membership, users=1), total=52_800)
    await pay(client, world, member, added)
    await run_jobs(portal)
    read = await read_quote(client, member, quote)
    assert (read["status"], read["status_label"]) == ("MEMBERSHIP_CHANGED", "멤버십 변경")
    assert refused(await order_quote(client, member, quote)) == (409, "quote_membership_changed")


async def test_the_credit_of_a_change_is_of_the_day_on_which_it_is_ordered(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """600,000 - 30,000 licences, 2,400,000 base, 450,000 set-up; of 480,000 paid half is left

    after six months, four days later 480,000 × (5 + 27/31) / 12 = 234,839: five days' use is paid.
    """
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    half = date(today.year + 1, 1, 1)
    await set_clock(portal, world, noon(half))
    wish = change(membership, "DEDICATED", 10)
    quote = await ask_for_quote(client, member, items=[wish])
    assert quote["total"] == 3_498_000  # (3,450,000 - 240,000 - 30,000) × 1.1
    words = await words_of(client, member, quote)
    assert "미사용기간정산(클라우드공유형)" in words
    assert "주문하는날을기준으로다시계산합니다" in words
    await set_clock(portal, world, noon(half + timedelta(days=4)))
    answer = await order_quote(client, member, quote)
    # 3,450,000 - 234,839 - 30,000 = 3,185,161; VAT 318,516.
    assert refused(answer) == (409, "price_changed")
    assert answer.json()["total"] == 3_503_677
    made = await order_quote(client, member, quote, expected_total=3_503_677)
    assert made.status_code == 201, made.text
    await pay(client, world, member, made.json())
    await run_jobs(portal)
    after = await membership_of(client, member, membership)
    assert (after["plan"], after["starts_on"]) == ("DEDICATED", f"{half.year}-01-05")
    assert (await credit_of(client, member))["balance"] == 0


async def test_an_upgrade_of_a_free_site_and_a_new_site_in_one_quote(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """12 × 4,000 × 12 + 50,000 = 626,000, and 530,000 for the new one: 1,271,600 with VAT."""
    member = await sign_up(client, world)
    await place(client, member, order_body(free_item(), total=0))
    await run_jobs(portal)
    membership = await only_membership(client, member)
    new = {"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}
    wishes = [change(membership, "SHARED", 12), new]
    quote = await ask_for_quote(client, member, items=wishes)
    assert quote["total"] == 1_271_600
    await set_clock(portal, world, noon(today + timedelta(days=6)))
    none = await order_quote(client, member, quote)
    assert refused(none) == (422, "quote_sites_mismatch")
    assert none.json()["items"] == 1
    site = item()["site"]
    bad = await order_quote(client, member, quote, sites=[site | {"subdomain": "admin"}])
    assert bad.json()["errors"][0]["pointer"] == "/sites/0/subdomain"
    made = await order_quote(client, member, quote, sites=[site])
    assert (made.status_code, made.json()["total"]) == (201, 1_271_600), made.text
    await pay(client, world, member, made.json())
    await run_jobs(portal)
    assert (await read_order(client, member, made.json()))["status"] == "COMPLETED"


async def test_a_quote_that_leaves_credit_is_ordered_with_the_customers_consent(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """5,000 + 200,000 + 450,000 - 2,400,000 = -1,745,000, and -174,500 VAT, on the day itself."""
    member = await sign_up(client, world)
    last = date(today.year + 1, today.month, today.day) - timedelta(days=1)
    membership = await bring_in(
        portal,
        member,
        today,
        [(12, {"SHARED_USER": 4_000})],
        50,
        paid=[("SHARED_USER", 2_400_000, today, last)],
        setup_paid=50_000,
    )
    wish = change(membership, "DEDICATED", 1, months=1)
    quote = await ask_for_quote(client, member, items=[wish])
    assert quote["total"] == -1_919_500
    assert "1,919,500" in await words_of(client, member, quote)
    answer = await order_quote(client, member, quote)
    assert refused(answer) == (422, "change_needs_confirmation")
    made = await order_quote(client, member, quote, accept_credit=True)
    assert made.status_code == 201, made.text


async def test_who_may_ask_what_for_which_membership(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member, stranger = [await customer(client, world, portal) for _ in range(2)]
    membership = await only_membership(client, member)
    prices = [(12, {"SHARED_USER": 4_000})]
    sold = await bring_in(portal, member, today, prices, 5, billing_channel="RESELLER")
    one = add_extend(membership, users=1)
    prospect, person = await sign_up(client, world), await sign_up_individual(client, world)

    async def ask(headers: dict[str, str], *items: dict[str, Any]) -> httpx.Response:
        body = {"items": list(items), "recipients": ["OWN"]}
        return await client.post("/v1/quotes", json=body, headers=headers)

    assert refused(await ask(stranger.headers, one)) == (404, "membership_not_found")
    assert refused(await ask(prospect.headers, one)) == (403, "permission_denied")
    assert refused(await ask(person.headers, one)) == (403, "corporate_account_required")
    for items, expected in (
        ([add_extend(membership)], (422, "nothing_to_order")),
        ([add_extend(sold, users=1)], (403, "managed_by_reseller")),
        ([one, one], (422, "membership_twice")),
        ([change(membership, "SHARED", 5)], (422, "change_not_offered")),
    ):
        assert refused(await ask(member.headers, *items)) == expected
    quote = await ask_for_quote(client, member, items=[one])
    assert refused(await order_quote(client, stranger, quote)) == (404, "quote_not_found")
