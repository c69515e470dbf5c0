"""What a planted person does before she leaves: lives that leave traces everywhere."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.world import World
from tests.contracts import set_clock
from tests.flows import (
    PASSWORD,
    SIGN_UP_CONSENTS,
    TAX_CONTACT,
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
    verify_person,
)
from tests.imported import imported_company
from tests.integration.test_social import begun, complete
from tests.integration.test_sso import Site, arrive, link, site_of
from tests.mails import link_token
from tests.openid import FakeProvider
from tests.papers import PDF, form, paper
from tests.planted import Found, Planted, search


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


async def shows_a_paper(stage: Stage, member: Member) -> None:
    """Her name is in the note, in the file's name, in the file, and in what the operator says."""
    await stage.execute(
        "UPDATE companies SET proven_at = NULL WHERE id = :id RETURNING 1",
        id=UUID(member.company_id),
    )
    name = stage.planted.name
    sent = await stage.client.post(
        "/v1/company/business-documents",
        headers=member.headers,
        **form(paper(PDF + name.encode(), f"{name}.pdf"), note=name),
    )
    assert sent.status_code == 201, sent.text
    decisions = stage.portal.state.deps.case_decisions
    await decisions.hold(UUID(sent.json()["id"]), "kim", f"{name} 님의 위임장이 필요합니다.")


async def a_prospects_life(stage: Stage) -> Member:
    """A company that never got as far as a contract."""
    member = await signs_up_a_company(stage)
    await tells_of_herself(stage, member)
    await shows_a_paper(stage, member)
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
    vault = stage.portal.state.deps.vault
    sealed = vault.seal("companies.representative", planted.name)
    stage.world.portone.account_holders[planted.phone] = planted.name
    await stage.execute(
        "UPDATE companies SET representative = :ceo WHERE id = :id RETURNING 1",
        id=UUID(member.company_id),
        ceo=sealed,
    )
    told = await stage.client.put(
        "/v1/company/tax-invoice-contact",
        json=TAX_CONTACT | {"contacts": [{"name": planted.name, "email": planted.email}]},
        headers=member.headers | {"If-Match": '"r0"'},
    )
    assert told.status_code == 200, told.text
    named = await stage.client.put(
        "/v1/company/refund-account",
        json={"bank": "SHINHAN", "number": planted.phone},
        headers=member.headers | {"If-Match": '"r0"'},
    )
    assert named.status_code == 200, named.text
    await stage.execute(
        "WITH ended AS (UPDATE sites SET state = 'TERMINATED' WHERE company_id = :id),"
        " over AS (UPDATE memberships SET status = 'TERMINATED' WHERE company_id = :id)"
        " UPDATE companies SET representative = :ceo WHERE id = :id RETURNING 1",
        id=UUID(member.company_id),
        ceo=sealed,
    )
    return member


async def hands_over(stage: Stage) -> tuple[Member, dict[str, str]]:
    """Her company goes on under somebody else, whose headers these are."""
    member = await signs_up_a_company(stage)
    await tells_of_herself(stage, member)
    await pay(stage.client, stage.world, member, await orders_a_site(stage, member))
    await run_jobs(stage.portal)
    heir = f"{uuid4().hex[:12]}@heir.example"
    successor = {"name": "홍길동", "email": heir, "phone": "010-1234-5678"}
    await stage.post("/v1/company/handover", successor, member, 201)
    accepted = {
        "token": await link_token(stage.portal, heir, "handover"),
        "identity_verification_token": await verify_person(stage.client, stage.world, "HANDOVER"),
        "password": PASSWORD + " of another",
        "consents": SIGN_UP_CONSENTS,
    }
    transport = httpx.ASGITransport(app=stage.portal, client=("10.77.0.2", 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://portal") as theirs:
        done = await theirs.post("/v1/handovers/accept", json=accepted)
        assert done.status_code == 200, done.text
        body = {
            "login_id": member.login_id,
            "password": PASSWORD + " of another",
            "client_type": "NATIVE",
        }
        session = (await theirs.post("/v1/auth/login", json=body)).json()
    return member, {"Authorization": f"Bearer {session['access_token']}"}
