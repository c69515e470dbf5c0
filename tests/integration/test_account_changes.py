"""Find, reset, change: by the person alone, told to the owner, and telling strangers nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.portone.console_actions import change_number
from sandbox.world import World
from tests.flows import (
    PASSWORD,
    Member,
    customer,
    identity_body,
    phone_number,
    sign_up,
    sign_up_body,
    sign_up_individual,
    verify_business,
    verify_person,
)
from tests.integration.test_sessions import from_address, log_in, refresh
from tests.mails import link_token, mails_to

NEW = "another long password"
Verify = Callable[..., Awaitable[str]]


@pytest.fixture
def verify(client: httpx.AsyncClient, world: World) -> Verify:
    """A verified person's token, for any purpose, target and person."""

    async def verified(purpose: str, phone: str, **changed: Any) -> str:
        body = identity_body(phone, purpose) | changed
        started = await client.post("/v1/identity-verifications", json=body)
        assert started.status_code == 201, started.text
        confirmed = await client.post(
            f"/v1/identity-verifications/{started.json()['id']}/confirm",
            json={
                "client_secret": started.json()["client_secret"],
                "otp": world.messages.to(phone)[-1].otp,
            },
        )
        return str(confirmed.json()["verification_token"])

    return verified


@pytest.fixture
def phone() -> str:
    return phone_number()


@pytest.fixture
async def member(client: httpx.AsyncClient, world: World, phone: str) -> Member:
    """A prospect whose phone the test knows."""
    body = sign_up_body(
        await verify_business(client), await verify_person(client, world, phone=phone)
    )
    done = (await client.post("/v1/accounts/corporate", json=body)).json()
    account = done["account"]
    return Member(
        account["login_id"],
        account["id"],
        account["company_id"],
        done["session"],
        body["contact"]["email"],
    )


async def age(owner_engine: AsyncEngine, account_id: str) -> None:
    """The last proof of who it is was eleven minutes ago."""
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE sessions SET reauthenticated_at = reauthenticated_at"
                " - interval '11 minutes' WHERE account_id = :id"
            ),
            {"id": account_id},
        )


