"""휴대폰 본인인증 over HTTP, against the sandbox's PortOne."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.faults import Fault
from sandbox.portone.console_actions import approve_identity
from sandbox.world import World

CONSENTS = [
    {"kind": kind, "version": "2023-09", "agreed": True}
    for kind in ("IDENTITY_PRIVACY", "IDENTITY_UNIQUE_ID", "IDENTITY_CARRIER", "IDENTITY_AGENCY")
]
PATH = "/v1/identity-verifications"


def person(**changed: Any) -> dict[str, Any]:
    """A start of a person with a number of their own."""
    return {
        "purpose": "SIGN_UP",
        "method": "SMS",
        "carrier": "SKT",
        "name": "홍길동",
        "birth_date": "1985-03-01",
        "gender_digit": "1",
        "phone": f"010{uuid4().int % 10**8:08d}",
        "consents": CONSENTS,
    } | changed


async def start(client: httpx.AsyncClient, **changed: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json=person(**changed))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def confirm(
    client: httpx.AsyncClient, started: dict[str, Any], otp: str | None
) -> httpx.Response:
    body = {"client_secret": started["client_secret"], "otp": otp}
    return await client.post(f"{PATH}/{started['id']}/confirm", json=body)


def otp_for(world: World, phone: str) -> str:
    otp = world.messages.to(phone)[-1].otp
    assert otp is not None
    return otp


def wrong(otp: str) -> str:
    return f"{(int(otp) + 1) % 10 ** len(otp):0{len(otp)}d}"


async def test_the_code_from_the_text_message_gives_a_token(
    client: httpx.AsyncClient, world: World
) -> None:
    phone = "01087654321"
    started = await start(client, phone="010-8765-4321")
    answer = await confirm(client, started, otp_for(world, phone))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["status"], body["name_masked"]) == ("VERIFIED", "홍*동")
    assert body["phone_masked"] == "010-****-4321"
    assert len(body["verification_token"]) >= 43


async def test_an_app_is_confirmed_without_a_code(client: httpx.AsyncClient, world: World) -> None:
    started = await start(client, method="APP")
    early = await confirm(client, started, None)
    assert early.status_code in {409, 422}
    await approve_identity(world, started["id"])
    assert (await confirm(client, started, None)).status_code == 200


async def test_five_wrong_codes_end_a_verification_for_the_right_one_too(
    client: httpx.AsyncClient, world: World
) -> None:
    body = person()
    started = (await client.post(PATH, json=body)).json()
    otp = otp_for(world, body["phone"])
    for left in (4, 3, 2, 1, 0):
        answer = await confirm(client, started, wrong(otp))
        assert (answer.status_code, answer.json()["code"]) == (422, "otp_wrong")
        assert answer.json()["attempts_left"] == left
    ended = await confirm(client, started, otp)
    assert (ended.status_code, ended.json()["code"]) == (409, "identity_verification_ended")


async def test_a_text_message_is_not_confirmed_without_its_code(
    client: httpx.AsyncClient, world: World
) -> None:
    body = person()
    started = (await client.post(PATH, json=body)).json()
    answer = await confirm(client, started, None)
    assert (answer.status_code, answer.json()["code"]) == (422, "otp_required")
    assert answer.json()["errors"][0]["pointer"] == "/otp"
    assert (await confirm(client, started, otp_for(world, body["phone"]))).status_code == 200


async def test_ten_minutes_later_it_has_expired(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    body = person()
    started = (await client.post(PATH, json=body)).json()
    past = datetime(2020, 1, 1, tzinfo=UTC)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE identity_verifications SET expires_at = :past WHERE id = :id"),
            {"past": past, "id": started["id"]},
        )
    answer = await confirm(client, started, otp_for(world, body["phone"]))
    assert (answer.status_code, answer.json()["code"]) == (409, "identity_verification_expired")


async def test_another_secret_finds_nothing(client: httpx.AsyncClient) -> None:
    started = await start(client)
    stranger = started | {"client_secret": "x" * 43}
    answer = await confirm(client, stranger, "000000")
    assert (answer.status_code, answer.json()["code"]) == (404, "identity_verification_not_found")
    unknown = await confirm(client, started | {"id": str(uuid4())}, "000000")
    assert unknown.json()["code"] == answer.json()["code"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"consents": CONSENTS[:3]}, "consent_required"),
        ({"consents": [c | {"version": "1999"} for c in CONSENTS]}, "consent_unknown"),
        ({"gender_digit": "3"}, "birth_date_invalid"),
        ({"birth_date": "2020-01-01", "gender_digit": "3"}, "under_age"),
        ({"phone": "02-123-4567"}, "phone_invalid"),
        ({"purpose": "RESET_PASSWORD"}, "login_id_mismatch"),
        ({"login_id": "hanbit"}, "login_id_mismatch"),
        ({"carrier": "MOON"}, "invalid_request"),
        ({"birth_date": "1985-02-30"}, "invalid_request"),
    ],
)
async def test_what_cannot_be_verified_is_refused_before_anything_is_sent(
    client: httpx.AsyncClient, world: World, changed: dict[str, Any], code: str
) -> None:
    before = len(world.messages.to())
    answer = await client.post(PATH, json=person(**changed))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert len(world.messages.to()) == before


async def test_a_phone_gets_three_codes_an_hour_for_a_purpose(client: httpx.AsyncClient) -> None:
    body = person()
    answers = [(await client.post(PATH, json=body)).status_code for _ in range(4)]
    assert answers == [201, 201, 201, 429]
    other = await client.post(PATH, json=body | {"purpose": "FIND_LOGIN_ID"})
    assert other.status_code == 201


async def test_a_second_code_waits_for_its_time(client: httpx.AsyncClient) -> None:
    started = await start(client)
    answer = await client.post(
        f"{PATH}/{started['id']}/resend", json={"client_secret": started["client_secret"]}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "identity_resend_too_early")
    assert 1 <= answer.json()["retry_after"] <= 30


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Fault(down=True), 503), (Fault(nonsense=True), 502), (Fault(drop_after=0), 503)],
)
async def test_a_broken_agency_is_a_clear_answer(
    portal: FastAPI, world: World, fault: Fault, status: int
) -> None:
    world.faults.put("portone", fault)
    transport = httpx.ASGITransport(app=portal, client=("203.0.113.30", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        answer = await client.post(PATH, json=person())
    assert answer.status_code == status
    assert answer.json()["code"] in {"provider_unavailable", "provider_failed"}


async def test_no_personal_word_is_readable_in_the_database(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    body = person(name="선우용녀")
    started = (await client.post(PATH, json=body)).json()
    token = (await confirm(client, started, otp_for(world, body["phone"]))).json()
    async with owner_engine.connect() as connection:
        row = (
            await connection.execute(
                text("SELECT v::text FROM identity_verifications v WHERE id = :id"),
                {"id": started["id"]},
            )
        ).scalar_one()
    for secret in (
        "선우용녀",
        body["phone"],
        started["client_secret"],
        token["verification_token"],
    ):
        assert secret not in row
        assert secret.encode().hex() not in row
