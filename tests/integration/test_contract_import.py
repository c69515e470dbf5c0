"""Importing contracts: all or nothing, once, and then signing up by the invitation."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.ids import new_id
from app.domain.contract_import import COLUMNS, RowError
from app.domain.periods import expires_on, seoul_date
from app.domain.provisioning import DesiredSite, Hosting, SiteAccess, SiteAdmin
from app.services.contract_import import ImportReport
from sandbox.world import World
from tests.flows import business_number, sign_up, sign_up_body, verify_business, verify_person
from tests.mails import link_token, mails_to

REVISION = 7


async def at_the_groupware(portal: FastAPI, number: str, subdomain: str) -> UUID:
    """A site that the groupware has had for long, at a revision of its own."""
    deps = portal.state.deps
    site_id, today = new_id(), seoul_date(await deps.clock.now_outside(deps.database))
    await deps.groupware.put_site(
        DesiredSite(
            external_id=str(site_id),
            revision=REVISION,
            name="옛길 본사",
            subdomain=subdomain,
            hosting=Hosting.SHARED,
            users=20,
            account_gb=18,
            public_gb=2,
            add_ons={},
            starts_on=today,
            expires_on=None,
            access=SiteAccess.ON,
            accounting_menu=False,
            business_number=number,
            admin=SiteAdmin("admin", "admin@old.example", "정도현"),
        )
    )
    return site_id


async def csv_of(portal: FastAPI, number: str, *subdomains: str, paid: str = "") -> bytes:
    deps = portal.state.deps
    first = seoul_date(await deps.clock.now_outside(deps.database)) - timedelta(days=30)
    rows = [
        f"옛길물산,{number},정도현,contact@{number}.example,옛길 본사,{subdomain},,admin,"
        f"SHARED,20,,SHARED_USER:3500,{first},12,{expires_on(first, 12)},DIRECT,,,{paid},"
        for subdomain in subdomains
    ]
    return "\n".join([",".join(COLUMNS), *rows]).encode()


async def run(portal: FastAPI, document: bytes, *, dry_run: bool = False) -> ImportReport:
    report: ImportReport = await portal.state.deps.contract_import.run(
        document, "tester", dry_run=dry_run
    )
    return report


async def companies(owner_engine: AsyncEngine, number: str) -> int:
    counted = text("SELECT count(*) FROM companies WHERE business_number = :number")
    async with owner_engine.connect() as connection:
        return int((await connection.execute(counted, {"number": number})).scalar_one())


async def test_a_file_is_imported_once_and_its_customer_signs_up(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    number = business_number()
    name = f"old-{number}"
    site_id = await at_the_groupware(portal, number, name)
    document = await csv_of(portal, number, name)
    checked = await run(portal, document, dry_run=True)
    assert (checked.imported, checked.invited, checked.errors) == ([2], 1, ())
    assert await companies(owner_engine, number) == 0
    done = await run(portal, document)
    assert (done.imported, done.known, done.invited) == ([2], [], 1)
    again = await run(portal, document)
    assert (again.imported, again.known, again.invited) == ([], [2], 0)
    address = f"contact@{number}.example"
    assert len(await mails_to(portal, address, "corporate_invitation")) == 1
    async with owner_engine.connect() as connection:
        kept = await connection.execute(
            text(
                "SELECT s.revision, s.applied_revision, m.monthly_fee, g.unit_prices,"
                " g.order_item_id FROM sites s JOIN memberships m ON m.site_id = s.id"
                " JOIN segments g ON g.membership_id = m.id WHERE s.id = :id"
            ),
            {"id": site_id},
        )
        assert tuple(kept.one()) == (REVISION, REVISION, 70_000, {"SHARED_USER": 3_500}, None)
    body = sign_up_body(
        await verify_business(client, number, "옛길물산"),
        await verify_person(client, world),
        company_name="옛길물산",
        invitation_token=await link_token(portal, address, "corporate_invitation"),
    )
    answer = await client.post("/v1/accounts/corporate", json=body)
    assert answer.status_code == 201, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['session']['access_token']}"}
    assert (await client.get("/v1/me", headers=headers)).json()["role"] == "SUPER_ADMIN"
    shown = (await client.get("/v1/memberships", headers=headers)).json()["items"]
    assert [(m["site"]["id"], m["monthly_fee"]) for m in shown] == [(str(site_id), 70_000)]


@pytest.mark.parametrize(
    ("paid", "credit"),
    [
        # 20 users x 3,500 x 12 = 840,000 were paid; 30 of 365 days are gone.
        ("SHARED_USER:840000", True),
        # With a discount that only the operator knows of.
        ("SHARED_USER:500000", True),
        ("", False),
    ],
)
async def test_a_change_credits_what_the_file_says_was_paid(
    client: httpx.AsyncClient, world: World, portal: FastAPI, paid: str, credit: bool
) -> None:
    number = business_number()
    name = f"old-{number}"
    await at_the_groupware(portal, number, name)
    assert (await run(portal, await csv_of(portal, number, name, paid=paid))).errors == ()
    address = f"contact@{number}.example"
    body = sign_up_body(
        await verify_business(client, number, "옛길물산"),
        await verify_person(client, world),
        company_name="옛길물산",
        invitation_token=await link_token(portal, address, "corporate_invitation"),
    )
    session = (await client.post("/v1/accounts/corporate", json=body)).json()["session"]
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    membership = (await client.get("/v1/memberships", headers=headers)).json()["items"][0]
    change = {
        "type": "CHANGE",
        "membership_id": membership["id"],
        "plan": "DEDICATED",
        "users": 20,
        "months": 12,
        "add_ons": [],
    }
    answer = await client.post("/v1/price-previews", json={"items": [change]}, headers=headers)
    assert answer.status_code == 200, answer.text
    lines = answer.json()["items"][0]["lines"]
    credits = [line for line in lines if line["kind"] == "CREDIT"]
    assert len(credits) == (1 if credit else 0)
    if credit:
        net = int(paid.split(":")[1])
        # Between 10 and 12 of 12 months are left, and never more than was paid.
        assert credits[0]["quantity"] == 20
        assert net * 10 // 12 < -credits[0]["amount"] <= net * 335 // 365 + net // 100


async def test_one_site_that_the_groupware_does_not_know_keeps_all_out(
    portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    number = business_number()
    name = f"old-{number}"
    await at_the_groupware(portal, number, name)
    report = await run(portal, await csv_of(portal, number, name, f"{name}-b"))
    assert [(e.line, e.column) for e in report.errors] == [(3, "subdomain")]
    assert await companies(owner_engine, number) == 0


async def test_a_number_that_somebody_signed_up_for_is_not_imported(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    async with owner_engine.connect() as connection:
        number = str(
            (
                await connection.execute(
                    text("SELECT business_number FROM companies WHERE id = :id"),
                    {"id": UUID(member.company_id)},
                )
            ).scalar_one()
        )
    await at_the_groupware(portal, number, f"old-{number}")
    report = await run(portal, await csv_of(portal, number, f"old-{number}"))
    assert [(e.line, e.column) for e in report.errors] == [(2, "business_number")]


async def test_a_site_that_two_rows_name_is_an_error_of_the_second(portal: FastAPI) -> None:
    """By its sub-domain, and by its external id under another."""
    number = business_number()
    name = f"old-{number}"
    site_id = await at_the_groupware(portal, number, name)
    first, second = (await csv_of(portal, number, name, f"{name}-b")).decode().splitlines()[1:]
    by_id = second.replace(",,admin", f",{site_id},admin")
    document = "\n".join([",".join(COLUMNS), first, by_id]).encode()
    report = await run(portal, document)
    assert report.errors == [RowError(3, "external_id", "the site stands in line 2 already")]
