"""사업자 진위 확인 over HTTP, against the sandbox's tax service through the real adapter."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.faults import Fault
from sandbox.world import World

IN_BUSINESS = "1248100998"


async def verify(client: httpx.AsyncClient, **changed: Any) -> httpx.Response:
    body = {"business_number": IN_BUSINESS, "company_name": "한빛상사"} | changed
    return await client.post("/v1/business-verifications", json=body)


async def test_a_number_in_business_gets_a_token_for_thirty_minutes(
    client: httpx.AsyncClient,
) -> None:
    answer = await verify(client, business_number="124-81-00998")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["level"], body["business_number"]) == ("STATUS", IN_BUSINESS)
    assert len(body["verification_token"]) >= 43


async def test_a_matching_representative_gives_the_level_identity(
    client: httpx.AsyncClient,
) -> None:
    answer = await verify(client, representative_name="홍길동", opened_on="2020-01-01")
    assert answer.json()["level"] == "IDENTITY"


async def test_the_token_and_the_representative_are_not_in_the_database(
    client: httpx.AsyncClient, owner_engine: AsyncEngine
) -> None:
    token = (await verify(client, representative_name="김철수", opened_on="2020-01-01")).json()[
        "verification_token"
    ]
    async with owner_engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT convert_to(b::text, 'UTF8') FROM business_verifications b")
        )
        kept = b"\n".join(rows.scalars())
    assert token.encode() not in kept
    assert "김철수".encode() not in kept
    assert "김철수".encode().hex().encode() not in kept


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"business_number": "1248100999"}, "business_number_invalid"),
        ({"business_number": "1018100016"}, "business_suspended"),
        ({"business_number": "1018100020"}, "business_closed"),
        ({"business_number": "1018100035"}, "business_unknown"),
        (
            {"representative_name": "불일치", "opened_on": "2020-01-01"},
            "business_identity_mismatch",
        ),
    ],
)
async def test_a_business_that_cannot_sign_up_is_refused_by_its_own_code(
    client: httpx.AsyncClient, changed: dict[str, str], code: str
) -> None:
    answer = await verify(client, **changed)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize("number", ["12481009", "abc", "1234567890123", "124-8100998-", ""])
async def test_a_number_of_another_form_is_an_invalid_request(
    client: httpx.AsyncClient, number: str
) -> None:
    answer = await verify(client, business_number=number)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == "/business_number"


async def test_a_failing_tax_service_is_503_with_a_time_to_come_back(
    client: httpx.AsyncClient,
) -> None:
    answer = await verify(client, business_number="1018100054")
    assert (answer.status_code, answer.json()["code"]) == (503, "business_registry_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_an_address_that_asks_too_often_is_told_when_to_come_back(
    portal: FastAPI,
) -> None:
    transport = httpx.ASGITransport(app=portal, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as stranger:
        answers = [(await verify(stranger)).status_code for _ in range(30)]
        refused = await verify(stranger)
    assert answers == [201] * 30
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 3600


@pytest.mark.parametrize("fault", [Fault(down=True), Fault(nonsense=True), Fault(drop_after=0)])
async def test_whatever_is_wrong_with_the_tax_service_nothing_is_guessed(
    portal: FastAPI, world: World, fault: Fault
) -> None:
    world.faults.put("nts", fault)
    transport = httpx.ASGITransport(app=portal, client=("203.0.113.10", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        answer = await verify(client, business_number="2208162517")
    assert (answer.status_code, answer.json()["code"]) == (503, "business_registry_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
