"""Social sign-in over HTTP: one attempt a state, and nobody by an address alone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.main import create_app
from app.settings import Settings
from sandbox.app import create_sandbox
from sandbox.world import World
from tests.conftest import Later, LostAnswers
from tests.flows import (
    PASSWORD,
    individual_body,
    phone_number,
    sign_up,
    sign_up_individual,
    verify_person,
)
from tests.mails import mails_to
from tests.openid import FakeProvider, Json, Routed, google, kakao, naver

ORIGIN = {"Origin": "http://127.0.0.1:3000"}
SIGN_UP = "/v1/accounts/individual"
Fakes = dict[str, FakeProvider]


@pytest.fixture(scope="module")
def fakes() -> Fakes:
    return {"kakao": kakao(), "naver": naver(), "google": google()}


@pytest.fixture(autouse=True)
def nothing_is_changed(fakes: Fakes) -> None:
    for fake in fakes.values():
        fake.claims, fake.header, fake.key, fake.answers = {}, {}, None, {}


@pytest.fixture(scope="module")
async def portal(settings: Settings, world: World, fakes: Fakes) -> AsyncIterator[FastAPI]:
    """The application with providers that do as a test says; everything else is the sandbox."""
    sandbox = LostAnswers(httpx.ASGITransport(create_sandbox(world), raise_app_exceptions=True))
    app = create_app(settings, Routed(sandbox, *fakes.values()))
    assert isinstance(world.client._transport, Later)
    world.client._transport.inner = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app):
        yield app


def user(**changed: Any) -> Json:
    """A provider's user, another each time."""
    return {
        "sub": str(uuid4().int % 10**12),
        "email": f"{uuid4().hex[:10]}@mail.example",
        "email_verified": True,
        "name": "홍길동",
    } | changed


async def start(
    client: httpx.AsyncClient, provider: str, client_type: str = "NATIVE", **query: str
) -> Json:
    answer = await client.get(
        f"/v1/auth/social/{provider}", params={"client_type": client_type, **query}
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    started: Json = answer.json()
    return started


async def begun(
    client: httpx.AsyncClient, fakes: Fakes, provider: str, who: Json, client_type: str = "NATIVE"
) -> Json:
    """The body of a callback: the user agreed at the provider."""
    started = await start(client, provider, client_type)
    code, state = fakes[provider].consent(started["authorization_url"], who)
    return {
        "code": code,
        "state": state,
        "client_secret": started["client_secret"],
        "client_type": client_type,
    }


async def complete(
    client: httpx.AsyncClient, provider: str, body: Json, **headers: str
) -> httpx.Response:
    return await client.post(f"/v1/auth/social/{provider}/callback", json=body, headers=headers)


async def come_back(
    client: httpx.AsyncClient, fakes: Fakes, provider: str, who: Json
) -> httpx.Response:
    return await complete(client, provider, await begun(client, fakes, provider, who))


async def sign_up_social(
    client: httpx.AsyncClient, world: World, fakes: Fakes, provider: str, who: Json, **changed: Any
) -> Json:
    ticket = (await come_back(client, fakes, provider, who)).json()["social_ticket"]
    identity = await verify_person(client, world, phone=changed.pop("phone", None))
    body = individual_body(identity, social_ticket=ticket) | changed
    del body["login_id"], body["password"]
    answer = await client.post(SIGN_UP, json=body)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def bearer(session: Json) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['access_token']}"}


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def count(owner_engine: AsyncEngine, table: str) -> int:
    async with owner_engine.connect() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


