"""compose.yaml: valid, in order, without secrets, with a database the portal can work on."""

import asyncio
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from app.db.prepare import prepare
from app.settings import SANDBOX_SECRETS, Settings
from tools.postgres import EmbeddedPostgres, binaries

ROOT = Path(__file__).parents[2]
SECRET_NAME = re.compile("PASSWORD|SECRET|KEY|TOKEN")
NOT_SECRET = {
    "ACCESS_TOKEN_ISSUER",
    "ACCESS_TOKEN_AUDIENCE",
    "PORTONE_CARD_CHANNEL_KEY",
    "PORTONE_IDENTITY_CHANNEL_KEY",
}


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text()))


def check_schema(path: Path) -> int:
    command = [str(Path(sys.executable).parent / "check-jsonschema")]
    command += ["--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_the_compose_file_is_valid_by_the_compose_schema(tmp_path: Path) -> None:
    assert check_schema(ROOT / "compose.yaml") == 0
    broken = tmp_path / "compose.yaml"
    broken.write_text((ROOT / "compose.yaml").read_text().replace("depends_on:", "depends_upon:"))
    assert check_schema(broken) == 1


def test_the_compose_file_starts_each_part_after_what_it_needs() -> None:
    needs = {
        name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
        for name, service in compose()["services"].items()
    }
    migrated = {"db": "service_healthy", "migrate": "service_completed_successfully"}
    assert needs == {
        "db": {},
        "migrate": {"db": "service_healthy"},
        "api": migrated,
        "worker": {**migrated, "api": "service_healthy"},
        "sandbox": {"api": "service_healthy"},
    }


def test_each_service_is_asked_for_its_health_or_says_that_it_is_not() -> None:
    services = compose()["services"]
    assert services["db"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    assert {name for name in services if "healthcheck" not in services[name]} == {"api", "sandbox"}
    disabled = {"disable": True}
    assert {n for n in services if services[n].get("healthcheck") == disabled} == {
        "migrate",
        "worker",
    }


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_service_is_given_only_variables_that_the_settings_read(name: str) -> None:
    known = {field.upper() for field in Settings.model_fields} | {"PGPASSWORD"}
    assert set(compose()["services"][name]["environment"]) <= known


def test_every_secret_can_be_given_and_none_is_written_down() -> None:
    services = compose()["services"]
    needed = {*(name.upper() for name in SANDBOX_SECRETS), "SMTP_PASSWORD", "PGPASSWORD"}
    assert needed <= set(services["api"]["environment"])
    written = [
        value
        for service in services.values()
        for variable, value in service.get("environment", {}).items()
        if SECRET_NAME.search(variable) and variable not in NOT_SECRET
        if value is not None and not re.fullmatch(r"\$\{\w+:\?[^}]+\}", value)
    ]
    assert not written


def test_only_loopback_of_the_host_is_listened_on() -> None:
    ports = [port for one in compose()["services"].values() for port in one.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_compose_database_is_made_with_the_locale_that_korean_search_needs() -> None:
    database = compose()["services"]["db"]
    assert database["image"] == "postgres:18"
    assert shlex.split(database["environment"]["POSTGRES_INITDB_ARGS"]) == [
        "--encoding=UTF8",
        "--locale-provider=libc",
        "--locale=C.UTF-8",
    ]


def test_the_compose_role_signs_in_by_its_password_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = 'it\'s; a "password" \\ of 7 words'
    script = tmp_path / "portal-role.sql"
    script.write_text(compose()["configs"]["portal-role"]["content"])
    server = EmbeddedPostgres(tmp_path / "data", durable=False)
    server.ensure()
    try:
        server.create_database("portal")
        psql = [str(binaries() / "psql"), "-Xq", "-v", "ON_ERROR_STOP=1", "-f", str(script)]
        psql += ["-h", str(server.socket_dir), "-U", "postgres", "portal"]
        subprocess.run(psql, env={"PORTAL_DB_PASSWORD": password}, check=True)
        asyncio.run(prepare(server.dsn("portal")))
        server.stop()
        rules = server.cluster / "pg_hba.conf"
        rules.write_text("local all portal_api scram-sha-256\n" + rules.read_text())
        server.ensure()
        monkeypatch.setenv("PGPASSWORD", password)
        assert asyncio.run(user_of(server.dsn("portal", "portal_api"))) == "portal_api"
        monkeypatch.setenv("PGPASSWORD", "another")
        with pytest.raises(DBAPIError, match="password authentication failed"):
            asyncio.run(user_of(server.dsn("portal", "portal_api")))
    finally:
        server.stop()


async def user_of(url: str) -> str:
    """Signs in the way the portal does: an address without a password, PGPASSWORD beside it."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return str((await connection.execute(text("SELECT current_user"))).scalar_one())
    finally:
        await engine.dispose()
