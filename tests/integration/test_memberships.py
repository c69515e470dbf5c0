"""멤버십현황 over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from app.domain.periods import expires_on
from sandbox.faults import Fault
from sandbox.world import World
from tests.flows import Member, customer, item, order_body, pay, place, run_jobs, sign_up


async def only_membership(client: httpx.AsyncClient, member: Member) -> dict[str, Any]:
    answer = await client.get("/v1/memberships", headers=member.headers)
    assert answer.status_code == 200, answer.text
    (membership,) = answer.json()["items"]
    found: dict[str, Any] = membership
    return found


async def test_the_guides_contract_as_its_page_shows_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    today = datetime.now(ZoneInfo("Asia/Seoul")).date()
    assert membership["starts_on"] == membership["first_started_on"] == today.isoformat()
    assert membership["expires_on"] == expires_on(today, 12).isoformat()
    assert membership["remaining"]["from"] == today.isoformat()
    assert membership["remaining"]["days"] in {365, 366}
    assert (membership["status_label"], membership["service_type_label"]) == ("사용 중", "공유형")
    assert membership["users"] == {"base": 10, "added": 0, "complimentary": 0, "total": 10}
    assert membership["storage_gb"]["total"] == 10
    assert membership["monthly_fee"] == 40_000
    assert membership["contract_notice"] == (
        "계약은 30일 전 서면으로 변경/해지 통보가 없을 시 1년 단위로 자동 연장됩니다."
    )


async def test_included_quantities_are_lines_of_their_group(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    ordered = item("SHARED", 10, 1)
    ordered["add_ons"] = [
        {"code": "ACCOUNTING", "quantity": 1},
        {"code": "CORPORATE_CARD", "quantity": 3},
        {"code": "STORAGE_GB", "quantity": 20},
    ]
    order = await place(client, member, order_body(ordered, total=116_600))
    await pay(client, world, member, order)
    await run_jobs(portal)
    membership = await only_membership(client, member)
    lines = {group["name"]: group["items"] for group in membership["add_on_groups"]}
    assert [(line["label"], line["quantity"], line["included"]) for line in lines[None]] == [
        ("추가 용량", 20, False)
    ]
    grouped = lines["경리회계 경영지원 부가서비스"]
    assert [(line["label"], line["included"]) for line in grouped] == [
        ("경리회계", False),
        ("[무료] 법인 카드 등록 2개", True),
        ("[무료] 세금계산서 발행(월) 100개", True),
        ("[무료] 전자계약(월) 100개", True),
        ("법인카드", False),
    ]
    assert membership["storage_gb"]["total"] == 30
    assert membership["monthly_fee"] == 56_000


async def test_automatic_renewal_is_switched_with_the_etag_that_was_read(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    path = f"/v1/memberships/{(await only_membership(client, member))['id']}"
    etag = (await client.get(path, headers=member.headers)).headers["etag"]
    body = {"auto_renew": True}
    without = await client.patch(path, json=body, headers=member.headers)
    assert (without.status_code, without.json()["code"]) == (400, "precondition_required")
    changed = await client.patch(path, json=body, headers=member.headers | {"If-Match": etag})
    assert (changed.status_code, changed.json()["auto_renew"]) == (200, True)
    stale = await client.patch(path, json=body, headers=member.headers | {"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    again = await client.patch(
        path,
        json={"auto_renew": False},
        headers=member.headers | {"If-Match": changed.headers["etag"]},
    )
    assert again.json()["auto_renew"] is False


async def test_pages_follow_each_other_without_gap_or_repeat(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    for _ in range(3):
        order = await place(client, member, order_body(item("SHARED", 1, 1), total=59_400))
        await pay(client, world, member, order)
        await run_jobs(portal)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"size": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/memberships", params=params, headers=member.headers)).json()
        seen += [membership["id"] for membership in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 3
    bad = await client.get("/v1/memberships", params={"cursor": "nonsense"}, headers=member.headers)
    assert (bad.status_code, bad.json()["code"]) == (422, "cursor_invalid")


async def test_a_prospect_has_no_membership_page_and_an_empty_status(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    refused = await client.get("/v1/memberships", headers=member.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    status = await client.get("/v1/system-status", headers=member.headers)
    assert (status.status_code, status.json()) == (200, {"items": []})


GB = 2**30


async def test_the_guides_percentages(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    ordered = item("SHARED_FREE", None, None)
    ordered["add_ons"] = [{"code": "ACCOUNTING", "quantity": 1}]
    order = await place(client, member, order_body(ordered, total=0))
    await run_jobs(portal)
    site_id = order["items"][0]["site"]["id"]
    used = world.groupware.sites[site_id].usage
    used.users, used.account_bytes = 8, int(3.9 * GB)
    answer = await client.get(f"/v1/system-status/{site_id}", headers=member.headers)
    assert answer.status_code == 200, answer.text
    status = answer.json()
    assert status["users"] == {
        "used": 8,
        "contracted": 9,
        "used_percent": 89,
        "left_percent": 11,
    }
    storage = status["storage"]
    assert (storage["used_percent"], storage["left_percent"]) == (43, 57)
    assert storage["contracted_bytes"] == 9 * GB
    assert storage["account_contracted_bytes"] == 7 * GB
    assert [(o["name"], o["used"], o["contracted"]) for o in status["options"]] == [
        ("법인카드", 0, 2),
        ("개인카드 사용자", 0, 0),
        ("세금계산서 발행", 0, 100),
        ("은행계좌 즉시조회", 0, 0),
        ("전자계약", 0, 100),
    ]
    assert status["accounting"]["state"] == "APPLIED"
    assert status["expires_on"] is None
    assert status["stale"] is False


async def test_a_groupware_that_is_down_leaves_the_last_figures_stale(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    site_id = (await only_membership(client, member))["site"]["id"]
    path = f"/v1/system-status/{site_id}"
    assert (await client.get(path, headers=member.headers)).json()["users"]["used"] == 1
    world.groupware.sites[site_id].usage.users = 5
    cached = (await client.get(path, headers=member.headers)).json()
    assert cached["users"]["used"] == 1
    async with portal.state.deps.database.system_session("test: time passes") as session:
        await session.execute(text("UPDATE sites SET usage_at = usage_at - interval '6 minutes'"))
    world.faults.put("groupware", Fault(down=True))
    stale = (await client.get(path, headers=member.headers)).json()
    assert (stale["users"]["used"], stale["stale"]) == (1, True)
    as_of = datetime.fromisoformat(stale["as_of"])
    assert datetime.now(UTC) - as_of > timedelta(minutes=5)
