"""A company and its term: days counted from the last day, D, at which it is looked at."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
from fastapi import FastAPI
from sqlalchemy import text

from sandbox.world import World
from tests.contracts import membership_of, noon, only_membership, placed, set_clock
from tests.flows import (
    Member,
    customer,
    item,
    order_body,
    pay,
    place,
    read_order,
    run_jobs,
    sign_up,
)

SEOUL = ZoneInfo("Asia/Seoul")
years: Iterator[int] = iter(range(2031, 2600, 4))


def at(day: date, clock: str = "12:00") -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=SEOUL)


class Story:
    """One company, and days counted from the last day of its first term."""

    def __init__(
        self, portal: FastAPI, world: World, client: httpx.AsyncClient, member: Member, last: date
    ) -> None:
        self.portal, self.world, self.client = portal, world, client
        self.member, self.last = member, last
        self.membership = ""

    def day(self, offset: int) -> date:
        return self.last + timedelta(days=offset)

    async def go(self, offset: int, clock: str = "12:00") -> None:
        """To a moment of a day that is counted from D; what was due until then is done."""
        await set_clock(self.portal, self.world, at(self.day(offset), clock))
        await run_jobs(self.portal, rounds=150)

    async def orders(self, kind: str = "RENEWAL") -> list[dict[str, Any]]:
        """The newest first."""
        answer = await self.client.get("/v1/orders", headers=self.member.headers)
        return [row for row in answer.json()["items"] if row["type"] == kind]

    async def renewal(self) -> dict[str, Any]:
        (newest, *_) = await self.orders()
        return await read_order(self.client, self.member, newest)

    async def sees(self) -> dict[str, Any]:
        return await membership_of(self.client, self.member, self.membership)

    async def status(self) -> str:
        return str((await self.sees())["status"])

    async def mails(self, since: datetime | None = None) -> list[str]:
        """Kinds of the company's mails about renewals, in their order."""
        async with self.portal.state.deps.database.system_session("test: mails") as session:
            rows = await session.execute(
                text(
                    "SELECT kind FROM mails WHERE company_id = :id AND kind IN ('renewal_reminder',"
                    " 'renewal_ordered', 'renewal_overdue', 'service_expired', 'membership_ended',"
                    " 'renewal_price_rises', 'renewal_charge_failed') ORDER BY created_at, id"
                ),
                {"id": self.member.company_id},
            )
            return list(rows.scalars())

    async def facts(self, kind: str) -> dict[str, str]:
        """What the newest mail of a kind mentions."""
        deps = self.portal.state.deps
        async with deps.database.system_session("test: mails") as session:
            sealed = await session.scalar(
                text(
                    "SELECT facts FROM mails WHERE company_id = :id AND kind = :kind"
                    " ORDER BY created_at DESC, id DESC LIMIT 1"
                ),
                {"id": self.member.company_id, "kind": kind},
            )
        return msgspec.json.decode(deps.vault.open("mails.facts", sealed), type=dict[str, str])

    async def site(self) -> Any:
        site_id = (await self.sees())["site"]["id"]
        return self.world.groupware.sites[site_id]

    async def pays(self, made: dict[str, Any]) -> None:
        await pay(self.client, self.world, self.member, made)
        await run_jobs(self.portal, rounds=60)

    async def schedules(self, users: int | None, plan: str = "SHARED") -> None:
        path = f"/v1/memberships/{self.membership}"
        read = await self.client.get(path, headers=self.member.headers)
        answer = await self.client.put(
            f"{path}/scheduled-change",
            json={"plan": plan, "users": users, "add_ons": []},
            headers=self.member.headers | {"If-Match": read.headers["etag"]},
        )
        assert answer.status_code == 200, answer.text

    async def undoes(self) -> None:
        path = f"/v1/memberships/{self.membership}"
        read = await self.client.get(path, headers=self.member.headers)
        answer = await self.client.delete(
            f"{path}/scheduled-change",
            headers=self.member.headers | {"If-Match": read.headers["etag"]},
        )
        assert answer.status_code == 204, answer.text

    async def buys(self, *items: dict[str, Any], total: int) -> None:
        await self.pays(await placed(self.client, self.member, *items, total=total))


async def forget_schedules(portal: FastAPI) -> None:
    """A story is over: its company is not renewed through the years of the next ones."""
    async with portal.state.deps.database.system_session("test: over") as session:
        await session.execute(text("UPDATE membership_schedules SET due_at = NULL"))


async def yearly_story(portal: FastAPI, world: World, client: httpx.AsyncClient) -> Story:
    """Ten users of the shared service for a year: 480,000 won and VAT."""
    year = next(years)
    await set_clock(portal, world, noon(date(year, 3, 25)))
    member = await customer(client, world, portal)
    story = Story(portal, world, client, member, date(year + 1, 3, 24))
    story.membership = await only_membership(client, member)
    return story


async def monthly_story(portal: FastAPI, world: World, client: httpx.AsyncClient) -> Story:
    """Ten users month by month from 31 January on: 40,000 won and VAT; D is 28 February."""
    year = next(years)
    await set_clock(portal, world, noon(date(year, 1, 31)))
    member = await sign_up(client, world)
    made = await place(client, member, order_body(item(months=1), total=99_000))
    await pay(client, world, member, made)
    await run_jobs(portal)
    story = Story(portal, world, client, member, date(year, 2, 28))
    story.membership = await only_membership(client, member)
    return story
