"""A company's year as dated steps over HTTP: what it does on a day, and what it is then told.

Nothing here asks the application for an expectation: amounts are literals of the stories.
"""

import csv
import io
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from sandbox.portone.console_actions import approve
from sandbox.world import World
from tests.contracts import credit_of, membership_of, noon, order, set_clock
from tests.flows import (
    ORDER_CONSENTS,
    Member,
    ask_for_quote,
    complete,
    key,
    read_order,
    run_jobs,
    sign_up,
    start_payment,
)


@dataclass
class Diary:
    """The company, the days and the money: `paid` is all that its cards were charged."""

    portal: FastAPI
    world: World
    client: httpx.AsyncClient
    member: Member = field(init=False)
    paid: int = 0

    async def on(self, year: int, month: int, day: int) -> None:
        """Noon of a day in Seoul; what was due until then has been done."""
        await set_clock(self.portal, self.world, noon(date(year, month, day)))
        await run_jobs(self.portal)

    async def signs_up(self) -> None:
        self.member = await sign_up(self.client, self.world)

    async def orders(self, *items: dict[str, Any], total: int, **changed: Any) -> dict[str, Any]:
        """The order page shows a total, and it is the one that is ordered."""
        answer = await order(self.client, self.member, *items, total=total, **changed)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        assert made["total"] == total
        return made

    async def refused(self, *items: dict[str, Any], total: int, **changed: Any) -> str:
        answer = await order(self.client, self.member, *items, total=total, **changed)
        assert answer.status_code >= 400, answer.text
        return str(answer.json()["code"])

    async def pays(self, made: dict[str, Any]) -> dict[str, Any]:
        """By card; the groupware does its part, and the order is done."""
        payment = await start_payment(self.client, self.member, made)
        charged = (await approve(self.world, payment["id"])).total
        assert charged == made["total"]
        await complete(self.client, self.member, payment)
        self.paid += charged
        return await self.done(made)

    async def done(self, made: dict[str, Any]) -> dict[str, Any]:
        await run_jobs(self.portal)
        read = await read_order(self.client, self.member, made)
        assert read["status"] == "COMPLETED", read
        return read

    async def buys(self, *items: dict[str, Any], total: int, **changed: Any) -> dict[str, Any]:
        return await self.pays(await self.orders(*items, total=total, **changed))

    async def asks_for_a_quote(self, item: dict[str, Any], total: int) -> dict[str, Any]:
        quote = await ask_for_quote(self.client, self.member, items=[item])
        assert quote["total"] == total
        paper = await self.client.get(f"/v1/quotes/{quote['id']}/pdf", headers=self.member.headers)
        assert paper.content.startswith(b"%PDF-")
        return quote

    async def orders_the_quote(self, quote: dict[str, Any], site: dict[str, Any]) -> httpx.Response:
        body = {
            "quote_id": quote["id"],
            "sites": [site],
            "expected_total": quote["total"],
            "payment_method": "CARD",
            "consents": ORDER_CONSENTS,
        }
        return await self.client.post("/v1/orders", json=body, headers=self.member.headers | key())

    async def memberships(self) -> list[str]:
        answer = await self.client.get("/v1/memberships", headers=self.member.headers)
        return [row["id"] for row in answer.json()["items"]]

    async def sees(self, membership: str, **expected: object) -> None:
        """What the membership's page shows; `users` and `storage_gb` in all."""
        read = await membership_of(self.client, self.member, membership)
        shown = read | {name: read[name]["total"] for name in ("users", "storage_gb")}
        assert {name: shown[name] for name in expected} == expected

    async def sees_the_balance(self, balance: int) -> None:
        assert (await credit_of(self.client, self.member))["balance"] == balance

    async def coupon(self, code: str, percent: int, first_day: str, last_day: str) -> None:
        """The operator's: a percentage off licences."""
        async with self.portal.state.deps.database.system_session("test data") as session:
            await session.execute(
                text(
                    "INSERT INTO coupons (code, name_ko, name_en, scope, percent, first_day,"
                    " last_day, plans, order_types, minimum_amount, uses, uses_per_company)"
                    " VALUES (:code, '감사 쿠폰', 'Thanks', 'LICENCE', :percent,"
                    " cast(:first AS text)::date, cast(:last AS text)::date, '[]', '[]', 0, 0, 1)"
                ),
                {"code": code, "percent": percent, "first": first_day, "last": last_day},
            )

    async def downloads_the_history(self) -> list[list[str]]:
        """The CSV's rows without its header, the newest first."""
        answer = await self.client.get("/v1/orders/export", headers=self.member.headers)
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]

    async def downloads_the_papers(self, made: dict[str, Any]) -> None:
        for paper in ("confirmation", "transaction-confirmation"):
            path = f"/v1/orders/{made['id']}/{paper}"
            answer = await self.client.get(path, headers=self.member.headers)
            assert answer.status_code == 200, (path, answer.text)
            assert answer.content.startswith(b"%PDF-")
