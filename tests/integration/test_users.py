"""사용자 초대/관리: invite, accept in either order, suspend, remove; at once on live sessions."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.world import World
from tests.flows import Member, Person, customer, link_to_site, sign_up, sign_up_individual
from tests.mails import link_token, mails_to

INVITATIONS = "/v1/invitations"
KIND = "user_invitation"


@dataclass(frozen=True)
class Company:
    """A paying company and its site."""

    owner: Member
    site_id: str


@pytest.fixture(scope="module")
async def company(portal: FastAPI, world: World) -> Company:
    transport = httpx.ASGITransport(app=portal, client=("10.8.8.8", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        return await paying(client, world, portal)


async def paying(client: httpx.AsyncClient, world: World, portal: FastAPI) -> Company:
    owner = await customer(client, world, portal)
    memberships = await client.get("/v1/memberships", headers=owner.headers)
    return Company(owner, memberships.json()["items"][0]["site"]["id"])


def address() -> str:
    return f"{uuid4().hex[:12]}@person.example"


async def invite(
    client: httpx.AsyncClient, company: Company, to: str, **changed: Any
) -> httpx.Response:
    body = {"name": "정도현", "email": to} | changed
    return await client.post(INVITATIONS, json=body, headers=company.owner.headers)


async def verified(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine, email: str
) -> Person:
    """An individual whose address is verified."""
    person = await sign_up_individual(client, world, contact={"email": email})
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE accounts SET email_verified_at = created_at WHERE id = :id"),
            {"id": UUID(person.account_id)},
        )
    return person


async def accept(client: httpx.AsyncClient, person: Person | Member, token: str) -> httpx.Response:
    return await client.post(f"{INVITATIONS}/accept", json={"token": token}, headers=person.headers)


async def role(client: httpx.AsyncClient, person: Person) -> str | None:
    me = await client.get("/v1/me", headers=person.headers)
    assert me.status_code == 200
    found: str | None = me.json()["role"]
    return found


async def admin_of(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    owner_engine: AsyncEngine,
    company: Company,
) -> Person:
    """Invited, linked, accepted."""
    email = address()
    assert (await invite(client, company, email)).status_code == 201
    person = await verified(client, world, owner_engine, email)
    await link_to_site(portal, person, company.owner.company_id, company.site_id)
    done = await accept(client, person, await link_token(portal, email, KIND))
    assert done.json()["state"] == "ACCEPTED", done.text
    return person


async def test_link_first_then_accept_makes_an_admin(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    owner_engine: AsyncEngine,
    company: Company,
) -> None:
    email = address()
    made = await invite(client, company, email, note="계약 담당자로 초대합니다.")
    assert made.status_code == 201, made.text
    assert made.json()["state"] == "INVITED"
    token = await link_token(portal, email, KIND)
    seen = await client.post(f"{INVITATIONS}/preview", json={"token": token})
    assert seen.json()["company_name"] == "한빛상사"
    assert seen.json()["email_masked"] == f"{email[0]}***@person.example"
    person = await verified(client, world, owner_engine, email)
    await link_to_site(portal, person, company.owner.company_id, company.site_id)
    assert await role(client, person) == "MEMBER"  # linking alone grants nothing
    done = await accept(client, person, token)
    assert (done.status_code, done.json()["state"]) == (200, "ACCEPTED")
    assert await role(client, person) == "ADMIN"
    again = await accept(client, person, token)
    assert (again.status_code, again.json()["state"]) == (200, "ACCEPTED")
    kept = text("SELECT name, email, email_index, note FROM invitations WHERE account_id = :id")
    async with owner_engine.connect() as connection:
        forgotten = (await connection.execute(kept, {"id": UUID(person.account_id)})).one()
    assert tuple(forgotten) == (None, None, None, None)


async def test_accept_first_is_remembered_until_the_link_is_there(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    owner_engine: AsyncEngine,
    company: Company,
) -> None:
    email = address()
    await invite(client, company, email)
    person = await verified(client, world, owner_engine, email)
    refused = await accept(client, person, await link_token(portal, email, KIND))
    assert (refused.status_code, refused.json()["code"]) == (409, "groupware_link_required")
    assert await role(client, person) == "MEMBER"
    await link_to_site(portal, person, company.owner.company_id, company.site_id)
    deps = portal.state.deps
    async with deps.database.system_session("test: linked") as session:
        now = await deps.clock.now(session)
        company_id, account_id = UUID(company.owner.company_id), UUID(person.account_id)
        pending = await deps.acceptances.pending(session, account_id, now)
        assert [(p.company_id, p.accepted) for p in pending] == [(company_id, True)]
        assert await deps.acceptances.linked(session, account_id, company_id, now) == "ACCEPTED"
        assert await deps.acceptances.linked(session, account_id, company_id, now) is None
    assert await role(client, person) == "ADMIN"


async def test_a_link_to_another_companys_site_is_no_link(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    owner_engine: AsyncEngine,
    company: Company,
) -> None:
    other = await paying(client, world, portal)
    email = address()
    await invite(client, company, email)
    person = await verified(client, world, owner_engine, email)
    await link_to_site(portal, person, other.owner.company_id, other.site_id)
    refused = await accept(client, person, await link_token(portal, email, KIND))
    assert refused.json()["code"] == "groupware_link_required"


@pytest.mark.parametrize("verify", [True, False])
async def test_another_or_unverified_address_waits_for_the_super_admin(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    owner_engine: AsyncEngine,
    company: Company,
    verify: bool,
) -> None:
    email = address()
    await invite(client, company, email)
    if verify:
        person = await verified(client, world, owner_engine, address())
    else:
        person = await sign_up_individual(client, world, contact={"email": email})
    await link_to_site(portal, person, company.owner.company_id, company.site_id)
    waits = await accept(client, person, await link_token(portal, email, KIND))
    assert (waits.status_code, waits.json()["state"]) == (200, "APPROVAL_PENDING")
    assert await role(client, person) == "MEMBER"
    assert await mails_to(portal, company.owner.email, "invitation_approval")
    owner = company.owner.headers
    listed = (await client.get(INVITATIONS, headers=owner)).json()["items"][0]
    assert (listed["state"], listed["applicant_name_masked"]) == ("APPROVAL_PENDING", "홍*동")
    row = next(
        u
        for u in (await client.get("/v1/users?size=100", headers=owner)).json()["items"]
        if u["invitation_id"] == listed["id"]
    )
    assert (row["state_label"], row["approval_pending"]) == ("초대중", True)
    approved = await client.post(f"{INVITATIONS}/{listed['id']}/approve", headers=owner)
    assert approved.status_code == 204
    assert await role(client, person) == "ADMIN"
    again = await client.post(f"{INVITATIONS}/{listed['id']}/approve", headers=owner)
    assert again.status_code == 404


async def test_two_who_accept_one_invitation_at_once_one_wins(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    owner_engine: AsyncEngine,
    company: Company,
) -> None:
    email = address()
    await invite(client, company, email)
    token = await link_token(portal, email, KIND)
    people = [await verified(client, world, owner_engine, address()) for _ in range(2)]
    for person in people:
        await link_to_site(portal, person, company.owner.company_id, company.site_id)
    answers = await asyncio.gather(*(accept(client, person, token) for person in people))
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    loser = next(answer for answer in answers if answer.status_code == 422)
    assert loser.json()["code"] == "invitation_invalid"


async def test_the_same_address_twice_at_once_is_invited_once(
    client: httpx.AsyncClient, portal: FastAPI, company: Company
) -> None:
    email = address()
    answers = await asyncio.gather(*(invite(client, company, email) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert len(await mails_to(portal, email, KIND)) == 1
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"invitation_pending"}
    upper = await invite(client, company, email.upper())
    assert upper.json()["code"] == "invitation_pending"


async def test_suspending_restoring_and_removing_bite_at_once(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    owner_engine: AsyncEngine,
    company: Company,
) -> None:
    person = await admin_of(client, world, portal, owner_engine, company)
    owner, path = company.owner.headers, f"/v1/users/{person.account_id}"
    assert (await client.get("/v1/orders", headers=person.headers)).status_code == 200
    suspended = await client.patch(path, json={"state": "SUSPENDED"}, headers=owner)
    assert (suspended.json()["state"], suspended.json()["state_label"]) == ("SUSPENDED", "정지")
    refused = await client.get("/v1/orders", headers=person.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    existing = await invite(client, company, person.email)
    assert existing.json()["code"] == "user_exists"
    restored = await client.patch(path, json={"state": "ACTIVE"}, headers=owner)
    assert restored.json()["state"] == "ACTIVE"
    assert await role(client, person) == "ADMIN"
    assert (await client.delete(path, headers=owner)).status_code == 204
    assert await role(client, person) == "MEMBER"
    assert (await client.delete(path, headers=owner)).json()["code"] == "user_not_found"
    assert (await invite(client, company, person.email)).status_code == 201
    log = await client.get("/v1/company/audit-log?size=100", headers=owner)
    told = {line["action"] for line in log.json()["items"]}
    assert {"user.invited", "user_invitation.accepted", "user.suspended", "user.removed"} <= told
    assert person.email not in log.text


async def test_an_admin_manages_no_users_and_the_super_admin_is_protected(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    owner_engine: AsyncEngine,
    company: Company,
) -> None:
    person = await admin_of(client, world, portal, owner_engine, company)
    assert (await client.get("/v1/users", headers=person.headers)).status_code == 403
    owner, path = company.owner.headers, f"/v1/users/{company.owner.account_id}"
    for answer in (
        await client.patch(path, json={"state": "SUSPENDED"}, headers=owner),
        await client.delete(path, headers=owner),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "super_admin_protected")


async def test_the_list_has_the_corporate_account_first_and_pages_of_ten(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    mine = await paying(client, world, portal)
    for number in range(11):
        made = await invite(
            client, mine, f"u{number:02d}@person.example", name=f"초대 {number:02d}"
        )
        assert made.status_code == 201
    first = (await client.get("/v1/users?sort=-name", headers=mine.owner.headers)).json()
    assert (first["page"], first["size"], first["total"], len(first["items"])) == (1, 10, 12, 10)
    top = first["items"][0]
    assert (top["user_id"], top["role_label"], top["state_label"]) == (
        mine.owner.account_id,
        "SUPER ADMIN",
        "정상",
    )
    assert top["last_signed_in_at"] is not None
    assert first["items"][1]["name"] == "초대 10"
    assert first["items"][1]["last_signed_in_at"] is None
    last = await client.get("/v1/users?sort=-name&page=2", headers=mine.owner.headers)
    assert [u["name"] for u in last.json()["items"]] == ["초대 01", "초대 00"]
    found = await client.get("/v1/users?query=U07@", headers=mine.owner.headers)
    assert [u["email"] for u in found.json()["items"]] == ["u07@person.example"]


async def test_an_unproven_company_cannot_invite(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    mine = await paying(client, world, portal)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE companies SET proven_at = NULL WHERE id = :id"),
            {"id": UUID(mine.owner.company_id)},
        )
    refused = await invite(client, mine, address())
    assert (refused.status_code, refused.json()["code"]) == (403, "company_unproven")
    prospect = await sign_up(client, world)
    denied = await client.get("/v1/users", headers=prospect.headers)
    assert (denied.status_code, denied.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"note": "여기로 오세요: evil.example"}, "text_has_link"),
        ({"name": "http://evil"}, "text_has_link"),
        ({"note": "두 줄\n입니다"}, "invalid_request"),
        ({"email": "a@b"}, "invalid_request"),
        ({"role": "SUPER_ADMIN"}, "invalid_request"),
    ],
)
async def test_an_invitation_is_plain_words_to_one_address(
    client: httpx.AsyncClient, company: Company, changed: dict[str, Any], code: str
) -> None:
    refused = await invite(client, company, address(), **changed)
    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_sending_again_ends_the_former_link_and_cancelling_ends_both(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    mine, email = await paying(client, world, portal), address()
    made = (await invite(client, mine, email)).json()
    former = await link_token(portal, email, KIND)
    path = f"{INVITATIONS}/{made['id']}"
    early = await client.post(f"{path}/resend", headers=mine.owner.headers)
    assert (early.status_code, early.json()["code"]) == (409, "invitation_resend_too_early")
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE invitations SET sent_at = sent_at - interval '1 minute' WHERE id = :id"),
            {"id": UUID(made["id"])},
        )
    sent = await client.post(f"{path}/resend", headers=mine.owner.headers)
    assert (sent.status_code, sent.json()["sends"]) == (200, 2)
    newest = await link_token(portal, email, KIND)

    async def preview(token: str) -> int:
        answer = await client.post(f"{INVITATIONS}/preview", json={"token": token})
        return answer.status_code

    assert (await preview(former), await preview(newest)) == (422, 200)
    assert (await client.delete(path, headers=mine.owner.headers)).status_code == 204
    assert await preview(newest) == 422
    assert (await client.delete(path, headers=mine.owner.headers)).status_code == 404
    assert (await invite(client, mine, email)).status_code == 201


async def test_an_invitation_ends_after_seven_days_and_may_be_made_anew(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    mine, email = await paying(client, world, portal), address()
    made = (await invite(client, mine, email)).json()
    token = await link_token(portal, email, KIND)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE invitations SET expires_at = expires_at - interval '7 days' WHERE id = :id"
            ),
            {"id": UUID(made["id"])},
        )
    person = await verified(client, world, owner_engine, email)
    await link_to_site(portal, person, mine.owner.company_id, mine.site_id)
    refused = await accept(client, person, token)
    assert (refused.status_code, refused.json()["code"]) == (422, "invitation_invalid")
    listed = await client.get(INVITATIONS, headers=mine.owner.headers)
    assert [row["expired"] for row in listed.json()["items"]] == [True]
    users = await client.get("/v1/users", headers=mine.owner.headers)
    assert users.json()["total"] == 1
    assert (await invite(client, mine, email)).status_code == 201


async def test_a_corporate_account_accepts_nothing(
    client: httpx.AsyncClient, portal: FastAPI, company: Company
) -> None:
    email = address()
    await invite(client, company, email)
    refused = await accept(client, company.owner, await link_token(portal, email, KIND))
    assert (refused.status_code, refused.json()["code"]) == (403, "individual_account_required")


async def test_an_admin_of_two_companies_names_the_one(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    first, second = [await paying(client, world, portal) for _ in range(2)]
    person = await admin_of(client, world, portal, owner_engine, first)
    await link_to_site(portal, person, second.owner.company_id, second.site_id, member=True)
    refused = await client.get("/v1/orders", headers=person.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "company_selection_required")
    ids = {first.owner.company_id, second.owner.company_id}
    assert {c["id"] for c in refused.json()["companies"]} == ids
    assert {c["name"] for c in refused.json()["companies"]} == {"한빛상사"}
    for company in (first, second):
        named = person.headers | {"X-Company-Id": company.owner.company_id}
        memberships = await client.get("/v1/memberships", headers=named)
        assert [m["site"]["id"] for m in memberships.json()["items"]] == [company.site_id]
        assert "X-Company-Id" in memberships.headers["vary"]
    assert await role(client, person) is None
