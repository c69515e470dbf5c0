"""대표 계정 인계: another person, the same account; nobody of before stays in."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.world import World
from tests.flows import (
    SIGN_UP_CONSENTS,
    Member,
    customer,
    link_to_site,
    sign_up,
    sign_up_individual,
    verify_person,
)
from tests.mails import link_token, mails_to

PATH = "/v1/company/handover"
ACCEPT = "/v1/handovers/accept"
NEW_PASSWORD = "another horse battery"
HEIR = "heir@hanbit.example"


async def begin(client: httpx.AsyncClient, owner: Member, **changed: Any) -> httpx.Response:
    body = {"name": "홍길동", "email": HEIR, "phone": "010-1234-5678"} | changed
    return await client.post(PATH, json=body, headers=owner.headers)


def acceptance(link: str, identity: str, **changed: Any) -> dict[str, Any]:
    return {
        "token": link,
        "identity_verification_token": identity,
        "password": NEW_PASSWORD,
        "consents": SIGN_UP_CONSENTS,
    } | changed


async def test_the_successor_gets_the_account_and_all_sessions_end(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    owner = await customer(client, world, portal)
    begun = await begin(client, owner)
    assert begun.status_code == 201, begun.text
    assert begun.json()["phone_masked"] == "010-****-5678"
    assert (await begin(client, owner)).json()["code"] == "handover_open"
    token = await link_token(portal, HEIR, "handover")
    seen = await client.post("/v1/handovers/preview", json={"token": token})
    assert (seen.json()["company_name"], seen.json()["name_masked"]) == ("한빛상사", "홍*동")
    identity = await verify_person(client, world, "HANDOVER")
    done = await client.post(ACCEPT, json=acceptance(token, identity))
    assert (done.status_code, done.json()["login_id"]) == (200, owner.login_id)
    assert (await client.get("/v1/me", headers=owner.headers)).status_code == 401
    signed_in = await client.post(
        "/v1/auth/login",
        json={"login_id": owner.login_id, "password": NEW_PASSWORD, "client_type": "NATIVE"},
    )
    headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
    me = (await client.get("/v1/me", headers=headers)).json()
    assert (me["role"], me["account"]["email"], me["account"]["email_verified"]) == (
        "SUPER_ADMIN",
        HEIR,
        True,
    )
    for address in (owner.email, HEIR):
        told = await mails_to(portal, address, "handed_over")
        assert [m["login_id"] for m in told if m["login_id"] == owner.login_id] == [owner.login_id]
    again = await client.post(
        ACCEPT, json=acceptance(token, await verify_person(client, world, "HANDOVER"))
    )
    assert (again.status_code, again.json()["code"]) == (422, "handover_invalid")
    kept = text("SELECT count(*) FROM handovers WHERE company_id = :id")
    async with owner_engine.connect() as connection:
        assert (await connection.execute(kept, {"id": UUID(owner.company_id)})).scalar() == 0
    log = (await client.get("/v1/company/audit-log", headers=headers)).json()["items"]
    assert {"handover.begun", "handover.accepted"} <= {line["action"] for line in log}


async def test_another_name_purpose_or_password_takes_nothing_over_and_uses_nothing_up(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    owner = await customer(client, world, portal)
    await begin(client, owner, name="김다른")
    token = await link_token(portal, HEIR, "handover")
    identity = await verify_person(client, world, "HANDOVER")
    refused = await client.post(ACCEPT, json=acceptance(token, identity))
    assert (refused.status_code, refused.json()["code"]) == (422, "handover_name_mismatch")
    assert (await client.delete(PATH, headers=owner.headers)).status_code == 204
    await begin(client, owner, name="홍 길동")
    token = await link_token(portal, HEIR, "handover")
    for changed, code in (
        ({"password": "short"}, "password_too_short"),
        ({"password": f"{owner.login_id}-{owner.login_id}"}, "password_contains_login_id"),
        ({"consents": []}, "consent_required"),
        (
            {"identity_verification_token": await verify_person(client, world)},
            "identity_verification_invalid",
        ),
        ({"token": "x" * 43}, "handover_invalid"),
    ):
        refused = await client.post(ACCEPT, json=acceptance(token, identity, **changed))
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert (await client.get("/v1/me", headers=owner.headers)).status_code == 200
    assert (await client.post(ACCEPT, json=acceptance(token, identity))).status_code == 200


async def test_two_acceptances_at_once_hand_over_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    owner = await customer(client, world, portal)
    await begin(client, owner)
    token = await link_token(portal, HEIR, "handover")
    bodies = [acceptance(token, await verify_person(client, world, "HANDOVER")) for _ in range(2)]
    answers = await asyncio.gather(*(client.post(ACCEPT, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_a_handover_ends_after_a_day_or_when_taken_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    owner = await customer(client, world, portal)
    await begin(client, owner)
    token = await link_token(portal, HEIR, "handover")
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE handovers SET expires_at = expires_at - interval '24 hours'")
        )
    late = await client.post("/v1/handovers/preview", json={"token": token})
    assert late.json()["code"] == "handover_invalid"
    assert (await client.get(PATH, headers=owner.headers)).status_code == 404
    assert (await begin(client, owner)).status_code == 201
    token = await link_token(portal, HEIR, "handover")
    assert (await client.get(PATH, headers=owner.headers)).json()["email"] == HEIR
    assert (await client.delete(PATH, headers=owner.headers)).status_code == 204
    gone = await client.post("/v1/handovers/preview", json={"token": token})
    assert gone.status_code == 422
    assert (await client.delete(PATH, headers=owner.headers)).status_code == 404


async def test_only_a_super_admin_who_has_just_shown_the_password_hands_over(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    owner = await customer(client, world, portal)
    prospect = await sign_up(client, world)
    assert (await begin(client, prospect)).json()["code"] == "permission_denied"
    memberships = await client.get("/v1/memberships", headers=owner.headers)
    site_id = memberships.json()["items"][0]["site"]["id"]
    person = await sign_up_individual(client, world)
    await link_to_site(portal, person, owner.company_id, site_id, member=True)
    body = {"name": "홍길동", "email": HEIR, "phone": "01012345678"}
    denied = await client.post(PATH, json=body, headers=person.headers)
    assert denied.json()["code"] == "permission_denied"
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE sessions SET reauthenticated_at = reauthenticated_at - interval '11 min'"
                " WHERE account_id = :id"
            ),
            {"id": UUID(owner.account_id)},
        )
    refused = await begin(client, owner)
    assert (refused.status_code, refused.json()["code"]) == (401, "reauthentication_required")