async def find(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/v1/auth/find-login-id", json={"identity_verification_token": token})


async def reset(
    client: httpx.AsyncClient, login_id: str, token: str, password: str = NEW
) -> httpx.Response:
    body = {
        "login_id": login_id,
        "identity_verification_token": token,
        "new_password": password,
    }
    return await client.post("/v1/auth/password-resets", json=body)


async def test_a_person_finds_the_own_ids_masked_and_nobody_elses(
    client: httpx.AsyncClient, member: Member, phone: str, verify: Verify
) -> None:
    found = await find(client, await verify("FIND_LOGIN_ID", phone))
    (account,) = found.json()["items"]
    masked = member.login_id[:2] + "*" * (len(member.login_id) - 3) + member.login_id[-1]
    assert account["login_id_masked"] == masked
    assert (account["kind"], account["company_name"]) == ("CORPORATE", "한빛상사")
    assert member.login_id not in found.text
    stranger = await find(client, await verify("FIND_LOGIN_ID", phone_number()))
    assert (stranger.status_code, stranger.json()) == (200, {"items": []})


@pytest.mark.parametrize("purpose", ["SIGN_UP", "REAUTH", "CHANGE_PHONE", "HANDOVER"])
async def test_a_token_for_another_purpose_finds_and_resets_nothing(
    client: httpx.AsyncClient, member: Member, phone: str, verify: Verify, purpose: str
) -> None:
    token = await verify(purpose, phone)
    for refused in (await find(client, token), await reset(client, member.login_id, token)):
        assert (refused.status_code, refused.json()["code"]) == (
            422,
            "identity_verification_invalid",
        )


async def test_a_token_finds_once(client: httpx.AsyncClient, phone: str, verify: Verify) -> None:
    token = await verify("FIND_LOGIN_ID", phone)
    assert (await find(client, token)).status_code == 200
    assert (await find(client, token)).json()["code"] == "identity_verification_invalid"


async def test_a_reset_ends_every_session_and_mails_the_owner(
    portal: FastAPI, client: httpx.AsyncClient, member: Member, phone: str, verify: Verify
) -> None:
    token = await verify("RESET_PASSWORD", phone, login_id=member.login_id)
    assert (await reset(client, member.login_id.upper(), token)).status_code == 204
    assert (await client.get("/v1/me", headers=member.headers)).status_code == 401
    assert (await refresh(client, member.session["refresh_token"])).status_code == 401
    assert (await log_in(client, member.login_id)).status_code == 401
    back = await log_in(
        client, member.login_id, password=NEW, device_token=member.session["device_token"]
    )
    assert back.status_code == 200
    assert back.json()["device_token"] != member.session["device_token"]
    assert len(await mails_to(portal, member.email, "password_reset")) == 1
    again = await reset(client, member.login_id, token)
    assert again.json()["code"] == "identity_verification_invalid"


async def test_an_unknown_id_and_another_persons_are_answered_alike(
    client: httpx.AsyncClient, member: Member, verify: Verify
) -> None:
    answers = []
    for login_id in (member.login_id, "nobody-has-this"):
        token = await verify("RESET_PASSWORD", phone_number(), login_id=login_id)
        answers.append(await reset(client, login_id, token))
    bodies = [answer.json() | {"request_id": ""} for answer in answers]
    assert bodies[0] == bodies[1]
    assert (answers[0].status_code, bodies[0]["code"]) == (422, "password_reset_refused")
    assert (await client.get("/v1/me", headers=member.headers)).status_code == 200


async def test_a_reset_token_is_for_the_login_id_it_was_started_for(
    client: httpx.AsyncClient, member: Member, phone: str, verify: Verify
) -> None:
    token = await verify("RESET_PASSWORD", phone, login_id="somebody-else")
    refused = await reset(client, member.login_id, token)
    assert refused.json()["code"] == "identity_verification_invalid"


async def test_a_weak_password_uses_nothing_up(
    client: httpx.AsyncClient, member: Member, phone: str, verify: Verify
) -> None:
    token = await verify("RESET_PASSWORD", phone, login_id=member.login_id)
    weak = await reset(client, member.login_id, token, "short")
    assert weak.json()["code"] == "password_too_short"
    assert (await reset(client, member.login_id, token)).status_code == 204


async def test_a_reset_frees_an_id_that_strangers_had_locked(
    portal: FastAPI, client: httpx.AsyncClient, member: Member, phone: str, verify: Verify
) -> None:
    for host in range(10):
        async with from_address(portal, f"198.18.{host}.9") as stranger:
            for _ in range(5):
                await log_in(stranger, member.login_id, password="wrong")
    assert (await log_in(client, member.login_id)).status_code == 429
    token = await verify("RESET_PASSWORD", phone, login_id=member.login_id)
    assert (await reset(client, member.login_id, token)).status_code == 204
    assert (await log_in(client, member.login_id, password=NEW)).status_code == 200


async def test_a_super_admins_reset_is_announced_to_the_companys_contacts(
    portal: FastAPI, client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    boss = await customer(client, world, portal)
    async with owner_engine.begin() as connection:
        phone = phone_number()
        deps = portal.state.deps
        ci = await connection.execute(
            text("SELECT phone FROM accounts WHERE id = :id"), {"id": boss.account_id}
        )
        phone = deps.vault.open("accounts.phone", ci.scalar_one())
    body = identity_body(phone, "RESET_PASSWORD") | {"login_id": boss.login_id}
    started = (await client.post("/v1/identity-verifications", json=body)).json()
    confirmed = await client.post(
        f"/v1/identity-verifications/{started['id']}/confirm",
        json={
            "client_secret": started["client_secret"],
            "otp": world.messages.to(phone)[-1].otp,
        },
    )
    done = await reset(client, boss.login_id, confirmed.json()["verification_token"])
    assert done.status_code == 204
    notices = await mails_to(portal, "admin@hanbit.example", "password_reset_notice")
    assert [notice["company"] for notice in notices] == ["한빛상사"]


async def test_a_change_of_password_ends_the_other_sessions_only(
    portal: FastAPI, client: httpx.AsyncClient, member: Member, owner_engine: AsyncEngine
) -> None:
    other = (await log_in(client, member.login_id)).json()
    body = {"new_password": NEW}
    done = await client.put("/v1/me/password", json=body, headers=member.headers)
    assert done.status_code == 204
    assert (await client.get("/v1/me", headers=member.headers)).status_code == 200
    assert (await refresh(client, other["refresh_token"])).status_code == 401
    assert (await log_in(client, member.login_id)).status_code == 401
    assert (await log_in(client, member.login_id, password=NEW)).status_code == 200
    assert len(await mails_to(portal, member.email, "password_changed")) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/me/password", {"new_password": NEW}),
        ("/v1/me/phone", {"identity_verification_token": "x" * 20}),
    ],
)
async def test_keys_change_after_a_step_up_only(
    client: httpx.AsyncClient,
    member: Member,
    owner_engine: AsyncEngine,
    path: str,
    body: dict[str, str],
) -> None:
    await age(owner_engine, member.account_id)
    refused = await client.put(path, json=body, headers=member.headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "reauthentication_required")


