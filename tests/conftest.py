"""One PostgreSQL per test process, one migrated template, one fresh database per module."""

import asyncio
import atexit
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.db.prepare import prepare
from app.main import create_app
from app.settings import Settings
from sandbox.app import create_sandbox
from sandbox.faults import DroppedConnection
from sandbox.settings import SandboxSettings
from sandbox.world import World
from tools.postgres import EmbeddedPostgres

TEMPLATE = "portal_template"

if "PYTEST_XDIST_WORKER" not in os.environ and "PYTEST_DEBUG_TEMPROOT" not in os.environ:
    # pytest closes its common folder to other users whenever a run begins, and PostgreSQL is one
    # while root runs the tests: each run has a folder of its own, so that two can run at once.
    _root = tempfile.mkdtemp(prefix="portal-tests-")
    os.environ["PYTEST_DEBUG_TEMPROOT"] = _root
    atexit.register(shutil.rmtree, _root, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A running cluster with a migrated and seeded template database."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False)
    server.ensure()
    try:
        server.create_database(TEMPLATE)
        asyncio.run(prepare(server.dsn(TEMPLATE)))
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def database_name(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A copy of the template, for one module."""
    name = f"portal_{os.getpid()}_{uuid4().hex[:8]}"
    postgres.create_database(name, template=TEMPLATE)
    yield name
    postgres.sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def settings(
    postgres: EmbeddedPostgres, database_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The sandbox's settings on this module's database, through the API's own role."""
    return Settings(
        database_url=postgres.dsn(database_name, "portal_api"),
        metrics_port=0,
        bank_account_number="140-012-345678",
        portone_billing_channel_key="channel-key-billing",
        portone_virtual_account_channel_key="channel-key-virtual-account",
        files_dir=tmp_path_factory.mktemp("files"),
    )


@pytest.fixture(scope="module")
async def owner_engine(
    postgres: EmbeddedPostgres, database_name: str
) -> AsyncIterator[AsyncEngine]:
    """A superuser's way in, to look at what the portal wrote."""
    engine = create_async_engine(postgres.dsn(database_name))
    yield engine
    await engine.dispose()


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """The sandbox's providers, reached without a socket; no mail server."""
    data_dir = tmp_path_factory.mktemp("sandbox")
    settings = SandboxSettings(data_dir=data_dir, smtp_port=0, operation_seconds=0)
    world = World(settings, transport=Later())
    world.start()
    yield world
    await world.close()


@pytest.fixture(scope="module")
async def portal(settings: Settings, world: World) -> AsyncIterator[FastAPI]:
    """The application, started, with the sandbox as its providers."""
    providers = httpx.ASGITransport(create_sandbox(world), raise_app_exceptions=True)
    app = create_app(settings, LostAnswers(providers))
    assert isinstance(world.client._transport, Later)
    world.client._transport.inner = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app):
        yield app
        await world.webhooks.settled()


class Later(httpx.AsyncBaseTransport):
    """The sandbox's way to the portal, which is made after it."""

    inner: httpx.AsyncBaseTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.inner is None:
            raise httpx.ConnectError("the portal is not there yet", request=request)
        return await self.inner.handle_async_request(request)


class LostAnswers(httpx.AsyncBaseTransport):
    """What a dropped connection looks like to a client."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except DroppedConnection as dropped:
            raise httpx.RemoteProtocolError(str(dropped), request=request) from dropped


@pytest.fixture
async def client(portal: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a socket, from an address of its own: limits are per address."""
    address = f"10.{uuid4().int % 256}.{uuid4().int % 256}.{uuid4().int % 254 + 1}"
    transport = httpx.ASGITransport(app=portal, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as session:
        yield session
