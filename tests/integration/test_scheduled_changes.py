"""다음 갱신의 변경 over HTTP: scheduled, seen, overtaken and undone."""

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.domain.provider_errors import ProviderUnavailable
from sandbox.world import World
from tests.contracts import (
    add_extend,
    bring_in,
    change,
    membership_of,
    noon,
    only_membership,
    order,
    placed,
    put_in_force,
    refused,
    set_clock,
)
from tests.flows import (
    Member,
    customer,
    free_item,
    order_body,
    pay,
    place,
    run_jobs,
    sign_up,
)

_days = iter(date(2028 + 4 * turn, 3, 10) for turn in range(40))
TESTS = Path(__file__).parents[1]
Body = dict[str, Any]


@pytest.fixture
async def today(portal: FastAPI, world: World) -> date:
    """A 10 March of this test's own, at noon in Seoul; the next February has 28 days."""
    day = next(_days)
    await set_clock(portal, world, noon(day))
    return day


async def etag(client: httpx.AsyncClient, member: Member, membership_id: str) -> str:
    answer = await client.get(f"/v1/memberships/{membership_id}", headers=member.headers)
    return str(answer.headers["etag"])


def content(plan: str = "SHARED", users: int | None = 8, **add_ons: int) -> Body:
    named = [{"code": code, "quantity": n} for code, n in add_ons.items()]
    return {"plan": plan, "users": users, "add_ons": named}


async def put(
    client: httpx.AsyncClient, member: Member, membership_id: str, body: Body, seen: str = ""
) -> httpx.Response:
    headers = {"If-Match": seen or await etag(client, member, membership_id)}
    path = f"/v1/memberships/{membership_id}/scheduled-change"
    return await client.put(path, json=body, headers=member.headers | headers)


async def scheduled(
    client: httpx.AsyncClient, member: Member, membership_id: str
) -> httpx.Response:
    path = f"/v1/memberships/{membership_id}/scheduled-change"
    return await client.get(path, headers=member.headers)


