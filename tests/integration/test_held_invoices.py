"""An operator has a tax invoice issued that is held for its recipient's standing."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.settings import Settings
from sandbox.faults import Fault
from sandbox.nts import Standing
from sandbox.world import World
from tests.contracts import noon, refused, set_clock
from tests.flows import Member, run_jobs, sign_up
from tests.integration.test_payment_rules import fresh_breaker
from tests.integration.test_tax_invoices import (
    business_number,
    give,
    invoices_of,
    of_operator,
    paid_by_transfer,
)
from tests.operators import once

_days = iter(date(2133 + turn, 3, 2) for turn in range(60))
REASON = {"reason": "휴업 전 공급분 확인"}


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"portone_transfer_channel_key": "channel-key-transfer"})


@pytest.fixture
async def today(portal: FastAPI, world: World) -> date:
    day = next(_days)
    await set_clock(portal, world, noon(day))
    return day


async def held(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> tuple[Member, dict[str, Any], str]:
    """The path of an invoice to a business that is suspended, and whose it is."""
    member = await sign_up(client, world)
    order = await paid_by_transfer(client, world, member)
    world.nts.overrides[await business_number(portal, member)] = Standing.SUSPENDED
    await run_jobs(portal)
    [(invoice_id, _, failure, _)] = await of_operator(operator, order)
    assert failure == "business_suspended"
    return member, order, f"/v1/operator/tax-invoices/{invoice_id}/issue-anyway"


async def test_it_is_issued_on_its_day_whatever_the_standing_is_and_who_did_is_kept(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    member, order, path = await held(client, world, portal, operator)
    await set_clock(portal, world, noon(today + timedelta(days=2)))
    key = once()
    answer = await operator.post(path, json=REASON, headers=key)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["failure"], answer.json()["overridden_by"]) == (
        None,
        "operator:bootstrap",
    )
    again = await operator.post(path, json=REASON, headers=key)
    assert again.content == answer.content
    another = await operator.post(path, json=REASON, headers=once())
    assert refused(another) == (409, "tax_invoice_not_held")
    await run_jobs(portal)
    (made,) = invoices_of(world, order)
    assert made.content["writeDate"] == str(today)
    late = await operator.post(path, json=REASON, headers=once())
    assert refused(late) == (404, "tax_invoice_not_found")
    async with portal.state.deps.database.system_session("test: audit") as session:
        found = await session.execute(
            text(
                "SELECT actor, details->>'failure' AS failure FROM audit_events"
                " WHERE action = 'tax_invoice.overridden' AND company_id = :id"
            ),
            {"id": member.company_id},
        )
        (line,) = found.all()
    assert (line.actor, line.failure) == ("operator:bootstrap", "business_suspended")


async def test_five_operators_at_once_let_it_through_once(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    _, order, path = await held(client, world, portal, operator)
    answers = await asyncio.gather(
        *(operator.post(path, json=REASON, headers=once()) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    await asyncio.gather(run_jobs(portal), run_jobs(portal))
    assert len(invoices_of(world, order)) == 1


async def test_while_the_provider_is_down_it_waits_and_stays_let_through(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    _, order, path = await held(client, world, portal, operator)
    world.faults.put("portone", Fault(down=True))
    assert (await operator.post(path, json=REASON, headers=once())).status_code == 200
    await run_jobs(portal)
    world.faults.clear()
    portal.state.deps.payment_provider._portone.http._watch._breaker = fresh_breaker(portal)
    assert invoices_of(world, order) == []
    await set_clock(portal, world, noon(today) + timedelta(hours=1))
    await run_jobs(portal)
    assert len(invoices_of(world, order)) == 1


async def test_a_correction_of_it_is_held_again(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    _, order, path = await held(client, world, portal, operator)
    await operator.post(path, json=REASON, headers=once())
    await run_jobs(portal)
    await set_clock(portal, world, noon(today + timedelta(days=1)))
    await give(portal, order, 360_000, 36_000, 36_000)
    await run_jobs(portal)
    [(_, _, failure, supply)] = await of_operator(operator, order)
    assert (failure, supply) == ("business_suspended", -360_000)


async def test_what_is_not_held_is_not_let_through(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    member = await sign_up(client, world)
    order = await paid_by_transfer(client, world, member)
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text("DELETE FROM tax_invoice_contacts WHERE company_id = :id"),
            {"id": member.company_id},
        )
    await run_jobs(portal)
    [(invoice_id, _, failure, _)] = await of_operator(operator, order)
    assert failure == "recipient_incomplete"
    base = "/v1/operator/tax-invoices"
    path = f"{base}/{invoice_id}/issue-anyway"
    waits = await operator.post(path, json=REASON, headers=once())
    assert refused(waits) == (409, "tax_invoice_not_held")
    nobody = await operator.post(f"{base}/{uuid4()}/issue-anyway", json=REASON, headers=once())
    assert refused(nobody) == (404, "tax_invoice_not_found")
    bare = await operator.post(path, json=REASON)
    assert refused(bare) == (400, "idempotency_key_required")
