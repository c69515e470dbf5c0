"""자동 연장 결제: the cards of a renewal, by the days of PRODUCT.md section 12.

What was charged is counted in the provider's own books.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.queue import Job
from app.deps import Deps, build_deps
from app.domain.catalogues import shipped_catalogues
from app.jobs.entrypoints import entrypoints
from app.services.sweep import sweep
from app.settings import Settings
from sandbox.faults import Fault
from sandbox.portone.billing_keys import decide_charges
from sandbox.portone.console_actions import approve
from sandbox.world import World
from tests.contracts import (
    add_extend,
    noon,
    only_membership,
    placed,
    put_in_force,
    set_clock,
)
from tests.flows import (
    customer,
    free_item,
    key,
    order_body,
    place,
    read_order,
    register_card,
    run_jobs,
    sign_up,
    start_payment,
)
from tests.renewing import SEOUL, Story, at, forget_schedules, monthly_story, yearly_story

GOOD, EMPTY, LOST = "4518420000001234", "4518420000000001", "4518420000000003"


def close_circuits(portal: FastAPI) -> None:
    """What a provider's faults have opened."""
    for adapter in (portal.state.deps.payment_provider, portal.state.deps.identity):
        http = adapter._portone.http
        http._watch._breaker = type(http._watch._breaker)()


@pytest.fixture(autouse=True)
def no_circuit_is_left_open(portal: FastAPI) -> Iterator[None]:
    yield
    close_circuits(portal)


@pytest.fixture
async def yearly(portal: FastAPI, world: World, client: httpx.AsyncClient) -> AsyncIterator[Story]:
    yield await yearly_story(portal, world, client)
    await forget_schedules(portal)


@pytest.fixture
async def monthly(portal: FastAPI, world: World, client: httpx.AsyncClient) -> AsyncIterator[Story]:
    yield await monthly_story(portal, world, client)
    await forget_schedules(portal)


async def with_card(story: Story, number: str = GOOD, *, toggle: bool = True) -> dict[str, Any]:
    """A card attached to the membership, and the switch."""
    card = await register_card(story.client, story.world, story.member, number)
    path = f"/v1/memberships/{story.membership}"
    read = await story.client.get(path, headers=story.member.headers)
    answer = await story.client.patch(
        path,
        json={"auto_renew": toggle, "payment_method_id": card["id"]},
        headers=story.member.headers | {"If-Match": read.headers["etag"]},
    )
    assert answer.status_code == 200, answer.text
    return card


def charged(story: Story) -> list[tuple[str, int]]:
    """The provider's books: when (KST) the company's cards were charged, and how much."""
    taken = [
        payment
        for payment in story.world.portone.payments.values()
        if payment.customer_id == story.member.company_id
        and payment.billing_key
        and payment.paid_at is not None
    ]
    return [(f"{p.paid_at.astimezone(SEOUL):%Y-%m-%d}", p.total) for p in taken if p.paid_at]


async def payments(story: Story) -> list[tuple[str, str, str | None]]:
    """Of the renewals: method, state, and why not."""
    async with story.portal.state.deps.database.system_session("test: payments") as session:
        rows = await session.execute(
            text(
                "SELECT p.method, p.status, p.failure_code FROM payments p"
                " JOIN orders o ON o.id = p.order_id WHERE o.company_id = :id"
                " AND o.kind = 'RENEWAL' ORDER BY p.created_at, p.id"
            ),
            {"id": story.member.company_id},
        )
        return [tuple(row) for row in rows]


async def test_with_card_and_switch_it_is_charged_on_the_last_day_in_office_hours(
    yearly: Story,
) -> None:
    await with_card(yearly)
    await yearly.go(0, "09:59")
    assert charged(yearly) == []
    assert (await yearly.renewal())["payment_method"] == "BILLING_KEY"
    await yearly.go(0, "18:00")
    assert charged(yearly) == [(str(yearly.last), 528_000)]
    seen = await yearly.sees()
    assert (seen["status"], seen["expires_on"]) == (
        "IN_USE",
        str(yearly.last.replace(year=yearly.last.year + 1)),
    )
    made = await yearly.renewal()
    assert (made["status"], made["payment_status"], made["payment_method"]) == (
        "COMPLETED",
        "PAID",
        "BILLING_KEY",
    )
    await yearly.go(30)
    assert len(charged(yearly)) == 1


