"""The end of a service, and every won that goes back for it (PRODUCT.md section 12, Termination).

Everything is one timeline: each test has days of its own, and the clock is moved to them.
"""

import asyncio
import json
from calendar import isleap
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from sandbox.faults import Fault
from sandbox.portone.console_actions import approve
from sandbox.world import World
from tests.contracts import add_extend, bring_in, change, noon, set_clock
from tests.contracts import order as ask_for_order
from tests.flows import (
    Member,
    complete,
    free_item,
    item,
    key,
    link_to_site,
    order_body,
    pay,
    place,
    read_order,
    run_jobs,
    sign_up,
    sign_up_individual,
    start_payment,
)
from tests.mails import mails_to
from tests.operators import once

GOLDEN = {
    case["name"]: case
    for case in json.loads(
        (Path(__file__).parents[1] / "golden" / "pricing.json").read_text("utf-8")
    )["terminations"]
}
_years = iter(year for year in range(2031, 2400, 4) if isleap(year + 1))  # 2100 is none


@pytest.fixture
def year() -> int:
    """Of this test alone, before a leap year, and later than any before."""
    return next(_years)


def sign_in_somebody(world: World, site: str) -> None:
    """Besides the first administrator."""
    world.groupware.sites[site].usage.signed_in_ever = 2


async def on(portal: FastAPI, world: World, day: date) -> None:
    """Noon of a day; what was due until then has been done."""
    await set_clock(portal, world, noon(day))
    await run_jobs(portal)


async def only_site(client: httpx.AsyncClient, member: Member) -> tuple[str, str]:
    """Its membership's id and its own."""
    answer = await client.get("/v1/memberships", headers=member.headers)
    first = answer.json()["items"][0]
    return first["id"], first["site"]["id"]


async def ask_to_end(
    client: httpx.AsyncClient, member: Member, membership: str, last_day: date, **changed: Any
) -> httpx.Response:
    return await client.post(
        f"/v1/memberships/{membership}/termination",
        json={"last_day": str(last_day), "reason": "NOT_NEEDED"} | changed,
        headers=member.headers | key(),
    )


async def look_at_end(
    client: httpx.AsyncClient, member: Member, membership: str, last_day: date
) -> dict[str, Any]:
    answer = await client.get(
        f"/v1/memberships/{membership}/termination-preview?last_day={last_day}",
        headers=member.headers,
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def state_of(portal: FastAPI, membership: str) -> str:
    async with portal.state.deps.database.system_session("test: membership") as session:
        found = await session.execute(
            text("SELECT status FROM memberships WHERE id = :id"), {"id": UUID(membership)}
        )
        return str(found.scalar_one())


async def refunds_of(client: httpx.AsyncClient, member: Member) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/v1/refunds", headers=member.headers)).json()[
        "items"
    ]
    return found


def given_back(world: World, *payments: dict[str, Any]) -> list[tuple[int, int]]:
    """What the provider's books say was cancelled of each payment: amount and VAT."""
    books = [world.portone.payments[payment["id"]] for payment in payments]
    return [(book.cancelled, book.cancelled_vat) for book in books]


async def buys(
    portal: FastAPI,
    world: World,
    client: httpx.AsyncClient,
    member: Member,
    *items: Any,
    total: int,
) -> dict[str, Any]:
    """Orders, pays by card and has it delivered: the payment."""
    answer = await ask_for_order(client, member, *items, total=total, confirm_duplicate=True)
    assert answer.status_code == 201, answer.text
    payment = await pay(client, world, member, answer.json())
    await run_jobs(portal)
    return payment


@pytest.fixture
def fee(portal: FastAPI) -> Any:
    """Sets the percent that the operator's terms name."""
    deps = portal.state.deps
    kept = deps.terminations.fee_percent

    def put(percent: int) -> None:
        deps.terminations.fee_percent = percent
        object.__setattr__(deps.termination_ends, "fee_percent", percent)

    yield put
    put(kept)


# The golden file, each case paid for at the sandbox and ended over HTTP


def moved(year: int, first: str, day: str) -> date:
    """The file's days are gone: they are moved to the test's own four years."""
    then = date.fromisoformat(day)
    return then.replace(year=then.year - int(first[:4]) + year)


def expected(name: str) -> dict[str, int]:
    wanted: dict[str, int] = GOLDEN[name]["expected"]
    return wanted


