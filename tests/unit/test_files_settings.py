"""Where files are kept: a folder, or a bucket that is named by all of its settings."""

import subprocess
import sys

import pytest

from app.settings import FILES_S3, SANDBOX_SECRETS, Settings

GIVEN = {
    "FILES_S3_ENDPOINT": "https://kr.object.ncloudstorage.com",
    "FILES_S3_REGION": "kr-standard",
    "FILES_S3_BUCKET": "portal-files",
    "FILES_S3_ACCESS_KEY": "AKIDPORTAL",
    "FILES_S3_SECRET_KEY": "never-shown-anywhere",
}


def give(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    for name, value in (GIVEN | changed).items():
        monkeypatch.setenv(name, value)


def test_a_folder_is_the_default_and_loads_no_client_of_a_store() -> None:
    assert not Settings().files_in_s3
    program = "import sys, app.deps as d, app.settings as s; d.build_deps(s.Settings());"
    program += "sys.exit('obstore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_all_of_it_names_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch)
    assert Settings().files_in_s3


@pytest.mark.parametrize("missing", FILES_S3)
def test_half_a_store_is_refused_by_what_is_missing_without_its_secret(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    give(monkeypatch, **{missing.upper(): ""})
    with pytest.raises(ValueError, match=f"missing: {missing.upper()}") as refused:
        Settings()
    assert GIVEN["FILES_S3_SECRET_KEY"] not in str(refused.value)


@pytest.mark.parametrize(
    "endpoint", ["kr.example", "https://kr.example/", "https://user:secret@kr.example", "ftp://x"]
)
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    give(monkeypatch, FILES_S3_ENDPOINT=endpoint)
    with pytest.raises(ValueError, match="files_s3_endpoint"):
        Settings()


def production(monkeypatch: pytest.MonkeyPatch, **changed: str) -> Settings:
    """Everything else as production wants it."""
    fields = Settings.model_fields
    for name in SANDBOX_SECRETS:
        monkeypatch.setenv(name.upper(), "not-the-sandbox-s")
    for name in fields:
        default = str(fields[name].default)
        if default.startswith("http://") and "cors" not in name:
            monkeypatch.setenv(name.upper(), default.replace("http://", "https://"))
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("SUPPLIER_NAME", "다우기술")
    monkeypatch.setenv("SMTP_SECURITY", "tls")
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_production_wants_a_named_folder_or_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="FILES_DIR"):
        production(monkeypatch)
    assert not production(monkeypatch, FILES_DIR="/var/lib/portal/files").files_in_s3
    monkeypatch.delenv("FILES_DIR")
    assert production(monkeypatch, **GIVEN).files_in_s3


def test_production_speaks_to_a_store_by_https(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="https only: FILES_S3_ENDPOINT"):
        production(monkeypatch, **GIVEN | {"FILES_S3_ENDPOINT": "http://minio:9000"})
