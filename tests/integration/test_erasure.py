"""A planted person goes through the portal and leaves: found only where section 15 keeps her.

What is kept is written down here by hand; `app.domain.personal_data` is held against it.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import wire_now
from app.domain.personal_data import FACTS
from app.main import create_app
from app.settings import Settings
from sandbox.app import create_sandbox
from sandbox.world import World
from tests.conftest import Later, LostAnswers
from tests.contracts import set_clock
from tests.flows import (
    Member,
    Person,
    business_number,
    customer,
    identity_body,
    individual_body,
    item,
    key,
    order_body,
    pay,
    run_jobs,
    sign_up_body,
)
from tests.imported import imported_company
from tests.integration.test_social import begun, complete
from tests.integration.test_sso import ISSUER, Site, arrive, link, site_of
from tests.mails import link_token
from tests.openid import FakeProvider, Routed, kakao
from tests.planted import Found, Planted, search, search_in

RETIRED = ("retired_login_ids.login_id_hash", "login_id_hash")
SIGN_IN_LOG = {("sign_ins.device", "device"), ("sign_ins.address", "address")}
"""Three months by law, whoever leaves."""
NAMED_BY_THE_COMPANY = {
    ("sites.admin_name", "name"),
    ("sites.admin_email", "email"),
    ("sites.admin_login_id", "groupware_id"),
}
"""The company's contract goes on, and so does what it says of its site's administrator."""


@pytest.fixture(scope="module")
def fake() -> FakeProvider:
    """The groupware's OpenID Provider."""
    return FakeProvider(
        ISSUER,
        ("sandbox-portal-sso", "sandbox-groupware-oidc-secret"),
        authorize="/authorize",
        token="/token",
        issuer=ISSUER,
    )


@pytest.fixture(scope="module")
def social() -> FakeProvider:
    return kakao()


@pytest.fixture(scope="module")
async def portal(
    settings: Settings, world: World, fake: FakeProvider, social: FakeProvider
) -> AsyncIterator[FastAPI]:
    sandbox = LostAnswers(httpx.ASGITransport(create_sandbox(world), raise_app_exceptions=True))
    app = create_app(settings, Routed(sandbox, fake, social))
    assert isinstance(world.client._transport, Later)
    world.client._transport.inner = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app):
        yield app
        await world.webhooks.settled()


@dataclass(frozen=True)
class Stage:
    """Where she acts, and by which browser."""

    portal: FastAPI
    world: World
    engine: AsyncEngine
    client: httpx.AsyncClient
    planted: Planted

    async def execute(self, statement: str, **values: object) -> Any:
        async with self.portal.state.deps.database.system_session("test data") as session:
            return (await session.execute(text(statement), values)).all()

    async def found(self) -> Found:
        return await search(self.engine, self.portal.state.deps.vault, self.planted)

    async def post(
        self, path: str, body: Any = None, who: Any = None, expect: int = 200, **headers: str
    ) -> Any:
        sent = {**(who.headers if who else {}), **headers}
        answer = await self.client.post(path, json=body, headers=sent)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    async def verify(self, purpose: str = "SIGN_UP", **changed: Any) -> str:
        """Her phone, her name."""
        body = identity_body(self.planted.phone, purpose) | {
            "name": self.planted.name,
            "birth_date": self.planted.birth_date,
            "gender_digit": "2",
        }
        started = await self.post("/v1/identity-verifications", body | changed, expect=201)
        confirmed = await self.post(
            f"/v1/identity-verifications/{started['id']}/confirm",
            {
                "client_secret": started["client_secret"],
                "otp": self.world.messages.to(self.planted.phone)[-1].otp,
            },
        )
        return str(confirmed["verification_token"])

    async def verify_business(self) -> str:
        """She is the 대표자."""
        done = await self.post(
            "/v1/business-verifications",
            {
                "business_number": business_number(),
                "company_name": "한빛상사",
                "representative_name": self.planted.name,
                "opened_on": "2015-03-02",
            },
            expect=201,
        )
        return str(done["verification_token"])

    async def learn(self, account_id: str) -> None:
        (row,) = await self.execute(
            "SELECT ci_hash FROM accounts WHERE id = cast(:id AS uuid)", id=account_id
        )
        self.planted.learn(self.portal.state.deps.vault, row.ci_hash)

    async def fail_to_sign_in(self) -> None:
        body = {"login_id": self.planted.login_id, "password": "wrong", "client_type": "NATIVE"}
        await self.post("/v1/auth/login", body, expect=401)

    async def leave(self, who: Person | Member) -> None:
        answer = await self.client.delete("/v1/me", headers=who.headers)
        assert answer.status_code == 204, answer.text

    async def days_later(self, days: int) -> None:
        """Business time moves, and what is due is done."""
        deps = self.portal.state.deps
        async with deps.database.system_session("test clock") as session:
            now = await deps.clock.now(session)
        await set_clock(self.portal, self.world, now + timedelta(days=days))
        await run_jobs(self.portal)

    async def wire_day_passes(self) -> None:
        """What lives by wire time is a day older."""
        for table, column in (
            ("idempotency_records", "expires_at"),
            ("rate_windows", "ends_at"),
            ("sign_in_failures", "last_failed_at"),
        ):
            await self.execute(
                f"UPDATE {table} SET {column} = {column} - interval '25 hours' RETURNING 1"
            )
        await run_jobs(self.portal)


