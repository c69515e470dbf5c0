"""월 이용내역서 and papers by mail (PRODUCT.md section 11, API.md `…/documents`)."""

import io
from datetime import date
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pypdf import PdfReader
from sqlalchemy import select

from app.db.tables.plumbing import Mail
from sandbox.world import World
from tests.contracts import noon, set_clock
from tests.flows import Member, customer, key, link_to_site, run_jobs, sign_up_individual
from tests.integration.test_documents import file_of, listed
from tests.integration.test_quotes import Inbox, inbox
from tests.mails import mails_to

__all__ = ["inbox"]

_years = iter(range(2041, 2080))


@pytest.fixture
async def year(portal: FastAPI, world: World) -> int:
    found = next(_years)
    await set_clock(portal, world, noon(date(found, 3, 10)))
    return found


def words_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


async def test_a_month_that_is_over_is_a_paper_with_what_was_supplied_and_paid(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    member = await customer(client, world, portal)
    assert await listed(client, member, kind="MONTHLY_STATEMENT") == []
    await set_clock(portal, world, noon(date(year, 4, 1)))
    [paper] = await listed(client, member, kind="MONTHLY_STATEMENT")
    assert (paper["number"], paper["total"]) == (f"{year}-03", 583_000)
    assert paper["kind_label"] == "월 이용내역서"
    assert paper["issued_at"] == f"{year}-04-01T00:00:00+09:00" or paper["issued_at"].startswith(
        f"{year}-03-31T15:00:00"
    )
    file = await file_of(client, member, paper)
    assert file.status_code == 200, file.text
    words = words_of(file.content)
    for expected in (
        f"{year}년 3월의 이용 내역입니다.",
        "공급가액 530,000",
        "583,000원",
        "월말 미수금 0원",
    ):
        assert expected.replace(" ", "") in words.replace(" ", "").replace("\n", ""), expected


async def test_a_month_without_anything_is_no_paper_and_the_months_order_stays_in_its_own(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    member = await customer(client, world, portal)
    await set_clock(portal, world, noon(date(year, 6, 1)))
    papers = await listed(client, member, kind="MONTHLY_STATEMENT")
    assert [paper["number"] for paper in papers] == [f"{year}-03"]
    stranger = await customer(client, world, portal)
    answer = await file_of(client, stranger, papers[0])
    assert (answer.status_code, answer.json()["code"]) == (404, "document_not_found")


async def send(
    client: httpx.AsyncClient, who: Member, paper: str, recipients: list[str]
) -> httpx.Response:
    return await client.post(
        f"/v1/documents/{paper}/send",
        json={"recipients": recipients},
        headers=who.headers | key(),
    )


@pytest.mark.parametrize(
    "kind", ["ORDER_CONFIRMATION", "TRANSACTION_CONFIRMATION", "MONTHLY_STATEMENT"]
)
async def test_a_paper_is_mailed_as_a_file(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    year: int,
    inbox: Inbox,
    kind: str,
) -> None:
    member = await customer(client, world, portal)
    await set_clock(portal, world, noon(date(year, 4, 1)))
    [paper] = await listed(client, member, kind=kind)
    answer = await send(client, member, paper["id"], ["OWN", "COMPANY_CONTACT"])
    assert answer.status_code == 204, answer.text
    await run_jobs(portal)
    assert len(await mails_to(portal, member.email, "document_sent")) == 1
    async with portal.state.deps.database.system_session("test: mails") as session:
        found = select(Mail.id).where(
            Mail.kind == "document_sent", Mail.company_id == UUID(member.company_id)
        )
        [mail_id] = await session.scalars(found)
    await portal.state.deps.mails.send(mail_id)
    [mail] = inbox.mails
    assert paper["kind_label"] in mail.subject
    [attachment] = mail.attachments
    assert attachment.filename == f"{paper['kind_label']}_{paper['number']}.pdf"
    assert attachment.content == (await file_of(client, member, paper)).content


async def test_a_paper_of_another_company_is_not_mailed(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    member, stranger = await customer(client, world, portal), await customer(client, world, portal)
    [paper] = await listed(client, member, kind="ORDER_CONFIRMATION")
    answer = await send(client, stranger, paper["id"], ["OWN"])
    assert (answer.status_code, answer.json()["code"]) == (404, "document_not_found")
    await run_jobs(portal)
    assert await mails_to(portal, stranger.email, "document_sent") == []


async def test_an_administrator_mails_it_to_the_company_where_its_address_is_verified(
    client: httpx.AsyncClient, world: World, portal: FastAPI, year: int
) -> None:
    member = await customer(client, world, portal)
    person = await sign_up_individual(client, world)
    site = (await client.get("/v1/memberships", headers=member.headers)).json()["items"][0]["site"]
    await link_to_site(portal, person, member.company_id, site["id"], member=True)
    [paper] = await listed(client, member, kind="ORDER_CONFIRMATION")
    answer = await client.post(
        f"/v1/documents/{paper['id']}/send",
        json={"recipients": ["COMPANY_CONTACT"]},
        headers=person.headers,
    )
    assert answer.status_code == 204, answer.text
    await run_jobs(portal)
    assert await mails_to(portal, member.email, "document_sent") == []  # not verified yet


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"recipients": []}, "/recipients"),
        ({"recipients": ["EVERYBODY"]}, "/recipients/0"),
        ({"to": "x@y.example"}, "/to"),
    ],
)
async def test_bad_recipients_are_pointed_at(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    year: int,
    body: dict[str, object],
    pointer: str,
) -> None:
    member = await customer(client, world, portal)
    [paper] = await listed(client, member, kind="ORDER_CONFIRMATION")
    answer = await client.post(
        f"/v1/documents/{paper['id']}/send", json=body, headers=member.headers
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == pointer
