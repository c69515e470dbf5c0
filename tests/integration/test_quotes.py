"""견적서 over HTTP: held, mailed, claimed, ordered once at its price."""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from pypdf import PdfReader
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.mails import OutgoingMail
from sandbox.world import World
from tests.contracts import refused
from tests.flows import (
    ORDER_CONSENTS,
    Member,
    ask_for_quote,
    item,
    key,
    run_jobs,
    sign_up,
    sign_up_individual,
)


class Inbox:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.mails: list[OutgoingMail] = []

    async def send(self, mail: OutgoingMail) -> None:
        self.mails.append(mail)


@pytest.fixture
def inbox(portal: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    inbox = Inbox()
    monkeypatch.setattr(portal.state.deps.mails, "_transport", inbox)
    return inbox


async def mails_about(portal: FastAPI, inbox: Inbox, quote: dict[str, Any]) -> list[OutgoingMail]:
    """Runs the jobs, then sends what was queued for the quote."""
    await run_jobs(portal)
    async with portal.state.deps.database.system_session("test mails") as session:
        queued = await session.scalars(
            text("SELECT id FROM mails WHERE quote_id = :id AND state = 'QUEUED'"),
            {"id": UUID(quote["id"])},
        )
    for mail_id in queued.all():
        await portal.state.deps.mails.send(mail_id)
    return inbox.mails


@pytest.fixture
async def later(owner_engine: AsyncEngine) -> AsyncIterator[Any]:
    """Moves business time; it is back in the present after the test."""

    async def move(by: timedelta) -> None:
        async with owner_engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO business_clock (id, ahead_microseconds) VALUES (1, :ahead)"
                    " ON CONFLICT (id) DO UPDATE SET ahead_microseconds = :ahead"
                ),
                {"ahead": by // timedelta(microseconds=1)},
            )

    yield move
    await move(timedelta())


def order_of(quote: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "quote_id": quote["id"],
        "sites": [item()["site"] for _ in quote["items"]],
        "expected_total": quote["total"],
        "payment_method": "CARD",
        "consents": ORDER_CONSENTS,
    } | changed


async def order(client: httpx.AsyncClient, member: Member, body: dict[str, Any]) -> httpx.Response:
    return await client.post("/v1/orders", json=body, headers=member.headers | key())


