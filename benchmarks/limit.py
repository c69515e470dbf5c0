"""The limit: a bare ASGI application that runs the same SQL and answers the same bytes.

`/plain/<name>` runs the two statements alone, `/transaction/<name>` in one transaction as the
portal does, `/constant` answers at once. `preview` and `bare` need no database.
"""

import json
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import uvicorn
from fastapi import FastAPI, Response

Send = Callable[[dict[str, Any]], Awaitable[None]]


async def _no_reset(_: asyncpg.Connection) -> None:
    """Nothing is left behind that would need the reset query."""


class Limit:
    """`jobs`: by name, the statements as (SQL, arguments) and the body to answer."""

    def __init__(self, dsn: str, jobs: dict[str, dict[str, Any]]) -> None:
        self._dsn = dsn
        self._jobs = {
            name: (
                [(sql, [_argument(a) for a in arguments]) for sql, arguments in job["statements"]],
                job["body"].encode(),
            )
            for name, job in jobs.items()
        }

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self._pool = await asyncpg.create_pool(
                self._dsn, min_size=10, max_size=10, reset=_no_reset
            )
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self._pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        _, way, name = (scope["path"] + "/").split("/")[:3]
        if way == "constant":
            await _answer(send, b'{"ok":true}')
            return
        statements, body = self._jobs[name]
        async with self._pool.acquire() as connection:
            if way == "transaction":
                await connection.execute("BEGIN")
            for sql, arguments in statements:
                await connection.fetch(sql, *arguments)
            if way == "transaction":
                await connection.execute("COMMIT")
        await _answer(send, body)


def _argument(value: Any) -> Any:
    """UUIDs travel as {"uuid": …} in the job's JSON, times as {"now": true}."""
    if isinstance(value, dict) and "uuid" in value:
        return UUID(value["uuid"])
    if isinstance(value, dict) and "time" in value:
        return datetime.fromisoformat(value["time"])
    return value


async def _answer(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def bare_fastapi(body: bytes) -> FastAPI:
    """One route of the framework that answers the bytes: the preview's limit."""
    app = FastAPI()

    @app.post("/bare/preview")
    async def bare() -> Response:
        return Response(body, media_type="application/json")

    return app


def main() -> None:
    os.sched_setaffinity(0, {0})
    job = json.load(sys.stdin)
    app: Any = Limit(job["dsn"], job["jobs"])
    if job["bare"]:
        app = bare_fastapi(job["bare"].encode())
    uvicorn.run(app, port=job["port"], log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
