"""`RateLimit` and `RateLimit-Policy` tell of what was counted (PRODUCT.md section 17)."""

import re
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from sandbox.world import World
from tests.flows import business_number, sign_up

POLICY = '"business_verification";q=30;w=3600'


async def test_a_counted_answer_tells_what_is_left_and_a_refused_one_that_nothing_is(
    portal: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 5, 4, 12, 20, tzinfo=UTC)
    monkeypatch.setattr("app.services.rate_limits.wire_now", lambda: at)
    transport = httpx.ASGITransport(app=portal, client=("10.77.1.1", 1))
    body = {"company_name": "한빛상사"}
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        for left in range(29, -2, -1):
            answer = await client.post(
                "/v1/business-verifications", json=body | {"business_number": business_number()}
            )
            assert answer.headers["ratelimit-policy"] == POLICY
            told = re.fullmatch(
                r'"business_verification";r=(\d+);t=(\d+)', answer.headers["ratelimit"]
            )
            assert told is not None
            assert int(told[1]) == max(left, 0)
            assert int(told[2]) == 2400
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "2401"


async def test_what_is_not_counted_tells_nothing(client: httpx.AsyncClient, world: World) -> None:
    member = await sign_up(client, world)
    answer = await client.get("/v1/me", headers=member.headers)
    assert "ratelimit" not in answer.headers
