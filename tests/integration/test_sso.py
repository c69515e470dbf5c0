"""Coming from the groupware: who gets in, who is told why not, and nobody by another's doing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import RSAKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.main import create_app
from app.settings import Settings
from sandbox.app import create_sandbox
from sandbox.world import World
from tests.conftest import Later, LostAnswers
from tests.flows import (
    PASSWORD,
    Member,
    Person,
    customer,
    individual_body,
    phone_number,
    run_jobs,
    sign_up_body,
    sign_up_individual,
    verify_business,
    verify_person,
)
from tests.mails import mails_to
from tests.openid import FakeProvider, Json, Routed
from tests.statements import counted

ISSUER = "http://localhost:8001/groupware"
SPA = "http://127.0.0.1:8001/spa/sso"
ORIGIN = {"Origin": "http://127.0.0.1:8001"}
START, CALLBACK = "/v1/sso/groupware/start", "/v1/sso/groupware/callback"
EXCHANGE, LINKS = "/v1/sso/exchange", "/v1/sso/links"


@pytest.fixture(scope="module")
def fake() -> FakeProvider:
    return FakeProvider(
        ISSUER,
        ("sandbox-portal-sso", "sandbox-groupware-oidc-secret"),
        authorize="/authorize",
        token="/token",
        issuer=ISSUER,
    )


@pytest.fixture(autouse=True)
def nothing_is_changed(fake: FakeProvider) -> None:
    fake.claims, fake.header, fake.key, fake.answers = {}, {}, None, {}


@pytest.fixture(scope="module")
async def portal(settings: Settings, world: World, fake: FakeProvider) -> AsyncIterator[FastAPI]:
    """The application with an OpenID Provider that does as a test says."""
    sandbox = LostAnswers(httpx.ASGITransport(create_sandbox(world), raise_app_exceptions=True))
    app = create_app(settings, Routed(sandbox, fake))
    assert isinstance(world.client._transport, Later)
    world.client._transport.inner = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app):
        yield app
        await world.webhooks.settled()


@dataclass
class Site:
    """A site and how its groupware speaks of a user."""

    member: Member
    id: str
    groupware_site_id: str

    def user(self, **changed: Any) -> Json:
        return {
            "sub": f"sub-{uuid4().hex}",
            "site_id": self.groupware_site_id,
            "external_id": self.id,
            "site_admin": True,
            "preferred_username": "gildong",
            "name": "홍길동",
            "email": f"{uuid4().hex[:10]}@hanbit.example",
            "business_number": "1018100001",
            "company_name": "한빛상사",
        } | changed


async def site_of(portal: FastAPI, member: Member) -> Site:
    async with portal.state.deps.database.system_session("test: the site") as session:
        row = (
            await session.execute(
                text(
                    "SELECT id, groupware_site_id FROM sites"
                    " WHERE company_id = cast(:company AS uuid) AND state = 'OPEN'"
                ),
                {"company": member.company_id},
            )
        ).one()
    return Site(member, str(row.id), row.groupware_site_id)


@pytest.fixture(scope="module")
async def site(portal: FastAPI, world: World) -> Site:
    async with browser_of(portal) as client:
        return await site_of(portal, await customer(client, world, portal))


@pytest.fixture(scope="module")
async def neighbour(portal: FastAPI, world: World) -> Site:
    async with browser_of(portal) as client:
        return await site_of(portal, await customer(client, world, portal))


def browser_of(portal: FastAPI) -> httpx.AsyncClient:
    """A client with cookies of its own, over TLS so that they are sent back."""
    address = f"10.{uuid4().int % 256}.{uuid4().int % 256}.{uuid4().int % 254 + 1}"
    transport = httpx.ASGITransport(app=portal, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="https://portal")


@pytest.fixture
async def browser(portal: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_of(portal) as session:
        yield session


def led_to(answer: httpx.Response) -> dict[str, str]:
    """The query with which the SPA's page is opened; nothing else may be in the address."""
    assert answer.status_code == 303, answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    url, _, query = answer.headers["location"].partition("?")
    assert url == SPA
    return dict(parse_qsl(query))


async def start(browser: httpx.AsyncClient, **query: str) -> str:
    """The groupware's address that the browser is sent to."""
    answer = await browser.get(START, params={"iss": ISSUER} | query)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def come_back(
    browser: httpx.AsyncClient, fake: FakeProvider, user: Json, url: str | None = None
) -> dict[str, str]:
    code, state = fake.consent(url or await start(browser), user)
    return led_to(await browser.get(CALLBACK, params={"code": code, "state": state}))


async def exchange(browser: httpx.AsyncClient, code: str, **changed: Any) -> httpx.Response:
    body = {"code": code, "client_type": "NATIVE"} | changed
    return await browser.post(EXCHANGE, json=body)


async def arrive(browser: httpx.AsyncClient, fake: FakeProvider, user: Json) -> Json:
    """From the waffle menu to the exchange's answer."""
    code = (await come_back(browser, fake, user))["code"]
    answer = await exchange(browser, code)
    assert answer.status_code == 200, answer.text
    arrived: Json = answer.json()
    return arrived