@pytest.mark.parametrize("provider", ["kakao", "naver", "google"])
async def test_a_new_user_signs_up_and_then_signs_in(
    client: httpx.AsyncClient, world: World, fakes: Fakes, provider: str
) -> None:
    who = user()
    first = await come_back(client, fakes, provider, who)
    assert first.status_code == 200, first.text
    body = first.json()
    assert (body["state"], body["session"]) == ("SIGN_UP_REQUIRED", None)
    assert (body["email"], body["name"]) == (who["email"], "홍길동")
    made = await sign_up_social(client, world, fakes, provider, who)
    assert made["account"]["login_id"] is None
    me = (await client.get("/v1/me", headers=bearer(made["session"]))).json()
    assert (me["role"], me["account"]["login_id"]) == ("MEMBER", None)
    again = (await come_back(client, fakes, provider, who)).json()
    assert (again["state"], again["social_ticket"]) == ("SIGNED_IN", None)
    same = (await client.get("/v1/me", headers=bearer(again["session"]))).json()
    assert same["account"]["created_at"] == me["account"]["created_at"]


@pytest.mark.parametrize("provider", ["kakao", "naver", "google"])
async def test_the_request_carries_pkce_state_and_nonce_and_no_secret(
    client: httpx.AsyncClient, provider: str
) -> None:
    started = await start(client, provider)
    query = parse_qs(urlsplit(started["authorization_url"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43
    assert query["redirect_uri"] == ["com.example.portal:/social/callback"]
    assert ("nonce" in query) is (provider != "naver")
    assert started["client_secret"] not in started["authorization_url"]
    assert "secret" not in started["authorization_url"]


async def test_a_browser_is_led_back_to_the_spa_and_gets_its_cookie(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    who = user()
    await sign_up_social(client, world, fakes, "kakao", who)
    started = await start(client, "kakao", "BROWSER")
    query = parse_qs(urlsplit(started["authorization_url"]).query)
    assert query["redirect_uri"] == ["http://127.0.0.1:8001/spa/social/callback"]
    body = await begun(client, fakes, "kakao", who, "BROWSER")
    stranger = await complete(client, "kakao", body, Origin="https://evil.example")
    assert problem(stranger) == (403, "origin_not_allowed")
    answer = await complete(client, "kakao", body, **ORIGIN)
    assert answer.json()["session"]["refresh_token"] is None
    assert answer.headers["set-cookie"].startswith("__Host-refresh=")


@pytest.mark.parametrize(
    ("client_type", "redirect_uri"),
    [
        ("NATIVE", "http://127.0.0.1:8001/spa/social/callback"),
        ("BROWSER", "com.example.portal:/social/callback"),
        ("BROWSER", "http://127.0.0.1:8001/spa/social/callback/"),
        ("BROWSER", "http://127.0.0.1:8001/spa/social/callback?x=1"),
        ("BROWSER", "http://127.0.0.1:8001.evil.example/spa/social/callback"),
        ("BROWSER", "https://evil.example/"),
        ("BROWSER", "javascript:alert(1)"),
    ],
)
async def test_a_redirect_uri_that_is_not_of_this_kind_of_client_is_refused(
    client: httpx.AsyncClient, client_type: str, redirect_uri: str
) -> None:
    answer = await client.get(
        "/v1/auth/social/kakao",
        params={"client_type": client_type, "redirect_uri": redirect_uri},
    )
    assert problem(answer) == (422, "redirect_uri_not_allowed")


async def test_an_attempt_is_used_once(client: httpx.AsyncClient, fakes: Fakes) -> None:
    body = await begun(client, fakes, "google", user())
    answers = await asyncio.gather(*(complete(client, "google", body) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    third = await complete(client, "google", body)
    assert problem(third) == (422, "social_state_unknown")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"state": "never-begun-here-000000"}, "social_state_unknown"),
        ({"client_secret": "s" * 43}, "social_state_foreign"),
        ({"client_type": "BROWSER"}, "social_state_foreign"),
    ],
)
async def test_an_attempt_of_somebody_else_is_refused_and_left_alone(
    client: httpx.AsyncClient, fakes: Fakes, changed: Json, code: str
) -> None:
    body = await begun(client, fakes, "kakao", user())
    headers = ORIGIN if "client_type" in changed else {}
    assert problem(await complete(client, "kakao", body | changed, **headers)) == (422, code)
    assert (await complete(client, "kakao", body)).status_code == 200


async def test_an_attempt_at_one_provider_is_none_at_another(
    client: httpx.AsyncClient, fakes: Fakes
) -> None:
    body = await begun(client, fakes, "kakao", user())
    assert problem(await complete(client, "naver", body)) == (422, "social_state_foreign")


async def test_a_victim_is_not_signed_in_by_an_attackers_code_and_state(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    """Login CSRF: what the attacker began has the attacker's secret, not the victim's."""
    attacker = user()
    await sign_up_social(client, world, fakes, "naver", attacker)
    theirs = await begun(client, fakes, "naver", attacker)
    mine = await start(client, "naver")
    injected = theirs | {"client_secret": mine["client_secret"]}
    assert problem(await complete(client, "naver", injected)) == (422, "social_state_foreign")


async def test_a_code_of_another_attempt_fails_by_its_verifier(
    client: httpx.AsyncClient, fakes: Fakes
) -> None:
    """PKCE: a stolen code is worthless in the thief's own attempt."""
    stolen = await begun(client, fakes, "kakao", user())
    own = await begun(client, fakes, "kakao", user())
    answer = await complete(client, "kakao", own | {"code": stolen["code"]})
    assert problem(answer) == (422, "social_code_refused")


async def test_an_attempt_lasts_ten_minutes(
    client: httpx.AsyncClient, fakes: Fakes, owner_engine: AsyncEngine
) -> None:
    body = await begun(client, fakes, "kakao", user())
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE social_states SET expires_at = expires_at - interval '10 minutes 1 second'"
            )
        )
    assert problem(await complete(client, "kakao", body)) == (422, "social_state_expired")


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://evil.example"}, "issuer_mismatch"),
        ({"aud": "another-app"}, "audience_mismatch"),
        ({"nonce": "of-another-attempt"}, "nonce_mismatch"),
        ({"exp": 1}, "token_expired"),
        ({"sub": None}, "claim_missing"),
    ],
)
@pytest.mark.parametrize("provider", ["kakao", "google"])
async def test_an_id_token_that_does_not_hold_signs_nobody_in(
    client: httpx.AsyncClient, fakes: Fakes, provider: str, claims: Json, reason: str
) -> None:
    fakes[provider].claims = claims
    answer = await come_back(client, fakes, provider, user())
    assert problem(answer) == (502, "social_token_refused")
    assert answer.json()["reason"] == reason


