"""What every integration test needs besides the common fixtures."""

from collections.abc import Iterator

import pytest

from sandbox.world import World


@pytest.fixture(autouse=True)
def no_faults_are_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A fault ends with the test that asked for it."""
    world: World | None = None
    if "world" in request.fixturenames:
        world = request.getfixturevalue("world")
    yield
    if world is not None:
        world.faults.clear()
