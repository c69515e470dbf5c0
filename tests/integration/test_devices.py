"""Known devices, back-off and equal work: who is locked out, who is not, and what it costs."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import RealClock, wire_now
from sandbox.world import World
from tests.flows import PASSWORD, Member, sign_up
from tests.integration.test_sessions import ORIGIN, from_address, log_in
from tests.mails import mails_to
from tests.statements import counted


@pytest.fixture
async def member(client: httpx.AsyncClient, world: World) -> Member:
    return await sign_up(client, world)


@pytest.fixture
def argon2_runs(portal: FastAPI, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether there was a hash, for each password looked at; the work itself is left out."""
    seen: list[bool] = []
    passwords = portal.state.deps.passwords

    def verify(hashed: str | None, password: str) -> bool:
        seen.append(hashed is not None)
        return hashed is not None and password == PASSWORD

    monkeypatch.setattr(passwords, "_verify", verify)
    return seen


@pytest.fixture
def production_clock(portal: FastAPI) -> Iterator[None]:
    """The sandbox's clock reads a row; production's does not."""
    sign_in = portal.state.deps.sign_in
    kept, sign_in._clock = sign_in._clock, RealClock()
    yield
    sign_in._clock = kept


async def guess(portal: FastAPI, login_id: str, address: str, times: int = 1) -> list[int]:
    async with from_address(portal, address) as client:
        return [(await log_in(client, login_id, password="wrong")).status_code] * times


async def lock_out(portal: FastAPI, login_id: str) -> None:
    """Strangers fail from everywhere until the ID itself waits."""
    for host in range(12):
        async with from_address(portal, f"198.18.{host}.1") as client:
            for _ in range(5):
                await log_in(client, login_id, password="wrong")


