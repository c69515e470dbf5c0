"""Counts what goes over the wire to PostgreSQL: at the protocol of the asyncpg connections.

asyncpg's own query loggers do not see prepared statements, which is how SQLAlchemy runs all of its.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

ASIDE = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
RUNS = {"bind_execute", "bind_execute_many", "bind", "query"}
ONCE_A_CONNECTION = re.compile(r"\bset_config\(\s*'jit'|\btypeinfo_tree\b")
"""What asyncpg asks by itself when a connection meets a type for the first time."""


class CountingProtocol:
    """Stands before a connection's protocol and notes what is run."""

    def __init__(self, inner: Any, seen: list[str]) -> None:
        self.inner = inner
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.inner, name)
        return self._noting(attribute) if name in RUNS else attribute

    def _noting(self, run: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **options: Any) -> Any:
            what = arguments[0] if arguments else options["state"]
            query = what if isinstance(what, str) else what.query
            aside = query.strip().upper().startswith(ASIDE) or ONCE_A_CONNECTION.search(query)
            if not aside:
                self._seen.append(query)
            return run(*arguments, **options)

        return noted


class Statements:
    """What was run so far, in order."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._wrapped: list[Any] = []

    def watch(self, connection: Any) -> None:
        """`connection` is asyncpg's own."""
        if not isinstance(connection._protocol, CountingProtocol):
            connection._protocol = CountingProtocol(connection._protocol, self.seen)
            self._wrapped.append(connection)

    def end(self) -> None:
        for connection in self._wrapped:
            if isinstance(connection._protocol, CountingProtocol):
                connection._protocol = connection._protocol.inner


@contextmanager
def counted(engine: AsyncEngine) -> Iterator[Statements]:
    """Every statement of this engine within the block, transaction control aside."""
    statements = Statements()

    def on_checkout(connection: Any, *_: object) -> None:
        statements.watch(connection.driver_connection)

    event.listen(engine.sync_engine, "checkout", on_checkout)
    try:
        yield statements
    finally:
        event.remove(engine.sync_engine, "checkout", on_checkout)
        statements.end()
