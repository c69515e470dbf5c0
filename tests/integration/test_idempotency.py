"""One effect and one answer for a key, wherever a key is taken (PRODUCT.md section 17)."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import wire_now
from sandbox.faults import Fault
from sandbox.portone.console_actions import approve
from sandbox.world import World
from tests.flows import (
    PASSWORD,
    Member,
    customer,
    key,
    place,
    run_jobs,
    sign_up,
    sign_up_individual,
    start_payment,
)
from tests.mails import mails_to

DOCUMENT = json.loads(Path("openapi/openapi.json").read_text())
REQUIRED = {"create_order", "start_payment"}
"""Of PRODUCT.md's list what there is by now; terminations and operator refunds come later."""


WITHOUT_A_KEY = {
    "create_change_request": "a stream of files; a second one is told `case_open`",
    "create_refund_account_request": "a stream of files; a second one is told `case_open`",
    "send_company_business_document": "a stream of files; a second one is told `case_open`",
}


def signed_in_posts() -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Operations that need a sign-in, and how each takes the key."""
    for operations in DOCUMENT["paths"].values():
        operation = operations.get("post")
        if operation and operation.get("security") and {} not in operation["security"]:
            parameters = operation["parameters"]
            named = [p for p in parameters if p["name"] == "Idempotency-Key"]
            yield operation, named[0] if named else None


def test_every_signed_in_post_takes_a_key_and_the_named_ones_need_it() -> None:
    found = {operation["operationId"]: taken for operation, taken in signed_in_posts()}
    assert len(found) >= 17
    assert {name for name, taken in found.items() if taken is None} == set(WITHOUT_A_KEY)
    assert {name for name, taken in found.items() if taken and taken["required"]} == REQUIRED


def test_no_answer_that_is_kept_carries_a_token() -> None:
    for operation, _ in signed_in_posts():
        for status, response in operation["responses"].items():
            if status.startswith("2") and "content" in response:
                schema = response["content"]["application/json"]["schema"]["$ref"]
                body = DOCUMENT["components"]["schemas"][schema.rpartition("/")[2]]
                assert not [name for name in body["properties"] if "token" in name]


@pytest.fixture(scope="module")
async def owner(portal: FastAPI, world: World) -> Member:
    transport = httpx.ASGITransport(app=portal, client=("10.8.7.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        return await customer(client, world, portal)


async def kept(engine: AsyncEngine, account_id: str, operation: str) -> list[Any]:
    async with engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT status, body, fingerprint FROM idempotency_records"
                " WHERE account_id = :id AND operation = :operation AND expires_at > :now"
            ),
            {"id": UUID(account_id), "operation": operation, "now": wire_now()},
        )
        return list(rows)


async def test_an_invitation_asked_for_twice_is_one_and_its_mail_one(
    client: httpx.AsyncClient, owner: Member, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    email = f"{uuid4().hex[:12]}@person.example"
    body, headers = {"name": "정도현", "email": email}, owner.headers | key()
    first = await client.post("/v1/invitations", json=body, headers=headers)
    again = await client.post("/v1/invitations", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert len(await mails_to(portal, email, "user_invitation")) == 1
    other = await client.post("/v1/invitations", json=body | {"name": "김"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    unkeyed = await client.post("/v1/invitations", json=body, headers=owner.headers)
    assert (unkeyed.status_code, unkeyed.json()["code"]) == (409, "invitation_pending")
    [row] = await kept(owner_engine, owner.account_id, "invite_user")
    assert "정도현".encode() not in row.body
    assert email.encode() not in row.body


async def test_a_refusal_is_an_answer_and_kept(client: httpx.AsyncClient, world: World) -> None:
    member = await sign_up(client, world)
    headers = member.headers | key()
    order = await place(client, member)
    path = f"/v1/orders/{order['id']}/cancel"
    assert (await client.post(path, headers=headers)).status_code == 200
    refused = member.headers | key()
    first = await client.post(path, headers=refused)
    again = await client.post(path, headers=refused)
    assert (first.status_code, first.json()["code"]) == (409, "order_state_conflict")
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    cancelled = await client.post(path, headers=headers)
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "CANCELLED")


async def test_authorisation_comes_before_the_key(client: httpx.AsyncClient, world: World) -> None:
    """Whoever may not do it is not told that a key is missing."""
    person = await sign_up_individual(client, world)
    answer = await client.post(
        f"/v1/orders/{uuid4()}/payments", json={"method": "CARD"}, headers=person.headers
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


async def test_a_verification_mail_asked_for_twice_with_one_key_goes_out_once(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    person = await sign_up_individual(client, world)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE accounts SET email_verified_at = NULL WHERE id = :id"),
            {"id": UUID(person.account_id)},
        )
    headers = person.headers | key()
    path = "/v1/email-verifications"
    first = await client.post(path, headers=headers)
    before = await kept_mails(owner_engine, person.account_id)
    again = await client.post(path, headers=headers)
    assert (first.status_code, again.status_code) == (204, 204)
    assert again.headers["idempotent-replayed"] == "true"
    assert await kept_mails(owner_engine, person.account_id) == before


async def kept_mails(engine: AsyncEngine, account_id: str) -> int:
    async with engine.connect() as connection:
        found = await connection.scalar(
            text("SELECT count(*) FROM mails WHERE account_id = :id"), {"id": UUID(account_id)}
        )
    return int(found or 0)


async def test_a_password_that_came_with_a_key_is_nowhere(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    """The fingerprint is a keyed hash: the plain hash of a body could be guessed from."""
    member = await sign_up(client, world)
    for password, status in (("not this one at all", 401), (PASSWORD, 204)):
        headers = member.headers | key()
        for _ in range(2):
            answer = await client.post(
                "/v1/auth/step-up", json={"password": password}, headers=headers
            )
            assert answer.status_code == status
        assert answer.headers["idempotent-replayed"] == "true"
    content = (
        b"/v1/auth/step-up\x00" + json.dumps({"password": PASSWORD}, separators=(",", ":")).encode()
    )
    rows = await kept(owner_engine, member.account_id, "step_up")
    assert len(rows) == 2
    assert hashlib.sha256(content).digest() not in [row.fingerprint for row in rows]


async def test_what_is_malformed_is_not_kept(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    headers = member.headers | key()
    neither = await client.post("/v1/auth/step-up", json={}, headers=headers)
    assert (neither.status_code, neither.json()["code"]) == (422, "one_proof_required")
    assert await kept(owner_engine, member.account_id, "step_up") == []
    proven = await client.post("/v1/auth/step-up", json={"password": PASSWORD}, headers=headers)
    assert proven.status_code == 204


async def test_signing_out_ends_the_session_that_would_be_answered_again(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    headers = member.headers | key()
    first = await client.post("/v1/auth/logout", headers=headers)
    assert first.status_code == 204
    assert "__Host-refresh" in first.headers["set-cookie"]
    assert (await client.post("/v1/auth/logout", headers=headers)).status_code == 401


async def test_while_a_provider_is_asked_a_second_request_is_told_so(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    payment = await start_payment(client, member, await place(client, member))
    await approve(world, payment["id"])
    path, headers = f"/v1/payments/{payment['id']}/complete", member.headers | key()
    both = await asyncio.gather(*(client.post(path, headers=headers) for _ in range(8)))
    codes = [answer.status_code for answer in both]
    assert codes.count(200) >= 1
    assert set(codes) <= {200, 409}
    assert {a.json()["code"] for a in both if a.status_code == 409} <= {"request_in_progress"}
    again = await client.post(path, headers=headers)
    assert (again.json()["status"], again.headers["idempotent-replayed"]) == ("PAID", "true")
    await run_jobs(portal)
    assert len(await kept(owner_engine, member.account_id, "complete_payment")) == 1


async def test_a_key_whose_first_request_died_is_free_after_its_lease(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    payment = await start_payment(client, member, await place(client, member))
    path, headers = f"/v1/payments/{payment['id']}/complete", member.headers | key()
    assert (await client.post(path, headers=headers)).json()["status"] == "READY"
    await lease(owner_engine, member, seconds=30)
    held = await client.post(path, headers=headers)
    assert (held.status_code, held.json()["code"]) == (409, "request_in_progress")
    await lease(owner_engine, member, seconds=-1)
    await approve(world, payment["id"])
    taken = await client.post(path, headers=headers)
    assert (taken.status_code, taken.json()["status"]) == (200, "PAID")
    assert "idempotent-replayed" not in taken.headers
    assert (await client.post(path, headers=headers)).headers["idempotent-replayed"] == "true"


async def lease(engine: AsyncEngine, member: Member, seconds: int) -> None:
    """As if the process had died after its claim and before its answer."""
    until = wire_now().timestamp() + seconds
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE idempotency_records SET status = NULL, headers = NULL, body = NULL,"
                " leased_until = to_timestamp(:until) WHERE account_id = :id"
                " AND operation = 'complete_payment'"
            ),
            {"until": until, "id": UUID(member.account_id)},
        )


async def test_a_provider_in_trouble_is_no_answer_and_the_key_is_given_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    payment = await start_payment(client, member, await place(client, member))
    await approve(world, payment["id"])
    path, headers = f"/v1/payments/{payment['id']}/complete", member.headers | key()
    world.faults.put("portone", Fault(down=True))
    try:
        down = await client.post(path, headers=headers)
    finally:
        world.faults.clear()
    assert down.status_code == 503
    assert await kept(owner_engine, member.account_id, "complete_payment") == []