async def test_the_mails_say_which_card_is_charged(yearly: Story) -> None:
    await with_card(yearly)
    await yearly.go(-30)
    facts = await yearly.facts("renewal_ordered")
    assert "1234" in facts["card"]


async def test_with_the_switch_off_there_are_reminders_only(yearly: Story) -> None:
    await with_card(yearly, toggle=False)
    for offset in (0, 1, 3, 7):
        await yearly.go(offset, "18:00")
    assert charged(yearly) == []
    assert await yearly.status() == "OVERDUE"
    assert (await yearly.facts("renewal_ordered"))["card"] == ""


async def test_a_soft_decline_is_tried_again_a_day_three_and_seven_days_later(
    yearly: Story,
) -> None:
    card = await with_card(yearly, EMPTY)
    tries = []
    for offset in range(9):
        await yearly.go(offset, "18:00")
        tries.append(len(await payments(yearly)))
    assert tries == [1, 2, 2, 3, 3, 3, 3, 4, 4]
    assert {row[1:] for row in await payments(yearly)} == {("FAILED", "INSUFFICIENT_FUNDS")}
    assert (await yearly.mails()).count("renewal_charge_failed") == 4
    assert (await yearly.facts("renewal_charge_failed"))["again"] == "no"
    assert await yearly.status() == "OVERDUE"
    assert card["role"] == "DEFAULT"


async def test_a_try_that_comes_through_later_goes_on_from_expiry(yearly: Story) -> None:
    card = await with_card(yearly, EMPTY)
    await yearly.go(1, "09:00")
    assert await yearly.status() == "OVERDUE"
    decide_charges(yearly.world, card["billing_key"], "APPROVED")
    await yearly.go(1, "18:00")
    assert charged(yearly) == [(str(yearly.day(1)), 528_000)]
    seen = await yearly.sees()
    assert (seen["status"], seen["starts_on"]) == ("IN_USE", str(yearly.day(1)))


async def test_a_lost_card_is_not_tried_again(yearly: Story) -> None:
    await with_card(yearly, LOST)
    for offset in (0, 1, 3, 7, 8):
        await yearly.go(offset, "18:00")
    assert [row[2] for row in await payments(yearly)] == ["LOST_OR_STOLEN"]
    assert (await yearly.mails()).count("renewal_charge_failed") == 1
    assert (await yearly.facts("renewal_charge_failed"))["again"] == "no"


async def test_the_backup_card_is_tried_in_the_same_step(yearly: Story) -> None:
    await with_card(yearly, LOST)
    backup = await register_card(yearly.client, yearly.world, yearly.member, GOOD)
    assert backup["role"] == "BACKUP"
    await yearly.go(0, "18:00")
    assert [row[1] for row in await payments(yearly)] == ["FAILED", "PAID"]
    assert charged(yearly) == [(str(yearly.last), 528_000)]
    assert "renewal_charge_failed" not in await yearly.mails()


async def test_a_renewal_paid_by_hand_is_not_charged(yearly: Story) -> None:
    await with_card(yearly)
    await yearly.go(-1)
    answer = await yearly.client.post(
        f"/v1/orders/{(await yearly.renewal())['id']}/payments",
        json={"method": "BILLING_KEY"},
        headers=yearly.member.headers | key(),
    )
    assert answer.json()["status"] == "PAID"
    await yearly.go(0, "18:00")
    assert charged(yearly) == [(str(yearly.day(-1)), 528_000)]


async def test_pay_now_and_the_job_exclude_each_other(yearly: Story) -> None:
    """Both at the same moment, several times: one charge in the provider's books."""
    await with_card(yearly)
    await yearly.go(-1)
    order = await yearly.renewal()
    await set_clock(yearly.portal, yearly.world, at(yearly.last, "18:00"))

    async def by_hand() -> int:
        answer = await yearly.client.post(
            f"/v1/orders/{order['id']}/payments",
            json={"method": "BILLING_KEY"},
            headers=yearly.member.headers | key(),
        )
        return answer.status_code

    step = yearly.portal.state.deps.renewals.step
    id_ = UUID(yearly.membership)
    await asyncio.gather(step(id_), by_hand(), step(id_), by_hand(), step(id_), by_hand())
    await run_jobs(yearly.portal, rounds=60)
    assert len(charged(yearly)) == 1
    assert (await yearly.sees())["status"] == "IN_USE"