async def link(client: httpx.AsyncClient, person: Person, ticket: str, **changed: Any) -> Any:
    body = {"ticket": ticket, "confirm_link": True} | changed
    return await client.post(LINKS, json=body, headers=person.headers)


async def linked(
    browser: httpx.AsyncClient, world: World, fake: FakeProvider, user: Json
) -> Person:
    """An individual whose groupware user this is."""
    ticket = (await arrive(browser, fake, user))["ticket"]
    person = await sign_up_individual(browser, world)
    answer = await link(browser, person, ticket)
    assert answer.status_code == 200, answer.text
    return person


async def make_member(portal: FastAPI, person: Person, site: Site, state: str = "ACTIVE") -> None:
    async with portal.state.deps.database.system_session("test: invitation accepted") as session:
        now = await portal.state.deps.clock.now(session)
        await session.execute(
            text(
                "INSERT INTO company_members"
                " (company_id, account_id, state, created_at, updated_at)"
                " VALUES (:company, :account, :state, :now, :now)"
            ),
            {
                "company": UUID(site.member.company_id),
                "account": UUID(person.account_id),
                "state": state,
                "now": now,
            },
        )


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def bearer(session: Json) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['access_token']}"}


async def sql(owner_engine: AsyncEngine, statement: str, **values: Any) -> Any:
    async with owner_engine.begin() as connection:
        result = await connection.execute(text(statement), values)
        return result.scalars().all() if result.returns_rows else None


# The way in


async def test_the_start_binds_state_nonce_and_pkce_to_a_cookie_of_its_own(
    browser: httpx.AsyncClient,
) -> None:
    answers = [
        await browser.get(START, params={"iss": ISSUER, "login_hint": "gildong"}) for _ in range(2)
    ]
    names = set()
    for answer in answers:
        assert (answer.status_code, answer.headers["referrer-policy"]) == (303, "no-referrer")
        url = urlsplit(answer.headers["location"])
        assert url.netloc == "localhost:8001"
        query = parse_qs(url.query)
        assert query["code_challenge_method"] == ["S256"]
        assert query["login_hint"] == ["gildong"]
        assert query["redirect_uri"] == ["http://127.0.0.1:8000/v1/sso/groupware/callback"]
        assert {"state", "nonce", "code_challenge"} <= set(query)
        cookie = answer.headers["set-cookie"]
        names.add(cookie.partition("=")[0])
        for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=600"):
            assert attribute in cookie
        assert "Domain" not in cookie
    assert len(names) == 2
    assert all(name.startswith("__Host-sso-") for name in names)


async def test_a_linked_user_is_straight_in_and_admin_of_that_company(
    browser: httpx.AsyncClient, portal: FastAPI, world: World, fake: FakeProvider, site: Site
) -> None:
    user = site.user()
    person = await linked(browser, world, fake, user)
    first = await arrive(browser, fake, user)
    assert (first["state"], first["reason"]) == ("LINKED", "invitation_required")
    assert (first["ticket"], first["company"]["id"]) == (None, site.member.company_id)
    await make_member(portal, person, site)
    again = await arrive(browser, fake, user)
    assert (again["state"], again["reason"]) == ("LINKED", None)
    me = (await browser.get("/v1/me", headers=bearer(again["session"]))).json()
    assert (me["role"], me["company"]["id"]) == ("ADMIN", site.member.company_id)
    assert again["groupware_user"]["email"] == user["email"]


async def test_a_browser_gets_its_session_as_a_cookie(
    browser: httpx.AsyncClient, world: World, fake: FakeProvider, site: Site
) -> None:
    user = site.user()
    await linked(browser, world, fake, user)
    code = (await come_back(browser, fake, user))["code"]
    body = {"code": code, "client_type": "BROWSER"}
    stranger = await browser.post(EXCHANGE, json=body, headers={"Origin": "https://evil.example"})
    assert problem(stranger) == (403, "origin_not_allowed")
    answer = await browser.post(EXCHANGE, json=body, headers=ORIGIN)
    assert answer.json()["session"]["refresh_token"] is None
    cookies = answer.headers.get_list("set-cookie")
    assert [c for c in cookies if c.startswith("__Host-refresh=")]
    assert [c for c in cookies if c.startswith("__Host-sso-") and "Max-Age=0" in c]


async def test_the_exchange_costs_five_statements_at_the_most(
    browser: httpx.AsyncClient, portal: FastAPI, world: World, fake: FakeProvider, site: Site
) -> None:
    """As production counts: its clock reads no row. A new device is mailed within the five."""
    user = site.user()
    person = await linked(browser, world, fake, user)
    token = (await arrive(browser, fake, user))["session"]["device_token"]
    for who, device, state, most in (
        (user, token, "LINKED", 3),
        (user, None, "LINKED", 5),
        (user, "x" * 43, "LINKED", 5),
        (site.user(), token, "LINK_REQUIRED", 2),
    ):
        code = (await come_back(browser, fake, who))["code"]
        known = len(await mails_to(portal, person.email, "new_device"))
        with counted(portal.state.deps.database.engine) as statements:
            answer = await exchange(browser, code, device_token=device)
        assert answer.json()["state"] == state
        seen = [statement for statement in statements.seen if "business_clock" not in statement]
        assert len(seen) <= most, seen
        mailed = len(await mails_to(portal, person.email, "new_device")) - known
        assert mailed == int(most == 5)


