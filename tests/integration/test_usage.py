"""시스템현황 (PRODUCT.md section 13): usage by day, told at 80 and 100 %, the switch 경리회계."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.clock import wire_now
from app.domain.periods import seoul_date
from app.domain.usage import UsageMeasure, level_of, to_tell
from sandbox.faults import Fault
from sandbox.groupware.state import Usage
from sandbox.world import World
from tests.contracts import only_membership, refused, set_clock
from tests.flows import Member, customer, item, order_body, place, run_jobs, sign_up
from tests.mails import mails_to

GB = 2**30


async def accounting_site(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> tuple[Member, str]:
    """A free site with 경리회계."""
    member = await sign_up(client, world)
    ordered = item("SHARED_FREE", None, None)
    ordered["add_ons"] = [{"code": "ACCOUNTING", "quantity": 1}]
    order = await place(client, member, order_body(ordered, total=0))
    await run_jobs(portal)
    return member, str(order["items"][0]["site"]["id"])


async def switch(
    client: httpx.AsyncClient, member: Member, site_id: str, visible: bool
) -> httpx.Response:
    path = f"/v1/system-status/{site_id}/accounting"
    return await client.put(path, json={"visible": visible}, headers=member.headers)


async def accounting(client: httpx.AsyncClient, member: Member, site_id: str) -> tuple[bool, str]:
    """What is shown without asking the groupware."""
    items = (await client.get("/v1/system-status", headers=member.headers)).json()["items"]
    shown = next(each["accounting"] for each in items if each["site"]["id"] == site_id)
    return shown["visible"], shown["state"]


class TestAccounting:
    async def test_off_and_on_again_are_done_when_the_groupware_says_so(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member, site_id = await accounting_site(client, world, portal)
        site = world.groupware.sites[site_id]
        first = await accounting(client, member, site_id)
        assert first[1] == "APPLIED"
        for visible in (not first[0], first[0]):
            accepted = await switch(client, member, site_id, visible)
            assert (accepted.status_code, accepted.json()["state"]) == (202, "PENDING")
            assert site.wanted.accounting_menu is not visible
            await settle(portal, world)
            assert site.wanted.accounting_menu is visible
            assert await accounting(client, member, site_id) == (visible, "APPLIED")

    async def test_what_is_so_already_is_applied_and_nothing_is_put(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member, site_id = await accounting_site(client, world, portal)
        before, _ = await accounting(client, member, site_id)
        revision = world.groupware.sites[site_id].applied_revision
        accepted = await switch(client, member, site_id, before)
        assert (accepted.status_code, accepted.json()["state"]) == (202, "APPLIED")
        await settle(portal, world)
        assert world.groupware.sites[site_id].applied_revision == revision

    async def test_a_groupware_that_is_down_is_waited_for(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member, site_id = await accounting_site(client, world, portal)
        before, _ = await accounting(client, member, site_id)
        world.faults.put("groupware", Fault(down=True))
        assert (await switch(client, member, site_id, not before)).status_code == 202
        await run_jobs(portal)
        assert await accounting(client, member, site_id) == (not before, "PENDING")
        world.faults.clear()
        await settle(portal, world)
        assert await accounting(client, member, site_id) == (not before, "APPLIED")
        assert world.groupware.sites[site_id].wanted.accounting_menu is not before

    async def test_a_groupware_that_refuses_is_told_of_and_asked_again(
        self,
        client: httpx.AsyncClient,
        world: World,
        portal: FastAPI,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        member, site_id = await accounting_site(client, world, portal)
        before, _ = await accounting(client, member, site_id)
        monkeypatch.setattr("sandbox.groupware.api.FAILING_PREFIX", "")
        await switch(client, member, site_id, not before)
        await settle(portal, world, rounds=1)
        assert await accounting(client, member, site_id) == (not before, "FAILED")
        monkeypatch.undo()
        await settle(portal, world)
        assert await accounting(client, member, site_id) == (not before, "APPLIED")

    async def test_the_last_of_many_at_once_holds(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member, site_id = await accounting_site(client, world, portal)
        wanted = [True, False] * 4
        answers = await asyncio.gather(
            *(switch(client, member, site_id, visible) for visible in wanted)
        )
        assert {answer.status_code for answer in answers} == {202}
        await settle(portal, world)
        visible, state = await accounting(client, member, site_id)
        assert state == "APPLIED"
        assert world.groupware.sites[site_id].wanted.accounting_menu is visible

    async def test_a_site_without_it_is_refused(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member = await customer(client, world, portal)
        site_id = (await only_membership_of(client, member))["site"]["id"]
        answer = await switch(client, member, site_id, False)
        assert refused(answer) == (409, "accounting_not_contracted")
        answer = await switch(client, member, str(uuid4()), False)
        assert refused(answer) == (404, "site_not_found")


async def only_membership_of(client: httpx.AsyncClient, member: Member) -> dict[str, Any]:
    (membership,) = (await client.get("/v1/memberships", headers=member.headers)).json()["items"]
    found: dict[str, Any] = membership
    return found


async def settle(portal: FastAPI, world: World, rounds: int = 6) -> None:
    """The groupware's operations end, and the jobs see it."""
    for _ in range(rounds):
        await run_jobs(portal)
        async with portal.state.deps.database.system_session("test: time passes") as session:
            await session.execute(
                text(
                    "UPDATE sites SET put_due_at = put_due_at - interval '20 minutes'"
                    " WHERE put_due_at IS NOT NULL"
                )
            )
        await asyncio.sleep(0)
    await run_jobs(portal)


async def use(portal: FastAPI, world: World, site_id: str, **used: int) -> None:
    """What the groupware measures next, and what it says of it."""
    world.groupware.sites[site_id].usage = Usage(**used)
    await portal.state.deps.site_usage.measure(UUID(site_id))
    await run_jobs(portal)


