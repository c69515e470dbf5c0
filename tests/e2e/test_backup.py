"""Backup and restore by the wheel's own tools (docs/operations.md): whole, and to a moment."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.prepare import prepare
from tools.postgres import EmbeddedPostgres, binaries

DATABASE = "portal"
NOTE = "INSERT INTO coupon_notes VALUES ('{}', clock_timestamp()) RETURNING at"


def tool(server: EmbeddedPostgres, name: str, *arguments: str) -> None:
    """One of PostgreSQL's clients, as docs/operations.md runs it."""
    command = [str(binaries() / name), "-h", str(server.socket_dir), "-U", "postgres", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def notes(server: EmbeddedPostgres, database: str = DATABASE) -> list[str]:
    return server.sql("SELECT words FROM coupon_notes ORDER BY at", database).split()


@pytest.fixture
async def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """With the portal's schema, the archive of its log, and something to lose."""
    archive = tmp_path / "archive"
    archive.mkdir()
    archive.chmod(0o777)
    running = EmbeddedPostgres(tmp_path / "first")
    running.ensure()
    running.sql("ALTER SYSTEM SET archive_mode = on")
    running.sql(f"ALTER SYSTEM SET archive_command = 'cp %p {archive}/%f'")
    running.stop()
    running.ensure()
    running.create_database(DATABASE)
    await prepare(running.dsn(DATABASE))
    running.sql("CREATE TABLE coupon_notes (words text, at timestamptz)", DATABASE)
    running.sql(NOTE.format("first"), DATABASE)
    yield running
    running.stop()


async def test_a_dump_is_the_whole_database(server: EmbeddedPostgres, tmp_path: Path) -> None:
    dump = tmp_path / "portal.dump"
    tool(server, "pg_dump", "--format=custom", f"--file={dump}", DATABASE)
    server.create_database("restored")
    tool(server, "pg_restore", "--exit-on-error", "--dbname=restored", str(dump))
    assert notes(server, "restored") == ["first"]
    policies = "SELECT count(*) FROM pg_policies"
    assert server.sql(policies, "restored") == server.sql(policies, DATABASE)
    revision = "SELECT version_num FROM alembic_version"
    assert server.sql(revision, "restored") == server.sql(revision, DATABASE)


async def test_a_base_backup_and_the_log_come_back_to_a_moment(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    """What was written before somebody's mistake is there, the mistake and what followed is not."""
    copy = tmp_path / "second" / "postgres"
    copy.parent.mkdir()
    tool(server, "pg_basebackup", f"--pgdata={copy}", "--wal-method=stream", "--checkpoint=fast")
    server.sql(NOTE.format("second"), DATABASE)
    moment = server.sql("SELECT clock_timestamp()").strip()
    server.sql("SELECT pg_sleep(0.05)")
    server.sql("UPDATE coupon_notes SET words = 'mistaken'", DATABASE)
    server.sql("SELECT pg_switch_wal()")
    server.stop()
    (copy / "recovery.signal").touch()
    with (copy / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"restore_command = 'cp {tmp_path}/archive/%f %p'\n")
        settings.write(f"recovery_target_time = '{moment}'\n")
        settings.write("recovery_target_inclusive = on\nrecovery_target_action = 'promote'\n")
        settings.write("archive_mode = off\n")
    own = os.stat(server.cluster)
    for path in (copy, *copy.rglob("*")):
        os.chown(path, own.st_uid, own.st_gid)
    restored = EmbeddedPostgres(tmp_path / "second")
    restored.ensure()
    try:
        wait_until_promoted(restored)
        assert notes(restored) == ["first", "second"]
    finally:
        restored.stop()


def wait_until_promoted(server: EmbeddedPostgres) -> None:
    for _ in range(200):
        if server.sql("SELECT pg_is_in_recovery()").strip() == "f":
            return
        server.sql("SELECT pg_sleep(0.05)")
    raise AssertionError("the restored server stays in recovery")
