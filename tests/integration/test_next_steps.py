"""`next_steps` of /v1/me: each appears when it is due and goes when it is done."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.menu import NextStep
from sandbox.world import World
from tests.flows import (
    Member,
    Person,
    customer,
    free_item,
    key,
    link_to_site,
    name_tax_contact,
    order_body,
    pay,
    place,
    sign_up,
    sign_up_individual,
)
from tests.mails import link_token
from tests.statements import counted

COMPANY, PERSON = "COMPLETE_COMPANY_INFORMATION", "CREATE_INDIVIDUAL_ACCOUNT"


@pytest.fixture
async def owner(client: httpx.AsyncClient, world: World, portal: FastAPI) -> Member:
    return await customer(client, world, portal)


async def steps(client: httpx.AsyncClient, who: Member | Person, **headers: str) -> list[str]:
    answer = await client.get("/v1/me", headers=who.headers | headers)
    assert answer.status_code == 200, answer.text
    listed: list[str] = answer.json()["next_steps"]
    return listed


async def verified(portal: FastAPI, who: Member | Person) -> None:
    await execute(
        portal,
        "UPDATE accounts SET email_verified_at = created_at WHERE id = cast(:id AS uuid)",
        id=who.account_id,
    )


async def execute(portal: FastAPI, statement: str, **values: object) -> None:
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(text(statement), values)


async def invite(client: httpx.AsyncClient, owner: Member, email: str) -> dict[str, Any]:
    body = {"name": "정도현", "email": email}
    answer = await client.post("/v1/invitations", json=body, headers=owner.headers | key())
    assert answer.status_code == 201, answer.text
    invited: dict[str, Any] = answer.json()
    return invited


async def first_site(client: httpx.AsyncClient, owner: Member) -> str:
    answer = await client.get("/v1/memberships", headers=owner.headers)
    return str(answer.json()["items"][0]["site"]["id"])


async def accept(
    client: httpx.AsyncClient, portal: FastAPI, person: Person, expect: int = 200
) -> None:
    token = await link_token(portal, person.email, "user_invitation")
    answer = await client.post(
        "/v1/invitations/accept", json={"token": token}, headers=person.headers | key()
    )
    assert answer.status_code == expect, answer.text


async def test_a_new_company_completes_its_data_and_its_person_signs_up(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world, with_tax_contact=False)
    assert await steps(client, member) == [COMPANY, PERSON, "VERIFY_EMAIL"]
    await verified(portal, member)
    assert await steps(client, member) == [COMPANY, PERSON]
    await name_tax_contact(client, member)
    assert await steps(client, member) == [PERSON]


async def test_an_address_alone_does_not_complete_a_company(
    client: httpx.AsyncClient, world: World
) -> None:
    """업태, 종목, 대표자 and a contact are on the invoice as well."""
    member = await sign_up(client, world, with_tax_contact=False)
    seen = await client.get("/v1/company", headers=member.headers)
    changed = await client.patch(
        "/v1/company",
        json={"postcode": "04524", "road_address": "서울특별시 중구 세종대로 110"},
        headers=member.headers | {"If-Match": seen.headers["etag"]},
    )
    assert changed.status_code == 200, changed.text
    assert COMPANY in await steps(client, member)


async def test_an_unpaid_order_is_paid(client: httpx.AsyncClient, world: World) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    assert "PAY_ORDER" in await steps(client, member)
    await pay(client, world, member, order)
    assert "PAY_ORDER" not in await steps(client, member)


async def test_a_free_order_waits_for_no_payment(client: httpx.AsyncClient, world: World) -> None:
    member = await sign_up(client, world)
    await place(client, member, order_body(free_item(), total=0))
    assert "PAY_ORDER" not in await steps(client, member)


async def test_a_super_admin_invites_an_admin_until_one_is_invited(
    client: httpx.AsyncClient, owner: Member
) -> None:
    assert "INVITE_ADMIN" in await steps(client, owner)
    invited = await invite(client, owner, "next-steps@hanbit.example")
    assert "INVITE_ADMIN" not in await steps(client, owner)
    gone = await client.delete(f"/v1/invitations/{invited['id']}", headers=owner.headers)
    assert gone.status_code == 204
    assert "INVITE_ADMIN" in await steps(client, owner)


async def test_an_invitation_that_ended_does_not_count(
    client: httpx.AsyncClient, portal: FastAPI, world: World, owner: Member
) -> None:
    person = await sign_up_individual(client, world)
    await verified(portal, person)
    invited = await invite(client, owner, person.email)
    assert "ACCEPT_INVITATION" in await steps(client, person)
    await execute(
        portal,
        "UPDATE invitations SET expires_at = created_at WHERE id = cast(:id AS uuid)",
        id=invited["id"],
    )
    assert await steps(client, person) == []
    assert "INVITE_ADMIN" in await steps(client, owner)


async def test_an_invited_person_accepts_and_links_and_is_done(
    client: httpx.AsyncClient, portal: FastAPI, world: World, owner: Member
) -> None:
    person = await sign_up_individual(client, world)
    await verified(portal, person)
    assert await steps(client, person) == []
    await invite(client, owner, person.email)
    assert await steps(client, person) == ["ACCEPT_INVITATION", "LINK_GROUPWARE"]
    await accept(client, portal, person, expect=409)
    assert await steps(client, person) == ["LINK_GROUPWARE"], "accepted, and waits for the link"
    await link_to_site(portal, person, owner.company_id, await first_site(client, owner))
    await accept(client, portal, person)
    assert await steps(client, person) == []
    me = (await client.get("/v1/me", headers=person.headers)).json()
    assert me["role"] == "ADMIN"


async def test_linked_first_only_the_acceptance_is_left(
    client: httpx.AsyncClient, portal: FastAPI, world: World, owner: Member
) -> None:
    person = await sign_up_individual(client, world)
    await verified(portal, person)
    await link_to_site(portal, person, owner.company_id, await first_site(client, owner))
    assert await steps(client, person) == []
    await invite(client, owner, person.email)
    assert await steps(client, person) == ["ACCEPT_INVITATION"]


async def test_a_link_to_another_company_is_none_to_this_one(
    client: httpx.AsyncClient, portal: FastAPI, world: World, owner: Member
) -> None:
    other = await customer(client, world, portal)
    person = await sign_up_individual(client, world)
    await verified(portal, person)
    await link_to_site(portal, person, other.company_id, await first_site(client, other))
    await invite(client, owner, person.email)
    assert await steps(client, person) == ["ACCEPT_INVITATION", "LINK_GROUPWARE"]


async def test_a_link_that_the_groupware_is_silent_about_is_made_again(
    client: httpx.AsyncClient, portal: FastAPI, world: World, owner: Member
) -> None:
    person = await sign_up_individual(client, world)
    await verified(portal, person)
    link = await link_to_site(
        portal, person, owner.company_id, await first_site(client, owner), member=True
    )
    assert await steps(client, person) == []
    await execute(
        portal,
        "UPDATE groupware_links SET confirmed_at = confirmed_at - interval '73 hours'"
        " WHERE id = :id",
        id=link,
    )
    assert await steps(client, person) == ["LINK_GROUPWARE"]


async def test_whoever_did_not_verify_the_address_learns_of_no_invitation(
    client: httpx.AsyncClient, portal: FastAPI, world: World, owner: Member
) -> None:
    """Else anybody could sign up with an address and see who is invited."""
    person = await sign_up_individual(client, world)
    await invite(client, owner, person.email)
    assert await steps(client, person) == ["VERIFY_EMAIL"]


async def test_who_waits_for_approval_has_accepted(
    client: httpx.AsyncClient, portal: FastAPI, world: World, owner: Member
) -> None:
    person = await sign_up_individual(client, world)
    await link_to_site(portal, person, owner.company_id, await first_site(client, owner))
    await invite(client, owner, person.email)
    await accept(client, portal, person)
    assert await steps(client, person) == ["VERIFY_EMAIL"]
    await verified(portal, person)
    assert await steps(client, person) == []


async def test_nobody_asks_about_somebody_elses_steps(
    client: httpx.AsyncClient, portal: FastAPI, world: World
) -> None:
    one, other = await sign_up_individual(client, world), await sign_up_individual(client, world)
    database = portal.state.deps.database
    asked = text("SELECT * FROM portal_individual_steps(cast(:id AS uuid), :now)")
    async with database.tenant_session(one.account_id, None) as session:
        now = await portal.state.deps.clock.now(session)
        await session.execute(asked, {"id": one.account_id, "now": now})
        with pytest.raises(DBAPIError, match="insufficient_privilege"):
            await session.execute(asked, {"id": other.account_id, "now": now})
        await session.rollback()


async def test_all_of_it_is_one_statement(
    client: httpx.AsyncClient, portal: FastAPI, world: World, owner: Member
) -> None:
    person = await sign_up_individual(client, world)
    for who in (owner, person):
        await steps(client, who)
        with counted(portal.state.deps.database.engine) as statements:
            await steps(client, who)
        assert len(statements.seen) == 1, statements.seen


def test_every_step_has_a_test_above() -> None:
    words = Path(__file__).read_text(encoding="utf-8")
    assert [step for step in NextStep if words.count(f'"{step}"') < 1] == []