async def test_a_profile_of_another_than_the_id_token_is_not_believed(
    client: httpx.AsyncClient, fakes: Fakes
) -> None:
    fakes["kakao"].claims = {"sub": "123456"}
    answer = await come_back(client, fakes, "kakao", user())
    assert problem(answer) == (502, "provider_failed")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.ConnectError("down"), (503, "provider_unavailable")),
        (httpx.ReadTimeout("slow"), (503, "provider_unavailable")),
        (httpx.Response(503), (503, "provider_unavailable")),
        (httpx.Response(200, text="<html>"), (502, "provider_failed")),
        (httpx.Response(200, json=[]), (502, "provider_failed")),
        (httpx.Response(200, json={"access_token": 7}), (502, "provider_failed")),
        (httpx.Response(200, content=b"[" * 100_000), (502, "provider_failed")),
        (httpx.Response(200, stream=httpx.ByteStream(b" " * 2_000_000)), (502, "provider_failed")),
        (httpx.Response(302, headers={"location": "/"}), (502, "provider_failed")),
        (httpx.Response(401, json={"error": "invalid_client"}), (502, "provider_failed")),
    ],
)
async def test_a_provider_that_is_down_slow_or_mad_leaves_nothing_behind(
    client: httpx.AsyncClient,
    portal: FastAPI,
    fakes: Fakes,
    owner_engine: AsyncEngine,
    answer: httpx.Response | Exception,
    expected: tuple[int, str],
) -> None:
    breaker = portal.state.deps.social_providers["naver"]._http._watch._breaker
    breaker._failed_at.clear()
    body = await begun(client, fakes, "naver", user())
    tables = ("social_states", "social_tickets", "social_links", "sessions")
    fakes["naver"].answers[fakes["naver"].paths["token"]] = answer
    before = [await count(owner_engine, table) for table in tables]
    assert problem(await complete(client, "naver", body)) == expected
    after = [await count(owner_engine, table) for table in tables]
    assert after == [before[0] - 1, *before[1:]]


