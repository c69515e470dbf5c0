"""Access and end of a site at the groupware, which no order asks for."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from app.db.tables.sites import Membership, Site
from app.domain.provisioning import DesiredSite, OperationReport, SiteAccepted, SiteAccess
from app.services.membership_ends import end_membership, lock_membership
from app.services.site_puts import want_access
from sandbox.faults import Fault
from sandbox.world import World
from tests.contracts import add_extend, bring_in, noon, only_membership, placed, set_clock
from tests.flows import Member, customer, pay, read_order, run_jobs, sign_up


async def site_of(portal: FastAPI, membership_id: str) -> Site:
    async with portal.state.deps.database.system_session("test: the site") as session:
        membership = await session.get_one(Membership, UUID(membership_id))
        return await session.get_one(Site, membership.site_id)


async def switch(portal: FastAPI, membership_id: str, access: SiteAccess) -> None:
    deps = portal.state.deps
    async with deps.database.system_session("test: access") as session:
        membership = await lock_membership(session, UUID(membership_id))
        assert membership is not None
        site = await session.get_one(Site, membership.site_id)
        await want_access(session, site, access, await deps.clock.now(session))


async def end(portal: FastAPI, membership_id: str, last_day: date) -> None:
    deps = portal.state.deps
    async with deps.database.system_session("test: the end") as session:
        membership = await lock_membership(session, UUID(membership_id))
        assert membership is not None
        await end_membership(
            session, membership, last_day, "customer", await deps.clock.now(session)
        )


async def later(portal: FastAPI) -> None:
    """Time passes by which everything is tried again."""
    async with portal.state.deps.database.system_session("test: time passes") as session:
        await session.execute(
            text("UPDATE sites SET put_due_at = created_at WHERE put_due_at > created_at")
        )
    await run_jobs(portal)


async def test_access_is_put_off_and_on_under_new_revisions(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    before = await site_of(portal, membership)
    theirs = world.groupware.sites[str(before.id)]
    await switch(portal, membership, SiteAccess.OFF)
    await run_jobs(portal)
    assert theirs.wanted.access == "OFF"
    off = await site_of(portal, membership)
    assert (off.revision, off.applied_revision) == (before.revision + 1, before.revision + 1)
    assert off.put_due_at is None
    await switch(portal, membership, SiteAccess.ON)
    await run_jobs(portal)
    assert (theirs.wanted.access, theirs.wanted.users) == ("ON", 10)
    assert theirs.wanted.revision == before.revision + 2


async def test_wanting_what_is_so_asks_for_nothing(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    before = await site_of(portal, membership)
    await switch(portal, membership, SiteAccess.ON)
    assert (await site_of(portal, membership)).revision == before.revision


async def test_what_is_wanted_while_the_groupware_is_down_is_put_in_the_end_and_newest(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    site = await site_of(portal, membership)
    world.faults.put("groupware", Fault(down=True))
    await switch(portal, membership, SiteAccess.OFF)
    await run_jobs(portal)
    await switch(portal, membership, SiteAccess.ON)
    await switch(portal, membership, SiteAccess.OFF)
    await run_jobs(portal)
    waiting = await site_of(portal, membership)
    assert waiting.applied_revision < waiting.revision
    assert waiting.put_due_at is not None
    world.faults.clear()
    await later(portal)
    done = await site_of(portal, membership)
    theirs = world.groupware.sites[str(site.id)].wanted
    assert (theirs.access, theirs.revision) == ("OFF", done.revision)
    assert (done.applied_revision, done.put_due_at) == (done.revision, None)


async def test_a_lost_answer_is_asked_for_again(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    world.faults.put("groupware", Fault(drop_after=0))
    await switch(portal, membership, SiteAccess.OFF)
    await run_jobs(portal)
    world.faults.clear()
    await later(portal)
    done = await site_of(portal, membership)
    assert (done.applied_revision, done.put_due_at) == (done.revision, None)
    assert world.groupware.sites[str(done.id)].wanted.access == "OFF"


class Interrupted:
    """A groupware at which something else is wanted while it is asked."""

    def __init__(self, inner: Any, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._inner, self._meanwhile = inner, meanwhile

    async def put_site(self, wanted: DesiredSite) -> SiteAccepted:
        accepted: SiteAccepted = await self._inner.put_site(wanted)
        await self._meanwhile()
        return accepted

    async def get_operation(self, operation_id: str) -> OperationReport:
        report: OperationReport = await self._inner.get_operation(operation_id)
        return report


async def test_what_is_wanted_while_another_wish_is_put_is_not_taken_for_done(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    await switch(portal, membership, SiteAccess.OFF)
    puts = portal.state.deps.site_puts
    inner = puts._groupware
    puts._groupware = Interrupted(inner, lambda: switch(portal, membership, SiteAccess.ON))
    try:
        await puts.put((await site_of(portal, membership)).id)
    finally:
        puts._groupware = inner
    between = await site_of(portal, membership)
    assert between.applied_revision < between.revision
    assert between.put_due_at is not None
    await run_jobs(portal)
    done = await site_of(portal, membership)
    theirs = world.groupware.sites[str(done.id)].wanted
    assert (theirs.access, theirs.revision, done.applied_revision) == (
        "ON",
        done.revision,
        done.revision,
    )


async def test_a_paid_item_puts_access_on_again(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """The item's own put carries the whole wish: nothing of an older one comes after it."""
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    await switch(portal, membership, SiteAccess.OFF)
    order = await placed(client, member, add_extend(membership, months=12), total=528_000)
    await pay(client, world, member, order)
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "COMPLETED"
    await later(portal)
    done = await site_of(portal, membership)
    assert (done.access, done.applied_revision, done.put_due_at) == ("ON", done.revision, None)
    assert world.groupware.sites[str(done.id)].wanted.access == "ON"