@pytest.mark.parametrize("first", ["charge", "extension", "both at once"])
async def test_an_extension_paid_in_the_minute_of_the_charge_leaves_one_year_bought(
    yearly: Story, first: str
) -> None:
    """Renewal by the job and extension by hand at the same moment: what is charged too much goes

    back, whichever came first."""
    await with_card(yearly)
    await yearly.go(0, "09:59")
    renewal = await yearly.renewal()
    extension = await placed(
        yearly.client, yearly.member, add_extend(yearly.membership, months=12), total=528_000
    )
    started = await start_payment(yearly.client, yearly.member, extension)
    await set_clock(yearly.portal, yearly.world, at(yearly.last, "18:00"))
    yearly.world.faults.put("webhooks", Fault(down=True))
    await approve(yearly.world, started["id"])
    yearly.world.faults.clear()
    deps: Deps = yearly.portal.state.deps
    id_ = UUID(yearly.membership)
    settle, step = deps.payments.settle, deps.renewals.step
    if first == "charge":
        await step(id_)
        assert len(charged(yearly)) == 1
    elif first == "extension":
        await settle(UUID(started["id"]))
    await asyncio.gather(step(id_), settle(UUID(started["id"])), step(id_))
    await run_jobs(yearly.portal, rounds=60)
    assert (await yearly.sees())["expires_on"] == str(
        yearly.last.replace(year=yearly.last.year + 1)
    )
    ends = {
        (await read_order(yearly.client, yearly.member, order))["status"]
        for order in (renewal, extension)
    }
    assert ends == {"COMPLETED", "CANCELLED"}
    books = yearly.world.portone.payments
    kept = [
        (books[payment].total or 0) - books[payment].cancelled
        for payment in await payment_ids(yearly, renewal, extension)
        if payment in books and books[payment].paid_at is not None
    ]
    assert sum(kept) == 528_000


async def payment_ids(story: Story, *orders: dict[str, Any]) -> list[str]:
    async with story.portal.state.deps.database.system_session("test: payments") as session:
        rows = await session.execute(
            text("SELECT id::text FROM payments WHERE order_id = ANY(cast(:ids AS uuid[]))"),
            {"ids": [order["id"] for order in orders]},
        )
        return list(rows.scalars())


async def test_a_payment_begun_in_the_browser_is_looked_at_before_the_card(yearly: Story) -> None:
    """What the payer has paid is not charged once more."""
    await with_card(yearly, toggle=False)
    await yearly.go(-1)
    started = await start_payment(yearly.client, yearly.member, await yearly.renewal())
    card = await with_card(yearly)
    yearly.world.faults.put("webhooks", Fault(down=True))
    await approve(yearly.world, started["id"])
    await yearly.go(0, "18:00")
    assert charged(yearly) == []
    assert (await yearly.renewal())["payment_method"] == "CARD"
    assert card["role"] == "BACKUP"


async def test_an_answer_that_never_came_charges_once(yearly: Story) -> None:
    """The provider charges, then drops the connection; its books are asked, and no more."""
    await with_card(yearly)
    await yearly.go(0, "09:59")
    yearly.world.faults.put("portone", Fault(drop_after=0))
    await yearly.go(0, "18:00")
    yearly.world.faults.clear()
    close_circuits(yearly.portal)
    await yearly.go(0, "18:30")
    assert charged(yearly) == [(str(yearly.last), 528_000)]
    assert await yearly.status() == "IN_USE"
    await yearly.go(8)
    assert len(charged(yearly)) == 1


async def test_a_provider_that_is_down_all_day_is_asked_until_it_answers(yearly: Story) -> None:
    await with_card(yearly)
    await yearly.go(0, "09:59")
    yearly.world.faults.put("portone", Fault(down=True))
    await yearly.go(0, "18:00")
    yearly.world.faults.clear()
    close_circuits(yearly.portal)
    await yearly.go(1, "00:30")
    assert len(charged(yearly)) == 1
    assert await yearly.status() == "IN_USE"