class TestLevels:
    @pytest.mark.parametrize(
        ("used", "contracted", "level"),
        [
            (0, 10, 0),
            (7, 9, 0),
            (8, 10, 80),
            (7999, 10000, 0),
            (10, 10, 100),
            (11, 10, 100),
            (5, 0, 0),
        ],
    )
    def test_the_level_is_reached_not_rounded(self, used: int, contracted: int, level: int) -> None:
        assert level_of(used, contracted) == level

    def test_a_level_is_told_once_and_again_after_it_fell(self) -> None:
        users = UsageMeasure.USERS
        assert to_tell({}, {users: 80}) == {users: 80}
        assert to_tell({users: 80}, {users: 80}) == {}
        assert to_tell({users: 80}, {users: 100}) == {users: 100}
        assert to_tell({users: 100}, {users: 80}) == {}
        assert to_tell({}, {}) == {}

    async def test_the_company_is_told_at_80_and_at_100_percent(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member = await customer(client, world, portal)
        site_id = (await only_membership_of(client, member))["site"]["id"]
        for users in (7, 8, 9, 10, 10, 8, 10, 3, 8):
            await use(portal, world, site_id, users=users)
        high = await mails_to(portal, member.email, "usage_high")
        full = await mails_to(portal, member.email, "usage_full")
        assert [mail["used"] for mail in high] == ["8", "8"]
        assert [mail["used"] for mail in full] == ["10", "10"]
        assert high[0]["contracted"] == "10"
        told = (await client.get("/v1/notifications", headers=member.headers)).json()["items"]
        news = next(each for each in told if each["kind"] == "usage_full")
        assert news["title"].endswith("사용자가 모두 사용되었습니다")

    async def test_storage_is_told_in_gigabytes(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member, site_id = await accounting_site(client, world, portal)
        await use(portal, world, site_id, users=1, account_bytes=6 * GB, public_bytes=2 * GB)
        (mail,) = await mails_to(portal, member.email, "usage_high")
        assert (mail["measure"], mail["used"], mail["contracted"]) == (
            "STORAGE",
            "8.0 GB",
            "9.0 GB",
        )


class TestHistory:
    async def days(
        self, client: httpx.AsyncClient, member: Member, site_id: str, **asked: str
    ) -> dict[str, Any]:
        path = f"/v1/system-status/{site_id}/history"
        answer = await client.get(path, params=asked, headers=member.headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def test_a_day_keeps_its_last_measurement(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member = await customer(client, world, portal)
        site_id = (await only_membership_of(client, member))["site"]["id"]
        for users in (2, 5, 4):
            await use(portal, world, site_id, users=users, account_bytes=GB)
        series = await self.days(client, member, site_id)
        (day,) = series["items"]
        assert (day["users"], day["users_contracted"]) == (4, 10)
        assert (day["storage_bytes"], day["storage_contracted_bytes"]) == (GB, 10 * GB)
        assert date.fromisoformat(series["last_day"]) == date.fromisoformat(day["day"])
        first = date.fromisoformat(series["first_day"])
        assert (date.fromisoformat(series["last_day"]) - first).days == 29

    async def test_every_open_site_is_measured_each_day_by_itself(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member = await customer(client, world, portal)
        site_id = (await only_membership_of(client, member))["site"]["id"]
        deps = portal.state.deps
        await deps.daily_tasks.ensure()
        begun = world.clock.now()
        for day in (1, 2, 3):
            for hours in (0, 2):
                await set_clock(portal, world, begun + timedelta(days=day, hours=hours))
                await run_jobs(portal)
        asked = {"from": str(seoul_date(begun)), "to": str(seoul_date(begun) + timedelta(days=4))}
        series = (await self.days(client, member, site_id, **asked))["items"]
        assert len(series) == 3
        assert [each["day"] for each in series] == sorted(each["day"] for each in series)
        await set_clock(portal, world, wire_now())

    async def test_a_groupware_that_is_down_is_asked_again_in_half_an_hour(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member = await customer(client, world, portal)
        site_id = (await only_membership_of(client, member))["site"]["id"]
        world.faults.put("groupware", Fault(down=True))
        await portal.state.deps.site_usage.measure(UUID(site_id))
        async with portal.state.deps.database.system_session("test data") as session:
            waits = "SELECT usage_due_at - :now FROM sites WHERE id = :id"
            known = {"id": UUID(site_id), "now": await portal.state.deps.clock.now(session)}
            left = await session.scalar(text(waits), known)
        assert timedelta(minutes=29) < left < timedelta(minutes=31)
        world.faults.clear()

    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            ({"from": "2026-01-02", "to": "2026-01-01"}, "period_invalid"),
            ({"from": "2020-01-01", "to": "2026-01-01"}, "period_invalid"),
            ({"from": "yesterday"}, "invalid_request"),
        ],
    )
    async def test_a_period_is_a_year_at_most(
        self,
        client: httpx.AsyncClient,
        world: World,
        portal: FastAPI,
        asked: dict[str, str],
        code: str,
    ) -> None:
        member = await customer(client, world, portal)
        site_id = (await only_membership_of(client, member))["site"]["id"]
        path = f"/v1/system-status/{site_id}/history"
        answer = await client.get(path, params=asked, headers=member.headers)
        assert refused(answer) == (422, code)

    async def test_a_neighbours_site_is_not_found(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member = await customer(client, world, portal)
        neighbour = await customer(client, world, portal)
        site_id = (await only_membership_of(client, member))["site"]["id"]
        path = f"/v1/system-status/{site_id}/history"
        answer = await client.get(path, headers=neighbour.headers)
        assert refused(answer) == (404, "site_not_found")
        assert await only_membership(client, member)
