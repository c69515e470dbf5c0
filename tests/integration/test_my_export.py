"""What a person is given of herself: everything that the table says, and no secret."""

import json
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.personal_data import FACTS
from app.services.exported import Export
from sandbox.world import World
from tests.flows import Member, Person, customer, sign_up_individual
from tests.integration import test_erasure
from tests.integration.test_erasure import NOT_HERS
from tests.integration.test_users import invite, paying
from tests.lives import Stage, a_closed_companys_life, an_admins_life
from tests.openid import FakeProvider

fake, social, portal = test_erasure.fake, test_erasure.social, test_erasure.portal
stages, stage = test_erasure.stages, test_erasure.stage
PATH = "/v1/me/export"


async def export_of(client: httpx.AsyncClient, who: Person | Member) -> dict[str, Any]:
    answer = await client.get(PATH, headers=who.headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith('attachment; filename="my-data-')
    assert answer.headers["cache-control"] == "no-store"
    exported: dict[str, Any] = answer.json()
    return exported


async def test_it_has_every_fact_that_the_table_promises(
    stage: Stage, fake: FakeProvider, social: FakeProvider
) -> None:
    """What is found of her in a column is found in the section that the table names for it."""
    person = await an_admins_life(stage, fake, social)
    exported = await export_of(stage.client, person)
    somewhere = await stage.found()
    missing = set()
    for fact in FACTS:
        values = {value for column, value in somewhere if column == fact.column}
        if fact.exported is None:
            continue
        said = stage.planted.seen_in(json.dumps(exported[fact.exported], ensure_ascii=False))
        assert values or fact.column in NOT_HERS, fact.column
        missing |= {(fact.column, value) for value in values - said}
    assert missing == set()


def test_every_section_is_the_tables_or_made_of_ids() -> None:
    sections = {fact.exported for fact in FACTS if fact.exported}
    assert set(Export.__slots__) - sections == {"made_at", "companies", "quotes", "log"}


async def test_each_section_is_complete(
    stage: Stage, fake: FakeProvider, social: FakeProvider
) -> None:
    person = await an_admins_life(stage, fake, social)
    exported = await export_of(stage.client, person)
    planted = stage.planted
    assert exported["account"]["phone"] == planted.phone
    assert exported["account"]["birth_date"] == planted.birth_date
    assert [c["as_what"] for c in exported["companies"]] == ["ACTIVE", "ACTIVE"]
    assert [link["email"] for link in exported["links"]["social"]] == [planted.social_email]
    assert len(exported["links"]["groupware"]) == 2
    marketing = [c["agreed"] for c in exported["consents"] if c["kind"] == "MARKETING"]
    assert (marketing, len(exported["consents"])) == ([True], 4)
    assert [s["outcome"] for s in exported["sign_ins"]] == ["SIGNED_IN", "WRONG_PASSWORD"]
    assert [(s["device"], s["address"]) for s in exported["sessions"]] == [
        (planted.device, planted.address)
    ]
    assert len(exported["devices"]) == 1
    states = sorted(i["state"] for i in exported["invitations"])
    assert states == ["ACCEPTED", "ACCEPTED", "INVITED"]
    (order,) = exported["orders"]
    assert (order["total"], len(order["consents"])) == (583_000, 2)
    (quoted,) = exported["quotes"]
    assert (quoted["total"], quoted["recipients"]) == (583_000, ["OWN"])
    kinds = {mail["kind"] for mail in exported["mails"]}
    assert {"signed_up_individual", "verify_email", "quote_issued", "user_invitation"} <= kinds
    actions = [event["action"] for event in exported["log"]]
    assert actions[0] == "account.signed_up"
    assert {"email.verified", "consents.changed", "groupware.linked"} <= set(actions)


async def test_it_holds_no_secret_and_no_link(
    stage: Stage, fake: FakeProvider, social: FakeProvider
) -> None:
    """A link that was mailed proves that its mailbox was read: the export must not do that."""
    person = await an_admins_life(stage, fake, social)
    words = json.dumps(await export_of(stage.client, person))
    for secret in ("token", "argon2", "password_hash", "#", "ci_hash", "_index"):
        assert secret not in words.replace("refresh_token.reused", "")
    for hashed in stage.planted.hashes.values():
        assert hashed.hex() not in words


async def test_payments_are_with_their_order(stage: Stage) -> None:
    member = await a_closed_companys_life(stage)
    exported = await export_of(stage.client, member)
    (payment,) = exported["orders"][0]["payments"]
    assert (payment["method"], payment["status"], payment["amount"]) == ("CARD", "PAID", 583_000)
    assert payment["last4"]
    assert [c["as_what"] for c in exported["companies"]] == ["CORPORATE_ACCOUNT"]


async def test_an_address_that_is_not_verified_shows_nothing_of_its_owner(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    """Whoever writes somebody's address into the own account does not read his invitations."""
    company = await paying(client, world, portal)
    victim = "victim@elsewhere.example"
    assert (await invite(client, company, victim)).status_code == 201
    person = await sign_up_individual(client, world, contact={"email": victim})
    exported = await export_of(client, person)
    assert exported["invitations"] == []
    assert "user_invitation" not in {mail["kind"] for mail in exported["mails"]}
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE accounts SET email_verified_at = created_at WHERE id = :id"),
            {"id": UUID(person.account_id)},
        )
    exported = await export_of(client, person)
    assert [i["email"] for i in exported["invitations"]] == [victim]


async def test_other_peoples_addresses_are_masked(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    """A mail that the account caused went to the site's administrator."""
    member = await customer(client, world, portal)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE mails SET account_id = :id"
                " WHERE kind = 'site_opened' AND company_id = :company"
            ),
            {"id": UUID(member.account_id), "company": UUID(member.company_id)},
        )
    exported = await export_of(client, member)
    to = {m["recipient"] for m in exported["mails"] if m["kind"] == "site_opened"}
    assert to == {"a***@hanbit.example"}
    assert member.email in {m["recipient"] for m in exported["mails"]}


async def test_a_session_from_the_groupware_needs_a_step_up(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    owner_engine: AsyncEngine,
) -> None:
    company = await customer(client, world, portal)
    person = await sign_up_individual(client, world)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE sessions SET company_id = :company, reauthenticated_at = '1970-01-01Z'"
                " WHERE account_id = :id"
            ),
            {"id": UUID(person.account_id), "company": UUID(company.company_id)},
        )
    refused = await client.get(PATH, headers=person.headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "reauthentication_required")


async def test_it_is_given_twenty_times_an_hour(client: httpx.AsyncClient, world: World) -> None:
    person = await sign_up_individual(client, world)
    codes = [(await client.get(PATH, headers=person.headers)).status_code for _ in range(21)]
    assert codes == [200] * 20 + [429]
