"""SDKs made anew from an empty folder, and a running portal to play them against."""

from collections.abc import Iterator

import pytest

from tests.e2e.stack import Stack
from tools import sdks
from tools.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
def made() -> None:
    """What one command makes."""
    sdks.main([])


@pytest.fixture(scope="module")
def stack(
    postgres: EmbeddedPostgres, database_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    with Stack(postgres, database_name, tmp_path_factory.mktemp("sdks")) as running:
        yield running
