"""휴일 관리 over HTTP: days off that move the deadlines of bank payments."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from sandbox.world import World
from tests.contracts import noon, refused, set_clock
from tests.flows import Member, item, key, order_body, place, sign_up
from tests.operators import TOKEN, operator_client

HOLIDAYS = "/v1/operator/holidays"
MONDAY = date(2032, 6, 7)
"""Seven days on: Monday 14 June, a working day."""


@pytest.fixture
async def operator(portal: FastAPI, world: World) -> AsyncIterator[httpx.AsyncClient]:
    await set_clock(portal, world, noon(MONDAY))
    async with operator_client(portal) as client:
        client.headers.update(TOKEN)
        yield client
        for row in (await client.get(HOLIDAYS)).json()["items"]:
            await client.delete(f"{HOLIDAYS}/{row['day']}")


def last_day(order: dict[str, Any]) -> date:
    """Deadlines are 24:00 in Seoul, which is 15:00 in UTC."""
    at = datetime.fromisoformat(order["expires_at"])
    assert (at.hour, at.minute) == (15, 0)
    return at.date()


async def by_bank(client: httpx.AsyncClient, member: Member) -> dict[str, Any]:
    """Placed, and cancelled: open orders hold sub-domains, of which there are three."""
    order = await place(
        client, member, order_body(item(), payment_method="BANK_TRANSFER", confirm_duplicate=True)
    )
    path = f"/v1/orders/{order['id']}/cancel"
    assert (await client.post(path, headers=member.headers | key())).is_success
    return order


async def put(operator: httpx.AsyncClient, day: date, name: str = "임시공휴일") -> httpx.Response:
    return await operator.put(f"{HOLIDAYS}/{day}", json={"name": name})


async def test_a_day_off_moves_deadlines_that_are_set_from_then_on(
    client: httpx.AsyncClient, world: World, operator: httpx.AsyncClient
) -> None:
    member = await sign_up(client, world)
    first = await place(client, member, order_body(item(), payment_method="BANK_TRANSFER"))
    assert last_day(first) == date(2032, 6, 14)
    answer = await put(operator, date(2032, 6, 14), "대통령선거일")
    assert (answer.status_code, answer.json()["name"]) == (200, "대통령선거일")
    assert last_day(await by_bank(client, member)) == date(2032, 6, 15)
    kept = await client.get(f"/v1/orders/{first['id']}", headers=member.headers)
    assert last_day(kept.json()) == date(2032, 6, 14)
    await put(operator, date(2032, 6, 15))
    assert last_day(await by_bank(client, member)) == date(2032, 6, 16)
    assert (await operator.delete(f"{HOLIDAYS}/2032-06-14")).status_code == 204
    assert last_day(await by_bank(client, member)) == date(2032, 6, 14)


async def test_it_counts_where_the_payment_method_is_changed(
    client: httpx.AsyncClient, world: World, operator: httpx.AsyncClient
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member, order_body(item(), payment_method="CARD"))
    await put(operator, date(2032, 6, 14))
    changed = await client.put(
        f"/v1/orders/{order['id']}/payment-method",
        json={"payment_method": "BANK_TRANSFER"},
        headers=member.headers | key(),
    )
    assert last_day(changed.json()) == date(2032, 6, 15)


async def test_another_name_is_no_second_day_and_what_is_over_is_refused(
    operator: httpx.AsyncClient,
) -> None:
    for name in ("하나", "둘"):
        assert (await put(operator, MONDAY, name)).json()["name"] == name
    listed = (await operator.get(HOLIDAYS)).json()["items"]
    assert [(row["day"], row["name"]) for row in listed] == [("2032-06-07", "둘")]
    assert refused(await put(operator, MONDAY - timedelta(days=1))) == (422, "holiday_passed")
    gone = await operator.delete(f"{HOLIDAYS}/2032-12-24")
    assert refused(gone) == (404, "holiday_not_found")
    for path, body in [("2032-13-01", {"name": "a"}), ("2032-06-30", {"name": ""})]:
        wrong = await operator.put(f"{HOLIDAYS}/{path}", json=body)
        assert refused(wrong) == (422, "invalid_request")
