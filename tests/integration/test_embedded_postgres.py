"""The cluster that both commands stand on."""

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