async def test_a_clock_that_jumps_over_three_renewals_charges_each_once(monthly: Story) -> None:
    """Ends of months: D is 28 February, 30 March, 30 April; each by its own order and price."""
    await with_card(monthly)
    await monthly.go(-10)
    await set_clock(monthly.portal, monthly.world, at(date(monthly.last.year, 5, 5)))
    await run_jobs(monthly.portal, rounds=200)
    assert [total for _, total in charged(monthly)] == [44_000, 44_000, 44_000]
    seen = await monthly.sees()
    year = monthly.last.year
    assert (seen["status"], seen["starts_on"], seen["expires_on"]) == (
        "IN_USE",
        f"{year}-05-01",
        f"{year}-05-30",
    )
    assert seen["monthly_fee"] == 40_000
    made = [(row["ordered_on"], row["applied_on"], row["status"]) for row in await monthly.orders()]
    assert made == [
        (f"{year}-04-23", f"{year}-05-01", "COMPLETED"),
        (f"{year}-03-23", f"{year}-03-31", "COMPLETED"),
        (f"{year}-02-21", f"{year}-03-01", "COMPLETED"),
    ]
    assert set(await monthly.mails()) <= {"renewal_ordered"}  # no storm


async def test_a_jump_over_a_card_that_is_empty_tries_it_once_and_ends_as_it_must(
    monthly: Story,
) -> None:
    """No four charges in one minute because three days were missed."""
    await with_card(monthly, EMPTY)
    await monthly.go(-10)
    await monthly.go(20)
    assert len(await payments(monthly)) == 1
    assert await monthly.status() == "EXPIRED"


async def test_after_a_week_of_downtime_the_card_is_charged_before_anything_ends(
    yearly: Story,
) -> None:
    await with_card(yearly)
    await yearly.go(-3)
    await yearly.go(4, "03:00")
    assert len(charged(yearly)) == 1
    seen = await yearly.sees()
    assert (seen["status"], seen["starts_on"]) == ("IN_USE", str(yearly.day(1)))
    assert "renewal_overdue" not in await yearly.mails()


async def test_two_schedulers_and_four_workers_charge_each_due_row_once(
    portal: FastAPI, world: World, client: httpx.AsyncClient, settings: Settings
) -> None:
    """Five companies; each sweep is made by both schedulers, each job run by all four workers."""
    story = await yearly_story(portal, world, client)
    await with_card(story)
    stories = [story]
    for _ in range(4):
        await set_clock(portal, world, noon(date(story.last.year - 1, 3, 25)))
        another = await yearly_story_of(portal, world, client, story)
        await with_card(another)
        stories.append(another)
    await set_clock(portal, world, at(story.last, "18:00"))
    ours: Deps = portal.state.deps
    transport = ours.groupware._http._client._transport
    others = [build_deps(settings, transport) for _ in range(3)]
    schedulers, workers = [ours, others[0]], [ours, *others]
    try:
        for _ in range(40):
            await asyncio.gather(*(sweep(deps.database, deps.clock) for deps in schedulers))
            jobs = await waiting_jobs(ours)
            if not jobs:
                break
            await asyncio.gather(
                *(entrypoints(deps)[job.entrypoint](job.row) for job in jobs for deps in workers),
                return_exceptions=False,
            )
    finally:
        for deps in others:
            await deps.database.close()
    await forget_schedules(portal)
    for one in stories:
        assert len(charged(one)) == 1, await payments(one)
        assert await one.status() == "IN_USE"


async def yearly_story_of(
    portal: FastAPI, world: World, client: httpx.AsyncClient, like: Story
) -> Story:
    """Another company whose term ends on the same day."""
    member = await customer(client, world, portal)
    story = Story(portal, world, client, member, like.last)
    story.membership = await only_membership(client, member)
    return story


async def waiting_jobs(deps: Deps) -> list[Job]:
    take = text(
        "DELETE FROM pgqueuer WHERE status = 'queued' AND entrypoint <> 'send_mail'"
        " RETURNING entrypoint, payload"
    )
    async with deps.database.system_session("test jobs") as session:
        return [Job(row.entrypoint, UUID(bytes=row.payload)) for row in await session.execute(take)]


async def dearer_from(portal: FastAPI, day: date, price: int = 5_000) -> str:
    """A version with another price for a user; returns its code."""
    document = shipped_catalogues()[0].document | {"code": f"dear-{day}"}
    plans = [
        dict(plan) | ({"unit_price": price} if plan["code"] == "SHARED" else {})
        for plan in document["plans"]
    ]
    await put_in_force(portal, document | {"plans": plans}, day)
    return str(document["code"])


