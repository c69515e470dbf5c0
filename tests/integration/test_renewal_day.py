"""What the charge of a renewal costs, and that nothing is held while a provider is asked."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.deps import Deps
from app.services.renewals import Renewals
from sandbox.faults import Fault
from sandbox.portone.console_actions import approve
from sandbox.world import World
from tests.conftest import LostAnswers
from tests.contracts import set_clock
from tests.flows import place, start_payment
from tests.integration.test_renewal_charges import charged, with_card
from tests.renewing import Story, at, forget_schedules, yearly_story
from tests.statements import counted

MOVED_CLOCK = "business_clock"
"""The sandbox's clock reads a row; production's does not."""
BUDGET = 49
OPEN_TRANSACTIONS = text(
    "SELECT state || ': ' || query FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = 'portal_api' AND xact_start IS NOT NULL"
)
LOCKED = (
    "SELECT id FROM companies WHERE id = :company FOR UPDATE NOWAIT",
    "SELECT id FROM orders WHERE company_id = :company FOR UPDATE NOWAIT",
    "SELECT id FROM payments WHERE company_id = :company FOR UPDATE NOWAIT",
    "SELECT id FROM refunds WHERE company_id = :company FOR UPDATE NOWAIT",
    "SELECT id FROM sites WHERE company_id = :company FOR UPDATE NOWAIT",
    "SELECT id FROM memberships WHERE company_id = :company FOR UPDATE NOWAIT",
    "SELECT membership_id FROM membership_schedules WHERE company_id = :company FOR UPDATE NOWAIT",
)
"""Another session takes each of these rows at once; NOWAIT raises where it would have to wait."""


@pytest.fixture
async def yearly(portal: FastAPI, world: World, client: httpx.AsyncClient) -> AsyncIterator[Story]:
    """Webhooks, which would be requests of their own, do not come."""
    story = await yearly_story(portal, world, client)
    await with_card(story)
    world.faults.put("webhooks", Fault(down=True))
    yield story
    await forget_schedules(portal)


class Held:
    """Looks at the database while a call to a provider is in flight."""

    def __init__(self, engine: AsyncEngine, company_id: str) -> None:
        self._engine, self._company_id = engine, UUID(company_id)
        self.calls: list[str] = []
        self.found: list[str] = []

    async def look(self, request: httpx.Request) -> None:
        call = f"{request.method} {request.url.path}"
        self.calls.append(call)
        async with self._engine.connect() as connection:
            open_ = (await connection.execute(OPEN_TRANSACTIONS)).scalars().all()
            self.found += [f"{call}: {said}" for said in open_]
            await connection.rollback()
            for statement in LOCKED:
                try:
                    await connection.execute(text(statement), {"company": self._company_id})
                except Exception as locked:
                    self.found.append(f"{call}: {locked}")
                await connection.rollback()

    def asked(self, method: str, end: str) -> bool:
        return any(call.startswith(method) and call.endswith(end) for call in self.calls)


@pytest.fixture
def held(yearly: Story, owner_engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> Held:
    seen = Held(owner_engine, yearly.member.company_id)
    answer = LostAnswers.handle_async_request

    async def watched(self: LostAnswers, request: httpx.Request) -> httpx.Response:
        await seen.look(request)
        return await answer(self, request)

    monkeypatch.setattr(LostAnswers, "handle_async_request", watched)
    return seen


async def due_to_be_charged(story: Story) -> Renewals:
    await story.go(0, "09:59")
    await set_clock(story.portal, story.world, at(story.last, "18:00"))
    deps: Deps = story.portal.state.deps
    return deps.renewals


async def test_a_charge_costs_so_many_statements_at_the_most(yearly: Story) -> None:
    """From the step that is due to the paid order, its mail and its jobs: it was 68."""
    renewals = await due_to_be_charged(yearly)
    with counted(yearly.portal.state.deps.database.engine) as statements:
        await renewals.step(UUID(yearly.membership))
    assert len(charged(yearly)) == 1
    run = [sql for sql in statements.seen if MOVED_CLOCK not in sql]
    assert len(run) <= BUDGET, "\n".join(run)


async def test_nothing_is_held_while_a_card_is_charged(yearly: Story, held: Held) -> None:
    renewals = await due_to_be_charged(yearly)
    held.calls.clear()
    await renewals.step(UUID(yearly.membership))
    assert len(charged(yearly)) == 1
    assert [call.rpartition("/")[2] for call in held.calls[:1]] == ["billing-key"]
    assert len(held.calls) == 2
    assert held.found == []


async def test_nothing_is_held_while_money_goes_back(
    yearly: Story, held: Held, client: httpx.AsyncClient
) -> None:
    """An order that was cancelled is paid all the same."""
    deps: Deps = yearly.portal.state.deps
    order = await place(client, yearly.member)
    started = await start_payment(client, yearly.member, order)
    answer = await client.post(f"/v1/orders/{order['id']}/cancel", headers=yearly.member.headers)
    assert answer.status_code == 200, answer.text
    await approve(yearly.world, started["id"])
    await deps.payments.settle(UUID(started["id"]))
    assert held.asked("POST", "/cancel")
    assert held.found == []


async def test_nothing_is_held_while_the_groupware_is_asked(yearly: Story, held: Held) -> None:
    """A renewal is delivered."""
    await yearly.go(0, "18:00")
    await yearly.go(1)
    assert await yearly.status() == "IN_USE"
    assert held.asked("PUT", str((await yearly.sees())["site"]["id"]))
    assert held.found == []
