"""보상 지급, four eyes and operators' keys over HTTP (docs/decisions/0033)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.domain.operators import OperatorRole
from sandbox.world import World
from tests.contracts import bring_in, credit_of, noon, refused, set_clock
from tests.flows import Member, customer, run_jobs, sign_up
from tests.mails import mails_to
from tests.operators import once, operator_client, token_of

GOODWILL = "/v1/operator/goodwill"
_days = iter(date(2028 + 2 * turn, 3, 2) for turn in range(40))


@pytest.fixture
async def today(portal: FastAPI, world: World) -> date:
    day = next(_days)
    await set_clock(portal, world, noon(day))
    return day


@pytest.fixture
async def second(portal: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with operator_client(portal, OperatorRole.BILLING, "second") as client:
        client.headers.update(token_of(OperatorRole.BILLING, "second"))
        yield client


def credit(member: Member, amount: int, **changed: Any) -> dict[str, Any]:
    return {
        "kind": "CREDIT",
        "company_id": member.company_id,
        "amount": amount,
        "reason": "SERVICE_INTERRUPTED",
        "note": "3월 1일 장애",
    } | changed


def users(member: Member, membership: str, count: int, last_day: date) -> dict[str, Any]:
    return {
        "kind": "USERS",
        "company_id": member.company_id,
        "membership_id": membership,
        "users": count,
        "last_day": str(last_day),
        "reason": "OPENED_LATE",
        "note": "개설 3일 지연",
    }


async def give(operator: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
    return await operator.post(GOODWILL, json=body, headers=once())


async def waiting(operator: httpx.AsyncClient, member: Member) -> list[dict[str, Any]]:
    listed = (await operator.get(GOODWILL)).json()["items"]
    return [row for row in listed if row["company_id"] == member.company_id]


async def test_a_small_credit_is_given_at_once_and_told(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    member = await sign_up(client, world)
    answer = await give(operator, credit(member, 999_999))
    assert (answer.status_code, answer.json()["state"]) == (201, "GIVEN")
    shown = await credit_of(client, member)
    assert shown["balance"] == 999_999
    (line,) = shown["items"]
    assert (line["kind"], line["amount"]) == ("GOODWILL", 999_999)
    (mail,) = await mails_to(portal, member.email, "goodwill_credit")
    assert (mail["amount"], mail["reason"]) == ("999,999", "서비스 장애")
    assert "3월" not in str(mail)


async def test_a_large_credit_takes_another_operator(
    client: httpx.AsyncClient,
    world: World,
    operator: httpx.AsyncClient,
    second: httpx.AsyncClient,
    today: date,
) -> None:
    member = await sign_up(client, world)
    made = (await give(operator, credit(member, 1_000_000))).json()
    assert (made["state"], made["decided_by"]) == ("WAITING", None)
    assert [row["id"] for row in await waiting(second, member)] == [made["id"]]
    assert (await credit_of(client, member))["balance"] == 0
    path = f"{GOODWILL}/{made['id']}/approve"
    own = await operator.post(path, headers=once())
    assert refused(own) == (409, "second_operator_required")
    given = await second.post(path, headers=once())
    assert (given.json()["state"], given.json()["decided_by"]) == ("GIVEN", "second")
    assert (await credit_of(client, member))["balance"] == 1_000_000
    assert refused(await second.post(path, headers=once())) == (409, "goodwill_decided")
    assert await waiting(operator, member) == []
    nobody = await second.post(f"{GOODWILL}/{uuid4()}/approve", headers=once())
    assert refused(nobody) == (404, "goodwill_not_found")


async def test_approved_five_times_at_once_it_is_given_once(
    client: httpx.AsyncClient,
    world: World,
    operator: httpx.AsyncClient,
    second: httpx.AsyncClient,
    today: date,
) -> None:
    member = await sign_up(client, world)
    made = (await give(operator, credit(member, 2_000_000))).json()
    path = f"{GOODWILL}/{made['id']}/approve"
    answers = await asyncio.gather(*(second.post(path, headers=once()) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert (await credit_of(client, member))["balance"] == 2_000_000


async def test_a_refused_one_is_never_given(
    client: httpx.AsyncClient,
    world: World,
    operator: httpx.AsyncClient,
    second: httpx.AsyncClient,
    today: date,
) -> None:
    member = await sign_up(client, world)
    made = (await give(operator, credit(member, 1_000_000))).json()
    gone = await operator.post(f"{GOODWILL}/{made['id']}/refuse", headers=once())
    assert gone.json()["state"] == "REFUSED"
    late = await second.post(f"{GOODWILL}/{made['id']}/approve", headers=once())
    assert refused(late) == (409, "goodwill_decided")
    assert (await credit_of(client, member))["balance"] == 0


async def shown(client: httpx.AsyncClient, member: Member) -> dict[str, Any]:
    listed = await client.get("/v1/memberships", headers=member.headers)
    (found,) = listed.json()["items"]
    return dict(found)


async def at_groupware(portal: FastAPI, world: World, membership: str) -> tuple[int, int]:
    """Users and GB (of accounts and public) that the groupware was told, site by membership."""
    async with portal.state.deps.database.system_session("test") as session:
        site = await session.scalar(
            text("SELECT site_id FROM memberships WHERE id = cast(:id AS uuid)"), {"id": membership}
        )
    told = next(s for s in world.groupware.sites.values() if s.external_id == str(site))
    return told.wanted.users, told.wanted.storage.account_gb + told.wanted.storage.public_gb


async def test_users_for_nothing_are_there_until_their_last_day(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    """10 and 5 more: the fee stays, five of them are 무료제공, and each brings its gigabyte."""
    member = await customer(client, world, portal)
    before = await shown(client, member)
    last_day = today + timedelta(days=13)
    answer = await give(operator, users(member, before["id"], 5, last_day))
    assert (answer.status_code, answer.json()["state"]) == (201, "GIVEN"), answer.text
    await run_jobs(portal)
    during = await shown(client, member)
    assert during["users"] == {"base": 10, "added": 5, "complimentary": 5, "total": 15}
    assert during["monthly_fee"] == before["monthly_fee"] == 40_000
    assert await at_groupware(portal, world, before["id"]) == (15, 15)
    (mail,) = await mails_to(portal, member.email, "goodwill_users")
    assert (mail["users"], mail["last_day"], mail["reason"]) == ("5", str(last_day), "개설 지연")
    await set_clock(portal, world, noon(last_day))
    await run_jobs(portal)
    assert (await shown(client, member))["users"]["total"] == 15
    await set_clock(portal, world, noon(last_day + timedelta(days=1)))
    await run_jobs(portal)
    after = await shown(client, member)
    assert after["users"] == {"base": 10, "added": 0, "complimentary": 0, "total": 10}
    assert await at_groupware(portal, world, before["id"]) == (10, 10)
    assert len(await mails_to(portal, member.email, "goodwill_ended")) == 1
    ended = (await operator.get(f"{GOODWILL}?state=ENDED")).json()["items"]
    assert answer.json()["id"] in {row["id"] for row in ended}


async def test_users_are_refused_where_they_cannot_be_had(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    member = await sign_up(client, world)
    free = await bring_in(portal, member, today, [], 9, plan="SHARED_FREE")
    resold = await bring_in(
        portal, member, today, [(12, {"SHARED_USER": 4_000})], 10, billing_channel="RESELLER"
    )
    ours = await bring_in(portal, member, today, [(12, {"SHARED_USER": 4_000})], 10)
    other = await sign_up(client, world)
    cases = [
        (users(member, free, 1, today), (422, "paid_plan_required")),
        (users(member, resold, 1, today), (403, "managed_by_reseller")),
        (users(other, ours, 1, today), (404, "membership_not_found")),
        (users(member, str(uuid4()), 1, today), (404, "membership_not_found")),
        (users(member, ours, 1, today - timedelta(1)), (422, "goodwill_days_invalid")),
        (users(member, ours, 1, today + timedelta(732)), (422, "goodwill_days_invalid")),
        (users(member, ours, 0, today), (422, "invalid_request")),
        (users(member, ours, 10_001, today), (422, "invalid_request")),
        (credit(member, 0), (422, "invalid_request")),
        (credit(member, 100_000_001), (422, "invalid_request")),
        (credit(member, 1, users=1), (422, "invalid_request")),
        (credit(member, 1, note=""), (422, "invalid_request")),
        (credit(member, 1, company_id=str(uuid4())), (404, "company_not_found")),
        ({"kind": "MONEY"}, (422, "invalid_request")),
    ]
    for body, wanted in cases:
        assert refused(await give(operator, body)) == wanted, body
    assert (await credit_of(client, member))["balance"] == 0


async def test_a_key_gives_once(
    client: httpx.AsyncClient,
    world: World,
    operator: httpx.AsyncClient,
    second: httpx.AsyncClient,
    today: date,
) -> None:
    """Repeats one by one, all at once, by another operator, for another body, of a refusal."""
    member = await sign_up(client, world)
    same = once()
    body = credit(member, 10_000)
    first = await operator.post(GOODWILL, json=body, headers=same)
    again = await operator.post(GOODWILL, json=body, headers=same)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    other = await operator.post(GOODWILL, json=credit(member, 20_000), headers=same)
    assert refused(other) == (422, "idempotency_key_reused")
    assert (await credit_of(client, member))["balance"] == 10_000
    own = await second.post(GOODWILL, json=body, headers=same)
    assert (own.status_code, "idempotent-replayed" in own.headers) == (201, False)
    assert (await credit_of(client, member))["balance"] == 20_000
    at_once = once()
    answers = await asyncio.gather(
        *(operator.post(GOODWILL, json=body, headers=at_once) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {a.json()["id"] for a in answers if a.status_code == 201} == {
        next(a.json()["id"] for a in answers if a.status_code == 201)
    }
    assert (await credit_of(client, member))["balance"] == 30_000
    nobody = credit(member, 1, company_id=str(uuid4()))
    kept = once()
    told = [await operator.post(GOODWILL, json=nobody, headers=kept) for _ in range(2)]
    assert [refused(answer) for answer in told] == [(404, "company_not_found")] * 2
    assert told[1].headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({}, "idempotency_key_required"),
        ({"Idempotency-Key": "short"}, "idempotency_key_invalid"),
        ({"Idempotency-Key": "x" * 129}, "idempotency_key_invalid"),
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        GOODWILL,
        f"{GOODWILL}/{UUID(int=7)}/approve",
        f"{GOODWILL}/{UUID(int=7)}/refuse",
        f"/v1/operator/refunds/{UUID(int=7)}/done",
        f"/v1/operator/refunds/{UUID(int=7)}/retry",
        "/v1/operator/terminations",
    ],
)
async def test_what_moves_money_needs_a_key(
    operator: httpx.AsyncClient,
    today: date,
    path: str,
    headers: dict[str, str],
    wanted: str,
) -> None:
    bodies = {
        GOODWILL: {
            "kind": "CREDIT",
            "company_id": str(uuid4()),
            "amount": 1,
            "reason": "OTHER",
            "note": "a",
        },
        "/v1/operator/terminations": {
            "membership_id": str(uuid4()),
            "last_day": str(today),
            "received_on": str(today),
            "channel": "PHONE",
            "reason": "OTHER",
        },
    }
    answer = await operator.post(path, json=bodies.get(path), headers=headers)
    assert answer.json()["code"] == wanted
    assert answer.status_code in {400, 422, 428}
