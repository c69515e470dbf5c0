"""The catalogue is read anew while a request has its transaction: on the same connection."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings
from sandbox.app import create_sandbox
from sandbox.world import World
from tests.flows import ask_for_quote, key, order_body, pay, place, run_jobs, sign_up


@pytest.fixture
async def narrow(settings: Settings, world: World, portal: FastAPI) -> AsyncIterator[FastAPI]:
    """Another API process with one connection."""
    providers = httpx.ASGITransport(create_sandbox(world), raise_app_exceptions=True)
    app = create_app(settings.model_copy(update={"database_pool_size": 1}), providers)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def visitor(narrow: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=narrow, client=("10.44.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        yield client


async def test_one_connection_is_enough_for_whatever_needs_the_catalogue(
    visitor: httpx.AsyncClient, narrow: FastAPI, world: World
) -> None:
    """A second connection would never come: the pool waits 5 s for it and the request is a 500."""
    catalogues = narrow.state.deps.catalogues
    member = await sign_up(visitor, world)
    catalogues.forget()
    placed = await place(visitor, member)
    catalogues.forget()
    await pay(visitor, world, member, placed)
    catalogues.forget()
    await run_jobs(narrow)
    catalogues.forget()
    await ask_for_quote(visitor, member)
    for path in (f"/v1/orders/{placed['id']}", "/v1/orders/export", "/v1/memberships"):
        catalogues.forget()
        answer = await visitor.get(path, headers=member.headers)
        assert answer.status_code == 200, answer.text


async def test_many_orders_at_once_on_a_cold_catalogue_are_all_placed(
    visitor: httpx.AsyncClient, narrow: FastAPI, world: World
) -> None:
    members = [await sign_up(visitor, world) for _ in range(4)]
    narrow.state.deps.catalogues.forget()
    answers = await asyncio.gather(
        *(
            visitor.post("/v1/orders", json=order_body(), headers=member.headers | key())
            for member in members
        )
    )
    assert [answer.status_code for answer in answers] == [201] * 4
