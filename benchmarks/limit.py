"""The limit: bare applications on core 0 that do what a request needs and nothing else.

`/<case>/<way>` runs that way's statements on asyncpg and answers the portal's bytes; `/bare` is a
bare FastAPI route that answers them; `/constant` answers at once.
"""

import asyncio
import itertools
import os
import pickle
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import asyncpg
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI, Response

from benchmarks.cases import READER
from benchmarks.data import ACCOUNT, COMPANY, PASSWORD, key
from benchmarks.recorded import Statement

Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Way:
    """`runs`: the statements of each answer, in turn. `owner`: without row-level security.

    `password`: a hash that the password is checked against first.
    """

    runs: list[list[Statement]]
    body: bytes
    owner: bool = False
    password: str | None = None


@dataclass(frozen=True)
class LimitJob:
    """`bare`: what the FastAPI route answers."""

    port: int
    dsn: str
    owner_dsn: str
    ways: dict[str, Way]
    bare: bytes


class Limit:
    """One bare ASGI application for all ways."""

    def __init__(self, job: LimitJob) -> None:
        self._job = job
        self._turns: dict[str, Iterator[list[Statement]]] = {
            path: itertools.cycle(way.runs) for path, way in job.ways.items()
        }
        self._fastapi = bare_fastapi(job.bare)
        self._hasher = PasswordHasher()
        self._threads = ThreadPoolExecutor(2)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        way = self._job.ways.get(path)
        if way is None:
            if path == "/bare":
                await self._fastapi(scope, receive, send)
            else:
                await answer(send, b'{"ok":true}')
            return
        if way.password is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._threads, self._hasher.verify, way.password, PASSWORD)
        async with (self._owners if way.owner else self._pool).acquire() as connection:
            for statement in next(self._turns[path]):
                if statement.arguments is None:
                    await connection.execute(statement.sql)
                else:
                    await connection.fetch(statement.sql, *statement.arguments)
        await answer(send, way.body)

    async def _live(self, receive: Any, send: Send) -> None:
        await receive()
        self._pool = await pool(self._job.dsn)
        self._owners = await pool(self._job.owner_dsn, as_the_reader)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await self._owners.close()
        await send({"type": "lifespan.shutdown.complete"})


async def as_the_reader(connection: asyncpg.Connection) -> None:
    """Once a connection: functions that say what one company did ask for its settings."""
    for name, value in (("company_id", key(COMPANY, READER)), ("account_id", key(ACCOUNT, READER))):
        await connection.execute(f"SET app.{name} = '{value}'")


async def pool(dsn: str, init: Any = None) -> Any:
    """Ten connections, as the portal has; nothing is left behind that needs the reset query."""

    async def no_reset(_: asyncpg.Connection) -> None:
        pass

    return await asyncpg.create_pool(dsn, min_size=10, max_size=10, reset=no_reset, init=init)


async def answer(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def bare_fastapi(body: bytes) -> FastAPI:
    """One route of the framework that answers the bytes: the preview's limit."""
    app = FastAPI()

    @app.post("/bare")
    async def bare() -> Response:
        return Response(body, media_type="application/json")

    return app


def main() -> None:
    os.sched_setaffinity(0, {0})
    job: LimitJob = pickle.load(sys.stdin.buffer)
    app: Any = Limit(job)
    uvicorn.run(app, port=job.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