async def test_a_quote_says_its_price_its_steps_and_until_when_it_is_held(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    quote = await ask_for_quote(client, member)
    today = datetime.now(ZoneInfo("Asia/Seoul")).date()
    assert re.fullmatch(rf"Q-{today:%Y%m%d}-[0-9]{{6}}", quote["number"])
    assert (quote["supply"], quote["vat"], quote["total"]) == (530_000, 53_000, 583_000)
    assert (quote["status"], quote["status_label"]) == ("VALID", "유효")
    assert quote["valid_until"] == (today + timedelta(days=30)).isoformat()
    line = quote["items"][0]["lines"][0]
    assert line["explanation"] == "10명 × 4,000원 × 12개월 = 480,000원"
    assert quote["items"][0]["labels"] == ["50% 프로모션"]
    read = await client.get(f"/v1/quotes/{quote['id']}", headers=member.headers)
    assert read.json() == quote
    listed = await client.get("/v1/quotes", headers=member.headers)
    assert listed.json() == {"items": [quote], "next_cursor": None}


async def test_the_paper_is_an_attachment_with_a_korean_name(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    quote = await ask_for_quote(client, member)
    answer = await client.get(f"/v1/quotes/{quote['id']}/pdf", headers=member.headers)
    assert answer.headers["content-disposition"] == (
        f"attachment; filename=\"{quote['number']}.pdf\"; filename*=UTF-8''"
        f"%EA%B2%AC%EC%A0%81%EC%84%9C_{quote['number']}.pdf"
    )
    page = PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    words = re.sub(r"\s+", "", page)
    assert "한빛상사" in words
    assert "금오십팔만삼천원정" in words
    assert "클라우드공유형사용자104,00012개월480,000" in words


async def test_the_quote_is_mailed_with_its_paper_once_to_each_address(
    client: httpx.AsyncClient, world: World, portal: FastAPI, inbox: Inbox
) -> None:
    member = await sign_up(client, world)
    quote = await ask_for_quote(client, member, recipients=["OWN", "COMPANY_CONTACT"])
    mails = await mails_about(portal, inbox, quote)
    assert [mail.to for mail in mails] == [member.email]
    attachment = mails[0].attachments[0]
    assert attachment.filename == f"견적서_{quote['number']}.pdf"
    assert attachment.content_type == "application/pdf"
    download = await client.get(f"/v1/quotes/{quote['id']}/pdf", headers=member.headers)
    assert attachment.content == download.content
    assert "583,000원" in mails[0].text
    assert "token" not in mails[0].text
    await portal.state.deps.quote_mails.mail(UUID(quote["id"]))
    assert len(await mails_about(portal, inbox, quote)) == 1


async def test_thirty_quotes_an_hour_are_mailed_and_no_more(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    for _ in range(30):
        await ask_for_quote(client, member)
    body = {"items": [{"type": "NEW", "plan": "SHARED_FREE"}], "recipients": ["OWN"]}
    refusal = await client.post("/v1/quotes", json=body, headers=member.headers | key())
    assert (refusal.status_code, refusal.json()["code"]) == (429, "rate_limited")
    assert 3_500 < int(refusal.headers["retry-after"]) <= 3_601
    await ask_for_quote(client, await sign_up(client, world))


async def test_the_same_key_makes_one_quote(client: httpx.AsyncClient, world: World) -> None:
    member = await sign_up(client, world)
    body = {"items": [{"type": "NEW", "plan": "SHARED_FREE"}], "recipients": ["OWN"]}
    headers = member.headers | key()
    first = await client.post("/v1/quotes", json=body, headers=headers)
    again = await client.post("/v1/quotes", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content


async def test_pages_follow_each_other(client: httpx.AsyncClient, world: World) -> None:
    member = await sign_up(client, world)
    made = [(await ask_for_quote(client, member))["number"] for _ in range(5)]
    seen, path = [], "/v1/quotes?size=2"
    while path:
        page = (await client.get(path, headers=member.headers)).json()
        seen += [quote["number"] for quote in page["items"]]
        cursor = page["next_cursor"]
        path = f"/v1/quotes?size=2&cursor={cursor}" if cursor else ""
    assert seen == made[::-1]


async def test_an_order_takes_the_quotes_price_and_the_quote_is_ordered(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    quote = await ask_for_quote(client, member)
    placed = await order(client, member, order_of(quote))
    assert placed.status_code == 201, placed.text
    assert (placed.json()["total"], placed.json()["items"][0]["users"]) == (583_000, 10)
    read = (await client.get(f"/v1/quotes/{quote['id']}", headers=member.headers)).json()
    assert (read["status"], read["order_id"]) == ("ORDERED", placed.json()["id"])
    again = await order(client, member, order_of(quote, confirm_duplicate=True))
    assert refused(again) == (409, "quote_already_ordered")
    assert again.json()["order_id"] == placed.json()["id"]


async def test_of_two_orders_of_a_quote_at_once_one_is_placed(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    quote = await ask_for_quote(client, member)
    answers = await asyncio.gather(
        *(order(client, member, order_of(quote, confirm_duplicate=True)) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_the_price_holds_for_thirty_days_and_through_a_new_catalogue(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine, later: Any
) -> None:
    member = await sign_up(client, world)
    quote = await ask_for_quote(client, member)
    tomorrow = datetime.now(ZoneInfo("Asia/Seoul")).date() + timedelta(days=1)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO catalogue_versions (code, effective_from, document, created_at)"
                " SELECT 'dearer', cast(:day AS date), jsonb_set(jsonb_set(jsonb_set(document,"
                " '{code}', '\"dearer\"'), '{effective_from}', "
                " to_jsonb(cast(cast(:day AS date) AS text))),"
                " '{plans,1,unit_price}', '9000'), created_at FROM catalogue_versions"
                " WHERE code = '2023-09'"
            ),
            {"day": tomorrow},
        )
    portal.state.deps.catalogues.forget()
    await later(timedelta(days=29))
    now = await client.post(
        "/v1/price-previews",
        json={"items": [{"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}]},
    )
    assert now.json()["total"] == 1_243_000  # (10 × 9,000 × 12 + 50,000) × 1.1
    placed = await order(client, member, order_of(quote))
    assert placed.status_code == 201, placed.text
    assert placed.json()["total"] == 583_000
    async with owner_engine.begin() as connection:
        await connection.execute(text("DELETE FROM catalogue_versions WHERE code = 'dearer'"))
    portal.state.deps.catalogues.forget()


async def test_after_thirty_days_the_quote_is_expired(
    client: httpx.AsyncClient, world: World, later: Any
) -> None:
    member = await sign_up(client, world)
    quote = await ask_for_quote(client, member)
    await later(timedelta(days=31))
    read = (await client.get(f"/v1/quotes/{quote['id']}", headers=member.headers)).json()
    assert (read["status"], read["status_label"]) == ("EXPIRED", "기간 만료")
    assert refused(await order(client, member, order_of(quote))) == (409, "quote_expired")


async def test_another_companys_quote_cannot_be_ordered(
    client: httpx.AsyncClient, world: World
) -> None:
    quote = await ask_for_quote(client, await sign_up(client, world))
    stranger = await sign_up(client, world)
    answer = await order(client, stranger, order_of(quote))
    assert refused(answer) == (404, "quote_not_found")


async def test_a_quote_wants_a_site_for_each_item(client: httpx.AsyncClient, world: World) -> None:
    member = await sign_up(client, world)
    quote = await ask_for_quote(client, member)
    two = [item()["site"], item()["site"]]
    answer = await order(client, member, order_of(quote, sites=two))
    assert refused(answer) == (422, "quote_sites_mismatch")
    bad = order_of(quote)
    bad["sites"][0]["subdomain"] = "admin"
    answer = await order(client, member, bad)
    assert answer.json()["errors"][0]["pointer"] == "/sites/0/subdomain"


async def test_a_refused_body_is_named_by_its_own_places(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    quote = await ask_for_quote(client, member)
    mixed = await order(client, member, order_of(quote, items=[item()]))
    assert mixed.json()["errors"][0]["pointer"] == "/items"
    wrong = order_of(quote)
    wrong["sites"][0]["name"] = ""
    answer = await order(client, member, wrong)
    assert answer.json()["errors"][0]["pointer"] == "/sites/0/name"


COUPON = text(
    "INSERT INTO coupons (code, name_ko, name_en, scope, percent, first_day, last_day, plans,"
    " order_types, minimum_amount, uses_in_all, uses_per_company, uses) VALUES (:code, '가을 쿠폰',"
    " 'Autumn', 'ALL', 10, :day, :day, '[]', '[]', 0, :uses, NULL, 0)"
)


async def coupon(engine: AsyncEngine, uses: int | None) -> str:
    code = f"Q{uuid4().hex[:8].upper()}"
    async with engine.begin() as connection:
        today = datetime.now(ZoneInfo("Asia/Seoul")).date()
        await connection.execute(COUPON, {"code": code, "day": today, "uses": uses})
    return code


async def test_a_quote_keeps_its_coupons_price_but_holds_no_use_of_it(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine, later: Any
) -> None:
    member = await sign_up(client, world)
    code = await coupon(owner_engine, uses=1)
    first = await ask_for_quote(client, member, coupon_code=code)
    second = await ask_for_quote(client, member, coupon_code=code)
    assert (first["coupon_discount"], first["total"]) == (53_000, 524_700)
    assert first["coupon_name"] == "가을 쿠폰"
    await later(timedelta(days=10))  # the coupon's last day is over
    placed = await order(client, member, order_of(first))
    assert (placed.status_code, placed.json()["total"]) == (201, 524_700)
    answer = await order(client, member, order_of(second, confirm_duplicate=True))
    assert refused(answer)[0] == 409
    assert refused(answer)[1] in {"coupon_unknown", "coupon_used_up"}


async def test_a_persons_quote_is_claimed_by_a_company_with_the_mails_link(
    client: httpx.AsyncClient, world: World, portal: FastAPI, inbox: Inbox
) -> None:
    person = await sign_up_individual(client, world)
    quote = await ask_for_quote(client, person)
    assert "token" not in json.dumps(quote)
    mail = (await mails_about(portal, inbox, quote))[0]
    link = re.search(r"\S+/quotes/claim#number=(\S+)&token=(\S+)", mail.text)
    assert link is not None
    claim = {"number": link[1], "token": link[2]}
    company, rival = await sign_up(client, world), await sign_up(client, world)
    forbidden = await client.post("/v1/quotes/claim", json=claim, headers=person.headers)
    assert refused(forbidden) == (403, "corporate_account_required")
    wrong = claim | {"token": "x" * 43}
    answer = await client.post("/v1/quotes/claim", json=wrong, headers=company.headers)
    assert refused(answer) == (404, "quote_not_found")
    assert refused(await order(client, company, order_of(quote))) == (404, "quote_not_found")
    for _ in range(2):
        answer = await client.post("/v1/quotes/claim", json=claim, headers=company.headers)
        assert (answer.status_code, answer.json()["id"]) == (200, quote["id"])
    answer = await client.post("/v1/quotes/claim", json=claim, headers=rival.headers)
    assert refused(answer) == (404, "quote_not_found")
    placed = await order(client, company, order_of(quote))
    assert (placed.status_code, placed.json()["total"]) == (201, 583_000)


async def test_persons_see_their_own_quotes_and_nobody_elses(
    client: httpx.AsyncClient, world: World
) -> None:
    first = await sign_up_individual(client, world)
    second = await sign_up_individual(client, world)
    quote = await ask_for_quote(client, first)
    mine = await client.get("/v1/quotes", headers=first.headers)
    assert [q["id"] for q in mine.json()["items"]] == [quote["id"]]
    assert (await client.get("/v1/quotes", headers=second.headers)).json()["items"] == []
    for path in ("", "/pdf"):
        answer = await client.get(f"/v1/quotes/{quote['id']}{path}", headers=second.headers)
        assert refused(answer) == (404, "quote_not_found")
    pdf = await client.get(f"/v1/quotes/{quote['id']}/pdf", headers=first.headers)
    words = PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    assert "홍길동" in words


async def test_a_person_without_a_company_has_no_company_contact(
    client: httpx.AsyncClient, world: World
) -> None:
    person = await sign_up_individual(client, world)
    body = {
        "items": [{"type": "NEW", "plan": "SHARED_FREE"}],
        "recipients": ["OWN", "COMPANY_CONTACT"],
    }
    answer = await client.post("/v1/quotes", json=body, headers=person.headers)
    assert refused(answer) == (422, "company_contact_missing")
    assert answer.json()["errors"][0]["pointer"] == "/recipients/1"
