"""주문확인서 and 거래확인서 of real orders, as they are downloaded."""

import io
import re

import httpx
from fastapi import FastAPI
from pypdf import PdfReader

from sandbox.world import World
from tests.flows import Member, customer, place, sign_up


def text_of(pdf: bytes) -> str:
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return re.sub(r"[\s\u200b]+", "", words)


async def download(client: httpx.AsyncClient, member: Member, path: str) -> httpx.Response:
    answer = await client.get(path, headers=member.headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "private, no-store"
    return answer


async def test_an_unpaid_order_has_a_confirmation_with_the_terms_agreed(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    answer = await download(client, member, f"/v1/orders/{order['id']}/confirmation")
    text = text_of(answer.content)
    for words in (
        "주문확인서",
        order["number"],
        "한빛상사",
        "클라우드공유형·한빛본사",
        "클라우드공유형사용자104,00012개월480,000",
        "설치비150,0001회50,000",
        "금오십팔만삼천원정",
        "₩583,000",
        "주문상태결제대기",
        "결제방법신용카드",
        "서비스계약에동의합니다.버전2023-09",
        "중도해지위약금에동의합니다.버전2023-09",
    ):
        assert words in text, words
    assert answer.headers["content-disposition"] == (
        f"attachment; filename=\"{order['number']}.pdf\"; filename*=UTF-8''"
        f"%EC%A3%BC%EB%AC%B8%ED%99%95%EC%9D%B8%EC%84%9C_{order['number']}.pdf"
    )


async def test_a_transaction_is_confirmed_once_it_is_paid(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    paid = (await client.get("/v1/orders", headers=member.headers)).json()["items"][0]
    path = f"/v1/orders/{paid['id']}/transaction-confirmation"
    text = text_of((await download(client, member, path)).content)
    for words in ("거래확인서", paid["number"], "₩583,000", "결제일", "주문상태완료"):
        assert words in text, words
    assert "동의한약관" not in text


async def test_a_transaction_that_is_not_paid_is_not_confirmed(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    path = f"/v1/orders/{order['id']}/transaction-confirmation"
    answer = await client.get(path, headers=member.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "order_not_paid")


async def test_downloading_twice_gives_the_same_bytes(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    path = f"/v1/orders/{order['id']}/confirmation"
    first = (await download(client, member, path)).content
    assert (await download(client, member, path)).content == first
