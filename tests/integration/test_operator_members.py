"""회원 조회 over HTTP: found by what is whole, masked, read with a reason, suspended."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.services.operator_members import BY
from sandbox.world import World
from tests.contracts import refused
from tests.flows import PASSWORD, customer, run_jobs, sign_up, sign_up_individual
from tests.mails import mails_to

MEMBERS = "/v1/operator/members"


async def find(operator: httpx.AsyncClient, query: str) -> list[dict[str, Any]]:
    answer = await operator.post(f"{MEMBERS}/search", json={"query": query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def read(operator: httpx.AsyncClient, account_id: str) -> dict[str, Any]:
    answer = await operator.post(f"{MEMBERS}/{account_id}/read", json={"reason": "CALLED_US"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_member_is_found_by_each_whole_value_and_shown_masked(
    client: httpx.AsyncClient, world: World, operator: httpx.AsyncClient
) -> None:
    member = await sign_up(client, world)
    account = member.account_id
    clear = (await read(operator, account))["member"]
    assert clear["email"] == member.email
    phone = f"{clear['phone'][:3]}-{clear['phone'][3:7]}-{clear['phone'][7:]}"
    spaced = " ".join(clear["name"])
    for query in (member.email.upper(), phone, clear["login_id"].upper(), clear["name"], spaced):
        mine = [row for row in await find(operator, f" {query} ") if row["id"] == account]
        assert len(mine) == 1, query
        assert mine[0]["phone"] == f"{clear['phone'][:3]}-****-{clear['phone'][-4:]}"
        assert mine[0]["email"] == f"{member.email[0]}***@{member.email.split('@')[1]}"
        assert clear["name"] not in str(mine)
        assert clear["login_id"] not in str(mine)
    for part in (member.email[1:], clear["phone"][:-1], clear["login_id"][:-1], "%", "nobody"):
        assert account not in {row["id"] for row in await find(operator, part)}


async def test_whose_data_are_read_is_logged_with_the_reason(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member = await sign_up(client, world)
    account = member.account_id
    opened = await read(operator, account)
    (company,) = opened["companies"]
    assert (company["id"], company["as_what"]) == (member.company_id, "CORPORATE_ACCOUNT")
    async with portal.state.deps.database.system_session("test") as session:
        found = await session.execute(
            text(
                "SELECT actor, details FROM audit_events"
                " WHERE action = 'member.read' AND account_id = :id"
            ),
            {"id": UUID(account)},
        )
        rows = found.all()
    assert [tuple(row) for row in rows] == [("operator:bootstrap", {"why": "CALLED_US"})]
    nobody = await operator.post(f"{MEMBERS}/{uuid4()}/read", json={"reason": "CALLED_US"})
    assert refused(nobody) == (404, "member_not_found")
    for body in ({}, {"reason": "왜"}, {"reason": "X" * 41}):
        wrong = await operator.post(f"{MEMBERS}/{account}/read", json=body)
        assert refused(wrong) == (422, "invalid_request")


async def test_who_is_suspended_is_out_at_once_and_in_again_when_restored(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    person = await sign_up_individual(client, world)
    path = f"{MEMBERS}/{person.account_id}"
    for _ in range(2):
        answer = await operator.post(f"{path}/suspend", json={"reason": "ABUSE"})
        assert (answer.status_code, answer.json()["status"]) == (200, "SUSPENDED")
    assert (await client.get("/v1/me", headers=person.headers)).status_code == 401
    credentials = {"login_id": person.login_id, "password": PASSWORD, "client_type": "NATIVE"}
    out = await client.post("/v1/auth/login", json=credentials)
    assert refused(out) == (401, "invalid_credentials")
    refresh = {"refresh_token": person.session["refresh_token"], "client_type": "NATIVE"}
    again = await client.post("/v1/auth/refresh", json=refresh)
    assert again.status_code == 401
    for _ in range(2):
        answer = await operator.post(f"{path}/restore", json={"reason": "RESOLVED"})
        assert (answer.status_code, answer.json()["status"]) == (200, "ACTIVE")
    back = await client.post("/v1/auth/login", json=credentials)
    assert back.status_code == 200, back.text
    assert len(await mails_to(portal, person.email, "account_suspended")) == 1
    assert len(await mails_to(portal, person.email, "account_restored")) == 1


async def test_who_has_left_is_found_by_nothing_and_cannot_be_suspended(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    person = await sign_up_individual(client, world)
    clear = (await read(operator, person.account_id))["member"]
    gone = await client.request(
        "DELETE", "/v1/me", json={"password": PASSWORD}, headers=person.headers
    )
    assert gone.status_code in {200, 202, 204}, gone.text
    await run_jobs(portal)
    for query in (clear["email"], clear["phone"], clear["login_id"], clear["name"]):
        assert person.account_id not in {row["id"] for row in await find(operator, query)}
    answer = await operator.post(f"{MEMBERS}/{person.account_id}/suspend", json={"reason": "ABUSE"})
    assert refused(answer) == (404, "member_not_found")


async def test_a_name_of_before_is_indexed_by_its_job(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    person = await sign_up_individual(client, world)
    name = (await read(operator, person.account_id))["member"]["name"]
    async with portal.state.deps.database.system_session("test: of before") as session:
        await session.execute(
            text("UPDATE accounts SET name_index = NULL WHERE id = :id"),
            {"id": UUID(person.account_id)},
        )
    assert person.account_id not in {row["id"] for row in await find(operator, name)}
    await run_jobs(portal)
    assert person.account_id in {row["id"] for row in await find(operator, name)}


@pytest.mark.parametrize("by", sorted(BY))
async def test_the_search_reads_indexes(owner_engine: AsyncEngine, by: str) -> None:
    values = {
        "email": b"x",
        "phone": b"x",
        "name": b"x",
        "login_id": "x",
        "most": 50,
    }
    async with owner_engine.connect() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        used = {key: value for key, value in values.items() if f":{key}" in BY[by]}
        plan = await connection.execute(text(f"EXPLAIN {BY[by]}"), used)
        lines = "\n".join(plan.scalars())
    assert "Seq Scan" not in lines, lines
    assert "Index" in lines


async def test_a_companys_timeline_has_money_sites_and_ends(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member = await customer(client, world, portal)
    grant = {
        "kind": "CREDIT",
        "company_id": member.company_id,
        "amount": 100,
        "reason": "OTHER",
        "note": "a",
    }
    key = {"Idempotency-Key": str(uuid4())}
    assert (await operator.post("/v1/operator/goodwill", json=grant, headers=key)).is_success
    async with portal.state.deps.database.system_session("test: a claim about it") as session:
        await session.execute(
            text(
                "INSERT INTO cases (kind, state, subject_company_id, ci_hash, applicant,"
                " business_number, company_name, language, created_at, updated_at)"
                " VALUES ('COMPANY_CLAIM', 'IN_PROGRESS', :id, 'x', 'x', '1234567890', 'x', 'ko',"
                " now(), now())"
            ),
            {"id": UUID(member.company_id)},
        )
    path = f"/v1/operator/companies/{member.company_id}/timeline?size=100"
    entries = (await operator.get(path)).json()["items"]
    assert {"AUDIT", "ORDER", "PAYMENT", "MAIL", "SITE", "GOODWILL", "CASE"} <= {
        e["what"] for e in entries
    }
    assert [e["at"] for e in entries] == sorted((e["at"] for e in entries), reverse=True)
