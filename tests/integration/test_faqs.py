"""고객포털 FAQ (PRODUCT.md section 14; the guide's page): for everybody, in Korean, with slips."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.faq import jamo, like_pattern
from app.services.faqs import SEARCH
from tests.operators import TOKEN, operator_client

QUESTIONS = {
    "JOINING": "다우오피스의 상품 유형에 대해 설명해주세요.",
    "PAYING": "다우오피스를 무료로 체험해 볼 수 있나요? 언제까지 무료로 사용할 수 있나요?",
    "EXTENDING": "무료 상품에서 유료 상품으로 업그레이드하고 싶습니다.",
    "STARTING": "유료 상품으로 업그레이드하더라도 9개 계정까지는 계속 무료로 사용할 수 있나요?",
    "SUPPORT": "계약서를 작성해야 하나요?",
}


async def look(client: httpx.AsyncClient, **asked: str) -> dict[str, Any]:
    answer = await client.get("/v1/faqs", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def write(portal: FastAPI, question: str, **changed: object) -> dict[str, Any]:
    body = {
        "category": "PAYING",
        "position": 9,
        "question_ko": question,
        "answer_ko": "고객지원으로 문의해 주세요.",
        "question_en": f"About {uuid4().hex}",
        "answer_en": "Please ask us.",
        "published": True,
    } | changed
    async with operator_client(portal) as operator:
        answer = await operator.post("/v1/operator/faqs", json=body, headers=TOKEN)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_the_guides_five_questions_are_there_in_the_order_of_the_page(
    client: httpx.AsyncClient,
) -> None:
    found = (await look(client))["items"]
    seeds = [(each["category"], each["question"]) for each in found]
    assert [seed for seed in seeds if seed[1] in QUESTIONS.values()] == list(QUESTIONS.items())
    paying = next(each for each in found if each["question"] == QUESTIONS["PAYING"])
    assert "사용 기한은 없습니다" in paying["answer"]
    starting = next(each for each in found if each["question"] == QUESTIONS["STARTING"])
    assert starting["answer"].startswith("아니요. 유료 상품으로 변경하면 모든 계정에 요금이")


async def test_four_categories_are_tags_of_the_home_page(client: httpx.AsyncClient) -> None:
    items = (await client.get("/v1/faq-categories")).json()["items"]
    assert [each["code"] for each in items] == list(QUESTIONS)
    assert [each["tag"] for each in items if each["on_home"]] == [
        "# 서비스 가입 / 계약 / 해지",
        "# 결제 / 환불",
        "# 상품 추가 / 서비스 연장",
        "# 초기 설정 / 서비스 가이드",
    ]
    english = await client.get("/v1/faq-categories", headers={"Accept-Language": "en"})
    assert english.json()["items"][1]["code_label"] == "Payment, refund"


@pytest.mark.parametrize(
    ("query", "marked"),
    [("환불", "환불"), ("한불", "환불"), ("결제환불", "결제환불"), ("  환불  ", "환불")],
)
async def test_a_part_of_a_word_is_found_and_one_that_was_mistyped(
    client: httpx.AsyncClient, portal: FastAPI, query: str, marked: str
) -> None:
    entry = await write(portal, "결제환불요청은 어디에서 하나요?")
    found = await look(client, query=query)
    assert found["query"] == query.strip()
    item = next(each for each in found["items"] if each["id"] == entry["id"])
    [place] = [each for each in item["highlights"] if each["field"] == "question"]
    assert item["question"][place["start"] : place["end"]] == marked


async def test_what_has_the_words_comes_before_what_is_like_them(
    client: httpx.AsyncClient, portal: FastAPI
) -> None:
    slip = await write(portal, "세금게산서를 받고 싶습니다.")
    whole = await write(portal, "세금계산서는 언제 발행되나요?")
    found = [each["id"] for each in (await look(client, query="세금계산서"))["items"]]
    assert found.index(whole["id"]) < found.index(slip["id"])


async def test_a_category_narrows_the_search(client: httpx.AsyncClient, portal: FastAPI) -> None:
    word = f"말{uuid4().hex[:6]}"
    entry = await write(portal, f"{word} 질문", category="SUPPORT")
    found = (await look(client, query=word, category="SUPPORT"))["items"]
    assert found[0]["id"] == entry["id"]
    others = (await look(client, query=word, category="JOINING"))["items"]
    assert {each["category"] for each in others} <= {"JOINING"}


@pytest.mark.parametrize(
    "query", ["%", "_", "\\", "'; DROP TABLE faq_entries; --", '"', "🦄🦄", "100%_\\", "ㅎ"]
)
async def test_odd_words_are_words(client: httpx.AsyncClient, query: str) -> None:
    for each in (await look(client, query=query))["items"]:
        assert each["question"]


async def test_a_wildcard_finds_what_has_it_and_nothing_else(
    client: httpx.AsyncClient, portal: FastAPI
) -> None:
    entry = await write(portal, "할인율은 5%_입니까?")
    found = [each["id"] for each in (await look(client, query="5%_"))["items"]]
    assert found[0] == entry["id"]


async def test_only_spaces_are_no_words(client: httpx.AsyncClient) -> None:
    assert (await look(client, query="   "))["query"] is None


@pytest.mark.parametrize("query", ["가" * 101, "a" * 10_240, "a\x00b"])
async def test_what_is_too_long_or_no_text_is_pointed_at(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get("/v1/faqs", params={"query": query})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == "/query/query"


async def test_an_answer_that_did_not_change_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get("/v1/faqs", params={"category": "SUPPORT"})
    headers = {"If-None-Match": first.headers["etag"]}
    again = await client.get("/v1/faqs", params={"category": "SUPPORT"}, headers=headers)
    assert (again.status_code, again.content) == (304, b"")


async def test_views_and_what_a_device_says_of_it_are_counted(
    client: httpx.AsyncClient, portal: FastAPI
) -> None:
    entry = await write(portal, "도움이 되었나요?")
    path = f"/v1/faqs/{entry['id']}"
    assert [(await client.get(path)).json()["views"] for _ in range(3)] == [0, 1, 2]
    for helpful, agent in ((True, "a"), (True, "b"), (False, "b"), (False, "c")):
        answer = await client.post(
            f"{path}/feedback", json={"helpful": helpful}, headers={"User-Agent": agent}
        )
        assert answer.status_code == 204, answer.text
    read = (await client.get(path)).json()
    assert (read["helpful"], read["unhelpful"]) == (1, 2)


async def test_what_is_not_published_is_seen_by_nobody(
    client: httpx.AsyncClient, portal: FastAPI
) -> None:
    word = f"말{uuid4().hex[:6]}"
    entry = await write(portal, f"{word} 초안", published=False)
    path = f"/v1/faqs/{entry['id']}"
    found = (await look(client, query=word))["items"]
    assert entry["id"] not in {each["id"] for each in found}
    for answer in (
        await client.get(path),
        await client.post(f"{path}/feedback", json={"helpful": True}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "faq_not_found")
    words = {
        k: v for k, v in entry.items() if k not in {"id", "revision", "created_at", "updated_at"}
    }
    async with operator_client(portal) as operator:
        operator_path = f"/v1/operator/faqs/{entry['id']}"
        published = words | {"published": True}
        missing = await operator.put(operator_path, json=published, headers=TOKEN)
        assert missing.json()["code"] == "precondition_required"
        done = await operator.put(
            operator_path, json=published, headers=TOKEN | {"If-Match": '"r1"'}
        )
        assert (done.status_code, done.headers["etag"]) == (200, '"r2"')
        stale = await operator.put(
            operator_path, json=published, headers=TOKEN | {"If-Match": '"r1"'}
        )
        assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
        listed = (await operator.get("/v1/operator/faqs", headers=TOKEN)).json()["items"]
    assert entry["id"] in {each["id"] for each in listed}
    assert (await client.get(path)).status_code == 200


async def test_ten_thousand_entries_are_looked_through_by_the_index(
    owner_engine: AsyncEngine,
) -> None:
    async with owner_engine.connect() as connection:
        await connection.execute(
            text(
                "INSERT INTO faq_entries (category, position, question_ko, answer_ko, question_en,"
                " answer_en, published, created_at, updated_at)"
                " SELECT 'PAYING', i, '질문 ' || md5(i::text),"
                " '답변 ' || repeat(md5((i + 1)::text) || ' ', 12), 'q', 'a', true,"
                " '2026-01-01Z', '2026-01-01Z' FROM generate_series(1, 10000) AS i"
            )
        )
        await connection.execute(text("SELECT gin_clean_pending_list('ix_faq_entries_searched')"))
        await connection.execute(text("ANALYZE faq_entries"))
        await connection.execute(
            text("SELECT set_config('pg_trgm.word_similarity_threshold', '0.25', true)")
        )
        for word in ("환불", "한불"):
            values = {
                "pattern": like_pattern(word),
                "words": jamo(word),
                "category": None,
                "size": 100,
            }
            plan = await connection.scalar(text(f"EXPLAIN (FORMAT JSON) {SEARCH}"), values)
            assert "ix_faq_entries_searched" in json.dumps(plan)
        await connection.rollback()


async def test_whom_to_ask_is_told_to_everybody(client: httpx.AsyncClient) -> None:
    support = (await client.get("/v1/support")).json()
    assert (support["phone"], support["email"]) == ("1577-3019", "daouoffice@daou.co.kr")
    assert [link["code_label"] for link in support["links"]] == [
        "원격지원",
        "상세 매뉴얼",
        "문의등록",
    ]
