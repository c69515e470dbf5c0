"""Each story is a module: a database and a clock of its own, that only goes forward."""

import httpx
import pytest
from fastapi import FastAPI

from sandbox.world import World
from tests.stories.diary import Diary


@pytest.fixture
def diary(portal: FastAPI, world: World, client: httpx.AsyncClient) -> Diary:
    return Diary(portal, world, client)
