"""Every paper of a company in one list, each as a file (API.md, `GET /v1/documents`)."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.settings import Settings
from sandbox.world import World
from tests.contracts import noon, set_clock
from tests.flows import Member, ask_for_quote, customer, run_jobs, sign_up
from tests.integration.test_tax_invoices import give, paid_by_transfer
from tests.operators import TOKEN, once, operator_client

_days = iter(date(2033 + turn, 3, 2) for turn in range(60))


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    """A shop that offers 실시간 계좌이체, too."""
    return settings.model_copy(update={"portone_transfer_channel_key": "channel-key-transfer"})


@pytest.fixture
async def today(portal: FastAPI, world: World) -> date:
    day = next(_days)
    await set_clock(portal, world, noon(day))
    return day


async def listed(client: httpx.AsyncClient, member: Member, **asked: Any) -> list[dict[str, Any]]:
    answer = await client.get("/v1/documents", params=asked, headers=member.headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def file_of(
    client: httpx.AsyncClient, member: Member, paper: dict[str, Any]
) -> httpx.Response:
    return await client.get(f"/v1/documents/{paper['id']}/file", headers=member.headers)


async def refunded_by_hand(client: httpx.AsyncClient, portal: FastAPI, member: Member) -> None:
    waiting = (await client.get("/v1/refunds", headers=member.headers)).json()["items"]
    async with operator_client(portal) as operator:
        for refund in waiting:
            path = f"/v1/operator/refunds/{refund['id']}/done"
            assert (await operator.post(path, headers=TOKEN | once())).status_code == 200


async def test_all_that_became_of_a_transfer_is_there_as_a_file(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    await ask_for_quote(client, member)
    order = await paid_by_transfer(client, world, member)
    await run_jobs(portal)
    await give(portal, order, 360_000, 36_000, 36_000)
    await run_jobs(portal)
    await refunded_by_hand(client, portal, member)
    papers = {paper["kind"]: paper for paper in await listed(client, member)}
    assert set(papers) == {
        "QUOTE",
        "ORDER_CONFIRMATION",
        "TRANSACTION_CONFIRMATION",
        "TAX_INVOICE",
        "REFUND_NOTE",
    }
    assert papers["TAX_INVOICE"]["total"] == 583_000
    assert (papers["REFUND_NOTE"]["kind_label"], papers["REFUND_NOTE"]["number"]) == (
        "환불확인서",
        order["number"],
    )
    assert len({paper["id"] for paper in papers.values()}) == 5
    for kind in ("QUOTE", "ORDER_CONFIRMATION", "TRANSACTION_CONFIRMATION", "REFUND_NOTE"):
        file = await file_of(client, member, papers[kind])
        assert (file.status_code, file.headers["content-type"]) == (200, "application/pdf"), kind
        assert file.content.startswith(b"%PDF")
    invoice = await file_of(client, member, papers["TAX_INVOICE"])
    assert invoice.status_code == 303
    assert invoice.headers["location"].endswith(".pdf")


async def test_a_slip_is_at_the_processor(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    assert "CARD_SLIP" not in {paper["kind"] for paper in await listed(client, member)}
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text(
                "UPDATE payments SET receipt_url = 'https://pg.example/s/1' WHERE company_id = :id"
            ),
            {"id": UUID(member.company_id)},
        )
    (slip,) = await listed(client, member, kind="CARD_SLIP")
    answer = await file_of(client, member, slip)
    assert (answer.status_code, answer.headers["location"]) == (303, "https://pg.example/s/1")


async def test_pages_follow_each_other_and_are_the_companys_own(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member, stranger = await customer(client, world, portal), await customer(client, world, portal)
    await ask_for_quote(client, member)
    whole = await listed(client, member)
    first = await client.get("/v1/documents?size=1", headers=member.headers)
    cursor = first.json()["next_cursor"]
    rest = await listed(client, member, cursor=cursor)
    assert [*first.json()["items"], *rest] == whole
    assert len(whole) == 3
    for paper in whole:
        answer = await file_of(client, stranger, paper)
        assert (answer.status_code, answer.json()["code"]) == (404, "document_not_found")
    unknown = await file_of(client, member, {"id": str(uuid4())})
    assert unknown.status_code == 404
