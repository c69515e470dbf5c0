"""Who is no site administrator any more, or not known to be one, is no ADMIN; it is told once."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.services.sweep import sweep
from sandbox.faults import Fault
from sandbox.groupware.state import SiteUser
from sandbox.world import World
from tests.flows import Member, Person, customer, link_to_site, run_jobs, sign_up_individual


class Admin:
    """An individual who is ADMIN by a link to a groupware user, whom a test may change."""

    def __init__(self, person: Person, link: UUID, user: SiteUser) -> None:
        self.person = person
        self.link = link
        self.user = user


@pytest.fixture(scope="module")
async def member(portal: FastAPI, world: World) -> Member:
    transport = httpx.ASGITransport(app=portal, client=("10.7.7.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        return await customer(client, world, portal)


@pytest.fixture
async def admin(
    client: httpx.AsyncClient, world: World, portal: FastAPI, member: Member
) -> AsyncIterator[Admin]:
    listed = await client.get("/v1/memberships", headers=member.headers)
    site_id = listed.json()["items"][0]["site"]["id"]
    person = await sign_up_individual(client, world)
    link = await link_to_site(portal, person, member.company_id, site_id, member=True)
    async with portal.state.deps.database.system_session("test: the user") as session:
        subject = await session.scalar(
            text("SELECT subject FROM groupware_links WHERE id = :id"), {"id": link}
        )
    user = SiteUser(
        sub=subject, login_id=f"u{uuid4().hex[:8]}", name="홍길동", active=True, site_admin=True
    )
    world.groupware.sites[site_id].users.append(user)
    return Admin(person, link, user)


async def role(client: httpx.AsyncClient, admin: Admin) -> str:
    me = await client.get("/v1/me", headers=admin.person.headers)
    return str(me.json()["role"])


async def hours_pass(portal: FastAPI, admin: Admin, hours: int) -> None:
    """The link is as old as if so many hours had passed since it was confirmed."""
    async with portal.state.deps.database.system_session("test: time passes") as session:
        now: datetime = await portal.state.deps.clock.now(session)
        await session.execute(
            text("UPDATE groupware_links SET confirmed_at = :at, due_at = :now WHERE id = :id"),
            {"at": now - timedelta(hours=hours), "now": now, "id": admin.link},
        )


async def check(portal: FastAPI, admin: Admin) -> None:
    await portal.state.deps.link_checks.check(admin.link)


async def history(owner_engine: AsyncEngine, admin: Admin) -> tuple[list[Any], list[Any]]:
    """(actions with reasons, kinds of mails) about the link's person."""
    async with owner_engine.connect() as connection:
        values = {"id": UUID(admin.person.account_id)}
        actions = await connection.execute(
            text(
                "SELECT action, details ->> 'reason' FROM audit_events WHERE account_id = :id"
                " AND action LIKE 'groupware.admin%' ORDER BY id"
            ),
            values,
        )
        mails = await connection.execute(
            text(
                "SELECT kind FROM mails WHERE account_id = :id AND kind LIKE 'admin_lost%'"
                " ORDER BY id"
            ),
            values,
        )
        return [tuple(row) for row in actions], list(mails.scalars())


async def test_a_link_that_is_confirmed_stays_and_is_asked_about_a_day_later(
    client: httpx.AsyncClient, portal: FastAPI, admin: Admin, owner_engine: AsyncEngine
) -> None:
    await hours_pass(portal, admin, 30)
    await run_jobs(portal)
    assert await role(client, admin) == "ADMIN"
    async with owner_engine.connect() as connection:
        wait = await connection.scalar(
            text("SELECT due_at - confirmed_at FROM groupware_links WHERE id = :id"),
            {"id": admin.link},
        )
    assert wait == timedelta(days=1)
    assert await history(owner_engine, admin) == ([], [])


@pytest.mark.parametrize("change", [{"site_admin": False}, {"active": False}])
async def test_a_denied_administrator_loses_the_role_and_is_told_once(
    client: httpx.AsyncClient,
    portal: FastAPI,
    admin: Admin,
    owner_engine: AsyncEngine,
    change: dict[str, bool],
) -> None:
    for name, value in change.items():
        setattr(admin.user, name, value)
    for _ in range(2):
        await hours_pass(portal, admin, 25)
        await check(portal, admin)
        assert await role(client, admin) == "MEMBER"
    assert await history(owner_engine, admin) == (
        [("groupware.admin_lost", "denied")],
        ["admin_lost_denied"],
    )
    for name in change:
        setattr(admin.user, name, True)
    await hours_pass(portal, admin, 25)
    await check(portal, admin)
    assert await role(client, admin) == "ADMIN"
    actions, _ = await history(owner_engine, admin)
    assert [action for action, _ in actions] == ["groupware.admin_lost", "groupware.admin_restored"]


async def test_a_user_who_is_gone_is_denied(
    client: httpx.AsyncClient, portal: FastAPI, world: World, admin: Admin
) -> None:
    for site in world.groupware.sites.values():
        site.users = [user for user in site.users if user.sub != admin.user.sub]
    await hours_pass(portal, admin, 25)
    await check(portal, admin)
    assert await role(client, admin) == "MEMBER"


async def test_silence_is_borne_for_seventy_two_hours(
    client: httpx.AsyncClient,
    portal: FastAPI,
    world: World,
    admin: Admin,
    owner_engine: AsyncEngine,
) -> None:
    world.faults.put("groupware", Fault(down=True))
    await hours_pass(portal, admin, 71)
    await check(portal, admin)
    assert await role(client, admin) == "ADMIN"
    assert await history(owner_engine, admin) == ([], [])
    for _ in range(2):
        await hours_pass(portal, admin, 73)
        assert await role(client, admin) == "MEMBER"
        await check(portal, admin)
    assert await history(owner_engine, admin) == (
        [("groupware.admin_lost", "silent")],
        ["admin_lost_silent"],
    )


async def test_a_call_of_the_groupware_hastens_the_question(
    client: httpx.AsyncClient, portal: FastAPI, world: World, admin: Admin
) -> None:
    """The call says where to look; what is true is read."""
    deps = portal.state.deps
    await check(portal, admin)
    admin.user.site_admin = False
    await check(portal, admin)
    assert await role(client, admin) == "ADMIN"  # not due yet
    (site_id,) = [
        site.external_id for site in world.groupware.sites.values() if admin.user in site.users
    ]
    data: dict[str, object] = {"external_id": site_id, "sub": admin.user.sub}
    world.webhooks.send("groupware", "user.admin_revoked", data)
    await world.webhooks.settled()
    await sweep(deps.database, deps.clock)
    await run_jobs(portal)
    assert await role(client, admin) == "MEMBER"