async def test_fewer_users_from_the_renewal_on_with_its_price(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """8 × 4,000 × 12 = 384,000 and 38,400 VAT; ten would be 528,000."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    path = f"/v1/memberships/{membership}/scheduled-change"
    shown = await client.post(path + "/preview", json=content(), headers=member.headers)
    assert (shown.status_code, shown.json()["renewal"]["total"]) == (200, 422_400), shown.text
    assert refused(await scheduled(client, member, membership)) == (
        404,
        "scheduled_change_not_found",
    )
    answer = await put(client, member, membership, content())
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body == shown.json()
    assert body["labels"] == ["사용자 10명 → 8명"]
    assert (body["renewal"]["total"], body["unchanged_total"]) == (422_400, 528_000)
    year = today.year + 1
    assert (body["takes_effect_on"], body["changeable_until"]) == (f"{year}-03-10", f"{year}-02-07")
    assert body["renewal"]["priced_on"] == f"{year}-02-07"
    item = body["renewal"]["item"]
    assert (item["type"], item["type_label"]) == ("RENEWAL", "갱신")
    assert item["lines"][0]["explanation"] == "8명 × 4,000원 × 12개월 = 384,000원"
    assert answer.headers["etag"] == await etag(client, member, membership)
    seen = await membership_of(client, member, membership)
    assert seen["users"]["total"] == 10
    assert seen["scheduled_change"] == {
        "plan": "SHARED",
        "plan_label": "클라우드 공유형",
        "takes_effect_on": f"{year}-03-10",
        "labels": ["사용자 10명 → 8명"],
    }
    log = await client.get("/v1/company/audit-log", headers=member.headers)
    assert log.json()["items"][0]["action"] == "membership.change_scheduled"


async def test_it_is_undone_while_the_term_lasts(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    path = f"/v1/memberships/{membership}/scheduled-change"
    first = await put(client, member, membership, content())
    stale = await client.delete(path, headers=member.headers | {"If-Match": '"r1"'})
    assert refused(stale) == (412, "precondition_failed")
    assert refused(await client.delete(path, headers=member.headers)) == (
        400,
        "precondition_required",
    )
    seen = {"If-Match": first.headers["etag"]}
    undone = await client.delete(path, headers=member.headers | seen)
    assert undone.status_code == 204
    assert undone.headers["etag"] == await etag(client, member, membership)
    assert (await membership_of(client, member, membership))["scheduled_change"] is None
    again = await client.delete(path, headers=member.headers | {"If-Match": undone.headers["etag"]})
    assert refused(again) == (404, "scheduled_change_not_found")


async def test_notice_of_a_yearly_term_is_due_thirty_days_before_and_undoing_is_not(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    await set_clock(portal, world, noon(date(today.year + 1, 2, 7)))
    assert (await put(client, member, membership, content())).status_code == 200
    await set_clock(portal, world, noon(date(today.year + 1, 2, 8)))
    late = await put(client, member, membership, content(users=7))
    assert refused(late) == (409, "scheduled_change_too_late")
    assert late.json()["latest_on"] == f"{today.year + 1}-02-07"
    path = f"/v1/memberships/{membership}/scheduled-change"
    seen = {"If-Match": await etag(client, member, membership)}
    assert (await client.delete(path, headers=member.headers | seen)).status_code == 204


async def test_of_two_at_once_one_is_scheduled(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    seen = await etag(client, member, membership)
    answers = await asyncio.gather(
        *(put(client, member, membership, content(users=users), seen) for users in (8, 7))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    replaced = await put(client, member, membership, content(users=7))
    assert replaced.json()["content"]["users"] == 7


async def test_what_is_added_meanwhile_stays_and_an_extension_moves_the_renewal(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """10 → 8, five added: 13 at the renewal; a year longer: the renewal is a year later."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    await put(client, member, membership, content())
    added = await placed(client, member, add_extend(membership, users=5), total=264_000)
    await pay(client, world, member, added)
    await run_jobs(portal)
    now = (await scheduled(client, member, membership)).json()
    assert (now["labels"], now["content"]["users"]) == (["사용자 15명 → 13명"], 13)
    longer = await placed(client, member, add_extend(membership, months=12), total=792_000)
    await pay(client, world, member, longer)
    await run_jobs(portal)
    later = (await scheduled(client, member, membership)).json()
    assert later["takes_effect_on"] == f"{today.year + 2}-03-10"
    assert later["renewal"]["total"] == 686_400  # 13 × 4,000 × 12 × 1.1


async def test_a_change_overtakes_what_was_scheduled(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    await put(client, member, membership, content())
    up = await placed(client, member, change(membership, "DEDICATED", 10), total=3_234_000)
    await pay(client, world, member, up)
    await run_jobs(portal)
    answer = await scheduled(client, member, membership)
    assert refused(answer) == (404, "scheduled_change_not_found")


async def test_another_plan_at_the_renewal_pays_its_set_up_then(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """600,000 - 30,000 + 2,400,000 + 450,000 = 3,420,000; 10 × 5,000 × 1 … down: 528,000."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    up = await put(client, member, membership, content("DEDICATED", 10))
    assert up.json()["renewal"]["total"] == 3_762_000
    assert up.json()["labels"] == ["클라우드 공유형 → 클라우드 단독형"]
    prices = [(12, {"DEDICATED_USER": 5_000})]
    dedicated = await bring_in(
        portal, member, today, prices, 10, plan="DEDICATED", setup_paid=500_000
    )
    down = await put(client, member, dedicated, content("SHARED", 10))
    assert down.json()["renewal"]["total"] == 528_000


async def test_the_free_plan_is_scheduled_whatever_is_used_and_says_whether_it_fits(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    site = (await membership_of(client, member, membership))["site"]["id"]
    world.groupware.sites[site].usage.users = 10
    free = content("SHARED_FREE", None)
    down = await put(client, member, membership, free)
    assert (down.status_code, down.json()["fits"]) == (200, False), down.text
    assert down.json()["renewal"]["total"] == 0
    assert down.json()["renewal"]["item"]["expires_on"] is None
    await place(client, member, order_body(free_item(), total=0))
    again = await put(client, member, membership, free)
    assert refused(again) == (409, "free_site_exists")


async def test_below_what_is_used_now_is_refused_with_what_is_used(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """Nobody has looked at this site's usage before: the groupware is asked."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    site = (await membership_of(client, member, membership))["site"]["id"]
    world.groupware.sites[site].usage.users = 9
    answer = await put(client, member, membership, content())
    assert refused(answer) == (422, "below_present_use")
    assert answer.json()["users_used"] == 9
    assert answer.json()["errors"][0]["pointer"] == "/users"
    changed = await order(client, member, change(membership, "DEDICATED", 8), total=1)
    assert refused(changed) == (422, "below_present_use")
    world.groupware.sites[site].usage.users = 7
    assert (await put(client, member, membership, content())).status_code == 200


async def test_while_the_groupware_is_down_what_was_never_measured_is_not_guessed(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    today: date,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    site = (await membership_of(client, member, membership))["site"]["id"]

    async def down(_: str) -> None:
        raise ProviderUnavailable("groupware", "site_usage", "down")

    monkeypatch.setattr(portal.state.deps.groupware, "usage", down)
    answer = await put(client, member, membership, content())
    assert refused(answer) == (503, "provider_unavailable")
    changed = await order(client, member, change(membership, "DEDICATED", 10), total=1)
    assert refused(changed) == (503, "provider_unavailable")
    usage = {"users": 9, "account_bytes": 0, "public_bytes": 0, "options": {}}
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text(
                "UPDATE sites SET usage = cast(:usage AS jsonb),"
                " usage_at = opened_at - interval '1 hour' WHERE id = :id"
            ),
            {"usage": json.dumps(usage), "id": site},
        )
    # What was measured an hour ago is better than nothing.
    answer = await put(client, member, membership, content())
    assert refused(answer) == (422, "below_present_use")


async def test_who_has_nothing_to_reduce(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    prices = [(12, {"SHARED_USER": 4_000})]
    sold = await bring_in(portal, member, today, prices, 10, billing_channel="RESELLER")
    old = today - timedelta(days=370)
    overdue = await bring_in(portal, member, old, prices, 10)
    free = await bring_in(portal, member, today, [], 9, plan="SHARED_FREE")
    mine = await bring_in(portal, member, today, prices, 10, add_ons={"STORAGE_GB": 5})
    for membership, body, expected in (
        (sold, content(), (403, "managed_by_reseller")),
        (overdue, content(), (409, "membership_overdue")),
        (free, content(users=9), (422, "nothing_to_renew")),
        (mine, content(users=11), (422, "scheduled_increase_not_offered")),
        (mine, content(users=10, STORAGE_GB=6), (422, "scheduled_increase_not_offered")),
        (mine, content(users=10, STORAGE_GB=5), (422, "nothing_to_schedule")),
        (mine, content(users=10, TAX_INVOICE_100=1), (422, "change_not_offered")),
        (mine, content("GOLD", 10), (422, "plan_unknown")),
    ):
        answer = await put(client, member, membership, body)
        assert refused(answer) == expected, answer.text


async def mails_of(portal: FastAPI, member: Member) -> list[str]:
    """Kinds of the mails about the free plan that were queued for the company."""
    async with portal.state.deps.database.system_session("test: mails") as session:
        rows = await session.scalars(
            text(
                "SELECT kind FROM mails WHERE company_id = cast(:id AS uuid)"
                " AND kind = 'free_plan_has_no_room'"
            ),
            {"id": member.company_id},
        )
        return list(rows.all())


async def test_who_does_not_fit_into_the_free_plan_is_told_fourteen_and_three_days_before(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """The term ends on 9 March; told on 23 February, on 6 March no more: nine are left."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    site = (await membership_of(client, member, membership))["site"]["id"]
    world.groupware.sites[site].usage.users = 10
    await put(client, member, membership, content("SHARED_FREE", None))
    last = date(today.year + 1, 3, 9)
    for days, usage, told in ((15, 10, 0), (14, 10, 1), (10, 10, 1), (3, 9, 1), (1, 12, 1)):
        world.groupware.sites[site].usage.users = usage
        await set_clock(portal, world, noon(last - timedelta(days=days)))
        await run_jobs(portal)
        assert len(await mails_of(portal, member)) == told, days


async def test_an_extension_puts_the_look_at_the_free_plans_room_off(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    site = (await membership_of(client, member, membership))["site"]["id"]
    world.groupware.sites[site].usage.users = 10
    await put(client, member, membership, content("SHARED_FREE", None))
    longer = await placed(client, member, add_extend(membership, months=12), total=528_000)
    await pay(client, world, member, longer)
    await run_jobs(portal)
    for year, told in ((today.year + 1, 0), (today.year + 2, 1)):
        await set_clock(portal, world, noon(date(year, 2, 26)))
        await run_jobs(portal)
        assert len(await mails_of(portal, member)) == told


async def test_a_renewal_is_shown_at_the_prices_known_for_the_day_of_its_order(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """The year ends on 9 March 2209 and is ordered on 7 February, when a user costs 6,000.

    8 × 6,000 × 12 = 576,000 and 57,600 VAT; ten would be 792,000.
    """
    today = date(2208, 3, 10)  # behind every other test: a version stays in force
    await set_clock(portal, world, noon(today))
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    dearer = json.loads((TESTS / "data" / "tiered.json").read_text("utf-8")) | {"tiers": []}
    next(plan for plan in dearer["plans"] if plan["code"] == "SHARED")["unit_price"] = 6_000
    for day, total, unchanged in (
        (date(2209, 2, 8), 422_400, 528_000),
        (date(2209, 2, 7), 633_600, 792_000),
    ):
        version = dearer | {"code": f"from-{day}"}
        await put_in_force(portal, version, day)
        shown = (await put(client, member, membership, content())).json()
        assert shown["renewal"]["priced_on"] == "2209-02-07"
        assert (shown["renewal"]["total"], shown["unchanged_total"]) == (total, unchanged)
        await put(client, member, membership, content(users=9))
