"""Sign-in, rotation, theft, sign-out, step-up, over HTTP against PostgreSQL."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.world import World
from tests.flows import PASSWORD, sign_up

ORIGIN = {"Origin": "http://127.0.0.1:3000"}


@pytest.fixture
async def login_id(client: httpx.AsyncClient, world: World) -> str:
    """A fresh corporate member that can sign in."""
    return (await sign_up(client, world)).login_id


def from_address(portal: FastAPI, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=portal, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="https://portal")


async def log_in(client: httpx.AsyncClient, login_id: str, **changed: Any) -> httpx.Response:
    body = {"login_id": login_id, "password": PASSWORD, "client_type": "NATIVE"} | changed
    return await client.post("/v1/auth/login", json=body)


async def refresh(client: httpx.AsyncClient, token: str | None) -> httpx.Response:
    body = {"client_type": "NATIVE", "refresh_token": token}
    return await client.post("/v1/auth/refresh", json=body)


async def step_up(client: httpx.AsyncClient, token: str, password: str = PASSWORD) -> int:
    answer = await client.post(
        "/v1/auth/step-up",
        json={"password": password},
        headers={"Authorization": f"Bearer {token}"},
    )
    return answer.status_code


async def test_a_native_client_gets_both_tokens_in_the_body(
    client: httpx.AsyncClient, login_id: str
) -> None:
    answer = await log_in(client, login_id.upper())
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
    assert body["refresh_token"]
    assert "set-cookie" not in answer.headers
    assert await step_up(client, body["access_token"]) == 204


async def test_a_browser_gets_its_refresh_token_as_a_host_cookie_only(
    client: httpx.AsyncClient, login_id: str
) -> None:
    body = {"login_id": login_id, "password": PASSWORD, "client_type": "BROWSER"}
    answer = await client.post("/v1/auth/login", json=body, headers=ORIGIN)
    assert answer.json()["refresh_token"] is None
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-refresh=")
    for attribute in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert attribute in cookie
    strange = await client.post(
        "/v1/auth/login", json=body, headers={"Origin": "https://evil.example"}
    )
    assert (strange.status_code, strange.json()["code"]) == (403, "origin_not_allowed")
    native = await client.post(
        "/v1/auth/login", json=body | {"client_type": "NATIVE"}, headers=ORIGIN
    )
    assert native.json()["code"] == "origin_not_allowed"


async def test_a_wrong_password_and_an_unknown_id_are_answered_alike(
    portal: FastAPI, login_id: str
) -> None:
    async with from_address(portal, "203.0.113.20") as client:
        wrong = await log_in(client, login_id, password="wrong password")
        unknown = await log_in(client, "nobody-has-this")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.json()["code"] == unknown.json()["code"] == "invalid_credentials"


async def test_the_fifth_failure_blocks_the_id_for_that_address_alone(
    portal: FastAPI, login_id: str
) -> None:
    async with from_address(portal, "203.0.113.21") as client:
        for _ in range(5):
            assert (await log_in(client, login_id, password="wrong")).status_code == 401
        blocked = await log_in(client, login_id)
        assert (blocked.status_code, blocked.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(blocked.headers["retry-after"]) <= 61
    async with from_address(portal, "203.0.113.22") as client:
        assert (await log_in(client, login_id)).status_code == 200


async def test_the_same_rotation_repeated_at_once_gets_the_same_child(
    client: httpx.AsyncClient, login_id: str
) -> None:
    first = (await log_in(client, login_id)).json()["refresh_token"]
    child = (await refresh(client, first)).json()["refresh_token"]
    again = (await refresh(client, first)).json()["refresh_token"]
    assert child == again != first
    assert (await refresh(client, child)).status_code == 200


async def test_a_reused_refresh_token_ends_its_family_at_once(
    client: httpx.AsyncClient, login_id: str
) -> None:
    granted = (await log_in(client, login_id)).json()
    child = (await refresh(client, granted["refresh_token"])).json()
    grandchild = (await refresh(client, child["refresh_token"])).json()
    stolen = await refresh(client, granted["refresh_token"])
    assert (stolen.status_code, stolen.json()["code"]) == (401, "invalid_refresh_token")
    assert (await refresh(client, grandchild["refresh_token"])).status_code == 401
    assert await step_up(client, grandchild["access_token"]) == 401


@pytest.mark.parametrize(
    "token", [None, "", "x", "a.b", "0193f2c8-7a4b-7a5e-9a6a-0a8e6f0b7c1d.AAAA", "ü.ü"]
)
async def test_a_token_that_was_never_issued_is_refused(
    client: httpx.AsyncClient, token: str | None
) -> None:
    answer = await refresh(client, token)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_refresh_token")


async def test_signing_out_ends_access_and_refresh(
    client: httpx.AsyncClient, login_id: str
) -> None:
    granted = (await log_in(client, login_id)).json()
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    assert (await client.post("/v1/auth/logout", headers=headers)).status_code == 204
    assert await step_up(client, granted["access_token"]) == 401
    assert (await refresh(client, granted["refresh_token"])).status_code == 401


async def test_no_token_is_401_with_the_scheme(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/auth/logout")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_no_token_or_secret_is_readable_in_the_database(
    client: httpx.AsyncClient, login_id: str, owner_engine: AsyncEngine
) -> None:
    token = (await log_in(client, login_id)).json()["refresh_token"]
    token_id, _, secret = token.partition(".")
    async with owner_engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT r::text FROM refresh_tokens r WHERE id = cast(:id AS uuid)"),
            {"id": token_id},
        )
        assert secret not in rows.scalar_one()