async def end_and_count(
    portal: FastAPI,
    world: World,
    client: httpx.AsyncClient,
    member: Member,
    name: str,
    last_day: date,
    payments: list[dict[str, Any]],
) -> list[tuple[int, int]]:
    """Shown before, asked for, ended after midnight: the same figures, and the books have them."""
    membership, site = await only_site(client, member)
    await on(portal, world, last_day)
    figures = expected(name)
    shown = await look_at_end(client, member, membership, last_day)
    assert {k: shown[k] for k in ("unused", "vat", "fee", "refund")} == figures
    assert sum(part["amount"] for part in shown["given_back"]) == figures["refund"]
    assert (await ask_to_end(client, member, membership, last_day)).status_code == 201
    await run_jobs(portal)
    assert (await state_of(portal, membership), given_back(world, *payments)) == (
        "IN_USE",
        [(0, 0)] * len(payments),
    )
    await on(portal, world, last_day + timedelta(days=1))
    assert await state_of(portal, membership) == "TERMINATED"
    assert world.groupware.sites[site].closed
    books = given_back(world, *payments)
    assert sum(amount for amount, _ in books) == figures["refund"]
    assert sum(vat for _, vat in books) == figures["vat"]
    return books


async def test_golden_shared_a_year_ends_after_three_months(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    await on(portal, world, date(year, 1, 1))
    member = await sign_up(client, world)
    payment = await buys(portal, world, client, member, item(), total=583_000)
    books = await end_and_count(
        portal,
        world,
        client,
        member,
        "shared, a year, ends after three months",
        date(year, 3, 31),
        [payment],
    )
    assert books == [(360_000, 36_000)]
    (row,) = await refunds_of(client, member)
    assert (row["reason"], row["state"], row["destination"]) == ("TERMINATION", "DONE", "PROVIDER")
    (told,) = await mails_to(portal, member.email, "service_ended")
    assert (told["refund"], told["fee"], told["unused"]) == ("360,000", "36,000", "360,000")


async def test_golden_dedicated_discounted_several_lines_leap_day(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """Licence 570,000, base 2,400,000 and 10 GB for 60,000; set-up of 500,000 is kept."""
    await on(portal, world, date(year, 8, 31))
    member = await sign_up(client, world)
    wanted = item("DEDICATED") | {"add_ons": [{"code": "STORAGE_GB", "quantity": 10}]}
    payment = await buys(portal, world, client, member, wanted, total=3_883_000)
    await end_and_count(
        portal,
        world,
        client,
        member,
        "dedicated, discounted, several lines, leap day",
        date(year + 1, 2, 29),
        [payment],
    )


async def test_golden_another_fee(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int, fee: Any
) -> None:
    fee(7)
    await on(portal, world, date(year, 1, 31))
    member = await sign_up(client, world)
    payment = await buys(portal, world, client, member, item(months=1), total=99_000)
    books = await end_and_count(
        portal, world, client, member, "another fee", date(year, 2, 10), [payment]
    )
    assert books == [(25_573, 2_482)]


async def test_golden_an_addition_and_an_extension_not_begun(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """Three orders: each payment gets its own lines' part, the fee is floored once.

    No catalogue sells the file's 40,000 for 25 days: four packs are, and their line is held.
    """
    await on(portal, world, date(year, 9, 29))
    member = await sign_up(client, world)
    whole = await buys(portal, world, client, member, item(users=120), total=6_391_000)
    membership, _ = await only_site(client, member)
    await on(portal, world, date(year + 1, 9, 4))
    packs = add_extend(membership, TAX_INVOICE_100=4)
    added = await buys(portal, world, client, member, packs, total=44_000)
    longer = await buys(
        portal, world, client, member, add_extend(membership, months=12), total=6_336_000
    )
    await hold(portal, membership, date(year + 1, 9, 4), date(year + 1, 9, 28))
    books = await end_and_count(
        portal,
        world,
        client,
        member,
        "an addition and an extension not begun",
        date(year + 1, 9, 20),
        [whole, added, longer],
    )
    assert [amount for amount, _ in books] == [123_871, 12_800, 5_760_000]


async def hold(portal: FastAPI, membership: str, first_day: date, last_day: date) -> None:
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text(
                "INSERT INTO held_lines (company_id, membership_id, order_line_id, code, quantity,"
                " unit_price, net, monthly, first_day, last_day, created_at)"
                " SELECT l.company_id, i.membership_id, l.id, l.code, l.quantity, l.unit_price,"
                " l.net, 0, :first, :last, o.created_at FROM order_lines l"
                " JOIN order_items i ON i.id = l.item_id JOIN orders o ON o.id = i.order_id"
                " WHERE i.membership_id = :membership AND l.code = 'TAX_INVOICE_100'"
            ),
            {"first": first_day, "last": last_day, "membership": UUID(membership)},
        )


async def test_golden_the_last_day_of_the_term_nothing(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    await on(portal, world, date(year, 9, 29))
    member = await sign_up(client, world)
    payment = await buys(portal, world, client, member, item(), total=583_000)
    await end_and_count(
        portal,
        world,
        client,
        member,
        "the last day of the term: nothing",
        date(year + 1, 9, 28),
        [payment],
    )
    assert await refunds_of(client, member) == []


# Asking and undoing


async def test_asked_for_shown_undone_and_asked_for_again(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    today = date(year, 5, 1)
    await on(portal, world, today)
    member = await sign_up(client, world)
    await buys(portal, world, client, member, item(), total=583_000)
    membership, site = await only_site(client, member)
    last_day = today + timedelta(days=40)
    asked = await ask_to_end(client, member, membership, last_day)
    assert asked.status_code == 201
    assert asked.json()["undo_until"] == f"{last_day}T15:00:00Z"
    assert asked.json()["requested"]["reason_label"] == "더 이상 필요하지 않음"
    shown = await look_at_end(client, member, membership, last_day)
    assert shown["requested"] == asked.json()["requested"]
    twice = await ask_to_end(client, member, membership, today)
    assert (twice.status_code, twice.json()["code"]) == (409, "termination_requested")
    path = f"/v1/memberships/{membership}/termination"
    assert (await client.delete(path, headers=member.headers)).status_code == 204
    gone = await client.delete(path, headers=member.headers)
    assert (gone.status_code, gone.json()["code"]) == (404, "termination_not_found")
    await on(portal, world, last_day + timedelta(days=2))
    assert await state_of(portal, membership) == "IN_USE"
    assert not world.groupware.sites[site].closed
    assert (await ask_to_end(client, member, membership, last_day)).status_code == 422
    assert len(await mails_to(portal, member.email, "termination_undone")) == 1


async def test_it_can_be_undone_until_its_day_ends(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    today = date(year, 5, 1)
    await on(portal, world, today)
    member = await sign_up(client, world)
    await buys(portal, world, client, member, item(), total=583_000)
    membership, _ = await only_site(client, member)
    await ask_to_end(client, member, membership, today)
    await set_clock(portal, world, noon(today) + timedelta(hours=12))
    late = await client.delete(f"/v1/memberships/{membership}/termination", headers=member.headers)
    assert (late.status_code, late.json()["code"]) == (404, "termination_not_found")


@pytest.mark.parametrize("days", [-1, 366])
async def test_no_day_that_is_gone_or_behind_the_term(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int, days: int
) -> None:
    today = date(year, 5, 1)
    await on(portal, world, today)
    member = await sign_up(client, world)
    await buys(portal, world, client, member, item(), total=583_000)
    membership, _ = await only_site(client, member)
    answer = await ask_to_end(client, member, membership, today + timedelta(days=days))
    assert (answer.status_code, answer.json()["code"]) == (422, "termination_day_invalid")


async def test_asked_for_twice_at_once_it_is_asked_for_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    today = date(year, 5, 1)
    await on(portal, world, today)
    member = await sign_up(client, world)
    await buys(portal, world, client, member, item(), total=583_000)
    membership, _ = await only_site(client, member)
    answers = await asyncio.gather(
        *(ask_to_end(client, member, membership, today) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_it_takes_the_password_within_ten_minutes(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    today = date(year, 5, 1)
    await on(portal, world, today)
    member = await sign_up(client, world)
    await buys(portal, world, client, member, item(), total=583_000)
    membership, _ = await only_site(client, member)
    async with portal.state.deps.database.system_session("test: time passes") as session:
        await session.execute(
            text(
                "UPDATE sessions SET reauthenticated_at = reauthenticated_at"
                " - interval '11 minutes' WHERE account_id = :id"
            ),
            {"id": UUID(member.account_id)},
        )
    answer = await ask_to_end(client, member, membership, today)
    assert (answer.status_code, answer.json()["code"]) == (401, "reauthentication_required")


# What a contract's history does to its end


async def test_a_free_site_ends_without_money(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    today = date(year, 5, 1)
    await on(portal, world, today)
    member = await sign_up(client, world)
    await place(client, member, order_body(free_item(), total=0))
    await run_jobs(portal)
    membership, site = await only_site(client, member)
    assert (await ask_to_end(client, member, membership, today)).json()["refund"] == 0
    await on(portal, world, today + timedelta(days=1))
    assert world.groupware.sites[site].closed
    assert await refunds_of(client, member) == []


async def test_what_a_change_took_over_goes_back_to_the_payment_before_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """5,335,000 for a shared year, and a day later 4,139,193 for a dedicated one against credit.

    Of 5,700,000 and 2,400,000 all but a day is unused: 8,078,225, as much VAT as fee.
    """
    await on(portal, world, date(year, 1, 1))
    member = await sign_up(client, world)
    first = await buys(portal, world, client, member, item(users=100), total=5_335_000)
    membership, site = await only_site(client, member)
    sign_in_somebody(world, site)
    await on(portal, world, date(year, 1, 2))
    changed = change(membership, "DEDICATED", 100)
    second = await buys(portal, world, client, member, changed, total=4_139_193)
    await ask_to_end(client, member, membership, date(year, 1, 2))
    await on(portal, world, date(year, 1, 3))
    (before, _), (whole, whole_vat) = given_back(world, first, second)
    assert (before, whole, whole_vat) == (3_939_032, 4_139_193, 376_290)
    assert {row["state"] for row in await refunds_of(client, member)} == {"DONE"}


async def test_an_imported_contract_is_owed_to_the_refund_account(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """480,000 paid before the portal, a quarter used: 360,000 + 36,000 - 36,000."""
    await on(portal, world, date(year, 3, 31))
    member = await sign_up(client, world)
    anchor = date(year, 1, 1)
    sold = [("SHARED_USER", 480_000, anchor, date(year, 12, 31))]
    membership = await bring_in(
        portal, member, anchor, [(12, {"SHARED_USER": 4_000})], 10, paid=sold
    )
    await ask_to_end(client, member, membership, date(year, 3, 31))
    await on(portal, world, date(year, 4, 1))
    (row,) = await refunds_of(client, member)
    assert (row["amount"], row["vat"]) == (360_000, 36_000)
    assert (row["destination"], row["state"], row["order_id"]) == (
        "ACCOUNT",
        "MANUAL_REQUIRED",
        None,
    )


async def test_what_is_not_paid_yet_can_be_paid_no_more(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """Its payment under way is sent back whole."""
    today = date(year, 5, 1)
    await on(portal, world, today)
    member = await sign_up(client, world)
    await buys(portal, world, client, member, item(), total=583_000)
    membership, _ = await only_site(client, member)
    await ask_to_end(client, member, membership, today)
    answer = await ask_for_order(client, member, add_extend(membership, months=12), total=528_000)
    waiting = await start_payment(client, member, answer.json())
    await on(portal, world, today + timedelta(days=1))
    ended = await read_order(client, member, answer.json())
    assert (ended["status"], ended["history"][-1]["reason"]) == ("CANCELLED", "membership_ended")
    await approve(world, waiting["id"])
    assert (await complete(client, member, waiting))["status"] == "REFUNDED"


# The day of the charge


async def renewal_of(client: httpx.AsyncClient, member: Member) -> dict[str, Any]:
    """The newest order: the renewal."""
    answer = await client.get("/v1/orders", headers=member.headers)
    newest: dict[str, Any] = answer.json()["items"][0]
    assert newest["type"] == "RENEWAL", newest
    return newest


async def test_a_notice_on_the_day_of_the_charge_keeps_it_from_being_charged(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """The open renewal ends with the request; an undo brings another."""
    await on(portal, world, date(year, 9, 29))
    member = await sign_up(client, world)
    payment = await buys(portal, world, client, member, item(), total=583_000)
    membership, _ = await only_site(client, member)
    last = date(year + 1, 9, 28)
    await on(portal, world, last - timedelta(days=29))
    await on(portal, world, last)
    renewal = await renewal_of(client, member)
    assert (await ask_to_end(client, member, membership, last)).json()["refund"] == 0
    await run_jobs(portal)
    assert (await read_order(client, member, renewal))["status"] == "CANCELLED"
    path = f"/v1/memberships/{membership}/termination"
    assert (await client.delete(path, headers=member.headers)).status_code == 204
    await run_jobs(portal)
    again = await renewal_of(client, member)
    assert (again["id"] != renewal["id"], again["status"]) == (True, "PENDING_PAYMENT")
    await ask_to_end(client, member, membership, last)
    await on(portal, world, last + timedelta(days=1))
    assert await state_of(portal, membership) == "TERMINATED"
    assert (await read_order(client, member, again))["status"] == "CANCELLED"
    assert given_back(world, payment) == [(0, 0)]


async def test_a_notice_after_the_charge_of_the_day_gives_the_renewal_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """All of its 480,000 is unused: 48,000 VAT come back, 48,000 are the fee."""
    await on(portal, world, date(year, 9, 29))
    member = await sign_up(client, world)
    first = await buys(portal, world, client, member, item(), total=583_000)
    membership, _ = await only_site(client, member)
    last = date(year + 1, 9, 28)
    await on(portal, world, last - timedelta(days=29))
    await on(portal, world, last)
    renewal = await pay(client, world, member, await renewal_of(client, member))
    await run_jobs(portal)
    assert (await ask_to_end(client, member, membership, last)).json()["refund"] == 480_000
    await on(portal, world, last + timedelta(days=1))
    assert await state_of(portal, membership) == "TERMINATED"
    assert given_back(world, first, renewal) == [(0, 0), (480_000, 48_000)]


# Withdrawal within 7 days


async def withdrawable(
    client: httpx.AsyncClient, world: World, portal: FastAPI, paid_on: date
) -> tuple[Member, dict[str, Any], str, str]:
    """A new site: the member, the payment, the ids of membership and site."""
    await on(portal, world, paid_on)
    member = await sign_up(client, world)
    payment = await buys(portal, world, client, member, item(), total=583_000)
    membership, site = await only_site(client, member)
    return member, payment, membership, site


async def test_within_seven_days_of_an_unused_site_everything_is_given_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """Set-up too, without a fee, until the seventh day after that of the payment."""
    paid_on = date(year, 5, 1)
    member, payment, membership, site = await withdrawable(client, world, portal, paid_on)
    last_day = paid_on + timedelta(days=7)
    await on(portal, world, last_day)
    shown = await look_at_end(client, member, membership, last_day)
    assert (shown["withdrawal"], shown["fee"], shown["refund"]) == (True, 0, 583_000)
    await ask_to_end(client, member, membership, last_day)
    await on(portal, world, last_day + timedelta(days=1))
    assert given_back(world, payment) == [(583_000, 53_000)]
    assert world.groupware.sites[site].closed
    order = (await client.get("/v1/orders", headers=member.headers)).json()["items"][0]
    assert (order["status"], order["payment_status"]) == ("REFUNDED", "REFUNDED")
    (row,) = await refunds_of(client, member)
    assert row["reason_label"] == "청약 철회"


async def test_on_the_eighth_day_a_part_is_given_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """Of 480,000 eleven months and 22 of 31 days are left; the fee is as much as the VAT."""
    paid_on = date(year, 5, 1)
    member, payment, membership, _ = await withdrawable(client, world, portal, paid_on)
    last_day = paid_on + timedelta(days=8)
    await on(portal, world, last_day)
    await ask_to_end(client, member, membership, last_day)
    await on(portal, world, last_day + timedelta(days=1))
    assert given_back(world, payment) == [(468_387, 46_838)]


async def test_a_site_that_somebody_used_is_settled_by_the_day(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    paid_on = date(year, 5, 1)
    member, payment, membership, site = await withdrawable(client, world, portal, paid_on)
    sign_in_somebody(world, site)
    shown = await look_at_end(client, member, membership, paid_on)
    assert (shown["withdrawal"], shown["fee"]) == (False, 47_871)
    await ask_to_end(client, member, membership, paid_on)
    await on(portal, world, paid_on + timedelta(days=1))
    assert given_back(world, payment) == [(478_710, 47_871)]


async def test_who_signs_in_after_the_request_has_used_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    """It is looked at once more when the service ends."""
    paid_on = date(year, 5, 1)
    member, payment, membership, site = await withdrawable(client, world, portal, paid_on)
    asked = await ask_to_end(client, member, membership, paid_on)
    assert asked.json()["withdrawal"] is True
    sign_in_somebody(world, site)
    await on(portal, world, paid_on + timedelta(days=1))
    assert given_back(world, payment) == [(478_710, 47_871)]


async def test_a_groupware_that_is_down_is_waited_for_before_anything_is_settled(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    paid_on = date(year, 5, 1)
    member, payment, membership, _ = await withdrawable(client, world, portal, paid_on)
    await ask_to_end(client, member, membership, paid_on)
    world.faults.put("groupware", Fault(down=True))
    await on(portal, world, paid_on + timedelta(days=1))
    assert (await state_of(portal, membership), given_back(world, payment)) == (
        "IN_USE",
        [(0, 0)],
    )
    world.faults.clear()
    portal.state.deps.groupware._http._watch._breaker = type(
        portal.state.deps.groupware._http._watch._breaker
    )()
    await on(portal, world, paid_on + timedelta(days=2))
    assert given_back(world, payment) == [(583_000, 53_000)]


# The last site's end


async def closed(
    client: httpx.AsyncClient, world: World, portal: FastAPI, day: date
) -> tuple[Member, dict[str, Any]]:
    """A company whose only site ended with a day: the member and the payment."""
    await on(portal, world, day - timedelta(days=100))
    member = await sign_up(client, world)
    payment = await buys(portal, world, client, member, item(), total=583_000)
    await on(portal, world, day)
    membership, _ = await only_site(client, member)
    assert (await ask_to_end(client, member, membership, day)).json()["closes_company"] is True
    await on(portal, world, day + timedelta(days=1))
    return member, payment


async def role_of(client: httpx.AsyncClient, member: Member) -> str | None:
    answer = await client.get("/v1/me", headers=member.headers)
    return str(answer.json()["role"]) if answer.status_code == 200 else None


async def test_the_last_sites_end_closes_the_company_and_90_days_after_its_refund_it_is_gone(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    day = date(year, 6, 1)
    member, _ = await closed(client, world, portal, day)
    assert await role_of(client, member) == "CLOSED"
    assert (await mails_to(portal, member.email, "company_closed"))[0]["days"] == "90"
    await on(portal, world, day + timedelta(days=90))
    assert await role_of(client, member) == "CLOSED"
    await on(portal, world, day + timedelta(days=92))
    assert await role_of(client, member) is None
    assert len(await mails_to(portal, member.email, "withdrawn")) == 1
    async with portal.state.deps.database.system_session("test: company") as session:
        found = await session.execute(
            text(
                "SELECT c.withdrawn_at IS NOT NULL AS withdrawn, c.corporate_account_id,"
                " a.email, a.status FROM companies c CROSS JOIN accounts a"
                " WHERE c.id = :company AND a.id = :account"
            ),
            {"company": UUID(member.company_id), "account": UUID(member.account_id)},
        )
        assert tuple(found.one()) == (True, None, None, "WITHDRAWN")


async def test_a_refund_that_is_not_done_keeps_the_company(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    day = date(year, 6, 1)
    member, _ = await closed(client, world, portal, day)
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text(
                "UPDATE refunds SET state = 'MANUAL_REQUIRED', done_at = NULL"
                " WHERE company_id = :id"
            ),
            {"id": UUID(member.company_id)},
        )
    await on(portal, world, day + timedelta(days=120))
    assert await role_of(client, member) == "CLOSED"
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(  # as it was: the ledger says that it has gone
            text("UPDATE refunds SET state = 'DONE', done_at = updated_at WHERE company_id = :id"),
            {"id": UUID(member.company_id)},
        )


async def test_a_new_site_keeps_the_company(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    day = date(year, 6, 1)
    member, _ = await closed(client, world, portal, day)
    await buys(portal, world, client, member, item(), total=583_000)
    await on(portal, world, day + timedelta(days=100))
    assert await role_of(client, member) == "SUPER_ADMIN"


async def test_admins_are_told_thirty_days_before_the_last_site_ends(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    today = date(year, 5, 1)
    await on(portal, world, today)
    member = await sign_up(client, world)
    await buys(portal, world, client, member, item(), total=583_000)
    await buys(portal, world, client, member, item(), total=583_000)
    answer = await client.get("/v1/memberships", headers=member.headers)
    one, two = answer.json()["items"]
    admin = await sign_up_individual(client, world)
    await link_to_site(portal, admin, member.company_id, one["site"]["id"], member=True)
    await ask_to_end(client, member, one["id"], today + timedelta(days=10))
    await on(portal, world, today + timedelta(days=1))
    assert await mails_to(portal, admin.email, "last_site_ends") == []
    last = today + timedelta(days=60)
    await ask_to_end(client, member, two["id"], last)
    await on(portal, world, last - timedelta(days=30))
    assert await mails_to(portal, admin.email, "last_site_ends") == []
    await on(portal, world, last - timedelta(days=28))
    (told,) = await mails_to(portal, admin.email, "last_site_ends")
    assert told["last_day"] == str(last)


# Recorded by the operator


def received(membership: str, received_on: date, last_day: date) -> dict[str, Any]:
    return {
        "membership_id": membership,
        "last_day": str(last_day),
        "received_on": str(received_on),
        "channel": "PHONE",
        "reason": "PRICE",
    }


async def test_what_came_by_phone_ends_with_the_day_of_its_receipt(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    year: int,
) -> None:
    """Written down on Monday, received on Friday: the days between are given back, too."""
    await on(portal, world, date(year, 1, 1))
    member = await sign_up(client, world)
    payment = await buys(portal, world, client, member, item(), total=583_000)
    membership, _ = await only_site(client, member)
    friday, monday = date(year, 3, 31), date(year, 4, 3)
    await on(portal, world, monday)
    path = "/v1/operator/terminations"
    ahead = await operator.post(
        path, json=received(membership, monday + timedelta(1), monday), headers=once()
    )
    assert ahead.json()["code"] == "termination_day_invalid"
    early = received(membership, friday, friday - timedelta(days=1))
    assert (await operator.post(path, json=early, headers=once())).json()[
        "code"
    ] == "termination_day_invalid"
    nobody = await operator.post(path, json=received(str(uuid4()), friday, friday), headers=once())
    assert (nobody.status_code, nobody.json()["code"]) == (404, "membership_not_found")
    made = await operator.post(path, json=received(membership, friday, friday), headers=once())
    assert (made.status_code, made.json()["requested_by"]) == (201, "operator:bootstrap")
    await run_jobs(portal)
    assert given_back(world, payment) == [(360_000, 36_000)]
    done = (await operator.get(f"{path}?state=DONE")).json()["items"]
    mine = next(row for row in done if row["id"] == made.json()["id"])
    assert (mine["unused"], mine["vat"], mine["fee"], mine["refund"]) == (
        360_000,
        36_000,
        36_000,
        360_000,
    )
    assert len(await mails_to(portal, member.email, "termination_recorded")) == 1


async def test_what_was_recorded_is_undone_by_either_side(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    year: int,
) -> None:
    today = date(year, 5, 1)
    await on(portal, world, today)
    member = await sign_up(client, world)
    await buys(portal, world, client, member, item(), total=583_000)
    membership, _ = await only_site(client, member)
    path = "/v1/operator/terminations"
    made = (
        await operator.post(path, json=received(membership, today, today), headers=once())
    ).json()
    assert (await operator.post(f"{path}/{made['id']}/undo")).json()["state"] == "UNDONE"
    again = await operator.post(f"{path}/{made['id']}/undo")
    assert (again.status_code, again.json()["code"]) == (404, "termination_not_found")
    await operator.post(path, json=received(membership, today, today), headers=once())
    own = f"/v1/memberships/{membership}/termination"
    assert (await client.delete(own, headers=member.headers)).status_code == 204
    await on(portal, world, today + timedelta(days=1))
    assert await state_of(portal, membership) == "IN_USE"


async def test_a_resellers_contract_is_the_resellers_to_end(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    year: int,
) -> None:
    today = date(year, 5, 1)
    await on(portal, world, today)
    member = await sign_up(client, world)
    membership = await bring_in(
        portal, member, today, [(12, {"SHARED_USER": 4_000})], 10, billing_channel="RESELLER"
    )
    asked = await ask_to_end(client, member, membership, today)
    assert (asked.status_code, asked.json()["code"]) == (403, "managed_by_reseller")
    recorded = await operator.post(
        "/v1/operator/terminations", json=received(membership, today, today), headers=once()
    )
    assert (recorded.status_code, recorded.json()["code"]) == (403, "managed_by_reseller")
