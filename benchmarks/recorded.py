"""What a request of the portal runs, written down at the driver, so that the limit runs the same.

The portal answers each request once, against a copy of the database; another copy, which has not
seen them, gets the very same statements with the very same values from the limit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import event, text
from sqlalchemy.dialects.postgresql import asyncpg

from app.clock import RealClock, wire_now
from app.db.reads import Read
from app.main import create_app
from app.settings import Settings

RUNS = {"bind_execute", "query"}
ONCE_A_CONNECTION = ("set_config('jit'", "typeinfo_tree")
"""What the driver asks by itself when a connection meets a type for the first time."""
PRINCIPAL = "SELECT * FROM portal_principal($1, $2, $3)"


@dataclass(frozen=True)
class Statement:
    """`arguments` is None for what goes over the wire as text, like BEGIN."""

    sql: str
    arguments: tuple[object, ...] | None = None


@dataclass(frozen=True)
class Request:
    """A request of the portal."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    def wire(self, port: int, path: str | None = None) -> bytes:
        """As it goes over the wire."""
        lines = [f"{self.method} {path or self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


@dataclass
class Recorder:
    """Stands before the protocol of a connection and writes down what is run."""

    inner: Any
    seen: list[Statement] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.inner, name)
        return self._noting(attribute) if name in RUNS else attribute

    def _noting(self, run: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **options: Any) -> Any:
            what = arguments[0] if arguments else options["state"]
            simple = isinstance(what, str)
            sql = what if simple else what.query
            if not any(mark in sql for mark in ONCE_A_CONNECTION):
                given = () if simple else options.get("args") or arguments[1]
                values = None if simple else tuple(_plain(value) for value in given)
                self.seen.append(Statement(sql, values))
            return run(*arguments, **options)

        return noted


def _plain(value: object) -> object:
    """The driver's UUIDs are a class of its own."""
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return UUID(str(value)) if isinstance(value, UUID) else value


async def record(url: str, requests: Sequence[Request]) -> list[list[Statement]]:
    """The statements of each request. Passwords are believed: checking them is no statement."""
    app = create_app(Settings(database_url=url))
    deps = app.state.deps
    object.__setattr__(deps, "clock", RealClock())
    deps.passwords.matches = _believed
    seen: list[Statement] = []

    @event.listens_for(deps.database.engine.sync_engine, "checkout")
    def on_checkout(connection: Any, *_: object) -> None:
        driver = connection.driver_connection
        if not isinstance(driver._protocol, Recorder):
            driver._protocol = Recorder(driver._protocol, seen)

    found = []
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
            await client.get("/v1/catalogue")
            for request in requests:
                seen.clear()
                answer = await client.request(
                    request.method, request.path, headers=request.headers, content=request.body
                )
                if not answer.is_success:
                    raise SystemExit(f"{request.path}: {answer.text}")
                found.append(list(seen))
    return found


async def _believed(_: str | None, __: str) -> bool:
    return True


def apart(
    read: Read[object], session: UUID, account: UUID, company: UUID, **values: object
) -> list[Statement]:
    """A hot read as two statements: the principal, and what it may read."""
    second = text(str(read.within)).compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]
    given = {"p_account": account, "p_company": company, "p_now": wire_now(), **values}
    assert second.positiontup is not None
    return [
        Statement(PRINCIPAL, (session, None, wire_now())),
        Statement(str(second), tuple(given[name] for name in second.positiontup)),
    ]
