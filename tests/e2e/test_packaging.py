"""The image: its Dockerfile is read, and the script that fills it is run; no image is built."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.test_run import free_port
from tools.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
SECRET_NAME = re.compile("PASSWORD|SECRET|KEY|TOKEN")

# --- Dockerfile -----------------------------------------------------------------------------------


@dataclass
class Stage:
    """One FROM and what follows it: pairs of instruction and the rest of its line."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        return [rest for word, rest in self.steps if word == instruction][-1]


def stages() -> list[Stage]:
    found: list[Stage] = []
    source = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    for line in source.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, rest = line.split(maxsplit=1)
        if word == "FROM":
            base, _, name = rest.split()
            found.append(Stage(base, name))
        else:
            found[-1].steps.append((word, rest))
    return found


def stage(name: str) -> Stage:
    return next(one for one in stages() if one.name == name)


def healthcheck_of(image: str) -> list[str]:
    """The command, as Docker reads it: a JSON list after CMD."""
    return list(yaml.safe_load(stage(image).last("HEALTHCHECK").partition("CMD ")[2]))


def test_every_stage_stands_on_one_pinned_python_minor() -> None:
    names = [one.name for one in stages()]
    outside = {one.base for one in stages() if one.base not in names}
    assert len(outside) == 1
    minor = re.fullmatch(r"python:3\.(\d+)-slim-[a-z]+", outside.pop())
    assert minor is not None
    assert int(minor[1]) >= 11


def test_the_image_by_default_is_the_portal() -> None:
    assert stages()[-1].name == "portal"


@pytest.mark.parametrize(("image", "argument"), [("portal", ""), ("sandbox", " sandbox")])
def test_an_image_holds_what_the_install_script_made_and_nothing_else(
    image: str, argument: str
) -> None:
    built = stage(f"{image}-build").last("RUN")
    assert built.endswith(f" sh /source/tools/install.sh /opt/portal /source{argument}")
    copied = [rest for word, rest in stage(image).steps if word == "COPY"]
    assert copied == [f"--from={image}-build /opt/portal /opt/portal"]


@pytest.mark.parametrize("image", ["portal", "sandbox"])
def test_an_image_runs_as_a_user_that_is_not_root_and_is_asked_for_its_health(image: str) -> None:
    user, _, group = stage(image).last("USER").partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert "/healthz" in healthcheck_of(image)[-1]


def test_the_dockerfile_fetches_no_addresses_and_holds_no_secrets() -> None:
    steps = [step for one in stages() for step in one.steps]
    assert not [rest for word, rest in steps if word == "ADD"]
    assert not [rest for _, rest in steps if "https:" in rest or SECRET_NAME.search(rest)]


def test_the_build_sees_only_what_is_named() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    assert sorted(rule for rule in rules if rule.startswith("!")) == [
        "!app",
        "!migrations",
        "!requirements/app.txt",
        "!requirements/local.txt",
        "!sandbox",
        "!tools/install.sh",
    ]


