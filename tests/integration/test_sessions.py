"""Sign-in, rotation, theft, sign-out, step-up, over HTTP against PostgreSQL."""

import asyncio
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.world import World
from tests.flows import (
    PASSWORD,
    Member,
    phone_number,
    sign_up,
    sign_up_body,
    verify_business,
    verify_person,
)
from tests.mails import mails_to

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


async def sessions_of(client: httpx.AsyncClient, token: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"}
    answer = await client.get("/v1/auth/sessions", headers=headers)
    assert answer.status_code == 200
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_the_owner_sees_each_device_and_which_is_this_one(
    portal: FastAPI, client: httpx.AsyncClient, login_id: str
) -> None:
    async with from_address(portal, "203.0.113.30") as phone:
        phone.headers["User-Agent"] = "Portal/1.0 (iPhone)"
        granted = (await log_in(phone, login_id)).json()
    first, second = await sessions_of(client, granted["access_token"])
    assert (first["device_label"], first["address"], first["current"]) == (
        "iPhone",
        "203.0.113.30",
        True,
    )
    assert (second["current"], second["client_type"], second["company_id"]) == (
        False,
        "NATIVE",
        None,
    )


async def test_ending_a_session_bites_at_once_and_forgets_its_device(
    portal: FastAPI, client: httpx.AsyncClient, login_id: str
) -> None:
    async with from_address(portal, "203.0.113.31") as lost:
        stolen = (await log_in(lost, login_id)).json()
    mine = (await log_in(client, login_id)).json()
    headers = {"Authorization": f"Bearer {mine['access_token']}"}
    (theirs,) = [
        s for s in await sessions_of(client, mine["access_token"]) if s["address"] == "203.0.113.31"
    ]
    path = f"/v1/auth/sessions/{theirs['id']}"
    assert (await client.delete(path, headers=headers)).status_code == 204
    assert await step_up(client, stolen["access_token"]) == 401
    assert (await refresh(client, stolen["refresh_token"])).status_code == 401
    again = await client.delete(path, headers=headers)
    assert (again.status_code, again.json()["code"]) == (404, "session_not_found")
    async with from_address(portal, "203.0.113.31") as lost:
        back = await log_in(lost, login_id, device_token=stolen["device_token"])
    assert back.json()["device_token"] != stolen["device_token"]


async def test_ending_all_others_leaves_this_one(client: httpx.AsyncClient, login_id: str) -> None:
    others = [(await log_in(client, login_id)).json() for _ in range(2)]
    mine = (await log_in(client, login_id)).json()
    headers = {"Authorization": f"Bearer {mine['access_token']}"}
    assert (await client.delete("/v1/auth/sessions", headers=headers)).status_code == 204
    assert [s["current"] for s in await sessions_of(client, mine["access_token"])] == [True]
    for other in others:
        assert (await refresh(client, other["refresh_token"])).status_code == 401


async def test_a_browsers_cookie_is_no_token_of_a_native_client_nor_the_other_way(
    client: httpx.AsyncClient, login_id: str
) -> None:
    body = {"login_id": login_id, "password": PASSWORD, "client_type": "BROWSER"}
    browser = await client.post("/v1/auth/login", json=body, headers=ORIGIN)
    cookie = browser.headers["set-cookie"].partition("=")[2].partition(";")[0]
    client.cookies.clear()
    assert (await refresh(client, cookie)).json()["code"] == "invalid_refresh_token"
    native = (await log_in(client, login_id)).json()["refresh_token"]
    as_browser = await client.post(
        "/v1/auth/refresh",
        json={"client_type": "BROWSER"},
        headers=ORIGIN | {"Cookie": f"__Host-refresh={native}"},
    )
    assert as_browser.json()["code"] == "invalid_refresh_token"
    in_a_body = await client.post(
        "/v1/auth/refresh",
        json={"client_type": "BROWSER", "refresh_token": cookie},
        headers=ORIGIN,
    )
    assert in_a_body.json()["code"] == "invalid_refresh_token"
    right = await client.post(
        "/v1/auth/refresh",
        json={"client_type": "BROWSER"},
        headers=ORIGIN | {"Cookie": f"__Host-refresh={cookie}"},
    )
    assert right.status_code == 200


async def test_two_tabs_that_refresh_at_once_get_the_same_child(
    client: httpx.AsyncClient, login_id: str
) -> None:
    first = (await log_in(client, login_id)).json()["refresh_token"]
    answers = await asyncio.gather(*(refresh(client, first) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


async def test_a_reused_refresh_token_is_mailed_to_the_owner_and_logged(
    portal: FastAPI, client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    parent = member.session["refresh_token"]
    child = (await refresh(client, parent)).json()
    await refresh(client, child["refresh_token"])
    assert (await refresh(client, parent)).status_code == 401
    assert len(await mails_to(portal, member.email, "session_ended")) == 1
    assert (await refresh(client, parent)).status_code == 401
    assert len(await mails_to(portal, member.email, "session_ended")) == 1
    async with owner_engine.connect() as connection:
        logged = await connection.execute(
            text(
                "SELECT company_id::text, actor FROM audit_events"
                " WHERE account_id = :id AND action = 'refresh_token.reused'"
            ),
            {"id": member.account_id},
        )
        assert [tuple(row) for row in logged] == [(member.company_id, "system")]


async def test_the_owner_sees_sign_ins_and_failures_alone(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    member, other = await sign_up(client, world), await sign_up(client, world)
    async with from_address(portal, "203.0.113.32") as stranger:
        await log_in(stranger, member.login_id, password="wrong")
    await log_in(client, other.login_id, password="wrong")
    seen, cursor = [], ""
    while cursor is not None:
        path = f"/v1/me/sign-ins?size=1{cursor and '&cursor='}{cursor}"
        answer = await client.get(path, headers=member.headers)
        seen += [(i["outcome"], i["way"]) for i in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
    assert seen == [("WRONG_PASSWORD", "PASSWORD"), ("SIGNED_IN", "SIGN_UP")]


async def test_step_up_takes_the_phone_of_the_accounts_own_person_only(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    phone = phone_number()
    body = sign_up_body(
        await verify_business(client), await verify_person(client, world, phone=phone)
    )
    session = (await client.post("/v1/accounts/corporate", json=body)).json()["session"]
    headers = {"Authorization": f"Bearer {session['access_token']}"}

    async def prove(token: str) -> httpx.Response:
        return await client.post(
            "/v1/auth/step-up", json={"identity_verification_token": token}, headers=headers
        )

    other = await prove(await verify_person(client, world, "REAUTH"))
    assert (other.status_code, other.json()["code"]) == (422, "identity_of_another_person")
    purpose = await prove(await verify_person(client, world, "CHANGE_PHONE", phone=phone))
    assert purpose.json()["code"] == "identity_verification_invalid"
    token = await verify_person(client, world, "REAUTH", phone=phone)
    assert (await prove(token)).status_code == 204
    assert (await prove(token)).json()["code"] == "identity_verification_invalid"
    for both in ({}, {"password": PASSWORD, "identity_verification_token": token}):
        refused = await client.post("/v1/auth/step-up", json=both, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "one_proof_required")


async def test_a_stolen_access_token_has_five_tries_to_step_up(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    token = member.session["access_token"]
    statuses = [await step_up(client, token, "wrong") for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    async with from_address(portal, "203.0.113.33") as owner:
        assert (await log_in(owner, member.login_id)).status_code == 200


async def test_a_hash_of_former_parameters_is_made_anew_by_the_next_sign_in(
    portal: FastAPI, client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE accounts SET password_hash = :hash WHERE login_id = :id"),
            {"hash": weak, "id": member.login_id},
        )
    async with from_address(portal, "203.0.113.77") as here:
        wrong = await log_in(here, member.login_id, password="not this one")
        assert (wrong.status_code, await stored_hash(owner_engine, member)) == (401, weak)
        for _ in range(2):
            assert (await log_in(here, member.login_id)).status_code == 200
            assert "$m=19456,t=2,p=1$" in await stored_hash(owner_engine, member)


async def stored_hash(engine: AsyncEngine, member: Member) -> str:
    async with engine.connect() as connection:
        found = await connection.scalar(
            text("SELECT password_hash FROM accounts WHERE login_id = :id"),
            {"id": member.login_id},
        )
    return str(found)