# States


async def test_an_unlinked_user_gets_a_ticket_and_no_session(
    browser: httpx.AsyncClient, fake: FakeProvider, site: Site
) -> None:
    arrived = await arrive(browser, fake, site.user())
    assert (arrived["state"], arrived["session"]) == ("LINK_REQUIRED", None)
    assert arrived["ticket"]
    assert arrived["company"]["name"] == "한빛상사"


async def test_who_is_no_site_administrator_is_told_and_loses_the_role(
    browser: httpx.AsyncClient, portal: FastAPI, world: World, fake: FakeProvider, site: Site
) -> None:
    user = site.user()
    person = await linked(browser, world, fake, user)
    await make_member(portal, person, site)
    assert (await browser.get("/v1/me", headers=person.headers)).json()["role"] == "ADMIN"
    arrived = await arrive(browser, fake, user | {"site_admin": False})
    assert (arrived["state"], arrived["session"], arrived["ticket"]) == (
        "NOT_SITE_ADMIN",
        None,
        None,
    )
    assert (await browser.get("/v1/me", headers=person.headers)).json()["role"] == "MEMBER"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ("UPDATE sites SET state = 'TERMINATED' WHERE id = cast(:site AS uuid)", "SITE_TERMINATED"),
        (
            "UPDATE memberships SET billing_channel = 'RESELLER', reseller_name = '한국파트너',"
            " reseller_phone = '02-000-0000' WHERE site_id = cast(:site AS uuid)",
            "MANAGED_BY_RESELLER",
        ),
        (
            "UPDATE companies SET corporate_account_id = NULL WHERE id ="
            " (SELECT company_id FROM sites WHERE id = cast(:site AS uuid))",
            "COMPANY_ACCOUNT_MISSING",
        ),
    ],
)
async def test_what_ends_the_matter_is_explained(
    browser: httpx.AsyncClient,
    portal: FastAPI,
    world: World,
    fake: FakeProvider,
    owner_engine: AsyncEngine,
    change: str,
    state: str,
) -> None:
    site = await site_of(portal, await customer(browser, world, portal))
    user = site.user()
    await linked(browser, world, fake, user)
    await sql(owner_engine, change, site=site.id)
    arrived = await arrive(browser, fake, user)
    assert (arrived["state"], arrived["session"]) == (state, None)
    assert bool(arrived["ticket"]) is (state == "COMPANY_ACCOUNT_MISSING")
    reseller = {"name": "한국파트너", "phone": "02-000-0000"}
    assert arrived["reseller"] == (reseller if state == "MANAGED_BY_RESELLER" else None)


@pytest.mark.parametrize("by", ["account", "company"])
async def test_who_is_suspended_gets_no_session(
    browser: httpx.AsyncClient,
    portal: FastAPI,
    world: World,
    fake: FakeProvider,
    site: Site,
    owner_engine: AsyncEngine,
    by: str,
) -> None:
    user = site.user()
    person = await linked(browser, world, fake, user)
    if by == "company":
        await make_member(portal, person, site, "SUSPENDED")
    else:
        await sql(
            owner_engine,
            "UPDATE accounts SET status = 'SUSPENDED' WHERE id = cast(:id AS uuid)",
            id=person.account_id,
        )
    arrived = await arrive(browser, fake, user)
    assert (arrived["state"], arrived["session"]) == ("ACCOUNT_SUSPENDED", None)
    expected = {"company": "suspended_by_company", "account": "account_suspended"}
    assert arrived["reason"] == expected[by]


# Attacks


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "http://127.0.0.1:8001.evil.example/spa/sso",
        "http://127.0.0.1:8001/spa/sso@evil.example",
        "http://127.0.0.1:8001/spa/sso/../../evil",
        "//evil.example",
        "javascript:alert(1)",
        "http://127.0.0.1:8001/spa/sso?next=https://evil.example",
        "http://127.0.0.1:8001/spa/sso#x",
        "http://127.0.0.1:8001/SPA/sso",
    ],
)
async def test_no_page_but_ours_is_ever_led_to(browser: httpx.AsyncClient, target: str) -> None:
    answer = await browser.get(START, params={"iss": ISSUER, "target_link_uri": target})
    told = led_to(answer)
    assert told["error"] == "sso_target_not_allowed"
    assert told["request_id"] == answer.headers["x-request-id"]
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("issuer", ["", "https://evil.example", ISSUER + "/", ISSUER.upper()])
async def test_no_issuer_but_ours_is_asked(browser: httpx.AsyncClient, issuer: str) -> None:
    answer = await browser.get(START, params={"iss": issuer})
    assert led_to(answer)["error"] == "sso_issuer_not_allowed"