# --- tools/install.sh -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Stranger:
    """Somebody who can read no checkout: `nobody` when we are root, else we in an empty home."""

    home: Path

    @property
    def uid(self) -> int:
        return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()

    def _options(self, cwd: Path, more: dict[str, str]) -> dict[str, Any]:
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        environment = {
            **pip,
            "PATH": os.defpath,
            "HOME": str(self.home),
            "PIP_CACHE_DIR": str(self.home / "cache"),
            "PIP_NO_COMPILE": "0",  # pip takes a falsy value for yes; it saves a third of the time
            **more,
        }
        options: dict[str, Any] = {"cwd": cwd, "env": environment, "stdin": subprocess.DEVNULL}
        if os.geteuid() == 0:
            group = pwd.getpwnam("nobody").pw_gid
            options |= {"user": self.uid, "group": group, "extra_groups": []}
        return options

    def run(
        self, command: list[str], cwd: Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        options = self._options(cwd, environment)
        return subprocess.run(
            command, **options, capture_output=True, text=True, timeout=240, check=False
        )

    def start(self, command: list[str], cwd: Path, **environment: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, **self._options(cwd, environment))

    def python(self) -> str:
        """An interpreter that the stranger may run: ours can lie in a home that is closed."""
        ours = str(Path(sys.executable).resolve())
        for candidate in (ours, shutil.which("python3", path=os.defpath)):
            try:
                if (
                    candidate
                    and not self.run([candidate, "-c", "import venv"], Path("/")).returncode
                ):
                    return candidate
            except PermissionError:
                continue
        raise AssertionError(f"no Python that {self.uid} may run")


@pytest.fixture
def world_readable() -> Iterator[Path]:
    """pytest's own folders are closed to other users."""
    with tempfile.TemporaryDirectory(prefix="portal-packaging-") as place:
        Path(place).chmod(0o755)
        yield Path(place)


@pytest.fixture
def stranger(world_readable: Path) -> Stranger:
    home = world_readable / "home"
    home.mkdir()
    someone = Stranger(home)
    os.chown(home, someone.uid, -1)
    return someone


@pytest.fixture
def source(world_readable: Path) -> Path:
    """What the build is given: the files that .dockerignore lets through."""
    source = world_readable / "source"
    for part in ("app", "migrations", "sandbox"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, source / part, ignore=ignored)
    for single in ("requirements/app.txt", "requirements/local.txt", "tools/install.sh"):
        (source / single).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / single, source / single)
    for path in (source, *source.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return source


WHERE = """
import sys
import app.main, app.serve, app.worker, app.db.prepare
from app.db.migrate import head_revision
print(head_revision(), app.main.__file__)
print(*sys.path, sep="\\n")
"""


def test_installed_by_another_user_it_serves_from_there_without_a_checkout(
    stranger: Stranger, source: Path, postgres: EmbeddedPostgres, database_name: str
) -> None:
    prefix = stranger.home / "portal"
    install = ["sh", str(source / "tools/install.sh"), str(prefix), str(source)]
    done = stranger.run(install, Path("/"), PYTHON=stranger.python())
    assert done.returncode == 0, done.stderr
    shutil.rmtree(source)
    assert sorted(path.name for path in prefix.iterdir()) == ["app", "migrations", "venv"]
    assert not [one for one in (prefix / "app").rglob("*.py") if not compiled(one)]

    python = str(prefix / "venv/bin/python")
    found = stranger.run([python, "-c", WHERE], prefix)
    assert found.returncode == 0, found.stderr
    revision, main = found.stdout.splitlines()[0].split()
    assert revision == newest_migration()
    assert main == str(prefix / "app/main.py")
    assert str(ROOT) not in found.stdout

    port = str(free_port())
    check = [python, *healthcheck_of("portal")[1:]]
    database = postgres.dsn(database_name, "portal_api")
    assert stranger.run(check, prefix, PORT=port).returncode == 1
    server = stranger.start(
        [python, "-m", "app.serve"], prefix, PORT=port, METRICS_PORT="0", DATABASE_URL=database
    )
    try:
        tries = (stranger.run(check, prefix, PORT=port).returncode for _ in range(100))
        failed = list(takewhile(lambda code: code and server.poll() is None, tries))
        assert len(failed) < 100
        assert server.poll() is None
    finally:
        server.terminate()
        assert server.wait(20) == 0


def compiled(path: Path) -> bool:
    return bool(list((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")))


def newest_migration() -> str:
    newest = max((ROOT / "migrations/versions").glob("0*.py")).read_text()
    found = re.search(r'^revision(?:: str)? = "(\w+)"', newest, re.MULTILINE)
    assert found is not None
    return found[1]


def test_a_package_without_a_hash_is_not_installed(stranger: Stranger, source: Path) -> None:
    (source / "requirements/app.txt").write_text("idna==3.10\n")
    prefix = stranger.home / "portal"
    install = ["sh", str(source / "tools/install.sh"), str(prefix), str(source)]
    done = stranger.run(install, Path("/"), PYTHON=stranger.python())
    assert done.returncode != 0
    assert "Hashes are required" in done.stderr
    assert not (prefix / "app").exists()


@pytest.mark.parametrize("arguments", [[], ["prefix"], ["prefix", "source", "all"]])
def test_the_install_script_says_how_it_is_called(arguments: list[str], tmp_path: Path) -> None:
    script = ["sh", str(ROOT / "tools/install.sh"), *arguments]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "PREFIX SOURCE" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_install_script_leaves_a_folder_that_is_in_use_alone(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    script = ["sh", str(ROOT / "tools/install.sh"), str(tmp_path), str(ROOT)]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
