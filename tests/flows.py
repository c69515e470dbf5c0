"""Steps that many stories share, as a client would take them."""

import itertools
import random
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from app.db.ids import new_id
from app.db.tables.companies import CompanyMember, GroupwareLink
from app.jobs.entrypoints import entrypoints
from app.services.sweep import sweep
from sandbox.portone.billing_keys import issue_billing_key
from sandbox.portone.console_actions import approve
from sandbox.world import World

PASSWORD = "correct horse battery"
SIGN_UP_CONSENTS = [
    {"kind": kind, "version": "2023-09", "agreed": True}
    for kind in ("PRIVACY", "AGE_14", "SERVICE_TERMS")
]
IDENTITY_CONSENTS = [
    {"kind": kind, "version": "2023-09", "agreed": True}
    for kind in ("IDENTITY_PRIVACY", "IDENTITY_UNIQUE_ID", "IDENTITY_CARRIER", "IDENTITY_AGENCY")
]
_numbers = itertools.count(random.SystemRandom().randrange(10**8))


def business_number() -> str:
    """A number whose check digit holds, another each time."""
    serial = next(_numbers)
    nine = f"{101 + serial // 9999 % 899}81{1 + serial % 9999:04d}"
    weighted = sum(int(d) * w for d, w in zip(nine, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=True))
    return nine + str((10 - (weighted + int(nine[8]) * 5 // 10) % 10) % 10)


def phone_number() -> str:
    return f"010{uuid4().int % 10**8:08d}"


@dataclass(frozen=True)
class Member:
    """A signed-in corporate member."""

    login_id: str
    account_id: str
    company_id: str
    session: dict[str, Any]
    email: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session['access_token']}"}


async def verify_business(
    client: httpx.AsyncClient, number: str | None = None, name: str = "한빛상사"
) -> str:
    body = {"business_number": number or business_number(), "company_name": name}
    answer = await client.post("/v1/business-verifications", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["verification_token"])


def identity_body(phone: str, purpose: str = "SIGN_UP") -> dict[str, Any]:
    """What 홍길동 types to verify a phone."""
    return {
        "purpose": purpose,
        "method": "SMS",
        "carrier": "SKT",
        "name": "홍길동",
        "birth_date": "1985-03-01",
        "gender_digit": "1",
        "phone": phone,
        "consents": IDENTITY_CONSENTS,
    }


async def verify_person(
    client: httpx.AsyncClient, world: World, purpose: str = "SIGN_UP", phone: str | None = None
) -> str:
    phone = phone or phone_number()
    body = identity_body(phone, purpose)
    if purpose == "RESET_PASSWORD":
        body["login_id"] = "somebody"
    started = await client.post("/v1/identity-verifications", json=body)
    assert started.status_code == 201, started.text
    otp = world.messages.to(phone)[-1].otp
    confirmed = await client.post(
        f"/v1/identity-verifications/{started.json()['id']}/confirm",
        json={"client_secret": started.json()["client_secret"], "otp": otp},
    )
    assert confirmed.status_code == 200, confirmed.text
    return str(confirmed.json()["verification_token"])


def sign_up_body(business_token: str, identity_token: str, **changed: Any) -> dict[str, Any]:
    return {
        "business_verification_token": business_token,
        "identity_verification_token": identity_token,
        "login_id": f"user{uuid4().hex[:12]}",
        "password": PASSWORD,
        "company_name": "한빛상사",
        "contact": {"email": f"{uuid4().hex[:12]}@hanbit.example"},
        "consents": SIGN_UP_CONSENTS,
        "client_type": "NATIVE",
    } | changed


async def sign_up(
    client: httpx.AsyncClient, world: World, *, with_tax_contact: bool = True, **changed: Any
) -> Member:
    """A new company with its corporate member, signed in; its tax invoices know where to go."""
    body = sign_up_body(
        await verify_business(client), await verify_person(client, world), **changed
    )
    answer = await client.post("/v1/accounts/corporate", json=body)
    assert answer.status_code == 201, answer.text
    account = answer.json()["account"]
    member = Member(
        login_id=account["login_id"],
        account_id=account["id"],
        company_id=account["company_id"],
        session=answer.json()["session"],
        email=body["contact"]["email"],
    )
    if with_tax_contact:
        await name_tax_contact(client, member)
    return member


async def name_tax_contact(client: httpx.AsyncClient, member: Member) -> None:
    """What an order needs whose payment has a tax invoice."""
    path = "/v1/company/tax-invoice-contact"
    seen = await client.get(path, headers=member.headers)
    answer = await client.put(
        path, json=TAX_CONTACT, headers=member.headers | {"If-Match": seen.headers["etag"]}
    )
    assert answer.status_code == 200, answer.text


TAX_CONTACT = {
    "postcode": "04524",
    "road_address": "서울특별시 중구 세종대로 110",
    "business_type": "도소매",
    "business_class": "사무용품",
    "representative_name": "홍길동",
    "contacts": [{"name": "정도현", "email": "tax@hanbit.example"}],
}
ORDER_CONSENTS = [
    {"kind": "SERVICE_CONTRACT", "version": "2023-09", "agreed": True},
    {"kind": "EARLY_TERMINATION", "version": "2023-09", "agreed": True},
]


def item(plan: str = "SHARED", users: int | None = 10, months: int | None = 12) -> dict[str, Any]:
    """A NEW item with a site of its own; the guide's by default (583,000 won)."""
    return {
        "type": "NEW",
        "plan": plan,
        "users": users,
        "months": months,
        "site": {
            "name": "한빛 본사",
            "subdomain": f"s-{uuid4().hex[:12]}",
            "admin_name": "홍길동",
            "admin_login_id": "admin",
            "admin_email": "admin@hanbit.example",
        },
    }


def free_item() -> dict[str, Any]:
    return item("SHARED_FREE", None, None)


def order_body(*items: dict[str, Any], total: int = 583_000, **changed: Any) -> dict[str, Any]:
    return {
        "items": list(items) or [item()],
        "expected_total": total,
        "payment_method": "CARD" if total else None,
        "consents": ORDER_CONSENTS,
    } | changed


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


async def place(
    client: httpx.AsyncClient, member: Member, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    answer = await client.post(
        "/v1/orders", json=body or order_body(), headers=member.headers | key()
    )
    assert answer.status_code == 201, answer.text
    placed: dict[str, Any] = answer.json()
    return placed


async def ask_for_quote(
    client: httpx.AsyncClient, member: "Member | Person", **changed: Any
) -> dict[str, Any]:
    """The guide's site as a quote to one's own address: 583,000 won."""
    item = {"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}
    body = {"items": [item], "recipients": ["OWN"]} | changed
    answer = await client.post("/v1/quotes", json=body, headers=member.headers)
    assert answer.status_code == 201, answer.text
    quote: dict[str, Any] = answer.json()
    return quote


async def start_payment(
    client: httpx.AsyncClient, member: Member, order: dict[str, Any]
) -> dict[str, Any]:
    answer = await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": "CARD"},
        headers=member.headers | key(),
    )
    assert answer.status_code == 201, answer.text
    payment: dict[str, Any] = answer.json()
    return payment


async def complete(
    client: httpx.AsyncClient, member: Member, payment: dict[str, Any]
) -> dict[str, Any]:
    answer = await client.post(f"/v1/payments/{payment['id']}/complete", headers=member.headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def pay(
    client: httpx.AsyncClient, world: World, member: Member, order: dict[str, Any]
) -> dict[str, Any]:
    """The payer pays by card, and the client says so."""
    payment = await start_payment(client, member, order)
    await approve(world, payment["id"])
    return await complete(client, member, payment)


async def read_order(
    client: httpx.AsyncClient, member: Member, order: dict[str, Any]
) -> dict[str, Any]:
    answer = await client.get(f"/v1/orders/{order['id']}", headers=member.headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


CARD = "4518420000001234"


async def open_card_window(client: httpx.AsyncClient, member: Member) -> dict[str, Any]:
    """What the provider's window for typing a card is opened with."""
    answer = await client.post("/v1/payment-methods/start", headers=member.headers)
    assert answer.status_code == 201, answer.text
    window: dict[str, Any] = answer.json()
    return window


async def register_card(
    client: httpx.AsyncClient, world: World, member: Member, number: str = CARD, **more: Any
) -> dict[str, Any]:
    """A card as a customer registers it; `billing_key` is what a test may ask the sandbox with."""
    window = await open_card_window(client, member)
    issued = issue_billing_key(
        world,
        number,
        issue_id=window["issue_id"],
        customer_id=window["customer"]["customer_id"],
    )
    body = {"issue_id": window["issue_id"], "billing_key": issued.key} | more
    answer = await client.post("/v1/payment-methods", json=body, headers=member.headers)
    assert answer.status_code == 201, answer.text
    return answer.json() | {"billing_key": issued.key}


async def run_jobs(portal: FastAPI, rounds: int = 20) -> None:
    """Does what workers do, here and now, until the queue is empty. Mails are left alone."""
    deps = portal.state.deps
    work = entrypoints(deps)
    take = text(
        "DELETE FROM pgqueuer WHERE status = 'queued' AND entrypoint <> 'send_mail'"
        " RETURNING id, entrypoint, payload"
    )
    for _ in range(rounds):
        await sweep(deps.database, deps.clock)
        async with deps.database.system_session("test jobs") as session:
            jobs = (await session.execute(take)).all()
        if not jobs:
            return
        for job in sorted(jobs, key=lambda queued: queued.id):
            await work[job.entrypoint](UUID(bytes=job.payload))


async def customer(client: httpx.AsyncClient, world: World, portal: FastAPI) -> Member:
    """A company with the guide's site open: 10 users for 12 months."""
    member = await sign_up(client, world)
    await pay(client, world, member, await place(client, member))
    await run_jobs(portal)
    return member


@dataclass(frozen=True)
class Person:
    """A signed-in individual member."""

    login_id: str | None
    account_id: str
    session: dict[str, Any]
    email: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session['access_token']}"}


def individual_body(identity_token: str, **changed: Any) -> dict[str, Any]:
    return {
        "identity_verification_token": identity_token,
        "login_id": f"user{uuid4().hex[:12]}",
        "password": PASSWORD,
        "contact": {"email": f"{uuid4().hex[:12]}@person.example"},
        "consents": SIGN_UP_CONSENTS,
        "client_type": "NATIVE",
    } | changed


async def sign_up_individual(client: httpx.AsyncClient, world: World, **changed: Any) -> Person:
    """A new individual member, signed in."""
    body = individual_body(await verify_person(client, world), **changed)
    answer = await client.post("/v1/accounts/individual", json=body)
    assert answer.status_code == 201, answer.text
    account = answer.json()["account"]
    return Person(
        login_id=account["login_id"],
        account_id=account["id"],
        session=answer.json()["session"],
        email=body["contact"]["email"],
    )


async def link_to_site(
    portal: FastAPI, person: Person, company_id: str, site_id: str, *, member: bool = False
) -> UUID:
    """A groupware administrator of the site, confirmed just now; ADMIN where also a member."""
    deps = portal.state.deps
    async with deps.database.system_session("test data") as session:
        now = await deps.clock.now(session)
        link = GroupwareLink(
            id=new_id(),
            company_id=UUID(company_id),
            account_id=UUID(person.account_id),
            site_id=UUID(site_id),
            issuer="http://localhost:8001/groupware",
            subject=f"sub-{uuid4().hex}",
            site_admin=True,
            confirmed_at=now,
            created_at=now,
            updated_at=now,
        )
        session.add(link)
        if member:
            session.add(
                CompanyMember(
                    id=new_id(),
                    company_id=UUID(company_id),
                    account_id=UUID(person.account_id),
                    state="ACTIVE",
                    created_at=now,
                    updated_at=now,
                )
            )
    return link.id