@pytest.fixture
async def no_dear_prices_are_left(portal: FastAPI, owner_engine: AsyncEngine) -> Any:
    yield
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE catalogue_versions SET effective_from = effective_from + 400000"
                " WHERE code LIKE 'dear-%' AND effective_from < date '2900-01-01'"
            )
        )
        await connection.execute(
            text(
                "UPDATE catalogue_versions SET document ="
                " document || jsonb_build_object('effective_from', effective_from::text)"
                " WHERE code LIKE 'dear-%'"
            )
        )
    portal.state.deps.catalogues.forget()


@pytest.mark.usefixtures("no_dear_prices_are_left")
async def test_a_higher_price_is_announced_and_never_charged_without_consent(
    yearly: Story, portal: FastAPI
) -> None:
    """10 × 5,000 × 12 = 600,000, and 60,000 VAT: the order waits unpaid."""
    await with_card(yearly)
    await dearer_from(portal, yearly.day(-60))
    await yearly.go(-30)
    facts = await yearly.facts("renewal_ordered")
    assert (facts["total"], facts["consent"]) == ("660,000", "yes")
    for offset in (0, 1, 3):
        await yearly.go(offset, "18:00")
    assert charged(yearly) == []
    assert await yearly.status() == "OVERDUE"
    made = await yearly.renewal()
    assert (made["status"], made["total"]) == ("PENDING_PAYMENT", 660_000)
    wrong = await consent(yearly, made, 600_000)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "price_changed")
    agreed = await consent(yearly, made, 660_000)
    assert agreed.status_code == 200, agreed.text
    assert agreed.json()["state"] == "SCHEDULED"
    await yearly.go(7, "18:00")
    assert charged(yearly) == [(str(yearly.day(7)), 660_000)]
    assert await yearly.status() == "IN_USE"


@pytest.mark.usefixtures("no_dear_prices_are_left")
async def test_with_consent_in_time_it_is_charged_on_the_last_day(
    yearly: Story, portal: FastAPI
) -> None:
    await with_card(yearly)
    await dearer_from(portal, yearly.day(-60))
    await yearly.go(-29)
    assert (await consent(yearly, await yearly.renewal(), 660_000)).status_code == 200
    again = await consent(yearly, await yearly.renewal(), 660_000)
    assert again.status_code == 200  # agreeing twice is agreeing
    await yearly.go(0, "18:00")
    assert charged(yearly) == [(str(yearly.last), 660_000)]


@pytest.mark.usefixtures("no_dear_prices_are_left")
async def test_a_monthly_terms_higher_price_is_announced_thirty_days_before(
    monthly: Story, portal: FastAPI
) -> None:
    """Dearer from 20 March on: the term to 30 March is told on 28 February, and not charged."""
    await with_card(monthly)
    await dearer_from(portal, monthly.day(20))
    await monthly.go(0, "18:00")
    assert charged(monthly) == [(str(monthly.last), 44_000)]
    assert await monthly.mails() == ["renewal_ordered", "renewal_reminder", "renewal_price_rises"]
    facts = await monthly.facts("renewal_price_rises")
    assert (facts["total"], facts["begins_on"]) == ("55,000", str(monthly.day(31)))
    await monthly.go(30, "18:00")
    assert len(charged(monthly)) == 1
    made = await monthly.renewal()
    assert (made["status"], made["total"]) == ("PENDING_PAYMENT", 55_000)


async def test_there_is_nothing_to_agree_to_before_the_order(yearly: Story) -> None:
    answer = await yearly.client.put(
        f"/v1/memberships/{yearly.membership}/renewal-consent",
        json={"order_id": yearly.membership, "total": 1},
        headers=yearly.member.headers,
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "renewal_not_found")


async def consent(story: Story, order: dict[str, Any], total: int) -> httpx.Response:
    return await story.client.put(
        f"/v1/memberships/{story.membership}/renewal-consent",
        json={"order_id": order["id"], "total": total},
        headers=story.member.headers,
    )