Stages = Callable[[], Awaitable[Stage]]


@pytest.fixture
async def stages(portal: FastAPI, world: World, owner_engine: AsyncEngine) -> AsyncIterator[Stages]:
    """Another person with another browser each time."""
    async with AsyncExitStack() as open_clients:

        async def another() -> Stage:
            planted = Planted()
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=portal, client=(planted.address, 1)),
                base_url="https://portal",
                headers={"User-Agent": planted.device},
            )
            await open_clients.enter_async_context(client)
            return Stage(portal, world, owner_engine, client, planted)

        yield another
    await set_clock(portal, world, wire_now())


@pytest.fixture
async def stage(stages: Stages) -> Stage:
    return await stages()


async def signs_up(stage: Stage, **changed: Any) -> Person:
    planted = stage.planted
    body = individual_body(
        await stage.verify(), login_id=planted.login_id, contact={"email": planted.email}
    )
    made = await stage.post("/v1/accounts/individual", body | changed, expect=201)
    await stage.learn(made["account"]["id"])
    return Person(planted.login_id, made["account"]["id"], made["session"], planted.email)


async def company_of_others(portal: FastAPI, world: World) -> Site:
    """A paying company whose people and devices are not hers."""
    transport = httpx.ASGITransport(app=portal, client=("10.77.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://portal") as client:
        return await site_of(portal, await customer(client, world, portal))


async def social_account(stage: Stage, social: FakeProvider, person: Person) -> None:
    """One attempt that came to nothing, and one that is a link now."""
    who = {
        "sub": stage.planted.social_subject,
        "email": stage.planted.social_email,
        "email_verified": True,
        "name": stage.planted.name,
    }
    fakes = {"kakao": social}
    abandoned = await complete(
        stage.client, "kakao", await begun(stage.client, fakes, "kakao", who)
    )
    assert abandoned.json()["state"] == "SIGN_UP_REQUIRED"
    attempt = await begun(stage.client, fakes, "kakao", who)
    del attempt["client_type"]
    await stage.post("/v1/me/links", attempt | {"provider": "kakao"}, person, 201)


async def groupware_account(
    stage: Stage, fake: FakeProvider, site: Site, person: Person, which: str = ""
) -> None:
    """She arrives twice: once to nothing, once to be linked; the groupware speaks of her."""
    user = site.user(
        sub=stage.planted.subject + which,
        preferred_username=stage.planted.groupware_id,
        name=stage.planted.name,
        email=stage.planted.email,
    )
    await arrive(stage.client, fake, user)
    ticket = (await arrive(stage.client, fake, user))["ticket"]
    assert (await link(stage.client, person, ticket)).status_code == 200
    await groupware_calls(stage, site.id)


async def groupware_calls(stage: Stage, site_id: str) -> None:
    body = json.dumps(
        {
            "type": "user.admin_revoked",
            "timestamp": "2026-11-24T00:00:00Z",
            "data": {"external_id": site_id, "sub": stage.planted.subject},
        }
    ).encode()
    secret = stage.portal.state.deps.settings.groupware_webhook_secrets.get_secret_value()
    secret = base64.b64decode(secret.split()[0].removeprefix("whsec_"))
    at, message = str(int(time.time())), f"msg_{uuid4().hex}"
    signed = hmac.digest(secret, f"{message}.{at}.".encode() + body, hashlib.sha256)
    answer = await stage.client.post(
        "/v1/webhooks/groupware",
        content=body,
        headers={
            "webhook-id": message,
            "webhook-timestamp": at,
            "webhook-signature": "v1," + base64.b64encode(signed).decode(),
            "content-type": "application/json",
        },
    )
    assert answer.status_code == 204, answer.text


async def asks_for_a_corporate_account(stage: Stage, fake: FakeProvider) -> None:
    """She administers a site whose company has no account: the invitation is to herself."""
    imported = await imported_company(stage.portal)
    there = Site(None, str(imported.site_id), f"gw-{uuid4().hex}")  # type: ignore[arg-type]
    await stage.execute(
        "UPDATE sites SET groupware_site_id = :there WHERE id = :id RETURNING 1",
        there=there.groupware_site_id,
        id=imported.site_id,
    )
    user = there.user(
        sub=f"{stage.planted.subject}-other",
        preferred_username=stage.planted.groupware_id,
        name=stage.planted.name,
        email=stage.planted.email,
        business_number=imported.number,
        company_name=imported.name,
    )
    arrived = await arrive(stage.client, fake, user)
    assert arrived["state"] == "COMPANY_ACCOUNT_MISSING"
    await stage.post(
        "/v1/sso/corporate-invitations",
        {
            "ticket": arrived["ticket"],
            "name": stage.planted.name,
            "email": stage.planted.email,
        },
    )


async def is_invited(stage: Stage, owner: Member) -> str:
    body = {
        "name": stage.planted.name,
        "email": stage.planted.email,
        "note": f"{stage.planted.department} {stage.planted.position}",
    }
    await stage.post("/v1/invitations", body, owner, 201, **key())
    return await link_token(stage.portal, stage.planted.email, "user_invitation")


async def is_approved(stage: Stage, fake: FakeProvider, site: Site, person: Person) -> None:
    """Invited by name at an address that is not hers: the company is asked, and lets her in."""
    alias = f"{uuid4().hex[:12]}@elsewhere.example"
    body = {"name": stage.planted.name, "email": alias}
    invitation = await stage.post("/v1/invitations", body, site.member, 201)
    await groupware_account(stage, fake, site, person, "-second")
    token = await link_token(stage.portal, alias, "user_invitation")
    accepted = await stage.post("/v1/invitations/accept", {"token": token}, person)
    assert accepted["state"] == "APPROVAL_PENDING", accepted
    path = f"/v1/invitations/{invitation['id']}/approve"
    await stage.post(path, None, site.member, 204)


async def tells_of_herself(stage: Stage, who: Person | Member) -> None:
    planted = stage.planted
    told = await stage.client.patch(
        "/v1/me",
        json={
            "department": planted.department,
            "position": planted.position,
            "landline": planted.landline,
        },
        headers=who.headers,
    )
    assert told.status_code == 204, told.text
    marketing = {"consents": [{"kind": "MARKETING", "version": "2023-09", "agreed": True}]}
    agreed = await stage.client.patch("/v1/me/consents", json=marketing, headers=who.headers)
    assert agreed.status_code == 200


async def orders_a_site(stage: Stage, who: Person | Member, **headers: str) -> dict[str, Any]:
    wanted = item()
    wanted["site"] |= {
        "admin_name": stage.planted.name,
        "admin_email": stage.planted.email,
        "admin_login_id": stage.planted.groupware_id,
    }
    sent = key() | headers
    placed: dict[str, Any] = await stage.post("/v1/orders", order_body(wanted), who, 201, **sent)
    return placed


async def an_admins_life(stage: Stage, fake: FakeProvider, social: FakeProvider) -> Person:
    """Everything an individual can leave behind."""
    planted = stage.planted
    site = await company_of_others(stage.portal, stage.world)
    another = await company_of_others(stage.portal, stage.world)
    invited = await is_invited(stage, site.member)
    begun_handover = {"name": planted.name, "email": planted.email, "phone": planted.phone}
    await stage.post("/v1/company/handover", begun_handover, site.member, 201)
    person = await signs_up(stage)
    await stage.post("/v1/quotes", quote(), person, 201)
    await run_jobs(stage.portal)
    confirmed = await link_token(stage.portal, planted.email, "verify_email")
    await stage.post("/v1/email-verifications/confirm", {"token": confirmed}, expect=204)
    await tells_of_herself(stage, person)
    await social_account(stage, social, person)
    await asks_for_a_corporate_account(stage, fake)
    await groupware_account(stage, fake, site, person)
    await stage.post("/v1/invitations/accept", {"token": invited}, person)
    await is_invited(stage, another.member)
    await is_approved(stage, fake, another, person)
    await stage.fail_to_sign_in()
    found = {"identity_verification_token": await stage.verify("FIND_LOGIN_ID")}
    await stage.post("/v1/auth/find-login-id", found)
    await stage.verify("RESET_PASSWORD", login_id=planted.login_id)
    await orders_a_site(stage, person, **{"X-Company-Id": site.member.company_id})
    await run_jobs(stage.portal)
    return person


def quote(*to: str) -> dict[str, Any]:
    wanted = {"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}
    return {"items": [wanted], "recipients": list(to) or ["OWN"]}


async def signs_up_a_company(stage: Stage) -> Member:
    body = sign_up_body(
        await stage.verify_business(),
        await stage.verify(),
        login_id=stage.planted.login_id,
        contact={"email": stage.planted.email},
    )
    made = await stage.post("/v1/accounts/corporate", body, expect=201)
    account = made["account"]
    await stage.learn(account["id"])
    return Member(
        stage.planted.login_id,
        account["id"],
        account["company_id"],
        made["session"],
        stage.planted.email,
    )


async def a_prospects_life(stage: Stage) -> Member:
    """A company that never got as far as a contract."""
    member = await signs_up_a_company(stage)
    await tells_of_herself(stage, member)
    await stage.post("/v1/quotes", quote("OWN", "COMPANY_CONTACT"), member, 201)
    order = await orders_a_site(stage, member)
    await stage.fail_to_sign_in()
    await run_jobs(stage.portal)
    await stage.post(f"/v1/orders/{order['id']}/cancel", {}, member)
    return member


async def a_closed_companys_life(stage: Stage) -> Member:
    """A contract that was paid, served and terminated; an invitation and a handover are open."""
    member = await signs_up_a_company(stage)
    order = await orders_a_site(stage, member)
    await pay(stage.client, stage.world, member, order)
    await run_jobs(stage.portal)
    planted = stage.planted
    successor = {"name": planted.name, "email": planted.email, "phone": planted.phone}
    await stage.post("/v1/company/handover", successor, member, 201)
    await is_invited(stage, member)
    sealed = stage.portal.state.deps.vault.seal("companies.representative", planted.name)
    await stage.execute(
        "WITH ended AS (UPDATE sites SET state = 'TERMINATED' WHERE company_id = :id),"
        " over AS (UPDATE memberships SET status = 'TERMINATED' WHERE company_id = :id)"
        " UPDATE companies SET representative = :ceo WHERE id = :id RETURNING 1",
        id=UUID(member.company_id),
        ceo=sealed,
    )
    return member


async def test_an_admin_who_leaves_is_found_only_where_law_keeps_her(
    stage: Stage, fake: FakeProvider, social: FakeProvider
) -> None:
    person = await an_admins_life(stage, fake, social)
    await stage.leave(person)
    await stage.days_later(5)
    await stage.wire_day_passes()
    assert await stage.found() == {RETIRED} | SIGN_IN_LOG | NAMED_BY_THE_COMPANY
    await stage.days_later(93)
    assert await stage.found() == {RETIRED} | NAMED_BY_THE_COMPANY


async def test_a_prospect_who_leaves_takes_the_companys_people_along(stage: Stage) -> None:
    """Nothing was ever delivered: no contract, and nobody of it is kept."""
    await stage.leave(await a_prospects_life(stage))
    await stage.days_later(5)
    await stage.wire_day_passes()
    assert await stage.found() == {RETIRED} | SIGN_IN_LOG


async def test_a_closed_company_leaves_its_orders_and_its_ceo(stage: Stage) -> None:
    member = await a_closed_companys_life(stage)
    await stage.leave(member)
    await stage.days_later(5)
    await stage.wire_day_passes()
    ceo = {("companies.representative", "name")}
    assert await stage.found() == {RETIRED} | SIGN_IN_LOG | ceo
    orders = await stage.execute(
        "SELECT status FROM orders WHERE company_id = :id", id=UUID(member.company_id)
    )
    assert [row.status for row in orders] == ["COMPLETED"]
    await stage.days_later(93)
    assert await stage.found() == {RETIRED} | ceo
    await stage.days_later(1827)
    assert await stage.found() == {RETIRED}


async def test_what_is_erased_at_once_does_not_wait_for_the_job(
    stage: Stage, fake: FakeProvider, social: FakeProvider
) -> None:
    """All but attempts that end by themselves within a day, and the one mail that is owed."""
    person = await an_admins_life(stage, fake, social)
    await stage.leave(person)
    left = {column for column, _ in await stage.found()}
    by_code = {fact.column: fact.keeping.code for fact in FACTS}
    kept = {by_code[column] for column in left}
    assert kept - {"ANSWER"} == {"ATTEMPT", "WEBHOOK", "SIGN_IN_LOG", "SITE", "RETIRED", "MAIL"}
    mails = await stage.execute(
        "SELECT kind FROM mails WHERE account_id = :id", id=UUID(person.account_id)
    )
    assert [mail.kind for mail in mails] == ["withdrawn"]


NOT_HERS = {
    "accounts.password_hash": "argon2id, of a password that is in no column",
    "consents.kind": "a code",
    "consents.version": "a code",
    "orders.consents": "codes",
    "payments.issuer": "the provider's word for her bank",
    "payments.last4": "four digits, the provider's",
    "payments.receipt_url": "the provider's address",
    "sign_in_failures.key": "a keyed hash of her ID and address together",
    "idempotency_records.headers": "no answer has her in a header",
    "idempotency_records.body": "answers that are kept so far name nobody",
    "retired_login_ids.login_id_hash": "there when she has left",
}
"""Facts of a person that no search for her words can find; each has a test of its own."""


async def test_she_is_planted_wherever_the_table_says_that_a_person_is(
    stages: Stages, fake: FakeProvider, social: FakeProvider
) -> None:
    """Else the tests above would pass for want of anything to find."""
    somewhere: set[str] = set()
    for live in (
        lambda stage: an_admins_life(stage, fake, social),
        a_prospects_life,
        a_closed_companys_life,
    ):
        stage = await stages()
        await live(stage)
        somewhere |= {column for column, _ in await stage.found()}
    facts = {fact.column for fact in FACTS}
    assert facts - somewhere <= set(NOT_HERS)
    assert somewhere - facts == set(), "said to hold nothing of a person"


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("audit_events.details", "UPDATE audit_events SET details = cast(:json AS jsonb)"),
        ("audit_events.subject", "UPDATE audit_events SET subject = :words"),
        (
            "pgqueuer_log.traceback",
            "INSERT INTO pgqueuer_log (job_id, status, priority,"
            " entrypoint, traceback) VALUES (1, 'failed', 0, 'x', cast(:json AS jsonb))",
        ),
        (
            "idempotency_records.body",
            "INSERT INTO idempotency_records (account_id, operation, key,"
            " fingerprint, body, expires_at) VALUES (uuidv7(), 'x', 'x', 'x', :bytes, now())",
        ),
        ("orders.end_reason", "UPDATE orders SET end_reason = :words"),
        ("sessions.device", "UPDATE sessions SET device = :words"),
        ("accounts.position", "UPDATE accounts SET position = :sealed"),
        ("sites.admin_name", "UPDATE sites SET admin_name = :sealed"),
        ("companies.legal_name", "UPDATE companies SET legal_name = :phone"),
    ],
)
async def test_the_search_finds_a_leak(stage: Stage, table: str, statement: str) -> None:
    """In clear, as JSON with escapes, as bytes, sealed for another column, otherwise written."""
    member = await signs_up_a_company(stage)
    await orders_a_site(stage, member)
    planted, vault = Planted(), stage.portal.state.deps.vault
    values = {
        "json": json.dumps({"who": {"is": [planted.name]}}),
        "words": f"see {planted.email.upper()}.",
        "bytes": json.dumps({"name": planted.name}).encode(),
        "sealed": vault.seal("handovers.name", f"{planted.name} 님"),
        "phone": f"T. {planted.phone[:3]}-{planted.phone[3:7]}-{planted.phone[7:]}",
    }
    async with stage.engine.connect() as connection:
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        await connection.execute(text(statement), used)
        found = await search_in(connection, vault, planted)
        await connection.rollback()
    assert {column for column, _ in found} == {table}
