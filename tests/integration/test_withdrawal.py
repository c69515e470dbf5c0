"""고객포털 탈퇴하기: who leaves, what ends at once, and who may come again."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from app.clock import wire_now
from sandbox.world import World
from tests.cast import Stage
from tests.contracts import set_clock
from tests.flows import (
    PASSWORD,
    Member,
    Person,
    business_number,
    individual_body,
    phone_number,
    place,
    run_jobs,
    sign_up,
    sign_up_body,
    sign_up_individual,
    verify_business,
    verify_person,
)
from tests.integration.test_sessions import log_in, refresh
from tests.mails import mails_to


async def leave(client: httpx.AsyncClient, who: Person | Member) -> httpx.Response:
    return await client.delete("/v1/me", headers=who.headers)


async def actions(portal: FastAPI, account_id: str) -> list[str]:
    async with portal.state.deps.database.system_session("test: log") as session:
        rows = await session.execute(
            text("SELECT action FROM audit_events WHERE account_id = :id ORDER BY at, id"),
            {"id": UUID(account_id)},
        )
        return list(rows.scalars())


async def test_every_session_ends_and_the_log_says_so(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    person = await sign_up_individual(client, world)
    assert person.login_id is not None
    other = (await log_in(client, person.login_id)).json()
    assert (await leave(client, person)).status_code == 204
    for session in (person.session, other):
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        assert (await client.get("/v1/me", headers=headers)).status_code == 401
        assert (await refresh(client, session["refresh_token"])).status_code == 401
    assert (await log_in(client, person.login_id)).status_code == 401
    assert (await actions(portal, person.account_id))[-1] == "account.withdrawn"


async def test_a_farewell_is_sent_and_then_forgotten(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    """Also to an address that was never verified: somebody else may have pressed the button."""
    person = await sign_up_individual(client, world)
    answer = await client.delete("/v1/me", headers=person.headers | {"Accept-Language": "en"})
    assert answer.status_code == 204
    (told,) = await mails_to(portal, person.email, "withdrawn")
    assert told["at"].endswith("(KST)")
    await run_jobs(portal)
    assert len(await mails_to(portal, person.email, "withdrawn")) == 1
    deps = portal.state.deps
    async with deps.database.system_session("test clock") as session:
        now = await deps.clock.now(session)
    await set_clock(portal, world, now + timedelta(days=4, seconds=1))
    await run_jobs(portal)
    assert await mails_to(portal, person.email, "withdrawn") == []
    await set_clock(portal, world, wire_now())


async def test_two_requests_at_once_leave_once(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    person = await sign_up_individual(client, world)
    answers = await asyncio.gather(leave(client, person), leave(client, person))
    assert sorted(answer.status_code for answer in answers) == [204, 401]
    assert (await actions(portal, person.account_id)).count("account.withdrawn") == 1


async def test_a_refusal_erases_nothing(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    await place(client, member)
    refused = await leave(client, member)
    assert (refused.status_code, refused.json()["code"]) == (409, "open_order_exists")
    me = (await client.get("/v1/me", headers=member.headers)).json()
    assert (me["account"]["email"], me["role"]) == (member.email, "PROSPECT")
    assert await mails_to(portal, member.email, "withdrawn") == []
    assert len(await mails_to(portal, member.email, "signed_up")) == 1


async def test_a_company_signs_up_again_as_another(client: httpx.AsyncClient, world: World) -> None:
    """The same number and the same person, and nothing of before is theirs."""
    number, phone = business_number(), phone_number()

    async def again(**changed: Any) -> httpx.Response:
        body = sign_up_body(
            await verify_business(client, number),
            await verify_person(client, world, phone=phone),
            **changed,
        )
        return await client.post("/v1/accounts/corporate", json=body)

    first = await again(login_id="hanbit.first")
    assert first.status_code == 201, first.text
    account = first.json()["account"]
    member = Member(
        "hanbit.first", account["id"], account["company_id"], first.json()["session"], ""
    )
    order = await place(client, member)
    path = f"/v1/orders/{order['id']}/cancel"
    assert (await client.post(path, json={}, headers=member.headers)).status_code == 200
    assert (await leave(client, member)).status_code == 204
    retired = await again(login_id="Hanbit.First")
    assert (retired.status_code, retired.json()["code"]) == (409, "login_id_taken")
    second = await again()
    assert second.status_code == 201, second.text
    assert second.json()["account"]["company_id"] != member.company_id
    headers = {"Authorization": f"Bearer {second.json()['session']['access_token']}"}
    assert (await client.get("/v1/orders", headers=headers)).json()["items"] == []


async def test_a_person_signs_up_again_under_another_id(
    client: httpx.AsyncClient, world: World
) -> None:
    """The ID of before is nobody's, whoever asks and however it is written."""
    phone = phone_number()
    identity = await verify_person(client, world, phone=phone)
    body = individual_body(identity, login_id="gildong.once")
    made = await client.post("/v1/accounts/individual", json=body)
    assert made.status_code == 201, made.text
    person = Person("gildong.once", made.json()["account"]["id"], made.json()["session"], "")
    assert (await leave(client, person)).status_code == 204
    for who in (phone, phone_number()):
        token = await verify_person(client, world, phone=who)
        checked = await client.post(
            "/v1/login-ids/check",
            json={"login_id": "GILDONG.once", "verification_token": token},
        )
        assert checked.json()["available"] is False, checked.text
        again = await client.post(
            "/v1/accounts/individual", json=individual_body(token, login_id="gildong.once")
        )
        assert (again.status_code, again.json()["code"]) == (409, "login_id_taken")
    token = await verify_person(client, world, phone=phone)
    other = await client.post("/v1/accounts/individual", json=individual_body(token))
    assert other.status_code == 201, other.text
    assert other.json()["account"]["id"] != person.account_id


async def test_an_admin_who_leaves_is_no_user_any_more(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    admin = await Stage(portal, world, client).admin()
    assert admin.account is not None
    assert admin.owner is not None
    assert (await leave(client, admin.account)).status_code == 204
    users = (await client.get("/v1/users", headers=admin.owner.headers)).json()["items"]
    assert [user["user_id"] for user in users] == [admin.owner.account_id]


async def test_a_session_that_signed_in_long_ago_proves_itself_first(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    person = await sign_up_individual(client, world)
    await Stage(portal, world, client).execute(
        "UPDATE sessions SET reauthenticated_at = reauthenticated_at - interval '11 minutes'"
        " WHERE account_id = :id",
        id=UUID(person.account_id),
    )
    refused = await leave(client, person)
    assert (refused.status_code, refused.json()["code"]) == (401, "reauthentication_required")
    proof = {"password": PASSWORD}
    await client.post("/v1/auth/step-up", json=proof, headers=person.headers)
    assert (await leave(client, person)).status_code == 204