async def upcoming(story: Story) -> dict[str, Any]:
    answer = await story.client.get(
        f"/v1/memberships/{story.membership}/upcoming", headers=story.member.headers
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_the_next_charge_in_full_long_before_it_is_ordered(yearly: Story) -> None:
    card = await with_card(yearly)
    await yearly.go(-100)
    body = await upcoming(yearly)
    assert (body["supply"], body["vat"], body["total"]) == (480_000, 48_000, 528_000)
    assert (body["on"], body["state"], body["order_id"]) == (str(yearly.last), "SCHEDULED", None)
    assert body["payment_method"]["id"] == card["id"]
    assert body["priced_on"] == str(yearly.day(-30))
    assert body["item"]["lines"][0]["explanation"] == "10명 × 4,000원 × 12개월 = 480,000원"
    assert body["item"]["starts_on"] == str(yearly.day(1))
    seen = await yearly.sees()
    assert seen["next_charge"] == {
        "on": str(yearly.last),
        "amount": 528_000,
        "status": "SCHEDULED",
        "status_label": "자동 결제 예정",
    }
    listed = await yearly.client.get("/v1/memberships", headers=yearly.member.headers)
    assert listed.json()["summary"]["next_charge"] == {
        "on": str(yearly.last),
        "amount": 528_000,
    }


async def test_the_next_charges_state_follows_what_happens(yearly: Story) -> None:
    async def shown() -> tuple[str, str]:
        charge = (await yearly.sees())["next_charge"]
        assert charge["status"] == (await upcoming(yearly))["state"]
        return charge["on"], charge["status"]

    await run_jobs(yearly.portal)
    assert await shown() == (str(yearly.last), "PAYMENT_NEEDED")
    await with_card(yearly, EMPTY)
    await run_jobs(yearly.portal)
    assert await shown() == (str(yearly.last), "SCHEDULED")
    await yearly.go(-30)
    assert (await upcoming(yearly))["order_id"] == (await yearly.renewal())["id"]
    await yearly.go(0, "18:00")
    assert await shown() == (str(yearly.day(1)), "FAILED")
    assert (await upcoming(yearly))["failure"]["code"] == "INSUFFICIENT_FUNDS"
    await yearly.go(1, "18:00")
    assert await shown() == (str(yearly.day(3)), "FAILED")
    await yearly.go(7, "18:00")
    assert await shown() == (str(yearly.day(14)), "FAILED")
    await yearly.go(15)
    assert (await yearly.sees())["next_charge"] is None


async def test_a_free_membership_has_no_next_charge(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    await place(client, member, order_body(free_item(), total=0))
    await run_jobs(portal)
    membership = await only_membership(client, member)
    answer = await client.get(f"/v1/memberships/{membership}/upcoming", headers=member.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_to_renew")
    listed = await client.get("/v1/memberships", headers=member.headers)
    assert listed.json()["items"][0]["next_charge"] is None
    assert listed.json()["summary"]["next_charge"] is None


async def test_a_termination_notice_on_the_day_of_the_charge_comes_before_it(
    yearly: Story,
) -> None:
    """Asked for in the morning, undone, asked for again: nothing is charged in the afternoon."""
    await with_card(yearly)
    await yearly.go(0, "09:30")
    made = await yearly.renewal()
    path = f"/v1/memberships/{yearly.membership}/termination"
    body = {"last_day": str(yearly.last), "reason": "NOT_NEEDED"}
    asked = await yearly.client.post(path, json=body, headers=yearly.member.headers | key())
    assert asked.status_code == 201, asked.text
    await run_jobs(yearly.portal)
    ended = await read_order(yearly.client, yearly.member, made)
    assert (ended["status"], ended["history"][-1]["reason"]) == ("CANCELLED", "termination")
    assert (await yearly.sees())["next_charge"] is None
    undone = await yearly.client.delete(path, headers=yearly.member.headers)
    assert undone.status_code == 204, undone.text
    await run_jobs(yearly.portal)
    assert (await yearly.renewal())["status"] == "PENDING_PAYMENT"
    again = await yearly.client.post(path, json=body, headers=yearly.member.headers | key())
    assert again.status_code == 201
    await yearly.go(0, "18:00")
    assert charged(yearly) == []
    await yearly.go(1, "00:10")
    assert charged(yearly) == []
    me = await yearly.client.get("/v1/me", headers=yearly.member.headers)
    assert me.json()["role"] == "CLOSED"