async def test_a_page_of_ours_may_be_asked_for(browser: httpx.AsyncClient) -> None:
    assert (await start(browser, target_link_uri=SPA)).startswith(ISSUER)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "sso_state_missing"),
        ({"state": "", "code": "c"}, "sso_state_missing"),
        ({"state": "x" * 43, "code": "c"}, "sso_state_unknown"),
    ],
)
async def test_a_return_without_a_start_leads_nowhere(
    browser: httpx.AsyncClient, query: dict[str, str], code: str
) -> None:
    assert led_to(await browser.get(CALLBACK, params=query))["error"] == code


async def test_a_return_made_by_somebody_else_signs_nobody_in(
    browser: httpx.AsyncClient, portal: FastAPI, fake: FakeProvider, site: Site
) -> None:
    """Login CSRF: the attacker's code and state in the victim's browser, which has its own."""
    code, state = fake.consent(await start(browser), site.user())
    async with browser_of(portal) as victim:
        await start(victim)
        led = led_to(await victim.get(CALLBACK, params={"code": code, "state": state}))
        assert led["error"] == "sso_cookie_missing"
    mine = led_to(await browser.get(CALLBACK, params={"code": code, "state": state}))
    assert "code" in mine


async def test_a_cookie_with_another_value_is_foreign(
    browser: httpx.AsyncClient, fake: FakeProvider, site: Site
) -> None:
    code, state = fake.consent(await start(browser), site.user())
    (name,) = browser.cookies.keys()
    browser.cookies.clear()
    headers = {"Cookie": f"{name}=guessed"}
    led = led_to(
        await browser.get(CALLBACK, params={"code": code, "state": state}, headers=headers)
    )
    assert led["error"] == "sso_cookie_foreign"


async def test_a_code_in_somebody_elses_browser_is_worthless(
    browser: httpx.AsyncClient, portal: FastAPI, fake: FakeProvider, site: Site
) -> None:
    code = (await come_back(browser, fake, site.user()))["code"]
    async with browser_of(portal) as victim:
        assert problem(await exchange(victim, code)) == (422, "sso_cookie_missing")
        await start(victim)
        assert problem(await exchange(victim, code)) == (422, "sso_cookie_foreign")
    assert (await exchange(browser, code)).status_code == 200


async def test_a_state_and_a_code_are_used_once(
    browser: httpx.AsyncClient, fake: FakeProvider, site: Site
) -> None:
    code_there, state = fake.consent(await start(browser), site.user())
    query = {"code": code_there, "state": state}
    code = led_to(await browser.get(CALLBACK, params=query))["code"]
    assert led_to(await browser.get(CALLBACK, params=query))["error"] == "sso_state_used"
    kept = dict(browser.cookies.items())
    assert (await exchange(browser, code)).status_code == 200
    for name, value in kept.items():
        browser.cookies.set(name, value)
    assert problem(await exchange(browser, code)) == (422, "sso_code_used")
    assert problem(await exchange(browser, "x" * 43)) == (422, "sso_code_unknown")


async def test_one_code_exchanged_twice_at_once_is_used_once(
    browser: httpx.AsyncClient, fake: FakeProvider, site: Site
) -> None:
    code = (await come_back(browser, fake, site.user()))["code"]
    answers = await asyncio.gather(*(exchange(browser, code) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422]


async def test_a_code_lasts_sixty_seconds_and_a_start_ten_minutes(
    browser: httpx.AsyncClient, fake: FakeProvider, site: Site, owner_engine: AsyncEngine
) -> None:
    code = (await come_back(browser, fake, site.user()))["code"]
    later = "UPDATE sso_logins SET code_expires_at = code_expires_at - interval '61 seconds'"
    await sql(owner_engine, later)
    assert problem(await exchange(browser, code)) == (422, "sso_code_expired")
    code_there, state = fake.consent(await start(browser), site.user())
    later = "UPDATE sso_logins SET expires_at = expires_at - interval '601 seconds'"
    await sql(owner_engine, later)
    led = led_to(await browser.get(CALLBACK, params={"code": code_there, "state": state}))
    assert led["error"] == "sso_state_expired"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": "https://evil.example"}, "sso_issuer_mismatch"),
        ({"aud": "another-client"}, "sso_audience_mismatch"),
        ({"nonce": "of-another-start"}, "sso_nonce_mismatch"),
        ({"exp": 1}, "sso_token_expired"),
        *(
            ({name: None}, "sso_claim_missing")
            for name in (
                *("sub", "nonce", "iat", "exp", "auth_time", "site_id", "external_id"),
                *("site_admin", "preferred_username", "name", "email", "business_number"),
                "company_name",
            )
        ),
        ({"site_admin": "true"}, "sso_claim_missing"),
        ({"site_admin": 1}, "sso_claim_missing"),
        ({"sub": ""}, "sso_claim_missing"),
        ({"sub": "s" * 300}, "sso_claim_missing"),
        ({"external_id": str(uuid4())}, "sso_site_unknown"),
        ({"external_id": "not-a-uuid"}, "sso_site_unknown"),
        ({"site_id": "of-another-site"}, "sso_site_unknown"),
    ],
)
async def test_an_id_token_that_does_not_hold_is_refused_by_its_name(
    browser: httpx.AsyncClient, fake: FakeProvider, site: Site, claims: Json, code: str
) -> None:
    fake.claims = claims
    led = await come_back(browser, fake, site.user())
    assert (led.get("error"), "code" in led) == (code, False)


