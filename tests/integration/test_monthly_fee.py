"""월 이용료: what is held on the day, also when an extension at another price begins."""

from datetime import date, timedelta

import httpx
import pytest
from fastapi import FastAPI

from sandbox.world import World
from tests.contracts import add_extend, bring_in, membership_of, noon, placed, set_clock
from tests.flows import Member, pay, run_jobs, sign_up

ANCHOR = date(2031, 4, 15)


async def at(portal: FastAPI, world: World, day: date) -> None:
    await set_clock(portal, world, noon(day))
    await run_jobs(portal)


async def shown(client: httpx.AsyncClient, member: Member, membership: str) -> tuple[int, str]:
    read = await membership_of(client, member, membership)
    return read["monthly_fee"], read["expires_on"]


@pytest.fixture
async def cheap(client: httpx.AsyncClient, world: World, portal: FastAPI) -> tuple[Member, str]:
    """Ten users at 3,000 for a year, as a contract of before the price list."""
    await at(portal, world, ANCHOR)
    member = await sign_up(client, world)
    membership = await bring_in(portal, member, ANCHOR, [(12, {"SHARED_USER": 3_000})], 10)
    return member, membership


async def test_an_extension_at_another_price_changes_the_fee_when_it_begins(
    client: httpx.AsyncClient, world: World, portal: FastAPI, cheap: tuple[Member, str]
) -> None:
    member, membership = cheap
    # An addition at the contract's own 3,000: 2 × 3,000 × 12 = 72,000, and VAT.
    added = await placed(client, member, add_extend(membership, users=2), total=79_200)
    await pay(client, world, member, added)
    await run_jobs(portal)
    assert await shown(client, member, membership) == (6_000, "2032-04-14")
    # The extension takes the day's 4,000: 12 × 4,000 × 12 = 576,000, and VAT.
    await at(portal, world, date(2032, 3, 1))
    extended = await placed(client, member, add_extend(membership, months=12), total=633_600)
    await pay(client, world, member, extended)
    await run_jobs(portal)
    assert await shown(client, member, membership) == (6_000, "2033-04-14")
    await at(portal, world, date(2032, 4, 14))
    assert (await shown(client, member, membership))[0] == 6_000
    # 12 × 4,000, from its first day on.
    await at(portal, world, date(2032, 4, 15))
    assert (await shown(client, member, membership))[0] == 48_000
    await at(portal, world, date(2032, 4, 16))
    assert (await shown(client, member, membership))[0] == 48_000


async def test_an_overdue_term_that_goes_on_is_charged_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    await at(portal, world, date(2034, 6, 1))
    member = await sign_up(client, world)
    first_day = date(2034, 6, 1)
    membership = await bring_in(portal, member, first_day, [(1, {"SHARED_USER": 4_000})], 10)
    one_more = await placed(client, member, add_extend(membership, users=5), total=22_000)
    await pay(client, world, member, one_more)
    await run_jobs(portal)
    assert await shown(client, member, membership) == (20_000, "2034-06-30")
    await at(portal, world, first_day + timedelta(days=32))  # the third day of being overdue
    # 15 × 4,000 × 12 = 720,000, and VAT.
    extended = await placed(client, member, add_extend(membership, months=12), total=792_000)
    await pay(client, world, member, extended)
    await run_jobs(portal)
    assert await shown(client, member, membership) == (60_000, "2035-06-30")