async def test_the_phone_changes_to_another_of_the_same_person(
    portal: FastAPI, client: httpx.AsyncClient, member: Member, phone: str, verify: Verify
) -> None:
    async def change(token: str) -> httpx.Response:
        body = {"identity_verification_token": token}
        return await client.put("/v1/me/phone", json=body, headers=member.headers)

    other = await change(await verify("CHANGE_PHONE", phone_number(), name="김철수"))
    assert (other.status_code, other.json()["code"]) == (422, "identity_of_another_person")
    token = await verify("CHANGE_PHONE", phone)
    assert (await change(token)).status_code == 204
    assert (await change(token)).json()["code"] == "identity_verification_invalid"
    assert len(await mails_to(portal, member.email, "phone_changed")) == 1


async def test_a_person_with_a_new_number_keeps_the_account_and_everything_goes_to_it(
    portal: FastAPI,
    client: httpx.AsyncClient,
    world: World,
    member: Member,
    phone: str,
    verify: Verify,
) -> None:
    new, strangers = phone_number(), phone_number()

    async def change(number: str) -> httpx.Response:
        body = {"identity_verification_token": await verify("CHANGE_PHONE", number)}
        return await client.put("/v1/me/phone", json=body, headers=member.headers)

    refused = await change(strangers)
    assert (refused.status_code, refused.json()["code"]) == (422, "identity_of_another_person")
    change_number(world, phone, new)
    assert (await change(new)).status_code == 204
    me = (await client.get("/v1/me", headers=member.headers)).json()
    assert me["account"]["phone_masked"] == f"010-****-{new[-4:]}"
    (found,) = (await find(client, await verify("FIND_LOGIN_ID", new))).json()["items"]
    assert found["login_id_masked"].startswith(member.login_id[:2])
    token = await verify("RESET_PASSWORD", new, login_id=member.login_id)
    assert (await reset(client, member.login_id, token)).status_code == 204
    assert len(await mails_to(portal, member.email, "phone_changed")) == 1


async def test_a_number_that_another_person_has_now_is_not_the_owner(
    client: httpx.AsyncClient, world: World, member: Member, phone: str, verify: Verify
) -> None:
    """Numbers are given again: the name that the agency knows is another one then."""
    change_number(world, phone, new := phone_number())
    token = await verify("CHANGE_PHONE", new, name="김철수")
    body = {"identity_verification_token": token}
    refused = await client.put("/v1/me/phone", json=body, headers=member.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "identity_of_another_person")


async def test_an_address_is_verified_by_its_link_once(
    portal: FastAPI, client: httpx.AsyncClient, member: Member
) -> None:
    token = await link_token(portal, member.email, "verify_email")
    confirm = "/v1/email-verifications/confirm"
    assert (await client.post(confirm, json={"token": token})).status_code == 204
    me = (await client.get("/v1/me", headers=member.headers)).json()
    assert me["account"]["email_verified"] is True
    assert "VERIFY_EMAIL" not in me["next_steps"]
    for used in (token, "x" * 43):
        again = await client.post(confirm, json={"token": used})
        assert (again.status_code, again.json()["code"]) == (422, "email_verification_invalid")
    more = await client.post("/v1/email-verifications", headers=member.headers)
    assert (more.status_code, more.json()["code"]) == (409, "email_already_verified")


