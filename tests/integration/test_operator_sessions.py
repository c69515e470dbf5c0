"""운영자 로그인 (PRODUCT.md section 16): name, password, a code that is taken once; eight hours."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.clock import wire_now
from app.domain.errors import DomainError
from app.domain.operators import OperatorRole, step_of
from app.services.operator_accounts import NewSecrets
from app.settings import Settings
from tests.contracts import refused
from tests.operators import TOKEN, operator_client
from tools import sandbox_operators

SESSIONS = "/v1/operator/sessions"
ME = "/v1/operator/me"


@pytest.fixture
async def operator(portal: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """From an address of its own, so that tries of other tests do not count."""
    async with operator_client(portal) as client:
        transport = client._transport
        assert isinstance(transport, httpx.ASGITransport)
        number = uuid4().int
        transport.client = (f"10.{number % 200}.{number // 200 % 250}.{number // 50000 % 250}", 1)
        yield client


async def hire(portal: FastAPI, *roles: OperatorRole) -> NewSecrets:
    name = f"o-{uuid4().hex[:12]}"
    made: NewSecrets = await portal.state.deps.operator_accounts.create(
        name, roles or (OperatorRole.SUPPORT,), "root"
    )
    return made


def code(made: NewSecrets, steps: int = 0) -> str:
    """What the authenticator shows, some half minutes from now."""
    totp = pyotp.parse_uri(made.totp_uri)
    assert isinstance(totp, pyotp.TOTP)
    return totp.at(wire_now() + timedelta(seconds=30 * steps))


def body(made: NewSecrets, steps: int = 0, **changed: str) -> dict[str, str]:
    return {
        "name": made.name,
        "password": made.password,
        "totp_code": code(made, steps),
    } | changed


async def sign_in(operator: httpx.AsyncClient, made: NewSecrets, steps: int = 0) -> dict[str, str]:
    answer = await operator.post(SESSIONS, json=body(made, steps))
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def test_name_password_and_code_are_a_session_of_eight_hours(
    operator: httpx.AsyncClient, portal: FastAPI
) -> None:
    made = await hire(portal, OperatorRole.BILLING)
    headers = await sign_in(operator, made)
    me = (await operator.get(ME, headers=headers)).json()
    assert (me["name"], me["roles"]) == (made.name, ["BILLING"])
    assert "refunds.manage" in me["permissions"]
    assert "cases.manage" not in me["permissions"]
    async with portal.state.deps.database.system_session("test data") as session:
        found = await session.execute(
            text(
                "SELECT s.expires_at - s.created_at FROM operator_sessions s"
                " JOIN operators o ON o.id = s.operator_id WHERE o.name = :name"
            ),
            {"name": made.name},
        )
        assert found.scalar_one() == timedelta(hours=8)
        await session.execute(
            text(
                "UPDATE operator_sessions SET expires_at = created_at WHERE operator_id ="
                " (SELECT id FROM operators WHERE name = :name)"
            ),
            {"name": made.name},
        )
    assert refused(await operator.get(ME, headers=headers)) == (401, "not_authenticated")


@pytest.mark.parametrize(
    "changed",
    [{"name": "nobody-here"}, {"password": "wrong"}, {"totp_code": "000000"}, {"name": "김"}],
    ids=["name", "password", "code", "no name"],
)
async def test_whatever_is_wrong_the_answer_is_the_same(
    operator: httpx.AsyncClient, portal: FastAPI, changed: dict[str, str]
) -> None:
    made = await hire(portal)
    answer = await operator.post(SESSIONS, json=body(made) | changed)
    assert refused(answer) == (401, "invalid_credentials")
    assert answer.json()["errors"] == []


async def test_a_code_is_taken_once_also_of_two_at_once(
    operator: httpx.AsyncClient, portal: FastAPI
) -> None:
    made = await hire(portal)
    given = body(made)
    answers = await asyncio.gather(*(operator.post(SESSIONS, json=given) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401]
    assert refused(await operator.post(SESSIONS, json=given)) == (401, "invalid_credentials")
    assert (await operator.post(SESSIONS, json=body(made, 1))).status_code == 201
    # What was shown before the one that was taken is old.
    assert refused(await operator.post(SESSIONS, json=given)) == (401, "invalid_credentials")


def test_a_code_holds_for_its_half_minute_and_one_around_it() -> None:
    now = wire_now()
    present = int(now.timestamp()) // 30
    codes = {step: f"{step % 10**6:06d}" for step in range(present - 3, present + 4)}
    taken = [
        step - present
        for step in codes
        if step_of(codes[step], now, None, lambda s: f"{s % 10**6:06d}") == step
    ]
    assert taken == [-1, 0, 1]
    assert step_of(codes[present], now, present, lambda s: f"{s % 10**6:06d}") is None


async def test_five_wrong_tries_are_the_last_for_a_while_for_the_right_password_too(
    operator: httpx.AsyncClient, portal: FastAPI
) -> None:
    made = await hire(portal)
    wrong = body(made, totp_code="000000")
    answers = [await operator.post(SESSIONS, json=wrong) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    blocked = await operator.post(SESSIONS, json=body(made))
    assert refused(blocked) == (429, "rate_limited")
    assert int(blocked.headers["Retry-After"]) > 0


async def test_who_is_signed_out_disabled_or_changed_is_out_at_once(
    operator: httpx.AsyncClient, portal: FastAPI
) -> None:
    accounts = portal.state.deps.operator_accounts
    made = await hire(portal)
    headers = await sign_in(operator, made)
    assert (await operator.post("/v1/operator/sign-out", headers=headers)).status_code == 204
    assert refused(await operator.get(ME, headers=headers)) == (401, "not_authenticated")
    headers = await sign_in(operator, made, 1)
    await accounts.give_roles(made.name, [OperatorRole.CATALOGUE], "root")
    assert refused(await operator.get(ME, headers=headers)) == (401, "not_authenticated")
    anew = await accounts.reset(made.name, "root")
    headers = await sign_in(operator, anew)
    assert (await operator.get(ME, headers=headers)).json()["roles"] == ["CATALOGUE"]
    await accounts.disable(made.name, "root")
    assert refused(await operator.get(ME, headers=headers)) == (401, "not_authenticated")
    answer = await operator.post(SESSIONS, json=body(anew, 1))
    assert refused(answer) == (401, "invalid_credentials")


async def test_a_changed_password_ends_the_other_sessions(
    operator: httpx.AsyncClient, portal: FastAPI
) -> None:
    made = await hire(portal)
    other = await sign_in(operator, made, -1)
    headers = await sign_in(operator, made, 0)
    wanted: dict[str, Any] = {
        "password": made.password,
        "totp_code": code(made, 1),
        "new_password": "sturdy umbrella river",
    }
    path = "/v1/operator/me/password"
    for changed, answer in (
        ({"password": "wrong"}, (401, "invalid_credentials")),
        ({"totp_code": code(made)}, (401, "invalid_credentials")),
        ({"new_password": "short"}, (422, "password_too_short")),
    ):
        done = await operator.put(path, json=wanted | changed, headers=headers)
        assert refused(done) == answer
    assert (await operator.put(path, json=wanted, headers=headers)).status_code == 204
    assert (await operator.get(ME, headers=headers)).status_code == 200
    assert refused(await operator.get(ME, headers=other)) == (401, "not_authenticated")


async def test_accounts_are_made_by_name_once_and_all_of_it_is_in_the_log(
    operator: httpx.AsyncClient, portal: FastAPI
) -> None:
    accounts = portal.state.deps.operator_accounts
    made = await hire(portal)
    for name, refusal in ((made.name, "operator_exists"), ("Kim", "operator_name_invalid")):
        with pytest.raises(DomainError, match=refusal):
            await accounts.create(name, [OperatorRole.ADMIN], "root")
    with pytest.raises(DomainError, match="operator_not_found"):
        await accounts.disable("nobody-here", "root")
    await sign_in(operator, made)
    await accounts.disable(made.name, "root")
    async with portal.state.deps.database.system_session("test data") as session:
        said = "SELECT actor || ' ' || action FROM audit_events WHERE subject = :name ORDER BY id"
        lines = (await session.execute(text(said), {"name": made.name})).scalars().all()
    assert lines == [
        "operator:root operator.created",
        f"operator:{made.name} operator.signed_in",
        "operator:root operator.disabled",
    ]
    secrets = (made.password, made.totp_uri)
    assert all(secret not in repr(made) for secret in secrets)


async def command(settings: Settings, *words: str) -> tuple[int, str]:
    """`python -m tools.operators`, as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tools.operators",
        *words,
        env=os.environ | {"DATABASE_URL": settings.database_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_whoever_the_command_makes_signs_in_by_what_it_prints(
    operator: httpx.AsyncClient, settings: Settings
) -> None:
    name = f"c-{uuid4().hex[:8]}"
    done, said = await command(settings, "create", name, "--role", "SUPPORT", "--role", "BILLING")
    assert done == 0, said
    printed = dict(line.split(maxsplit=1) for line in said.splitlines())
    made = NewSecrets(printed["name"], printed["password"], printed["totp"])
    headers = await sign_in(operator, made)
    assert (await operator.get(ME, headers=headers)).json()["roles"] == ["BILLING", "SUPPORT"]
    again, said = await command(settings, "create", name, "--role", "ADMIN")
    assert (again, said) == (1, "operator_exists: There is such an operator already.\n")
    assert await command(settings, "disable", name) == (0, "done\n")
    _, listed = await command(settings, "list")
    line = next(line for line in listed.splitlines() if line.startswith(name))
    assert line.split() == [name, "DISABLED", "BILLING,", "SUPPORT"]
    assert made.password not in listed


async def test_the_sandboxs_staff_sign_in_by_what_make_run_prints(
    operator: httpx.AsyncClient, portal: FastAPI
) -> None:
    for _ in range(2):
        await sandbox_operators.make_staff(portal.state.deps)
    given = {
        "name": "lee",
        "password": sandbox_operators.PASSWORD,
        "totp_code": sandbox_operators.totp_of("lee").now(),
    }
    assert (await operator.post(SESSIONS, json=given)).status_code == 201


async def test_a_token_is_looked_up_whatever_it_is(operator: httpx.AsyncClient) -> None:
    for token in ("", "x", "x" * 5000, TOKEN["Authorization"] + "x", "Basic eDp4"):
        answer = await operator.get(ME, headers={"Authorization": token})
        assert refused(answer) == (401, "not_authenticated")
