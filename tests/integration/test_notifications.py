"""알림 (PRODUCT.md section 14): what was mailed about one's company is read in the portal, too."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from sandbox.world import World
from tests.flows import Member, Person, customer, key, place, run_jobs, sign_up_individual


async def told(client: httpx.AsyncClient, who: Member | Person, **asked: Any) -> dict[str, Any]:
    headers = who.headers | asked.pop("headers", {})
    answer = await client.get("/v1/notifications", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_was_mailed_about_an_order_is_there_the_newest_first(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    page = await told(client, member)
    items = {each["kind"]: each for each in page["items"]}
    assert (set(items), page["unread"]) == ({"payment_received", "order_placed"}, 2)
    times = [each["created_at"] for each in page["items"]]
    assert times == sorted(times, reverse=True)
    placed = items["order_placed"]
    assert placed["title"].startswith("주문이 접수되었습니다 (ORD-")
    assert "583,000원" in placed["body"]
    assert placed["company_id"] == member.company_id
    assert placed["read_at"] is None
    english = await told(client, member, headers={"Accept-Language": "en"})
    titles = {each["title"][:15] for each in english["items"]}
    assert "Your order ORD-" in titles


async def test_what_was_read_stays_read_and_is_left_out_when_asked(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    first, *rest = (await told(client, member))["items"]
    path = f"/v1/notifications/{first['id']}/read"
    for _ in range(2):
        assert (await client.post(path, headers=member.headers | key())).status_code == 204
    page = await told(client, member, unread_only=True)
    assert page["unread"] == 1
    assert [each["id"] for each in page["items"]] == [each["id"] for each in rest]
    read = (await told(client, member))["items"][0]
    assert read["read_at"] is not None
    home = (await client.get("/v1/home", headers=member.headers)).json()
    assert home["unread_notifications"] == 1


async def test_anothers_news_is_nobody_elses(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    person = await sign_up_individual(client, world)
    assert (await told(client, person))["items"] == []
    theirs = (await told(client, member))["items"][0]["id"]
    for wanted in (theirs, str(uuid4())):
        answer = await client.post(f"/v1/notifications/{wanted}/read", headers=person.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "notification_not_found")
    assert (await told(client, member))["unread"] == 2


async def test_pages_follow_each_other(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    await place(client, member)
    await run_jobs(portal)
    whole = [each["id"] for each in (await told(client, member))["items"]]
    seen: list[str] = []
    cursor: str | None = None
    while len(seen) < len(whole):
        page = await told(client, member, size=1, **({"cursor": cursor} if cursor else {}))
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (whole, None)


@pytest.mark.parametrize("cursor", ["nonsense", "%00"])
async def test_a_foreign_cursor_is_refused(
    client: httpx.AsyncClient, world: World, cursor: str
) -> None:
    person = await sign_up_individual(client, world)
    answer = await client.get(
        "/v1/notifications", params={"cursor": cursor}, headers=person.headers
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")