async def test_tokens_of_other_keys_and_algorithms_are_refused(
    browser: httpx.AsyncClient, fake: FakeProvider, site: Site
) -> None:
    fake.header = {"alg": "RS512"}
    assert (await come_back(browser, fake, site.user()))["error"] == "sso_algorithm_refused"
    fake.header = {}
    named = {"kid": str(fake.keys[0].kid)}
    fake.key = RSAKey.generate_key(2048, named, auto_kid=False)
    assert (await come_back(browser, fake, site.user()))["error"] == "sso_signature_invalid"
    fake.key = RSAKey.generate_key(2048, {"kid": "nobody's"}, auto_kid=False)
    assert (await come_back(browser, fake, site.user()))["error"] == "sso_key_unknown"


async def test_keys_rotate_without_a_restart(
    browser: httpx.AsyncClient, portal: FastAPI, fake: FakeProvider, site: Site
) -> None:
    assert "code" in await come_back(browser, fake, site.user())
    keys = portal.state.deps.groupware_sso._tokens._keys
    keys._refetch_from = 0.0  # as if the last unknown key were a minute ago
    fake.keys = [RSAKey.generate_key(2048, {"kid": uuid4().hex}, auto_kid=False)]
    assert "code" in await come_back(browser, fake, site.user())


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.ConnectError("down"), "provider_unavailable"),
        (httpx.ReadTimeout("slow"), "provider_unavailable"),
        (httpx.Response(200, text="<html>"), "provider_failed"),
        (httpx.Response(200, json={"access_token": "a"}), "sso_token_malformed"),
        (httpx.Response(400, json={"error": "invalid_grant"}), "sso_code_refused"),
    ],
)
async def test_a_groupware_that_is_down_or_mad_signs_nobody_in(
    browser: httpx.AsyncClient,
    portal: FastAPI,
    fake: FakeProvider,
    site: Site,
    answer: httpx.Response | Exception,
    code: str,
) -> None:
    portal.state.deps.groupware_sso._http._watch._breaker._failed_at.clear()
    fake.answers["/token"] = answer
    assert (await come_back(browser, fake, site.user()))["error"] == code


async def test_what_the_groupware_refuses_is_told(
    browser: httpx.AsyncClient, fake: FakeProvider, site: Site
) -> None:
    _, state = fake.consent(await start(browser), site.user())
    led = led_to(await browser.get(CALLBACK, params={"error": "access_denied", "state": state}))
    assert led["error"] == "sso_refused_by_groupware"
    _, state = fake.consent(await start(browser), site.user())
    led = led_to(await browser.get(CALLBACK, params={"state": state}))
    assert led["error"] == "sso_code_missing"


# Linking


async def test_both_identities_are_shown_before_they_are_linked(
    browser: httpx.AsyncClient,
    world: World,
    fake: FakeProvider,
    site: Site,
    owner_engine: AsyncEngine,
) -> None:
    user = site.user()
    ticket = (await arrive(browser, fake, user))["ticket"]
    person = await sign_up_individual(browser, world)
    shown = await link(browser, person, ticket, confirm_link=False)
    assert shown.status_code == 200
    body = shown.json()
    assert (body["state"], body["link_id"]) == ("CONFIRMATION_REQUIRED", None)
    assert body["account"] == {"sign_in": person.login_id, "name": "홍길동"}
    assert body["groupware_user"]["login_id"] == "gildong"
    assert body["company"]["id"] == site.member.company_id
    assert (await browser.get("/v1/me/links", headers=person.headers)).json() == {"items": []}
    done = (await link(browser, person, ticket)).json()
    assert done["state"] == "LINKED"
    (found,) = (await browser.get("/v1/me/links", headers=person.headers)).json()["items"]
    assert (found["id"], found["kind"], found["site_admin"]) == (done["link_id"], "GROUPWARE", True)
    assert found["site"]["id"] == site.id
    mails = await sql(
        owner_engine,
        "SELECT count(*) FROM mails WHERE kind = 'groupware_linked'"
        " AND account_id = cast(:id AS uuid)",
        id=person.account_id,
    )
    assert mails == [2]
    again = await link(browser, person, ticket)
    assert problem(again) == (422, "sso_ticket_invalid")