async def test_nothing_of_the_provider_is_readable_in_the_database(
    client: httpx.AsyncClient, world: World, fakes: Fakes, owner_engine: AsyncEngine
) -> None:
    who = user()
    body = await begun(client, fakes, "google", who)
    await come_back(client, fakes, "google", user(sub=who["sub"], email=who["email"]))
    await sign_up_social(client, world, fakes, "google", who)
    async with owner_engine.connect() as connection:
        rows = [
            str(row)
            for table in ("social_states", "social_tickets", "social_links")
            for row in (await connection.execute(text(f"SELECT t::text FROM {table} t"))).scalars()
        ]
    for secret in (body["state"], body["client_secret"], body["code"], who["sub"], who["email"]):
        assert not [row for row in rows if secret in row or secret.encode().hex() in row]


async def test_an_address_that_equals_anothers_links_nobody(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    person = await sign_up_individual(client, world)
    company = await sign_up(client, world)
    for email in (person.email, company.email):
        answer = await come_back(client, fakes, "google", user(email=email))
        assert (answer.json()["state"], answer.json()["session"]) == ("SIGN_UP_REQUIRED", None)


async def test_an_address_that_the_provider_does_not_hold_for_valid_is_not_told(
    client: httpx.AsyncClient, fakes: Fakes
) -> None:
    for provider in ("kakao", "google"):
        answer = await come_back(client, fakes, provider, user(email_verified=False))
        assert answer.json()["email"] is None


async def test_a_ticket_signs_up_one_person_once(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    ticket = (await come_back(client, fakes, "kakao", user())).json()["social_ticket"]
    bodies = [
        individual_body(await verify_person(client, world), social_ticket=ticket) for _ in range(2)
    ]
    for body in bodies:
        del body["login_id"], body["password"]
    answers = await asyncio.gather(*(client.post(SIGN_UP, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    loser = next(answer for answer in answers if answer.status_code == 422)
    assert loser.json()["code"] == "social_ticket_invalid"


async def test_two_tickets_of_one_user_make_one_account(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    who = user()
    bodies = []
    for _ in range(2):
        ticket = (await come_back(client, fakes, "naver", who)).json()["social_ticket"]
        identity = await verify_person(client, world)
        bodies.append(individual_body(identity, social_ticket=ticket))
        del bodies[-1]["login_id"], bodies[-1]["password"]
    answers = await asyncio.gather(*(client.post(SIGN_UP, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert loser.json()["code"] == "social_account_already_linked"


@pytest.mark.parametrize("missing", [(), ("login_id",), ("password",), ("login_id", "password")])
async def test_one_way_in_is_chosen_at_sign_up(
    client: httpx.AsyncClient, world: World, missing: tuple[str, ...]
) -> None:
    ticket = {} if missing else {"social_ticket": "t" * 43}
    body = individual_body(await verify_person(client, world)) | ticket
    for name in missing:
        del body[name]
    assert problem(await client.post(SIGN_UP, json=body)) == (422, "sign_up_way_invalid")


async def test_a_person_with_a_social_account_is_told_its_provider(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    phone = phone_number()
    await sign_up_social(client, world, fakes, "naver", user(), phone=phone)
    again = individual_body(await verify_person(client, world, phone=phone))
    refused = await client.post(SIGN_UP, json=again)
    assert problem(refused) == (409, "person_already_registered")
    assert refused.json()["social_provider"] == "naver"
    assert "login_id_masked" not in refused.json()


async def test_a_suspended_account_is_not_signed_in(
    client: httpx.AsyncClient, world: World, fakes: Fakes, owner_engine: AsyncEngine
) -> None:
    who = user()
    made = await sign_up_social(client, world, fakes, "kakao", who)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE accounts SET status = 'SUSPENDED' WHERE id = cast(:id AS uuid)"),
            {"id": made["account"]["id"]},
        )
    answer = await come_back(client, fakes, "kakao", who)
    assert problem(answer) == (403, "account_suspended")


async def test_nobody_is_signed_in_over_a_live_session_without_being_asked(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    who = user()
    await sign_up_social(client, world, fakes, "kakao", who)
    person = await sign_up_individual(client, world)
    body = await begun(client, fakes, "kakao", who)
    asked = await complete(client, "kakao", body, **person.headers)
    assert problem(asked) == (409, "already_signed_in")
    assert (await client.get("/v1/me", headers=person.headers)).status_code == 200
    replaced = await complete(client, "kakao", body | {"replace_session": True}, **person.headers)
    assert replaced.json()["state"] == "SIGNED_IN"
    assert (await client.get("/v1/me", headers=person.headers)).status_code == 401


async def test_a_browsers_cookie_says_as_well_that_somebody_is_signed_in(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    person = await sign_up_individual(client, world)
    login = {"login_id": person.login_id, "password": PASSWORD, "client_type": "BROWSER"}
    signed_in = await client.post("/v1/auth/login", json=login, headers=ORIGIN)
    cookie = signed_in.headers["set-cookie"].partition(";")[0]
    client.cookies.clear()
    body = await begun(client, fakes, "kakao", user(), "BROWSER")
    asked = await complete(client, "kakao", body, **ORIGIN, Cookie=cookie)
    assert problem(asked) == (409, "already_signed_in")
    stale = await complete(client, "kakao", body, **ORIGIN, Cookie="__Host-refresh=x.y")
    assert stale.status_code == 200


async def test_a_signed_in_individual_adds_and_removes_social_links(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    person = await sign_up_individual(client, world)
    who = user()
    body = await begun(client, fakes, "google", who)
    del body["client_type"]
    added = await client.post(
        "/v1/me/links", json=body | {"provider": "google"}, headers=person.headers
    )
    assert added.status_code == 201, added.text
    (link,) = (await client.get("/v1/me/links", headers=person.headers)).json()["items"]
    assert (link["id"], link["kind"], link["provider"]) == (added.json()["id"], "SOCIAL", "google")
    assert link["email"] == who["email"]
    assert (await come_back(client, fakes, "google", who)).json()["state"] == "SIGNED_IN"
    removed = await client.delete(f"/v1/me/links/{link['id']}", headers=person.headers)
    assert removed.status_code == 204
    assert (await come_back(client, fakes, "google", who)).json()["state"] == "SIGN_UP_REQUIRED"
    gone = await client.delete(f"/v1/me/links/{link['id']}", headers=person.headers)
    assert problem(gone) == (404, "link_not_found")


async def test_the_owner_is_told_of_a_way_in_that_came_or_went(
    portal: FastAPI, client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    """In the language of the request; a link that was there already is no news."""
    person = await sign_up_individual(client, world)
    who = user()
    added = await add_link(client, fakes, person.headers, who, "naver")
    again = await add_link(client, fakes, person.headers, who, "naver")
    assert (added.status_code, again.json()) == (201, added.json())
    (told,) = await mails_to(portal, person.email, "social_linked")
    assert (told["provider"], told["at"][-5:]) == ("Naver", "(KST)")
    path = f"/v1/me/links/{added.json()['id']}"
    answer = await client.delete(path, headers=person.headers | {"Accept-Language": "en"})
    assert answer.status_code == 204
    assert len(await mails_to(portal, person.email, "social_unlinked")) == 1
    async with portal.state.deps.database.system_session("test: mails") as session:
        languages = await session.execute(
            text("SELECT kind, language FROM mails WHERE account_id = cast(:id AS uuid)"),
            {"id": person.account_id},
        )
        assert ("social_unlinked", "en") in [tuple(row) for row in languages]


async def add_link(
    client: httpx.AsyncClient, fakes: Fakes, headers: dict[str, str], who: Json, provider: str
) -> httpx.Response:
    body = await begun(client, fakes, provider, who)
    del body["client_type"]
    return await client.post("/v1/me/links", json=body | {"provider": provider}, headers=headers)


async def test_the_last_way_in_cannot_be_removed(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    made = await sign_up_social(client, world, fakes, "kakao", user())
    headers = bearer(made["session"])
    (only,) = (await client.get("/v1/me/links", headers=headers)).json()["items"]
    refused = await client.delete(f"/v1/me/links/{only['id']}", headers=headers)
    assert problem(refused) == (409, "last_way_in")
    second = await add_link(client, fakes, headers, user(), "naver")
    assert second.status_code == 201
    ids = [only["id"], second.json()["id"]]
    answers = await asyncio.gather(
        *(client.delete(f"/v1/me/links/{link}", headers=headers) for link in ids)
    )
    assert sorted(answer.status_code for answer in answers) == [204, 409]


async def test_another_accounts_social_user_cannot_be_linked(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    who = user()
    await sign_up_social(client, world, fakes, "kakao", who)
    person = await sign_up_individual(client, world)
    refused = await add_link(client, fakes, person.headers, who, "kakao")
    assert problem(refused) == (409, "social_account_already_linked")
    assert (await add_link(client, fakes, person.headers, user(), "kakao")).status_code == 201
    second = await add_link(client, fakes, person.headers, user(), "kakao")
    assert problem(second) == (409, "social_provider_already_linked")


async def test_a_corporate_account_has_no_social_links(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    company = await sign_up(client, world)
    refused = await add_link(client, fakes, company.headers, user(), "kakao")
    assert problem(refused) == (403, "individual_account_required")


async def test_links_are_changed_after_step_up_only(
    client: httpx.AsyncClient, world: World, fakes: Fakes, owner_engine: AsyncEngine
) -> None:
    person = await sign_up_individual(client, world)
    link = (await add_link(client, fakes, person.headers, user(), "kakao")).json()["id"]
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE sessions SET"
                " reauthenticated_at = reauthenticated_at - interval '11 minutes'"
                " WHERE account_id = cast(:id AS uuid)"
            ),
            {"id": person.account_id},
        )
    for refused in (
        await client.delete(f"/v1/me/links/{link}", headers=person.headers),
        await add_link(client, fakes, person.headers, user(), "naver"),
    ):
        assert problem(refused) == (401, "reauthentication_required")


async def test_a_strangers_link_is_not_there(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    owner = await sign_up_individual(client, world)
    link = (await add_link(client, fakes, owner.headers, user(), "kakao")).json()["id"]
    stranger = await sign_up_individual(client, world)
    assert (await client.get("/v1/me/links", headers=stranger.headers)).json() == {"items": []}
    answer = await client.delete(f"/v1/me/links/{link}", headers=stranger.headers)
    assert problem(answer) == (404, "link_not_found")


async def test_withdrawal_ends_the_links_and_the_user_may_come_again(
    client: httpx.AsyncClient, world: World, fakes: Fakes
) -> None:
    who = user()
    made = await sign_up_social(client, world, fakes, "google", who)
    assert (await client.delete("/v1/me", headers=bearer(made["session"]))).status_code == 204
    assert (await come_back(client, fakes, "google", who)).json()["state"] == "SIGN_UP_REQUIRED"