async def test_an_end_closes_the_site_and_the_company(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    world.faults.put("groupware", Fault(down=True))
    await end(portal, membership, date(2030, 1, 31))
    await run_jobs(portal)
    world.faults.clear()
    await later(portal)
    site = await site_of(portal, membership)
    assert (site.state, site.put_due_at, site.applied_revision) == (
        "TERMINATED",
        None,
        site.revision,
    )
    assert world.groupware.sites[str(site.id)].closed
    assert (site.admin_name, site.admin_email) == (None, None)
    me = await client.get("/v1/me", headers=member.headers)
    assert me.json()["role"] == "CLOSED"
    async with portal.state.deps.database.system_session("test: the contract") as session:
        held = await session.execute(
            text(
                "SELECT m.status, m.ended_on, h.ended_on AS held FROM memberships m"
                " JOIN held_lines h ON h.membership_id = m.id WHERE m.id = :id"
            ),
            {"id": membership},
        )
        row = held.one()
    assert tuple(row) == ("TERMINATED", date(2030, 1, 31), date(2030, 1, 31))


async def test_an_order_of_a_membership_that_ended_cannot_be_paid(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    membership = await only_membership(client, member)
    order = await placed(client, member, add_extend(membership, months=12), total=528_000)
    await end(portal, membership, date(2030, 1, 31))
    started = await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": "CARD"},
        headers=member.headers | {"Idempotency-Key": "0123456789abcdef"},
    )
    assert (started.status_code, started.json()["code"]) == (409, "membership_changed")


async def test_an_imported_site_is_put_with_the_companys_own_account_as_its_administrator(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """Nobody told the import a name or an address; the groupware wants both."""
    day = date(2031, 5, 10)
    await set_clock(portal, world, noon(day))
    member: Member = await sign_up(client, world)
    membership = await bring_in(portal, member, date(2031, 1, 1), [(12, {"SHARED_USER": 4_000})], 5)
    async with portal.state.deps.database.system_session("test: imported") as session:
        await session.execute(
            text(
                "UPDATE sites SET admin_name = NULL, admin_email = NULL"
                " WHERE id = (SELECT site_id FROM memberships WHERE id = :id)"
            ),
            {"id": membership},
        )
    await switch(portal, membership, SiteAccess.OFF)
    await run_jobs(portal)
    site = await site_of(portal, membership)
    admin = world.groupware.sites[str(site.id)].wanted.admin
    assert (admin.login_id, admin.email) == ("admin", member.email)