async def test_a_link_for_a_former_address_verifies_nothing(
    portal: FastAPI, client: httpx.AsyncClient, member: Member
) -> None:
    token = await link_token(portal, member.email, "verify_email")
    changed = await client.patch(
        "/v1/me", json={"email": "new@hanbit.example"}, headers=member.headers
    )
    assert changed.status_code == 204
    answer = await client.post("/v1/email-verifications/confirm", json={"token": token})
    assert answer.json()["code"] == "email_verification_invalid"
    assert len(await mails_to(portal, member.email, "email_changed")) == 1
    fresh = await link_token(portal, "new@hanbit.example", "verify_email")
    answer = await client.post("/v1/email-verifications/confirm", json={"token": fresh})
    assert answer.status_code == 204


async def test_a_link_is_good_for_a_day(
    portal: FastAPI, client: httpx.AsyncClient, member: Member, owner_engine: AsyncEngine
) -> None:
    token = await link_token(portal, member.email, "verify_email")
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE email_verifications SET expires_at = expires_at - interval '1 day'"
                " WHERE account_id = :id"
            ),
            {"id": member.account_id},
        )
    answer = await client.post("/v1/email-verifications/confirm", json={"token": token})
    assert answer.json()["code"] == "email_verification_invalid"


async def test_links_are_sent_five_times_an_hour(
    portal: FastAPI, client: httpx.AsyncClient, member: Member
) -> None:
    answers = [
        (await client.post("/v1/email-verifications", headers=member.headers)).status_code
        for _ in range(6)
    ]
    assert answers == [204] * 5 + [429]
    assert len(await mails_to(portal, member.email, "verify_email")) == 6


async def test_additional_information_is_kept_sealed_and_can_be_emptied(
    client: httpx.AsyncClient, member: Member, owner_engine: AsyncEngine
) -> None:
    body: dict[str, Any] = {
        "department": "경영지원팀",
        "position": "과장",
        "landline": "02-1234-5678",
    }
    assert (await client.patch("/v1/me", json=body, headers=member.headers)).status_code == 204
    account = (await client.get("/v1/me", headers=member.headers)).json()["account"]
    assert {name: account[name] for name in body} == body
    async with owner_engine.connect() as connection:
        row = await connection.execute(
            text("SELECT a::text FROM accounts a WHERE id = :id"), {"id": member.account_id}
        )
        assert "경영지원팀".encode().hex() not in row.scalar_one()
    await client.patch("/v1/me", json={"position": None}, headers=member.headers)
    account = (await client.get("/v1/me", headers=member.headers)).json()["account"]
    assert (account["position"], account["department"]) == (None, "경영지원팀")


async def test_marketing_is_given_and_withdrawn_with_its_history(
    client: httpx.AsyncClient, member: Member
) -> None:
    def answer(agreed: bool) -> dict[str, Any]:
        return {"consents": [{"kind": "MARKETING", "version": "2023-09", "agreed": agreed}]}

    path = "/v1/me/consents"
    for agreed in (True, False):
        changed = await client.patch(path, json=answer(agreed), headers=member.headers)
        assert changed.status_code == 200
    seen = (await client.get(path, headers=member.headers)).json()
    assert [c["agreed"] for c in seen["current"] if c["kind"] == "MARKETING"] == [False]
    history = [c["agreed"] for c in seen["history"] if c["kind"] == "MARKETING"]
    assert history == [False, True]
    required = answer(False)
    required["consents"][0]["kind"] = "PRIVACY"
    refused = await client.patch(path, json=required, headers=member.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "consent_not_optional")


async def test_a_session_from_the_groupware_changes_the_account_after_a_step_up_only(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    company = await sign_up(client, world)
    person = await sign_up_individual(client, world)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE sessions SET company_id = :company, reauthenticated_at = '1970-01-01Z'"
                " WHERE account_id = :id"
            ),
            {"id": person.account_id, "company": company.company_id},
        )
    headers = {"Authorization": f"Bearer {person.session['access_token']}"}
    marketing = {"consents": [{"kind": "MARKETING", "version": "2023-09", "agreed": True}]}
    for path, body in (("/v1/me", {"department": "개발"}), ("/v1/me/consents", marketing)):
        refused = await client.patch(path, json=body, headers=headers)
        assert refused.json()["code"] == "reauthentication_required"
    proved = await client.post("/v1/auth/step-up", json={"password": PASSWORD}, headers=headers)
    assert proved.status_code == 204
    changed = await client.patch("/v1/me", json={"department": "개발"}, headers=headers)
    assert changed.status_code == 204