async def test_a_sign_in_with_a_ticket_alone_links_nothing(
    browser: httpx.AsyncClient, world: World, fake: FakeProvider, site: Site
) -> None:
    ticket = (await arrive(browser, fake, site.user()))["ticket"]
    person = await sign_up_individual(browser, world)
    login = {"password": PASSWORD, "client_type": "NATIVE", "sso_ticket": ticket}
    signed_in = await browser.post("/v1/auth/login", json=login | {"login_id": person.login_id})
    assert signed_in.status_code == 200
    links = await browser.get("/v1/me/links", headers=bearer(signed_in.json()))
    assert links.json() == {"items": []}
    corporate = login | {"login_id": site.member.login_id}
    assert problem(await browser.post("/v1/auth/login", json=corporate)) == (
        403,
        "individual_account_required",
    )
    wrong = login | {"login_id": site.member.login_id, "password": "wrong password"}
    assert problem(await browser.post("/v1/auth/login", json=wrong)) == (401, "invalid_credentials")
    nonsense = login | {"login_id": person.login_id, "sso_ticket": "x" * 43}
    assert problem(await browser.post("/v1/auth/login", json=nonsense)) == (
        422,
        "sso_ticket_invalid",
    )


async def test_a_corporate_account_is_never_linked(
    browser: httpx.AsyncClient, world: World, fake: FakeProvider, site: Site
) -> None:
    ticket = (await arrive(browser, fake, site.user()))["ticket"]
    refused = await browser.post(
        LINKS, json={"ticket": ticket, "confirm_link": True}, headers=site.member.headers
    )
    assert problem(refused) == (403, "individual_account_required")
    body = sign_up_body(
        await verify_business(browser), await verify_person(browser, world), sso_ticket=ticket
    )
    refused = await browser.post("/v1/accounts/corporate", json=body)
    assert problem(refused) == (409, "corporate_signup_not_allowed_from_groupware")


async def test_a_new_individual_is_linked_in_the_sign_ups_transaction(
    browser: httpx.AsyncClient, world: World, fake: FakeProvider, site: Site
) -> None:
    user = site.user()
    ticket = (await arrive(browser, fake, user))["ticket"]
    phone = phone_number()
    first = individual_body(await verify_person(browser, world, phone=phone), sso_ticket="x" * 43)
    refused = await browser.post("/v1/accounts/individual", json=first)
    assert problem(refused) == (422, "sso_ticket_invalid")
    made = await browser.post("/v1/accounts/individual", json=first | {"sso_ticket": ticket})
    assert made.status_code == 201, made.text
    assert made.json()["link_id"]
    arrived = await arrive(browser, fake, user)
    assert (arrived["state"], arrived["reason"]) == ("LINKED", "invitation_required")
    other = individual_body(await verify_person(browser, world), sso_ticket=ticket)
    refused = await browser.post("/v1/accounts/individual", json=other)
    assert problem(refused) == (422, "sso_ticket_invalid")


