"""주문/구매내역: filters, and the export that spreadsheets open."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.order_exports import stream_rows
from app.db.order_reads import OrderFilters
from app.services.order_csv import cell
from sandbox.world import World
from tests.flows import Member, customer, free_item, order_body, place, sign_up


@pytest.fixture
def today() -> str:
    return datetime.now(ZoneInfo("Asia/Seoul")).date().isoformat()


async def numbers(client: httpx.AsyncClient, member: Member, **filters: str) -> list[str]:
    answer = await client.get("/v1/orders", params=filters, headers=member.headers)
    assert answer.status_code == 200, answer.text
    return [order["number"] for order in answer.json()["items"]]


async def test_filters_name_orders_by_day_type_state_and_site(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: str
) -> None:
    member = await customer(client, world, portal)
    done = (await numbers(client, member))[0]
    open_order = await place(client, member, order_body(free_item(), total=0))
    unpaid = await place(client, member)
    tomorrow = (datetime.fromisoformat(today) + timedelta(days=1)).date().isoformat()
    everything = [unpaid["number"], open_order["number"], done]
    for filters, found in (
        ({"from": today, "to": today}, everything),
        ({"from": tomorrow}, []),
        ({"type": "NEW"}, everything),
        ({"type": "RENEWAL"}, []),
        ({"status": "COMPLETED"}, [done]),
        ({"status": "PENDING_PAYMENT"}, [unpaid["number"]]),
        ({"site_id": unpaid["items"][0]["site"]["id"]}, [unpaid["number"]]),
    ):
        assert await numbers(client, member, **filters) == found, filters


async def test_filtered_pages_follow_each_other(client: httpx.AsyncClient, world: World) -> None:
    member = await sign_up(client, world)
    made = [(await place(client, member))["number"] for _ in range(3)]
    path, seen = "/v1/orders?size=2&status=PENDING_PAYMENT", []
    first = (await client.get(path, headers=member.headers)).json()
    seen += first["items"]
    second = await client.get(f"{path}&cursor={first['next_cursor']}", headers=member.headers)
    seen += second.json()["items"]
    assert [order["number"] for order in seen] == made[::-1]
    assert second.json()["next_cursor"] is None


async def exported(client: httpx.AsyncClient, member: Member, query: str = "") -> httpx.Response:
    answer = await client.get(f"/v1/orders/export?format=csv{query}", headers=member.headers)
    assert answer.status_code == 200, answer.text
    return answer


async def test_the_export_has_the_guides_columns_and_opens_in_a_spreadsheet(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: str
) -> None:
    member = await customer(client, world, portal)
    number = (await numbers(client, member))[0]
    answer = await exported(client, member)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.content.count(b"\r\n") == answer.content.count(b"\n") == 2
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == [
        *("주문번호", "서비스 유형", "기본 서비스명", "계약(주문) 종류", "주문일", "계약일"),
        *("적용시작일", "주요 상품정보", "계약금(VAT포함)", "결제방법", "주문상태"),
    ]
    assert rows[1] == [
        *(number, "공유형", "클라우드 공유형", "신규", today, today, today),
        *("클라우드 공유형 10명 12개월", "583000", "신용카드", "완료"),
    ]


async def test_the_export_takes_filters_and_may_be_empty(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    await place(client, member)
    answer = await exported(client, member, "&status=COMPLETED")
    assert answer.content.count(b"\r\n") == 1


async def test_who_may_not_gets_a_problem_and_no_file(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/orders/export")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("typed", ["=1+1", "+82", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_begins_a_formula(typed: str) -> None:
    assert cell(typed) == "'" + typed
    assert cell("한빛 " + typed) == "한빛 " + typed


COPIES = text(
    "INSERT INTO orders SELECT (jsonb_populate_record(NULL::orders, to_jsonb(o) ||"
    " jsonb_build_object('id', uuidv7(), 'number', 'ORD-COPY-' || n,"
    " 'created_at', o.created_at + n * interval '1 second'))).*"
    " FROM orders o, generate_series(1, 3000) n WHERE o.number = :number"
)
ITEMS = text(
    "INSERT INTO order_items SELECT (jsonb_populate_record(NULL::order_items, to_jsonb(i) ||"
    " jsonb_build_object('id', uuidv7(), 'order_id', c.id))).* FROM order_items i"
    " JOIN orders o ON o.id = i.order_id JOIN orders c ON c.company_id = o.company_id"
    " AND c.number LIKE 'ORD-COPY-%' WHERE o.number = :number"
)
NO_COPIES = (
    "DELETE FROM order_items USING orders o WHERE o.id = order_id AND o.number LIKE 'ORD-COPY-%'",
    "DELETE FROM orders WHERE number LIKE 'ORD-COPY-%'",
)


async def test_a_long_export_has_each_order_once_and_parts_that_stay_small(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    order: dict[str, Any] = await place(client, member)
    async with owner_engine.begin() as connection:
        for statement in (COPIES, ITEMS):
            await connection.execute(statement, {"number": order["number"]})
    database = portal.state.deps.database
    company = UUID(member.company_id)
    async with database.tenant_session(UUID(member.account_id), company) as session:
        parts = [len(part) async for part in stream_rows(session, company, OrderFilters())]
    assert (sum(parts), max(parts)) == (3001, 1000)
    answer = await exported(client, member)
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]
    assert len(rows) == 3001
    assert len({row[0] for row in rows}) == 3001
    assert rows[-1][0] == order["number"]
    async with owner_engine.begin() as connection:  # nobody has ordered them
        for statement in NO_COPIES:
            await connection.execute(text(statement))
