"""기업회원 가입 over HTTP: the happy way, every refusal, and races counted in the database."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.world import World
from tests.flows import (
    PASSWORD,
    SIGN_UP_CONSENTS,
    business_number,
    sign_up,
    sign_up_body,
    verify_business,
    verify_person,
)

PATH = "/v1/accounts/corporate"


async def count(owner_engine: AsyncEngine, statement: str, **values: Any) -> int:
    async with owner_engine.connect() as connection:
        return int((await connection.execute(text(statement), values)).scalar_one())


async def test_a_company_signs_up_and_is_signed_in(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    signed_in = await client.post(
        "/v1/auth/login",
        json={"login_id": member.login_id, "password": PASSWORD, "client_type": "NATIVE"},
    )
    assert signed_in.status_code == 200
    left = await client.post("/v1/auth/logout", headers=member.headers)
    assert left.status_code == 204
    consents = "SELECT count(*) FROM consents WHERE account_id = :account AND agreed"
    assert await count(owner_engine, consents, account=member.account_id) == 3
    mails = "SELECT count(*) FROM mails WHERE account_id = :account AND kind = 'signed_up'"
    assert await count(owner_engine, mails, account=member.account_id) == 1
    jobs = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'send_mail'"
    assert await count(owner_engine, jobs) >= 1


async def test_each_verification_is_used_once(client: httpx.AsyncClient, world: World) -> None:
    business, identity = await verify_business(client), await verify_person(client, world)
    body = sign_up_body(business, identity)
    assert (await client.post(PATH, json=body)).status_code == 201
    same_person = sign_up_body(await verify_business(client), identity)
    refused = await client.post(PATH, json=same_person)
    assert refused.json()["code"] == "identity_verification_invalid"
    same_business = sign_up_body(business, await verify_person(client, world))
    refused = await client.post(PATH, json=same_business)
    assert refused.json()["code"] == "business_verification_invalid"


@pytest.mark.parametrize("purpose", ["FIND_LOGIN_ID", "RESET_PASSWORD", "HANDOVER", "REAUTH"])
async def test_a_verification_for_another_purpose_signs_nobody_up(
    client: httpx.AsyncClient, world: World, purpose: str
) -> None:
    identity = await verify_person(client, world, purpose)
    answer = await client.post(PATH, json=sign_up_body(await verify_business(client), identity))
    assert (answer.status_code, answer.json()["code"]) == (422, "identity_verification_invalid")


@pytest.mark.parametrize(
    ("changed", "code", "pointer"),
    [
        ({"password": "short"}, "password_too_short", "/password"),
        ({"password": "qwertyuiop"}, "password_common", "/password"),
        ({"login_id": "1hanbit"}, "login_id_invalid", "/login_id"),
        ({"company_name": "다른상사"}, "company_name_mismatch", "/company_name"),
        ({"consents": SIGN_UP_CONSENTS[:2]}, "consent_required", "/consents"),
        (
            {"consents": [c | {"version": "2000"} for c in SIGN_UP_CONSENTS]},
            "consent_unknown",
            "/consents/0",
        ),
        ({"contact": {"email": "a@b"}}, "invalid_request", "/contact/email"),
        ({"contact": {"email": "a@b.kr\nBcc: x@y.kr"}}, "invalid_request", "/contact/email"),
        ({"client_type": "TOASTER"}, "invalid_request", "/client_type"),
        ({"role": "SUPER_ADMIN"}, "invalid_request", "/role"),
    ],
)
async def test_a_refused_sign_up_uses_up_nothing(
    client: httpx.AsyncClient, world: World, changed: dict[str, Any], code: str, pointer: str
) -> None:
    business, identity = await verify_business(client), await verify_person(client, world)
    refused = await client.post(PATH, json=sign_up_body(business, identity, **changed))
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["errors"][0]["pointer"] == pointer
    again = await client.post(PATH, json=sign_up_body(business, identity))
    assert again.status_code == 201


async def test_two_sign_ups_for_one_number_at_once_make_one_company(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    for _ in range(5):
        number = business_number()
        bodies = [
            sign_up_body(await verify_business(client, number), await verify_person(client, world))
            for _ in range(2)
        ]
        answers = await asyncio.gather(*(client.post(PATH, json=body) for body in bodies))
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        loser = next(answer for answer in answers if answer.status_code == 409)
        assert loser.json()["code"] == "company_already_registered"
        companies = "SELECT count(*) FROM companies WHERE business_number = :number"
        assert await count(owner_engine, companies, number=number) == 1


async def test_a_login_id_taken_in_another_case_is_taken(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    identity = await verify_person(client, world)
    body = sign_up_body(await verify_business(client), identity, login_id=member.login_id.upper())
    answer = await client.post(PATH, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "login_id_taken")
    check = await client.post(
        "/v1/login-ids/check",
        json={"login_id": member.login_id.title(), "verification_token": identity},
    )
    assert check.json() == {"available": False, "reason": "login_id_taken"}


async def test_one_login_id_for_two_companies_at_once_goes_to_one(
    client: httpx.AsyncClient, world: World
) -> None:
    bodies = [
        sign_up_body(await verify_business(client), await verify_person(client, world))
        for _ in range(2)
    ]
    bodies[1]["login_id"] = bodies[0]["login_id"]
    answers = await asyncio.gather(*(client.post(PATH, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_login_ids_are_checked_twenty_times_per_verification(
    client: httpx.AsyncClient, world: World
) -> None:
    identity = await verify_person(client, world)

    async def check(login_id: str, token: str = identity) -> httpx.Response:
        body = {"login_id": login_id, "verification_token": token}
        return await client.post("/v1/login-ids/check", json=body)

    assert (await check("1bad")).json() == {"available": False, "reason": "login_id_invalid"}
    for index in range(20):
        assert (await check(f"never-used-{index}")).json()["available"] is True
    refused = await check("one-too-many")
    assert (refused.status_code, refused.json()["code"]) == (429, "login_id_checks_used_up")
    stranger = await check("hanbit", "x" * 43)
    assert stranger.json()["code"] == "identity_verification_invalid"
