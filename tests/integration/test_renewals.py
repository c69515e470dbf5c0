"""갱신: every rule of PRODUCT.md section 12 by its date, with the moved clock.

Terms are those of a company that opened its site on 25 March: D is 24 March of the next year.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.deps import build_deps
from app.domain.catalogues import shipped_catalogues
from app.services.membership_schedules import look_at_schedule
from app.settings import Settings
from sandbox.faults import Fault
from sandbox.portone.console_actions import approve
from sandbox.world import World
from tests.contracts import (
    add_extend,
    bring_in,
    membership_of,
    noon,
    only_membership,
    order,
    placed,
    put_in_force,
    refused,
    set_clock,
)
from tests.flows import (
    complete,
    free_item,
    link_to_site,
    order_body,
    pay,
    place,
    read_order,
    run_jobs,
    sign_up,
    sign_up_individual,
    start_payment,
)
from tests.mails import mails_to
from tests.renewing import SEOUL, Story, at, forget_schedules, monthly_story, yearly_story, years


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    """A shop that takes 실시간 계좌이체 as well."""
    return settings.model_copy(update={"portone_transfer_channel_key": "channel-key-transfer"})


@pytest.fixture
async def yearly(portal: FastAPI, world: World, client: httpx.AsyncClient) -> AsyncIterator[Story]:
    yield await yearly_story(portal, world, client)
    await forget_schedules(portal)


@pytest.fixture
async def monthly(portal: FastAPI, world: World, client: httpx.AsyncClient) -> AsyncIterator[Story]:
    yield await monthly_story(portal, world, client)
    await forget_schedules(portal)


async def test_a_yearly_renewal_is_ordered_thirty_days_before(yearly: Story) -> None:
    """10 × 4,000 × 12 = 480,000, no set-up, and 48,000 VAT."""
    await yearly.go(-30, "08:59")
    assert await yearly.orders() == []
    await yearly.go(-30, "09:01")
    made = await yearly.renewal()
    assert (made["status"], made["payment_status"]) == ("PENDING_PAYMENT", "UNPAID")
    assert (made["supply"], made["vat"], made["total"]) == (480_000, 48_000, 528_000)
    assert made["ordered_on"] == str(yearly.day(-30))
    until = datetime.fromisoformat(made["expires_at"])
    assert until.astimezone(SEOUL) == at(yearly.day(15), "00:00")
    (only,) = made["items"]
    assert (only["type"], only["type_label"], only["months"]) == ("RENEWAL", "갱신", 12)
    assert only["membership_id"] == yearly.membership
    assert (only["starts_on"], only["expires_on"]) == (
        str(yearly.day(1)),
        str(yearly.last.replace(year=yearly.last.year + 1)),
    )
    assert [line["code"] for line in only["lines"]] == ["SHARED_USER"]
    assert (await yearly.mails())[-1] == "renewal_ordered"
    facts = await yearly.facts("renewal_ordered")
    assert (facts["total"], facts["number"]) == ("528,000", made["number"])
    await yearly.go(-29)
    assert len(await yearly.orders()) == 1


async def test_a_monthly_renewal_is_ordered_seven_days_before(monthly: Story) -> None:
    """10 × 4,000 = 40,000, and 4,000 VAT; the period that begins on 1 March ends on the 30th."""
    await monthly.go(-7, "08:59")
    assert await monthly.orders() == []
    await monthly.go(-7, "09:01")
    made = await monthly.renewal()
    assert (made["total"], made["items"][0]["months"]) == (44_000, 1)
    assert made["items"][0]["starts_on"] == f"{monthly.last.year}-03-01"
    assert made["items"][0]["expires_on"] == f"{monthly.last.year}-03-30"


async def test_reminders_of_a_yearly_term(yearly: Story) -> None:
    for offset in (-61, -60, -41, -40, -31, -30, -8, -7, -2, -1, 0, 1, 2, 7, 13, 14):
        await yearly.go(offset)
        if offset == -60:
            facts = await yearly.facts("renewal_reminder")
            assert (facts["days"], facts["notice_until"]) == ("60", str(yearly.day(-30)))
    assert await yearly.mails() == [
        "renewal_reminder",  # D-60
        "renewal_reminder",  # D-40
        "renewal_ordered",  # D-30
        "renewal_reminder",  # D-7
        "renewal_reminder",  # D-1
        "renewal_overdue",  # D+1
        "renewal_overdue",  # D+7
        "renewal_overdue",  # D+14
    ]
    facts = await yearly.facts("renewal_overdue")
    assert (facts["pay_until"], facts["off_on"]) == (str(yearly.day(14)), str(yearly.day(15)))


async def test_reminders_of_a_monthly_term(monthly: Story) -> None:
    for offset in range(-27, 15):
        await monthly.go(offset)
    assert await monthly.mails() == [
        "renewal_ordered",  # D-7
        "renewal_reminder",  # D-1
        "renewal_overdue",  # D+1
        "renewal_overdue",  # D+7
        "renewal_overdue",  # D+14
    ]


async def test_a_mail_goes_to_the_company_and_its_admins_once_each(
    yearly: Story, portal: FastAPI, world: World, client: httpx.AsyncClient
) -> None:
    admin = await sign_up_individual(client, world)
    site = (await yearly.sees())["site"]["id"]
    await link_to_site(portal, admin, yearly.member.company_id, site, member=True)
    await yearly.go(-60)
    for address in (yearly.member.email, admin.email):
        assert len(await mails_to(portal, address, "renewal_reminder")) == 1


async def test_a_paid_renewal_goes_on_from_the_day_after_the_last(yearly: Story) -> None:
    await yearly.go(-20)
    await yearly.pays(await yearly.renewal())
    seen = await yearly.sees()
    ends = yearly.last.replace(year=yearly.last.year + 1)
    assert (seen["status"], seen["expires_on"]) == ("IN_USE", str(ends))
    assert (seen["users"]["total"], seen["monthly_fee"]) == (10, 40_000)
    assert seen["starts_on"] == f"{yearly.last.year - 1}-03-25"  # the term that runs
    done = await yearly.renewal()
    assert (done["status"], done["items"][0]["starts_on"]) == ("COMPLETED", str(yearly.day(1)))
    site = await yearly.site()
    assert (site.wanted.expires_on, site.wanted.access) == (ends, "ON")
    await yearly.go(1)
    seen = await yearly.sees()
    assert (seen["starts_on"], seen["status"], seen["monthly_fee"]) == (
        str(yearly.day(1)),
        "IN_USE",
        40_000,
    )
    assert await yearly.mails() == ["renewal_ordered"]  # it is paid: nobody is reminded


async def test_the_next_year_is_renewed_as_well(yearly: Story) -> None:
    await yearly.go(-20)
    await yearly.pays(await yearly.renewal())
    days = (yearly.last.replace(year=yearly.last.year + 1) - yearly.last).days
    await yearly.go(days - 30)
    made = await yearly.renewal()
    assert (made["status"], made["ordered_on"]) == ("PENDING_PAYMENT", str(yearly.day(days - 30)))
    assert len(await yearly.orders()) == 2


async def test_overdue_begins_at_midnight_after_the_last_day_and_the_service_stays_on(
    yearly: Story,
) -> None:
    await yearly.go(0, "23:59")
    assert await yearly.status() == "IN_USE"
    await yearly.go(1, "00:00")
    assert await yearly.status() == "OVERDUE"
    assert (await yearly.site()).wanted.access == "ON"
    answer = await order(
        yearly.client, yearly.member, add_extend(yearly.membership, users=1), total=0
    )
    assert refused(answer) == (409, "membership_overdue")


async def test_a_term_paid_while_it_is_overdue_goes_on_from_its_expiry(yearly: Story) -> None:
    await yearly.go(9)
    await yearly.pays(await yearly.renewal())
    seen = await yearly.sees()
    assert (seen["status"], seen["starts_on"]) == ("IN_USE", str(yearly.day(1)))
    assert seen["expires_on"] == str(yearly.last.replace(year=yearly.last.year + 1))
    assert seen["monthly_fee"] == 40_000


async def test_an_extension_while_it_is_overdue_is_the_renewal(yearly: Story) -> None:
    await yearly.go(5)
    await yearly.buys(add_extend(yearly.membership, months=12), total=528_000)
    seen = await yearly.sees()
    assert (seen["status"], seen["expires_on"]) == (
        "IN_USE",
        str(yearly.last.replace(year=yearly.last.year + 1)),
    )
    assert (await yearly.renewal())["status"] == "CANCELLED"
    credit = await yearly.client.get("/v1/credit-balance", headers=yearly.member.headers)
    assert credit.json()["balance"] == 0  # the five days were served


async def test_expired_after_the_fourteenth_day_access_is_off(yearly: Story) -> None:
    await yearly.go(14, "23:59")
    assert await yearly.status() == "OVERDUE"
    await yearly.go(15, "00:01")
    assert await yearly.status() == "EXPIRED"
    assert (await yearly.renewal())["status"] == "EXPIRED"
    assert (await yearly.site()).wanted.access == "OFF"
    facts = await yearly.facts("service_expired")
    assert (facts["off_on"], facts["erased_on"]) == (str(yearly.day(15)), str(yearly.day(45)))
    assert facts["last_site"] == "yes"


async def test_money_that_came_in_time_is_found_before_anything_expires(yearly: Story) -> None:
    """Paid in the last minute, and no webhook: the provider is asked first, also the day after."""
    await yearly.go(14, "23:50")
    started = await start_payment(yearly.client, yearly.member, await yearly.renewal())
    yearly.world.faults.put("webhooks", Fault(down=True))
    await approve(yearly.world, started["id"])
    await yearly.go(15, "00:01")
    seen = await yearly.sees()
    assert (seen["status"], seen["starts_on"]) == ("IN_USE", str(yearly.day(1)))
    assert "service_expired" not in await yearly.mails()


async def test_a_term_does_not_expire_while_nobody_can_say_whether_it_was_paid(
    yearly: Story,
) -> None:
    await yearly.go(14, "23:50")
    started = await start_payment(yearly.client, yearly.member, await yearly.renewal())
    await approve(yearly.world, started["id"])
    yearly.world.faults.put("webhooks", Fault(down=True))
    yearly.world.faults.put("portone", Fault(down=True))
    await yearly.go(15, "00:01")
    assert await yearly.status() == "OVERDUE"
    yearly.world.faults.clear()
    http = yearly.portal.state.deps.payment_provider._portone.http
    http._watch._breaker = type(http._watch._breaker)()
    await yearly.go(15, "00:30")
    assert await yearly.status() == "IN_USE"


async def test_an_expired_site_is_taken_up_again_by_an_extension_with_a_new_anchor(
    yearly: Story,
) -> None:
    await yearly.go(20)
    await yearly.buys(add_extend(yearly.membership, months=12), total=528_000)
    seen = await yearly.sees()
    again = yearly.day(20)
    assert (seen["status"], seen["starts_on"]) == ("IN_USE", str(again))
    assert seen["expires_on"] == str(again.replace(year=again.year + 1) - timedelta(days=1))
    assert (await yearly.site()).wanted.access == "ON"
    await yearly.go(60)
    assert await yearly.status() == "IN_USE"


async def test_terminated_thirty_days_after_it_expired_and_the_last_site_closes_the_company(
    yearly: Story,
) -> None:
    await yearly.go(44, "23:59")
    assert await yearly.status() == "EXPIRED"
    site = await yearly.site()
    await yearly.go(45, "00:01")
    assert site.closed
    me = await yearly.client.get("/v1/me", headers=yearly.member.headers)
    assert me.json()["role"] == "CLOSED"
    assert (await yearly.mails())[-2:] == ["service_expired", "membership_ended"]
    await yearly.go(134)  # a day later the company is withdrawn by itself
    assert (await yearly.mails())[-1] == "membership_ended"


async def test_what_is_added_makes_the_renewal_anew_at_the_prices_of_its_day(
    yearly: Story,
) -> None:
    """13 × 4,000 × 12 = 624,000, and 62,400 VAT."""
    await yearly.go(-20)
    first = await yearly.renewal()
    # From D-20, 21 days of the contract month 25 February to 24 March are left.
    days = (date(yearly.last.year, 3, 25) - date(yearly.last.year, 2, 25)).days
    added = round(12_000 * 21 / days)
    await yearly.buys(add_extend(yearly.membership, users=3), total=added + added // 10)
    made = await yearly.renewal()
    assert made["id"] != first["id"]
    assert (made["status"], made["total"]) == ("PENDING_PAYMENT", 686_400)
    assert made["ordered_on"] == str(yearly.day(-30))
    old = await read_order(yearly.client, yearly.member, first)
    assert (old["status"], old["history"][-1]["reason"]) == ("CANCELLED", "priced again")
    assert (await yearly.facts("renewal_ordered"))["total"] == "686,400"


async def test_a_reduction_is_in_the_renewal_and_waits_for_its_first_day(yearly: Story) -> None:
    """8 × 4,000 × 12 = 384,000, and 38,400 VAT."""
    await yearly.go(-40)
    await yearly.schedules(users=8)
    await yearly.go(-30)
    made = await yearly.renewal()
    assert made["total"] == 422_400
    await yearly.pays(made)
    assert (await yearly.sees())["users"]["total"] == 10
    assert (await yearly.renewal())["status"] == "PAID"
    # It was paid for eight: what was scheduled stands.
    path = f"/v1/memberships/{yearly.membership}"
    read = await yearly.client.get(path, headers=yearly.member.headers)
    late = await yearly.client.delete(
        f"{path}/scheduled-change",
        headers=yearly.member.headers | {"If-Match": read.headers["etag"]},
    )
    assert refused(late) == (409, "membership_change_in_progress")
    await yearly.go(1, "00:06")
    seen = await yearly.sees()
    assert (seen["users"]["total"], seen["monthly_fee"], seen["status"]) == (8, 32_000, "IN_USE")
    assert (seen["scheduled_change"], seen["users"]["added"]) == (None, 0)
    assert (await yearly.site()).wanted.users == 8
    assert (await yearly.renewal())["status"] == "COMPLETED"


async def test_undoing_a_reduction_makes_the_renewal_anew(yearly: Story) -> None:
    await yearly.go(-40)
    await yearly.schedules(users=8)
    await yearly.go(-20)
    assert (await yearly.renewal())["total"] == 422_400
    await yearly.undoes()
    await yearly.go(-19)
    made = await yearly.renewal()
    assert (made["status"], made["total"]) == ("PENDING_PAYMENT", 528_000)


async def test_to_the_free_plan_where_everybody_has_room_on_the_last_day(yearly: Story) -> None:
    await yearly.go(-40)
    await yearly.schedules(plan="SHARED_FREE", users=None)
    (await yearly.site()).usage.users = 9
    await yearly.go(-1)
    assert await yearly.orders() == []
    await yearly.go(0)
    made = await yearly.renewal()
    assert (made["status"], made["total"]) == ("PAID", 0)
    assert (await yearly.sees())["plan"] == "SHARED"
    await yearly.go(1, "00:10")
    seen = await yearly.sees()
    assert (seen["plan"], seen["expires_on"], seen["status"]) == ("SHARED_FREE", None, "IN_USE")
    assert seen["users"] == {"base": 9, "added": 0, "complimentary": 9, "total": 9}
    assert (seen["monthly_fee"], seen["contract_notice"]) == (0, None)
    await yearly.go(60)
    assert await yearly.status() == "IN_USE"


async def test_without_room_on_the_last_day_it_is_renewed_as_it_is(yearly: Story) -> None:
    await yearly.go(-40)
    await yearly.schedules(plan="SHARED_FREE", users=None)
    (await yearly.site()).usage.users = 10
    await yearly.go(0)
    made = await yearly.renewal()
    assert (made["status"], made["total"]) == ("PENDING_PAYMENT", 528_000)
    assert (await yearly.sees())["scheduled_change"] is None


async def test_a_groupware_that_is_down_on_the_last_day_is_asked_until_it_answers(
    yearly: Story,
) -> None:
    await yearly.go(-40)
    await yearly.schedules(plan="SHARED_FREE", users=None)
    await yearly.go(-1)
    yearly.world.faults.put("groupware", Fault(down=True))
    await yearly.go(0, "20:00")
    assert await yearly.orders() == []
    yearly.world.faults.clear()
    yearly.portal.state.deps.groupware._http._watch._breaker._failed_at.clear()
    await yearly.go(1, "08:00")
    assert (await yearly.sees())["plan"] == "SHARED_FREE"


async def test_an_extension_that_covers_the_renewal_cancels_it(yearly: Story) -> None:
    await yearly.go(-20)
    made = await yearly.renewal()
    await yearly.buys(add_extend(yearly.membership, months=12), total=528_000)
    old = await read_order(yearly.client, yearly.member, made)
    assert (old["status"], old["history"][-1]["reason"]) == ("CANCELLED", "term changed")
    await yearly.go(20)
    assert await yearly.status() == "IN_USE"
    assert len(await yearly.orders()) == 1


async def test_an_extension_begun_before_the_renewal_was_paid_is_not_bought_on_top(
    yearly: Story,
) -> None:
    """Renewal and manual extension in the same minute: one year is bought, not two."""
    await yearly.go(-20)
    extension = await placed(
        yearly.client, yearly.member, add_extend(yearly.membership, months=12), total=528_000
    )
    started = await start_payment(yearly.client, yearly.member, extension)
    await yearly.pays(await yearly.renewal())
    await approve(yearly.world, started["id"])
    await complete(yearly.client, yearly.member, started)
    await run_jobs(yearly.portal, rounds=60)
    seen = await yearly.sees()
    assert seen["expires_on"] == str(yearly.last.replace(year=yearly.last.year + 1))
    assert (await read_order(yearly.client, yearly.member, extension))["status"] == "CANCELLED"
    payment = await yearly.client.get(
        f"/v1/payments/{started['id']}", headers=yearly.member.headers
    )
    assert payment.json()["status"] in {"REFUND_DUE", "REFUNDED"}


async def test_a_renewal_begun_before_the_extension_was_paid_is_sent_back(yearly: Story) -> None:
    await yearly.go(-20)
    made = await yearly.renewal()
    started = await start_payment(yearly.client, yearly.member, made)
    extension = await placed(
        yearly.client, yearly.member, add_extend(yearly.membership, months=12), total=528_000
    )
    await pay(yearly.client, yearly.world, yearly.member, extension)
    await approve(yearly.world, started["id"])
    await complete(yearly.client, yearly.member, started)
    await run_jobs(yearly.portal, rounds=60)
    seen = await yearly.sees()
    assert seen["expires_on"] == str(yearly.last.replace(year=yearly.last.year + 1))
    assert (await read_order(yearly.client, yearly.member, made))["status"] == "CANCELLED"


async def test_both_paid_at_once_buy_one_year(yearly: Story) -> None:
    await yearly.go(-20)
    made = await yearly.renewal()
    extension = await placed(
        yearly.client, yearly.member, add_extend(yearly.membership, months=12), total=528_000
    )
    payments = [await start_payment(yearly.client, yearly.member, o) for o in (made, extension)]
    for payment in payments:
        await approve(yearly.world, payment["id"])
    settle = yearly.portal.state.deps.payments.settle
    await asyncio.gather(*(settle(UUID(payment["id"])) for payment in payments))
    await run_jobs(yearly.portal, rounds=60)
    seen = await yearly.sees()
    assert seen["expires_on"] == str(yearly.last.replace(year=yearly.last.year + 1))
    states = [
        (await read_order(yearly.client, yearly.member, o))["status"] for o in (made, extension)
    ]
    assert sorted(states) == ["CANCELLED", "COMPLETED"]


async def test_a_renewal_is_not_cancelled_by_hand(yearly: Story) -> None:
    await yearly.go(-20)
    made = await yearly.renewal()
    answer = await yearly.client.post(
        f"/v1/orders/{made['id']}/cancel", headers=yearly.member.headers
    )
    assert refused(answer) == (409, "renewal_not_cancellable")


async def test_another_payment_method_leaves_a_renewal_its_time(yearly: Story) -> None:
    await yearly.go(-20)
    made = await yearly.renewal()
    answer = await yearly.client.put(
        f"/v1/orders/{made['id']}/payment-method",
        json={"payment_method": "TRANSFER"},
        headers=yearly.member.headers,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["expires_at"] == made["expires_at"]


async def test_a_free_site_and_a_resellers_are_not_renewed(
    portal: FastAPI, world: World, client: httpx.AsyncClient
) -> None:
    year = next(years)
    await set_clock(portal, world, noon(date(year, 3, 25)))
    member = await sign_up(client, world)
    await place(client, member, order_body(free_item(), total=0))
    await run_jobs(portal)
    free = await only_membership(client, member)
    sold = await bring_in(
        portal, member, date(year, 3, 25), [(12, {})], 5, billing_channel="RESELLER"
    )
    async with portal.state.deps.database.system_session("test: look") as session:
        for membership in (free, sold):
            await look_at_schedule(
                session, UUID(member.company_id), UUID(membership), noon(date(year, 3, 25))
            )
    await set_clock(portal, world, noon(date(year + 1, 5, 30)))
    await run_jobs(portal, rounds=60)
    orders = (await client.get("/v1/orders", headers=member.headers)).json()["items"]
    assert [row["type"] for row in orders] == ["NEW"]
    assert (await membership_of(client, member, sold))["status"] == "IN_USE"  # not ours to say


async def test_the_version_of_the_orders_day_is_the_one_that_counts(
    yearly: Story, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    """A price change after D-30 touches neither the order nor what is made of it later."""
    dearer = shipped_catalogues()[0].document | {"code": f"{yearly.last.year}-dear"}
    plans = [dict(plan) for plan in dearer["plans"]]
    for plan in plans:
        if plan["code"] == "SHARED":
            plan["unit_price"] = 5_000
    await put_in_force(portal, dearer | {"plans": plans}, yearly.day(-25))
    try:
        await yearly.go(-20)
        assert (await yearly.renewal())["total"] == 528_000
    finally:
        async with owner_engine.begin() as connection:
            await connection.execute(
                text("DELETE FROM catalogue_versions WHERE code = :code"), {"code": dearer["code"]}
            )
        portal.state.deps.catalogues.forget()


async def test_a_price_agreement_of_the_orders_day_goes_before_the_catalogue(
    yearly: Story, owner_engine: AsyncEngine
) -> None:
    """Agreed to the day of the order: 10 × 3,500 × 12 = 420,000, and 42,000 VAT."""
    insert = text(
        "INSERT INTO price_agreements (company_id, membership_id, unit_prices, first_day,"
        " last_day, reason, made_by, created_at) VALUES (:company, :membership,"
        " cast(:prices AS jsonb), :first, :last, 'long customer', 'operator:kim', :now)"
    )
    values = {
        "company": UUID(yearly.member.company_id),
        "membership": UUID(yearly.membership),
        "prices": '{"SHARED_USER": 3500}',
        "first": yearly.day(-100),
        "last": yearly.day(-30),
        "now": at(yearly.day(-100)),
    }
    async with owner_engine.begin() as connection:
        await connection.execute(insert, values)
    await yearly.go(-20)
    made = await yearly.renewal()
    assert (made["total"], made["items"][0]["labels"]) == (462_000, ["협약 단가"])
    await yearly.pays(made)
    ends = yearly.last.replace(year=yearly.last.year + 1)
    assert (await yearly.sees())["expires_on"] == str(ends)


async def test_a_week_of_downtime_over_the_last_day_is_made_up_for_in_order(
    yearly: Story,
) -> None:
    """From D-3 to D+4 nothing ran: two reminders are dropped, the state is what it must be."""
    await yearly.go(-8)
    await yearly.go(4)
    assert await yearly.status() == "OVERDUE"
    assert await yearly.mails() == ["renewal_ordered"]
    await yearly.pays(await yearly.renewal())
    assert await yearly.status() == "IN_USE"


async def test_a_clock_that_jumps_over_everything_leaves_the_ends_in_their_order(
    yearly: Story,
) -> None:
    await yearly.go(100)
    me = await yearly.client.get("/v1/me", headers=yearly.member.headers)
    assert me.json()["role"] == "CLOSED"
    made = await yearly.renewal()
    assert (made["status"], made["ordered_on"]) == ("EXPIRED", str(yearly.day(-30)))
    assert (await yearly.mails())[-1] == "membership_ended"
    assert len(await yearly.mails()) <= 2  # no storm


async def test_two_workers_make_one_order(yearly: Story, settings: Settings) -> None:
    """Two processes that take the same row at the same moment, several times."""
    other = build_deps(settings)
    try:
        await set_clock(yearly.portal, yearly.world, at(yearly.day(-30), "10:00"))
        steps = [
            deps.renewals.step(UUID(yearly.membership))
            for _ in range(4)
            for deps in (yearly.portal.state.deps, other)
        ]
        await asyncio.gather(*steps)
    finally:
        await other.close()
    assert len(await yearly.orders()) == 1
    assert (await yearly.mails()).count("renewal_ordered") == 1


async def test_an_imported_contract_whose_company_has_no_account_waits(
    yearly: Story, owner_engine: AsyncEngine
) -> None:
    """There is nobody to ask: neither an order nor an end."""
    async with owner_engine.begin() as connection:
        await connection.execute(
            text("UPDATE companies SET corporate_account_id = NULL WHERE id = :id"),
            {"id": UUID(yearly.member.company_id)},
        )
    await yearly.go(60)
    async with owner_engine.begin() as connection:
        status = await connection.execute(
            text("SELECT status FROM memberships WHERE id = :id"), {"id": UUID(yearly.membership)}
        )
        assert status.scalar_one() == "IN_USE"
