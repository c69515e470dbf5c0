"""CLOSED and back: after the last site's end, and by a NEW order that opens one."""

from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.world import World
from tests.flows import (
    Member,
    business_number,
    customer,
    item,
    link_to_site,
    order_body,
    pay,
    place,
    run_jobs,
    sign_up_body,
    sign_up_individual,
    verify_business,
    verify_person,
)


async def me(client: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, Any]:
    answer = await client.get("/v1/me", headers=headers)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


async def end_sites(owner_engine: AsyncEngine, company_id: str) -> None:
    """What a termination will do."""
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE sites SET state = 'TERMINATED' WHERE company_id = :id"),
            {"id": UUID(company_id)},
        )


async def test_the_last_sites_end_closes_a_company_and_a_new_site_opens_it_again(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    owner = await customer(client, world, portal)
    memberships = await client.get("/v1/memberships", headers=owner.headers)
    admin = await sign_up_individual(client, world)
    site_id = memberships.json()["items"][0]["site"]["id"]
    await link_to_site(portal, admin, owner.company_id, site_id, member=True)
    assert (await me(client, admin.headers))["role"] == "ADMIN"
    await end_sites(owner_engine, owner.company_id)
    closed = await me(client, owner.headers)
    assert closed["role"] == "CLOSED"
    assert "orders.create.new" in closed["permissions"]
    assert "users.manage" not in closed["permissions"]
    assert (await me(client, admin.headers))["role"] == "MEMBER"
    assert (await client.get("/v1/users", headers=owner.headers)).status_code == 403
    order = await place(client, owner, order_body(item("SHARED", 1, 1), total=59_400))
    assert (await me(client, owner.headers))["role"] == "CLOSED"  # until the site is open
    await pay(client, world, owner, order)
    await run_jobs(portal)
    assert (await me(client, owner.headers))["role"] == "SUPER_ADMIN"


async def test_a_closed_company_that_leaves_frees_its_number(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    number = business_number()
    body = sign_up_body(await verify_business(client, number), await verify_person(client, world))
    first = (await client.post("/v1/accounts/corporate", json=body)).json()
    owner = Member(
        first["account"]["login_id"],
        first["account"]["id"],
        first["account"]["company_id"],
        first["session"],
        "",
    )
    await pay(client, world, owner, await place(client, owner))
    await run_jobs(portal)
    refused = await client.delete("/v1/me", headers=owner.headers)
    assert refused.json()["code"] == "super_admin_cannot_withdraw"
    await end_sites(owner_engine, owner.company_id)
    assert (await client.delete("/v1/me", headers=owner.headers)).status_code == 204
    again = sign_up_body(await verify_business(client, number), await verify_person(client, world))
    answer = await client.post("/v1/accounts/corporate", json=again)
    assert answer.status_code == 201, answer.text
    assert answer.json()["account"]["company_id"] != owner.company_id
