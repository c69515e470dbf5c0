"""개인회원 가입 over HTTP: one individual account a person, whatever is tried at once."""

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
    individual_body,
    phone_number,
    sign_up_body,
    sign_up_individual,
    verify_business,
    verify_person,
)

PATH = "/v1/accounts/individual"


async def count(owner_engine: AsyncEngine, statement: str, **values: Any) -> int:
    async with owner_engine.connect() as connection:
        return int((await connection.execute(text(statement), values)).scalar_one())


async def test_a_person_signs_up_and_is_a_member_without_a_company(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    person = await sign_up_individual(client, world)
    me = (await client.get("/v1/me", headers=person.headers)).json()
    assert (me["role"], me["account"]["kind"], me["company"]) == ("MEMBER", "INDIVIDUAL", None)
    assert me["account"]["login_id"] == person.login_id
    signed_in = await client.post(
        "/v1/auth/login",
        json={"login_id": person.login_id, "password": PASSWORD, "client_type": "NATIVE"},
    )
    assert signed_in.status_code == 200
    values = {"account": person.account_id}
    for statement, expected in (
        ("SELECT count(*) FROM consents WHERE account_id = :account AND agreed", 3),
        (
            "SELECT count(*) FROM mails WHERE account_id = :account"
            " AND kind = 'signed_up_individual'",
            1,
        ),
        ("SELECT count(*) FROM audit_events WHERE account_id = :account", 1),
    ):
        assert await count(owner_engine, statement, **values) == expected


async def test_a_person_has_one_individual_account_which_is_named_masked(
    client: httpx.AsyncClient, world: World
) -> None:
    phone = phone_number()
    first = individual_body(await verify_person(client, world, phone=phone), login_id="gildong85")
    assert (await client.post(PATH, json=first)).status_code == 201
    again = individual_body(await verify_person(client, world, phone=phone))
    refused = await client.post(PATH, json=again)
    assert (refused.status_code, refused.json()["code"]) == (409, "person_already_registered")
    assert refused.json()["login_id_masked"] == "gi******5"
    assert "gildong85" not in refused.text


async def test_the_same_person_may_also_hold_corporate_accounts(
    client: httpx.AsyncClient, world: World
) -> None:
    phone = phone_number()
    for _ in range(2):
        identity = await verify_person(client, world, phone=phone)
        body = sign_up_body(await verify_business(client), identity)
        assert (await client.post("/v1/accounts/corporate", json=body)).status_code == 201
    identity = await verify_person(client, world, phone=phone)
    assert (await client.post(PATH, json=individual_body(identity))).status_code == 201


async def test_two_sign_ups_of_one_person_at_once_make_one_account(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    before = await count(owner_engine, "SELECT count(*) FROM accounts WHERE kind = 'INDIVIDUAL'")
    for _ in range(3):
        phone = phone_number()
        bodies = [
            individual_body(await verify_person(client, world, phone=phone)) for _ in range(2)
        ]
        answers = await asyncio.gather(*(client.post(PATH, json=body) for body in bodies))
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        loser = next(answer for answer in answers if answer.status_code == 409)
        assert loser.json()["code"] == "person_already_registered"
        assert loser.json()["login_id_masked"].startswith("us")
    after = await count(owner_engine, "SELECT count(*) FROM accounts WHERE kind = 'INDIVIDUAL'")
    assert after - before == 3


async def test_one_login_id_for_two_persons_at_once_goes_to_one(
    client: httpx.AsyncClient, world: World
) -> None:
    bodies = [individual_body(await verify_person(client, world)) for _ in range(2)]
    bodies[1]["login_id"] = bodies[0]["login_id"]
    answers = await asyncio.gather(*(client.post(PATH, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert loser.json()["code"] == "login_id_taken"


async def test_one_identity_token_at_once_signs_up_once(
    client: httpx.AsyncClient, world: World
) -> None:
    identity = await verify_person(client, world)
    bodies = [individual_body(identity) for _ in range(2)]
    answers = await asyncio.gather(*(client.post(PATH, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 422]


@pytest.mark.parametrize(
    ("changed", "code", "pointer"),
    [
        ({"password": "short"}, "password_too_short", "/password"),
        ({"password": "qwertyuiop"}, "password_common", "/password"),
        ({"login_id": "1gildong"}, "login_id_invalid", "/login_id"),
        ({"consents": SIGN_UP_CONSENTS[:2]}, "consent_required", "/consents"),
        ({"contact": {"email": "a@b"}}, "invalid_request", "/contact/email"),
        ({"client_type": "TOASTER"}, "invalid_request", "/client_type"),
        ({"company_name": "한빛상사"}, "invalid_request", "/company_name"),
    ],
)
async def test_a_refused_sign_up_uses_up_nothing(
    client: httpx.AsyncClient, world: World, changed: dict[str, Any], code: str, pointer: str
) -> None:
    identity = await verify_person(client, world)
    refused = await client.post(PATH, json=individual_body(identity, **changed))
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["errors"][0]["pointer"] == pointer
    again = await client.post(PATH, json=individual_body(identity))
    assert again.status_code == 201


@pytest.mark.parametrize("purpose", ["FIND_LOGIN_ID", "RESET_PASSWORD", "HANDOVER", "REAUTH"])
async def test_a_verification_for_another_purpose_signs_nobody_up(
    client: httpx.AsyncClient, world: World, purpose: str
) -> None:
    identity = await verify_person(client, world, purpose)
    answer = await client.post(PATH, json=individual_body(identity))
    assert (answer.status_code, answer.json()["code"]) == (422, "identity_verification_invalid")


async def test_after_withdrawal_a_person_signs_up_again_under_another_id(
    client: httpx.AsyncClient, world: World
) -> None:
    phone = phone_number()
    first = individual_body(await verify_person(client, world, phone=phone))
    session = (await client.post(PATH, json=first)).json()["session"]
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    assert (await client.delete("/v1/me", headers=headers)).status_code == 204
    identity = await verify_person(client, world, phone=phone)
    taken = individual_body(identity, login_id=first["login_id"])
    assert (await client.post(PATH, json=taken)).json()["code"] == "login_id_taken"
    assert (await client.post(PATH, json=individual_body(identity))).status_code == 201
