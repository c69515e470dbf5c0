"""One running stack for all stories of a test process, and a cast that stories only read with.

A story that changes something makes its own people with `town`: so no story sees another's work,
whatever the order. Everybody comes about over HTTP and by the sandbox, as in life.
"""

import os
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import httpx
import pytest

from app.domain.roles import Role
from tests.conftest import TEMPLATE
from tests.e2e.guide.actors import Actor
from tests.e2e.guide.notebook import Notebook
from tests.e2e.guide.registry import told_by
from tests.e2e.guide.town import Town
from tests.e2e.stack import Stack
from tests.flows import item
from tools.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
def guide_stack(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """On a copy of the template; its groupware opens a site in a tenth of a second."""
    name = f"guide_{os.getpid()}_{uuid4().hex[:8]}"
    postgres.create_database(name, template=TEMPLATE)
    folder = tmp_path_factory.mktemp("guide")
    with Stack(postgres, name, folder, SANDBOX_OPERATION_SECONDS="0.1") as running:
        yield running
    postgres.sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
async def town(guide_stack: Stack) -> AsyncIterator[Town]:
    clients = [httpx.AsyncClient(base_url=f"http://127.0.0.1:{p}") for p in guide_stack.ports]
    yield Town(guide_stack, clients, Notebook())
    for client in clients:
        await client.aclose()


@pytest.fixture(autouse=True)
async def written_down(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """What a story uses is in `build/guide-stories` when it is told."""
    page_and_role = told_by(request.function)
    if page_and_role is None:
        yield
        return
    town: Town = request.getfixturevalue("town")
    with town.notebook.story(*page_and_role):
        yield


@pytest.fixture(scope="session")
async def super_admin(town: Town) -> Actor:
    """이용중인 기업회원: the guide's ten users for a year, paid by card, with 경리회계."""
    return await town.super_admin(item() | {"add_ons": [{"code": "ACCOUNTING", "quantity": 1}]})


@pytest.fixture(scope="session")
async def admin(town: Town, super_admin: Actor) -> Actor:
    """기업회원으로부터 초대받은 개인회원, of the same company."""
    return await town.admin(super_admin)


@pytest.fixture(scope="session")
async def prospect(town: Town) -> Actor:
    """다우오피스 도입 전인 기업회원."""
    return await town.prospect("새봄상사")


@pytest.fixture(scope="session")
async def member(town: Town) -> Actor:
    """개인회원."""
    return await town.member()


@pytest.fixture(scope="session")
def cast(super_admin: Actor, admin: Actor, prospect: Actor, member: Actor) -> dict[Role, Actor]:
    return {actor.role: actor for actor in (super_admin, admin, prospect, member)}
