"""주문/구매내역 as XLSX: asked for, made by a job, fetched by whoever asked, gone after a day."""

import asyncio
import io
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import openpyxl
import pytest
from fastapi import FastAPI
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.adapters.workbooks import OrderWorkbook
from app.domain.order_history import COLUMNS
from app.domain.order_workbooks import WorkbookRow
from app.services import order_workbooks
from sandbox.world import World
from tests.contracts import SEOUL, set_clock
from tests.flows import (
    Member,
    customer,
    link_to_site,
    place,
    run_jobs,
    sign_up,
    sign_up_individual,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def ask(client: httpx.AsyncClient, member: Member, query: str = "") -> dict[str, Any]:
    answer = await client.get(f"/v1/orders/export?format=xlsx{query}", headers=member.headers)
    assert answer.status_code == 202, answer.text
    asked: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/orders/exports/{asked['id']}"
    return asked


async def state_of(client: httpx.AsyncClient, member: Member, asked: dict[str, Any]) -> Any:
    answer = await client.get(f"/v1/orders/exports/{asked['id']}", headers=member.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def fetch(client: httpx.AsyncClient, member: Member, asked: dict[str, Any]) -> httpx.Response:
    return await client.get(f"/v1/orders/exports/{asked['id']}/file", headers=member.headers)


async def parts_of(owner_engine: AsyncEngine, asked: dict[str, Any]) -> int:
    count = text("SELECT count(*) FROM order_workbook_parts WHERE workbook_id = :id")
    async with owner_engine.connect() as connection:
        return int((await connection.execute(count, {"id": asked["id"]})).scalar_one())


def sheet_of(content: bytes) -> Worksheet:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert isinstance(sheet, Worksheet)
    return sheet


async def test_the_workbook_has_the_guides_columns_and_cells_of_their_types(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    unpaid = await place(client, member)
    asked = await ask(client, member)
    assert (asked["state"], asked["state_label"], asked["rows"]) == ("WAITING", "생성 중", None)
    await run_jobs(portal)
    made = await state_of(client, member, asked)
    assert (made["state"], made["rows"]) == ("READY", 2)
    answer = await fetch(client, member, asked)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == XLSX
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert int(answer.headers["content-length"]) == len(answer.content) == made["size"]
    sheet = sheet_of(answer.content)
    today = datetime.now(SEOUL).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert sheet.title == "주문내역"
    assert rows[0] == [
        *("주문번호", "서비스 유형", "기본 서비스명", "계약(주문) 종류", "주문일", "계약일"),
        *("적용시작일", "주요 상품정보", "계약금(VAT포함)", "결제방법", "주문상태"),
    ]
    assert rows[1] == [
        *(unpaid["number"], "공유형", "클라우드 공유형", "신규", today, None, None),
        *("클라우드 공유형 10명 12개월", 583_000, "신용카드", "결제 대기"),
    ]
    assert rows[2][4:7] == [today, today, today]
    assert [cell.number_format for cell in sheet[3]][4:9:4] == ["yyyy-mm-dd", "#,##0"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:K3")


def test_no_cell_is_a_formula_whatever_it_says() -> None:
    evil = ["=1+1", "+82", "-1", "@SUM(A1)", "http://x.example", "2026-11-24"]
    row = WorkbookRow(*evil[:4], date(2026, 11, 24), None, None, evil[4], -5, evil[5], "")
    with OrderWorkbook(COLUMNS) as book:
        book.add([row])
        content = book.finish().read_bytes()
    cells = list(sheet_of(content)[2])
    assert [cell.value for cell in cells[:4]] == evil[:4]
    assert {cell.data_type for cell in (*cells[:4], cells[7], cells[9])} == {"s"}
    assert (cells[8].value, cells[8].data_type) == (-5, "n")
    assert all(cell.hyperlink is None for cell in cells)


def test_what_one_sheet_cannot_hold_goes_to_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.adapters.workbooks.SHEET_ROWS", 3)
    day = date(2026, 11, 24)
    row = WorkbookRow("ORD", "공유형", "공유형", "신규", day, None, None, "", 1, "", "")
    with OrderWorkbook(COLUMNS) as book:
        book.add([row] * 5)
        path = book.finish()
        sheets = openpyxl.load_workbook(path).worksheets
    assert not path.exists()
    assert [(s.title, s.max_row) for s in sheets] == [("주문내역", 4), ("주문내역 2", 3)]


async def test_filters_hold_and_the_same_question_is_asked_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    await place(client, member)
    today = datetime.now(SEOUL).date().isoformat()
    query = f"&status=COMPLETED&from={today}&to={today}"
    asked = await ask(client, member, query)
    assert (await ask(client, member, query))["id"] == asked["id"]
    assert (await ask(client, member))["id"] != asked["id"]
    await run_jobs(portal)
    assert (await state_of(client, member, asked))["rows"] == 1
    assert (await ask(client, member, query))["id"] != asked["id"]  # orders may have come since


async def test_an_empty_history_is_a_workbook_with_its_header(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    asked = await ask(client, member)
    await run_jobs(portal)
    assert sheet_of((await fetch(client, member, asked)).content).max_row == 1


async def test_only_whoever_asked_sees_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    listed = await client.get("/v1/memberships", headers=member.headers)
    site_id = listed.json()["items"][0]["site"]["id"]
    admin = await sign_up_individual(client, world)
    await link_to_site(portal, admin, member.company_id, site_id, member=True)
    stranger = await sign_up(client, world)
    asked = await ask(client, member)
    await run_jobs(portal)
    for other in (admin, stranger):
        for path in ("", "/file"):
            answer = await client.get(
                f"/v1/orders/exports/{asked['id']}{path}", headers=other.headers
            )
            assert (answer.status_code, answer.json()["code"]) == (404, "export_not_found")


async def test_it_is_gone_after_a_day_with_its_parts(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    asked = await ask(client, member)
    await run_jobs(portal)
    made = await state_of(client, member, asked)
    assert await parts_of(owner_engine, asked) == 1
    await set_clock(portal, world, datetime.fromisoformat(made["expires_at"]))
    try:
        answer = await fetch(client, member, asked)
        assert (answer.status_code, answer.json()["code"]) == (404, "export_not_found")
        await run_jobs(portal)
    finally:
        await set_clock(portal, world, datetime.now(SEOUL))
    assert await parts_of(owner_engine, asked) == 0
    async with owner_engine.connect() as connection:
        row = await connection.execute(
            text("SELECT count(*) FROM order_workbooks WHERE id = :id"), {"id": asked["id"]}
        )
        assert row.scalar_one() == 0


async def test_nothing_half_written_is_to_be_had(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    owner_engine: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The job dies after its parts were written and before it is done: nothing was written."""
    member = await sign_up(client, world)
    await place(client, member)
    asked = await ask(client, member)
    early = await fetch(client, member, asked)
    assert (early.status_code, early.json()["code"]) == (409, "export_not_ready")
    keep = order_workbooks._keep_parts

    async def keep_and_die(*arguments: Any) -> None:
        await keep(*arguments)
        raise asyncio.CancelledError

    deps = portal.state.deps
    with monkeypatch.context() as patched:
        patched.setattr(order_workbooks, "_keep_parts", keep_and_die)
        with pytest.raises(asyncio.CancelledError):
            await deps.order_workbooks.make(UUID(asked["id"]))
    assert (await state_of(client, member, asked))["state"] == "WAITING"
    assert (await fetch(client, member, asked)).status_code == 409
    assert await parts_of(owner_engine, asked) == 0
    await run_jobs(portal)  # the next worker
    assert (await state_of(client, member, asked))["state"] == "READY"
    assert await parts_of(owner_engine, asked) == 1


async def test_a_workbook_that_cannot_be_made_is_tried_three_times(
    client: httpx.AsyncClient, world: World, portal: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await sign_up(client, world)
    asked = await ask(client, member)

    def full(_: object) -> OrderWorkbook:
        raise OSError("no space left on device")

    monkeypatch.setattr(portal.state.deps.order_workbooks, "_workbook", full)
    now = datetime.now(SEOUL)
    try:
        for turn in range(4):
            await set_clock(portal, world, now + timedelta(minutes=2 * turn))
            await run_jobs(portal)
        made = await state_of(client, member, asked)
        assert (made["state"], made["state_label"]) == ("FAILED", "생성 실패")
        assert (await fetch(client, member, asked)).status_code == 409
    finally:
        await set_clock(portal, world, datetime.now(SEOUL))


async def test_two_workers_make_it_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    await place(client, member)
    asked = await ask(client, member)
    make = portal.state.deps.order_workbooks.make
    await asyncio.gather(*(make(UUID(asked["id"])) for _ in range(4)))
    assert (await state_of(client, member, asked))["state"] == "READY"
    assert await parts_of(owner_engine, asked) == 1


async def test_ten_an_hour_are_enough(client: httpx.AsyncClient, world: World) -> None:
    member = await sign_up(client, world)
    for _ in range(10):
        await ask(client, member, f"&site_id={uuid4()}")
    answer = await client.get("/v1/orders/export?format=xlsx", headers=member.headers)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert 3_500 < int(answer.headers["retry-after"]) <= 3_601
