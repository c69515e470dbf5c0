"""The order page's price over HTTP: the guide's figures, and bad input."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

GUIDE_ITEM = {"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}


async def preview(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await client.post("/v1/price-previews", json=body)


async def test_ten_shared_users_for_a_year_cost_583_000_won(client: httpx.AsyncClient) -> None:
    answer = await preview(client, items=[GUIDE_ITEM])
    assert answer.status_code == 200
    body = answer.json()
    sums = {name: body[name] for name in ("amount", "discount", "supply", "vat", "total")}
    assert sums == {
        "amount": 530_000,
        "discount": 0,
        "supply": 530_000,
        "vat": 53_000,
        "total": 583_000,
    }
    item = body["items"][0]
    assert (item["type_label"], item["labels"]) == ("신규", ["50% 프로모션"])
    assert [(line["kind"], line["amount"]) for line in item["lines"]] == [
        ("LICENCE", 480_000),
        ("SETUP", 50_000),
    ]


async def test_the_steps_are_said_in_english_when_asked_for(client: httpx.AsyncClient) -> None:
    item = {"type": "NEW", "plan": "DEDICATED", "users": 10, "months": 12}
    answer = await client.post(
        "/v1/price-previews", json={"items": [item]}, headers={"Accept-Language": "en"}
    )
    priced = answer.json()["items"][0]
    assert priced["discounts"][0]["explanation"] == "KRW 600,000 × 5% = KRW 30,000 off"
    assert answer.json()["total"] == 3_817_000


async def test_an_unknown_coupon_leaves_the_price_and_says_so(client: httpx.AsyncClient) -> None:
    body = (await preview(client, items=[GUIDE_ITEM], coupon_code="NOPE")).json()
    assert body["total"] == 583_000
    assert body["coupon"]["rejected"] == "coupon_unknown"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"users": 0}, "/items/0/users"),
        ({"users": -3}, "/items/0/users"),
        ({"users": 10.5}, "/items/0/users"),
        ({"users": "10"}, "/items/0/users"),
        ({"users": 10**12}, "/items/0/users"),
        ({"users": True}, "/items/0/users"),
        ({"months": 6}, "/items/0/months"),
        ({"colour": "red"}, "/items/0/colour"),
        ({"plan": "shared"}, "/items/0/plan"),
        ({"add_ons": [{"code": "STORAGE_GB", "quantity": 0}]}, "/items/0/add_ons/0/quantity"),
    ],
)
async def test_a_bad_field_is_422_with_its_pointer(
    client: httpx.AsyncClient, changed: dict[str, Any], pointer: str
) -> None:
    answer = await preview(client, items=[GUIDE_ITEM | changed])
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_free_plan_with_ten_users_is_refused_by_its_own_code(
    client: httpx.AsyncClient,
) -> None:
    item = {"type": "NEW", "plan": "SHARED_FREE", "users": 10}
    answer = await preview(client, items=[item])
    assert (answer.status_code, answer.json()["code"]) == (422, "plan_users_fixed")
    assert answer.json()["errors"][0]["pointer"] == "/items/0/users"


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_json"),
        (b"", "application/json", 400, "malformed_json"),
        (b'{"items": NaN}', "application/json", 400, "malformed_json"),
        (b'{"coupon_code": "\\ud800"}', "application/json", 400, "malformed_json"),
        (b"\xff\xfe", "application/json", 400, "malformed_json"),
        (b'{"coupon_code": "a\\u0000b"}', "application/json", 422, "invalid_request"),
        (b"[" * 40 + b"]" * 40, "application/json", 422, "invalid_request"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", 400, "malformed_json"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"{}", "application/json", 422, "invalid_request"),
        (b"[]", "application/json", 422, "invalid_request"),
        (b'"' + b"x" * 1_100_000 + b'"', "application/json", 413, "payload_too_large"),
    ],
)
async def test_a_body_that_is_no_request_is_a_problem_never_a_500(
    client: httpx.AsyncClient, content: bytes, media_type: str, status: int, code: str
) -> None:
    answer = await client.post(
        "/v1/price-previews", content=content, headers={"Content-Type": media_type}
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_large_body_without_a_length_is_refused_too(client: httpx.AsyncClient) -> None:
    async def chunks() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    answer = await client.post(
        "/v1/price-previews", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


async def test_the_catalogue_is_cacheable_by_its_etag(client: httpx.AsyncClient) -> None:
    first = await client.get("/v1/catalogue")
    assert first.status_code == 200
    assert [plan["code"] for plan in first.json()["plans"]] == [
        "SHARED_FREE",
        "SHARED",
        "DEDICATED",
    ]
    again = await client.get("/v1/catalogue", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    english = await client.get("/v1/catalogue", headers={"Accept-Language": "en"})
    assert english.headers["etag"] != first.headers["etag"]
    assert english.json()["plans"][0]["code_label"] == "Shared, free"


async def test_an_address_has_thirty_unknown_coupons_an_hour_and_then_no_coupon(
    portal: FastAPI, owner_engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Codes cannot be tried out; whoever names none still sees prices."""
    at = datetime(2026, 5, 4, 12, 20, tzinfo=UTC)
    monkeypatch.setattr("app.services.rate_limits.wire_now", lambda: at)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO coupons (code, name_ko, name_en, scope, percent, first_day, last_day,"
                " plans, order_types, minimum_amount, uses_in_all, uses_per_company, uses) VALUES"
                " ('GUESSED', '쿠폰', 'Coupon', 'ALL', 10, '2000-01-01', '2099-12-31', '[]', '[]',"
                " 0, 5, 1, 0)"
            )
        )
    transport = httpx.ASGITransport(app=portal, client=("10.66.1.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as guesser:
        for number in range(30):
            guessed = await preview(guesser, items=[GUIDE_ITEM], coupon_code=f"NOPE-{number}")
            assert guessed.json()["coupon"]["rejected"] == "coupon_unknown"
        for code in ("NOPE-30", "GUESSED"):
            refused = await preview(guesser, items=[GUIDE_ITEM], coupon_code=code)
            assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
            assert refused.headers["retry-after"] == "2401"
        assert (await preview(guesser, items=[GUIDE_ITEM])).json()["total"] == 583_000
    transport = httpx.ASGITransport(app=portal, client=("10.66.1.2", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as other:
        known = await preview(other, items=[GUIDE_ITEM], coupon_code="GUESSED")
        assert known.json()["total"] == 524_700