async def test_an_invited_person_signs_up_linked_and_is_asked_for_what_is_left(
    browser: httpx.AsyncClient, world: World, fake: FakeProvider, site: Site
) -> None:
    """Ticket and invitation together: the address is not verified yet, so the company agrees."""
    email = f"{uuid4().hex[:10]}@hanbit.example"
    invited = await browser.post(
        "/v1/invitations", json={"name": "홍길동", "email": email}, headers=site.member.headers
    )
    assert invited.status_code == 201, invited.text
    deps = browser._transport.app.state.deps  # type: ignore[attr-defined]
    async with deps.database.system_session("test: the mail") as session:
        facts = await session.scalar(
            text("SELECT facts FROM mails WHERE kind = 'user_invitation' ORDER BY id DESC LIMIT 1")
        )
    token = deps.vault.open("mails.facts", facts).partition("#token=")[2].partition('"')[0]
    ticket = (await arrive(browser, fake, site.user()))["ticket"]
    body = individual_body(
        await verify_person(browser, world),
        sso_ticket=ticket,
        invitation_token=token,
        contact={"email": email},
    )
    made = await browser.post("/v1/accounts/individual", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["link_id"]
    assert made.json()["invitation"]["state"] == "APPROVAL_PENDING"


async def test_two_persons_for_one_groupware_user_at_once_one_wins(
    browser: httpx.AsyncClient, world: World, fake: FakeProvider, site: Site
) -> None:
    user = site.user()
    tickets = [(await arrive(browser, fake, user))["ticket"] for _ in range(2)]
    people = [await sign_up_individual(browser, world) for _ in range(2)]
    answers = await asyncio.gather(
        *(link(browser, person, ticket) for person, ticket in zip(people, tickets, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert loser.json()["code"] == "groupware_user_already_linked"


async def test_one_individual_links_users_of_several_companies(
    browser: httpx.AsyncClient, world: World, fake: FakeProvider, site: Site, neighbour: Site
) -> None:
    person = await linked(browser, world, fake, site.user())
    ticket = (await arrive(browser, fake, neighbour.user()))["ticket"]
    assert (await link(browser, person, ticket)).status_code == 200
    links = (await browser.get("/v1/me/links", headers=person.headers)).json()["items"]
    companies = {found["site"]["company_id"] for found in links}
    assert companies == {site.member.company_id, neighbour.member.company_id}


async def test_a_session_from_the_groupware_reaches_that_company_only(
    browser: httpx.AsyncClient,
    portal: FastAPI,
    world: World,
    fake: FakeProvider,
    site: Site,
    neighbour: Site,
) -> None:
    user = site.user()
    person = await linked(browser, world, fake, user)
    ticket = (await arrive(browser, fake, neighbour.user()))["ticket"]
    assert (await link(browser, person, ticket)).status_code == 200
    for where in (site, neighbour):
        await make_member(portal, person, where)
    headers = bearer((await arrive(browser, fake, user))["session"])
    me = (await browser.get("/v1/me", headers=headers)).json()
    assert [company["id"] for company in me["companies"]] == [site.member.company_id]
    other = headers | {"X-Company-Id": neighbour.member.company_id}
    assert problem(await browser.get("/v1/memberships", headers=other)) == (
        404,
        "company_not_found",
    )
    own = headers | {"X-Company-Id": site.member.company_id}
    assert (await browser.get("/v1/memberships", headers=own)).status_code == 200


async def test_a_session_from_the_groupware_needs_step_up_for_account_settings(
    browser: httpx.AsyncClient, world: World, fake: FakeProvider, site: Site
) -> None:
    user = site.user()
    await linked(browser, world, fake, user)
    headers = bearer((await arrive(browser, fake, user))["session"])
    (found,) = (await browser.get("/v1/me/links", headers=headers)).json()["items"]
    removed = await browser.delete(f"/v1/me/links/{found['id']}", headers=headers)
    assert problem(removed) == (401, "reauthentication_required")
    stepped = await browser.post("/v1/auth/step-up", json={"password": PASSWORD}, headers=headers)
    assert stepped.status_code == 204
    removed = await browser.delete(f"/v1/me/links/{found['id']}", headers=headers)
    assert removed.status_code == 204
    gone = await browser.get("/v1/me", headers=headers)
    assert problem(gone) == (401, "not_authenticated")
    assert (await arrive(browser, fake, user))["state"] == "LINK_REQUIRED"


SETTINGS = {
    "the e-mail": ("PATCH", "/v1/me", {"email": "other@hanbit.example"}),
    "the department": ("PATCH", "/v1/me", {"department": "연구소"}),
    "the password": ("PUT", "/v1/me/password", {"new_password": "another horse battery"}),
    "the phone": ("PUT", "/v1/me/phone", {"identity_verification_token": "x" * 43}),
    "the consents": (
        "PATCH",
        "/v1/me/consents",
        {"consents": [{"kind": "MARKETING", "version": "2023-09", "agreed": True}]},
    ),
    "the account itself": ("DELETE", "/v1/me", None),
}


@pytest.mark.parametrize("what", SETTINGS)
async def test_a_session_from_the_groupware_changes_nothing_of_the_account_before_step_up(
    browser: httpx.AsyncClient, world: World, fake: FakeProvider, site: Site, what: str
) -> None:
    method, path, body = SETTINGS[what]
    user = site.user()
    await linked(browser, world, fake, user)
    headers = bearer((await arrive(browser, fake, user))["session"])
    before = (await browser.get("/v1/me", headers=headers)).json()["account"]
    refused = await browser.request(method, path, json=body, headers=headers)
    assert problem(refused) == (401, "reauthentication_required")
    assert (await browser.get("/v1/me", headers=headers)).json()["account"] == before
    wrong = await browser.post("/v1/auth/step-up", json={"password": "no"}, headers=headers)
    assert problem(wrong) == (401, "invalid_credentials")
    assert problem(await browser.request(method, path, json=body, headers=headers))[0] == 401
    stepped = await browser.post("/v1/auth/step-up", json={"password": PASSWORD}, headers=headers)
    assert stepped.status_code == 204
    done = await browser.request(method, path, json=body, headers=headers)
    assert done.is_success or problem(done) == (422, "identity_verification_invalid"), done.text


async def test_step_up_does_not_widen_a_session_from_the_groupware(
    browser: httpx.AsyncClient,
    portal: FastAPI,
    world: World,
    fake: FakeProvider,
    site: Site,
    neighbour: Site,
) -> None:
    user = site.user()
    person = await linked(browser, world, fake, user)
    ticket = (await arrive(browser, fake, neighbour.user()))["ticket"]
    assert (await link(browser, person, ticket)).status_code == 200
    for where in (site, neighbour):
        await make_member(portal, person, where)
    session = (await arrive(browser, fake, user))["session"]
    headers = bearer(session)
    stepped = await browser.post("/v1/auth/step-up", json={"password": PASSWORD}, headers=headers)
    assert stepped.status_code == 204
    body = {"client_type": "NATIVE", "refresh_token": session["refresh_token"]}
    rotated = (await browser.post("/v1/auth/refresh", json=body)).json()
    for headers in (bearer(session), bearer(rotated)):
        me = (await browser.get("/v1/me", headers=headers)).json()
        assert [company["id"] for company in me["companies"]] == [site.member.company_id]
        for path in ("/v1/memberships", "/v1/orders", "/v1/system-status"):
            other = headers | {"X-Company-Id": neighbour.member.company_id}
            refused = await browser.get(path, headers=other)
            assert problem(refused) == (404, "company_not_found")
        own = headers | {"X-Company-Id": site.member.company_id}
        assert (await browser.get("/v1/memberships", headers=own)).status_code == 200


async def test_a_user_linked_for_one_company_is_not_let_into_another(
    browser: httpx.AsyncClient, world: World, fake: FakeProvider, site: Site, neighbour: Site
) -> None:
    user = site.user()
    await linked(browser, world, fake, user)
    moved = neighbour.user(sub=user["sub"])
    code = (await come_back(browser, fake, moved))["code"]
    refused = await exchange(browser, code)
    assert problem(refused) == (409, "groupware_user_of_another_company")


async def test_a_ticket_lasts_ten_minutes(
    browser: httpx.AsyncClient,
    world: World,
    fake: FakeProvider,
    site: Site,
    owner_engine: AsyncEngine,
) -> None:
    ticket = (await arrive(browser, fake, site.user()))["ticket"]
    person = await sign_up_individual(browser, world)
    later = "UPDATE sso_logins SET ticket_expires_at = ticket_expires_at - interval '601 seconds'"
    await sql(owner_engine, later)
    assert problem(await link(browser, person, ticket)) == (422, "sso_ticket_invalid")


async def test_nothing_of_the_way_in_is_readable_in_the_database(
    browser: httpx.AsyncClient, fake: FakeProvider, site: Site, owner_engine: AsyncEngine
) -> None:
    user = site.user(name="김비밀")
    code = (await come_back(browser, fake, user))["code"]
    cookies = list(browser.cookies.values())
    ticket = (await exchange(browser, code)).json()["ticket"]
    rows = await sql(owner_engine, "SELECT t::text FROM sso_logins t")
    for secret in (code, ticket, *cookies, user["email"], "김비밀"):
        assert not [r for r in rows if secret in r or secret.encode().hex() in r]


async def test_what_came_to_nothing_is_forgotten(
    browser: httpx.AsyncClient,
    portal: FastAPI,
    fake: FakeProvider,
    site: Site,
    owner_engine: AsyncEngine,
) -> None:
    await arrive(browser, fake, site.user())
    await sql(owner_engine, "UPDATE sso_logins SET expires_at = expires_at - interval '71 minutes'")
    code = (await come_back(browser, fake, site.user()))["code"]
    await run_jobs(portal)
    assert await sql(owner_engine, "SELECT count(*) FROM sso_logins") == [1]
    assert (await exchange(browser, code)).status_code == 200


# The company's invitation


async def site_without_account(
    browser: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> Site:
    site = await site_of(portal, await customer(browser, world, portal))
    await sql(
        owner_engine,
        "UPDATE companies SET corporate_account_id = NULL WHERE id = cast(:id AS uuid)",
        id=site.member.company_id,
    )
    return site


async def test_the_company_is_invited_three_times_an_hour(
    browser: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    fake: FakeProvider,
    owner_engine: AsyncEngine,
) -> None:
    site = await site_without_account(browser, world, portal, owner_engine)
    arrived = await arrive(browser, fake, site.user())
    assert arrived["state"] == "COMPANY_ACCOUNT_MISSING"
    body = {"ticket": arrived["ticket"], "name": "김대표", "email": "ceo@hanbit.example"}
    for left in (2, 1, 0):
        sent = await browser.post("/v1/sso/corporate-invitations", json=body)
        assert sent.status_code == 200, sent.text
        assert sent.json()["email_masked"] == "c***@hanbit.example"
        assert sent.json()["attempts_left"] == left
        assert datetime.fromisoformat(sent.json()["next_resend_at"])
    refused = await browser.post("/v1/sso/corporate-invitations", json=body)
    assert problem(refused) == (429, "rate_limited")
    mails = await sql(
        owner_engine,
        "SELECT count(*) FROM mails WHERE kind = 'corporate_invitation'"
        " AND company_id = cast(:id AS uuid)",
        id=site.member.company_id,
    )
    assert mails == [3]


async def test_a_company_without_account_cannot_be_linked_to_yet(
    browser: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    fake: FakeProvider,
    owner_engine: AsyncEngine,
) -> None:
    site = await site_without_account(browser, world, portal, owner_engine)
    ticket = (await arrive(browser, fake, site.user()))["ticket"]
    person = await sign_up_individual(browser, world)
    assert problem(await link(browser, person, ticket)) == (409, "company_account_missing")


async def test_a_company_with_account_is_not_invited(
    browser: httpx.AsyncClient, fake: FakeProvider, site: Site
) -> None:
    ticket = (await arrive(browser, fake, site.user()))["ticket"]
    body = {"ticket": ticket, "name": "김대표", "email": "ceo@hanbit.example"}
    refused = await browser.post("/v1/sso/corporate-invitations", json=body)
    assert problem(refused) == (409, "company_already_registered")
    refused = await browser.post("/v1/sso/corporate-invitations", json=body | {"ticket": "x" * 43})
    assert problem(refused) == (422, "sso_ticket_invalid")
