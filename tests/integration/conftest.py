"""What every integration test needs besides the common fixtures."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI

from app.db.ledger_proof import differences
from sandbox.world import World
from tests.operators import TOKEN, operator_client


@pytest.fixture(autouse=True)
def no_faults_are_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A fault ends with the test that asked for it."""
    world: World | None = None
    if "world" in request.fixturenames:
        world = request.getfixturevalue("world")
    yield
    if world is not None:
        world.faults.clear()


@pytest.fixture(autouse=True)
async def the_books_agree(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """After every scenario the ledger is what orders, payments, refunds and credit say."""
    portal: FastAPI | None = None
    if "portal" in request.fixturenames:
        portal = request.getfixturevalue("portal")
    yield
    if portal is not None:
        async with portal.state.deps.database.system_session("proof") as session:
            assert await differences(session) == []


@pytest.fixture
async def operator(portal: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An ADMIN of the operator's staff, signed in."""
    async with operator_client(portal) as client:
        client.headers.update(TOKEN)
        yield client
