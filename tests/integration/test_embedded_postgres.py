"""The cluster that both commands stand on."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tools.postgres import EmbeddedPostgres, PostgresFailed


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedPostgres:
    return EmbeddedPostgres(tmp_path_factory.mktemp("cluster"), durable=False)


def test_a_new_cluster_searches_korean_and_keeps_its_data(server: EmbeddedPostgres) -> None:
    server.ensure()
    try:
        assert server.sql("SHOW server_encoding").strip() == "UTF8"
        assert (
            server.sql("SELECT datctype FROM pg_database WHERE datname = 'postgres'").strip()
            == "C.UTF-8"
        )
        server.sql("CREATE EXTENSION pg_trgm")
        assert server.sql("SELECT cardinality(show_trgm('환불')) > 0").strip() == "t"
        server.create_database("kept")
        server.create_database("kept")
        server.stop()
        assert not server.running()
        server.ensure()
        assert "kept" in server.databases()
    finally:
        server.stop()


def test_a_refused_statement_is_an_error_with_postgresqls_words(
    server: EmbeddedPostgres,
) -> None:
    server.ensure()
    try:
        with pytest.raises(PostgresFailed, match="syntax error"):
            server.sql("SELEKT 1")
    finally:
        server.stop()


def test_a_killed_server_starts_again_with_what_was_committed(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, durable=False)
    server.ensure()
    try:
        server.create_database("kept")
        _kill(server)
        assert (server.cluster / "postmaster.pid").exists()
        server.ensure()
        assert "kept" in server.databases()
    finally:
        server.stop()


def test_a_pid_file_that_names_somebody_else_keeps_no_server_from_starting(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, durable=False)
    server.ensure()
    try:
        _kill(server)
        left = server.cluster / "postmaster.pid"
        _, *rest = left.read_text().splitlines()
        left.write_text("\n".join([str(os.getpid()), *rest]) + "\n")
        assert not server.running()
        server.ensure()
        assert server.sql("SELECT 1").strip() == "1"
    finally:
        server.stop()


def test_two_who_use_one_data_directory_share_its_server(tmp_path: Path) -> None:
    first, second = (EmbeddedPostgres(tmp_path, durable=False) for _ in range(2))
    first.ensure()
    try:
        before = (first.cluster / "postmaster.pid").read_text().splitlines()[0]
        second.ensure()
        assert (first.cluster / "postmaster.pid").read_text().splitlines()[0] == before
        assert second.running()
    finally:
        first.stop()


def test_a_path_too_long_for_a_socket_is_served_all_the_same(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("long-" * 20), durable=False)
    assert len(str(server.socket_dir / ".s.PGSQL.5432")) <= 107
    server.ensure()
    try:
        assert server.sql("SELECT 1").strip() == "1"
    finally:
        server.stop()


def _kill(server: EmbeddedPostgres) -> None:
    """As a crash would: the server and its processes end without a word."""
    pid = int((server.cluster / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for one in [pid, *map(int, children)]:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    while _alive(pid):
        pass


def _alive(pid: int) -> bool:
    """A zombie is dead: nobody may be there to bury it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