async def test_a_thousand_guesses_from_everywhere_are_stopped_at_fifty(
    portal: FastAPI, member: Member, argon2_runs: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the minute that the first wait takes, however slow the machine is."""
    at = wire_now()
    monkeypatch.setattr("app.services.sign_in.wire_now", lambda: at)
    answers = []
    for host in range(250):
        async with from_address(portal, f"198.19.{host}.7") as client:
            for _ in range(4):
                answers.append((await log_in(client, member.login_id, password="no")).status_code)
    assert len(answers) == 1000
    assert answers.count(401) == 50 == sum(argon2_runs)
    assert answers.count(429) == 950
    async with from_address(portal, "198.19.255.8") as owner:
        refused = await log_in(owner, member.login_id)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 61


async def test_a_thousand_at_once_from_one_address_are_five(
    portal: FastAPI, member: Member, argon2_runs: list[bool]
) -> None:
    async with from_address(portal, "198.51.100.9") as client:
        tries = [log_in(client, member.login_id, password="no") for _ in range(60)]
        answers = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert sorted(answers) == [401] * 5 + [429] * 55
    assert sum(argon2_runs) == 5


async def test_one_address_alone_never_locks_an_id_for_others(
    portal: FastAPI, member: Member, owner_engine: AsyncEngine, argon2_runs: list[bool]
) -> None:
    async with from_address(portal, "198.51.100.10") as client:
        for _ in range(60):
            await log_in(client, member.login_id, password="no")
            async with owner_engine.begin() as connection:
                await connection.execute(
                    text(
                        "UPDATE sign_in_failures"
                        " SET last_failed_at = last_failed_at - interval '61 minutes'"
                    )
                )
    async with from_address(portal, "198.51.100.11") as client:
        assert (await log_in(client, member.login_id)).status_code == 200


async def test_a_hundred_failures_of_many_ids_block_their_address(
    portal: FastAPI, member: Member, argon2_runs: list[bool]
) -> None:
    async with from_address(portal, "198.51.100.12") as client:
        for number in range(100):
            assert (await log_in(client, f"nobody-{number}")).status_code == 401
        assert (await log_in(client, member.login_id)).status_code == 429
    async with from_address(portal, "198.51.100.13") as client:
        assert (await log_in(client, member.login_id)).status_code == 200


async def test_addresses_of_one_ipv6_customer_are_one(
    portal: FastAPI, member: Member, argon2_runs: list[bool]
) -> None:
    for number in range(5):
        async with from_address(portal, f"2001:db8:1:2::{number}") as client:
            assert (await log_in(client, member.login_id, password="no")).status_code == 401
    async with from_address(portal, "2001:db8:1:2:ffff::1") as client:
        assert (await log_in(client, member.login_id)).status_code == 429
    async with from_address(portal, "2001:db8:1:3::1") as client:
        assert (await log_in(client, member.login_id)).status_code == 200


async def test_each_further_failure_doubles_the_wait_up_to_an_hour(
    portal: FastAPI, member: Member, owner_engine: AsyncEngine, argon2_runs: list[bool]
) -> None:
    waits = []
    async with from_address(portal, "198.51.100.14") as client:
        for _ in range(4):
            await log_in(client, member.login_id, password="no")
        for _ in range(8):
            await log_in(client, member.login_id, password="no")
            blocked = await log_in(client, member.login_id, password="no")
            waits.append(round(int(blocked.headers["retry-after"]) / 60))
            async with owner_engine.begin() as connection:
                await connection.execute(
                    text(
                        "UPDATE sign_in_failures"
                        " SET last_failed_at = last_failed_at - interval '61 minutes'"
                    )
                )
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_a_known_device_signs_in_while_strangers_have_locked_the_id(
    portal: FastAPI, member: Member, argon2_runs: list[bool]
) -> None:
    known = member.session["device_token"]
    await lock_out(portal, member.login_id)
    async with from_address(portal, "198.18.0.1") as client:
        assert (await log_in(client, member.login_id)).status_code == 429
        owner = await log_in(client, member.login_id, device_token=known)
        assert (owner.status_code, owner.json()["device_token"]) == (200, known)


async def test_a_known_device_that_guesses_waits_like_anybody(
    portal: FastAPI, member: Member, argon2_runs: list[bool]
) -> None:
    known = {"device_token": member.session["device_token"]}
    async with from_address(portal, "198.51.100.15") as client:
        for _ in range(5):
            wrong = await log_in(client, member.login_id, password="no", **known)
            assert wrong.status_code == 401
        assert (await log_in(client, member.login_id, **known)).status_code == 429
        assert (await log_in(client, member.login_id)).status_code == 200


async def test_a_device_known_to_one_account_is_a_stranger_to_another(
    portal: FastAPI,
    client: httpx.AsyncClient,
    world: World,
    member: Member,
    argon2_runs: list[bool],
) -> None:
    other = await sign_up(client, world)
    await lock_out(portal, member.login_id)
    async with from_address(portal, "198.51.100.16") as thief:
        answer = await log_in(thief, member.login_id, device_token=other.session["device_token"])
    assert answer.status_code == 429


async def test_a_planted_device_token_is_worth_nothing_after_the_sign_in(
    portal: FastAPI,
    client: httpx.AsyncClient,
    world: World,
    member: Member,
    argon2_runs: list[bool],
) -> None:
    planted = (await sign_up(client, world)).session["device_token"]
    async with from_address(portal, "198.51.100.17") as owner:
        own = (await log_in(owner, member.login_id, device_token=planted)).json()["device_token"]
    assert own != planted
    await lock_out(portal, member.login_id)
    async with from_address(portal, "198.51.100.18") as client:
        thief = await log_in(client, member.login_id, device_token=planted)
        assert thief.status_code == 429
        assert (await log_in(client, member.login_id, device_token=own)).status_code == 200


async def test_two_accounts_of_one_browser_know_it_both(
    portal: FastAPI, client: httpx.AsyncClient, world: World, member: Member
) -> None:
    other = await sign_up(client, world)
    async with from_address(portal, "198.51.100.19") as browser:
        for login_id in (member.login_id, other.login_id, member.login_id, other.login_id):
            body = {"login_id": login_id, "password": PASSWORD, "client_type": "BROWSER"}
            answer = await browser.post("/v1/auth/login", json=body, headers=ORIGIN)
            assert answer.status_code == 200
            assert answer.json()["device_token"] is None
    for owner in (member, other):
        assert len(await mails_to(portal, owner.email, "new_device")) == 1


async def test_a_browser_keeps_its_device_in_a_host_cookie(
    client: httpx.AsyncClient, member: Member
) -> None:
    body = {"login_id": member.login_id, "password": PASSWORD, "client_type": "BROWSER"}
    answer = await client.post("/v1/auth/login", json=body, headers=ORIGIN)
    (cookie,) = [c for c in answer.headers.get_list("set-cookie") if "__Host-device" in c]
    for attribute in ("HttpOnly", "Secure", "SameSite=strict", "Path=/", "Max-Age=31536000"):
        assert attribute in cookie


async def test_a_new_device_is_mailed_once_and_a_sign_up_is_not(
    portal: FastAPI, member: Member
) -> None:
    assert await mails_to(portal, member.email, "new_device") == []
    name = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36"}
    async with from_address(portal, "198.51.100.20") as client:
        client.headers.update(name)
        first = (await log_in(client, member.login_id)).json()
        await log_in(client, member.login_id, device_token=first["device_token"])
    (mail,) = await mails_to(portal, member.email, "new_device")
    assert (mail["device"], mail["address"]) == ("Chrome · Windows", "198.51.100.20")


async def cost(portal: FastAPI, login_id: str, address: str, runs: list[bool]) -> Any:
    del runs[:]
    async with from_address(portal, address) as client:
        with counted(portal.state.deps.database.engine) as statements:
            answer = await log_in(client, login_id, password="no")
    return answer, len(runs), len(statements.seen)


@pytest.mark.usefixtures("production_clock")
async def test_unknown_wrong_suspended_and_backed_off_cost_the_same(
    portal: FastAPI,
    client: httpx.AsyncClient,
    world: World,
    member: Member,
    owner_engine: AsyncEngine,
    argon2_runs: list[bool],
) -> None:
    suspended, waiting = await sign_up(client, world), await sign_up(client, world)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE accounts SET status = 'SUSPENDED' WHERE id = :id"),
            {"id": suspended.account_id},
        )
    for _ in range(5):
        await guess(portal, waiting.login_id, "198.51.100.24")
        await guess(portal, "nobody-has-this", "198.51.100.25")
    cases = {
        "unknown": await cost(portal, "nobody-at-all", "198.51.100.21", argon2_runs),
        "wrong": await cost(portal, member.login_id, "198.51.100.22", argon2_runs),
        "suspended": await cost(portal, suspended.login_id, "198.51.100.23", argon2_runs),
        "waiting": await cost(portal, waiting.login_id, "198.51.100.24", argon2_runs),
        "unknown, waiting": await cost(portal, "nobody-has-this", "198.51.100.25", argon2_runs),
    }
    assert {name: (runs, statements) for name, (_, runs, statements) in cases.items()} == (
        dict.fromkeys(cases, (1, 6))
    )
    codes = [answer.json()["code"] for answer, _, _ in cases.values()]
    assert codes == ["invalid_credentials"] * 3 + ["rate_limited"] * 2


async def test_a_suspended_account_with_the_right_password_is_told_nothing_more(
    client: httpx.AsyncClient, member: Member, owner_engine: AsyncEngine
) -> None:
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE accounts SET status = 'SUSPENDED' WHERE id = :id"),
            {"id": member.account_id},
        )
    answer = await log_in(client, member.login_id)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")


async def test_no_device_token_is_readable_in_the_database(
    member: Member, owner_engine: AsyncEngine
) -> None:
    async with owner_engine.connect() as connection:
        rows = await connection.execute(text("SELECT d::text FROM known_devices d"))
        assert member.session["device_token"] not in str(rows.all())
