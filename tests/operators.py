"""The operator's application over the parts of a portal, and who is signed in there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
from fastapi import FastAPI

from app.domain.operators import OperatorRole
from app.operator_app import create_operator_app
from tools.sandbox_operators import hold_session

_TOKEN = "tests-operator-token-0123456789abcdef"
TOKEN = {"Authorization": f"Bearer {_TOKEN}"}
NAME = "bootstrap"


def token_of(role: OperatorRole, name: str | None = None) -> dict[str, str]:
    """Of somebody with one role; signed in by `operator_client(portal, role, name)`."""
    return {"Authorization": f"Bearer tests-{(name or role).lower()}-0123456789abcdef-0123"}


def once() -> dict[str, str]:
    """A key that was never used."""
    return {"Idempotency-Key": str(uuid4())}


@asynccontextmanager
async def operator_client(
    portal: FastAPI, role: OperatorRole | None = None, name: str | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """Without a header of its own. An ADMIN is signed in by `TOKEN`, others by `token_of`."""
    deps = portal.state.deps
    await hold_session(deps, NAME, OperatorRole.ADMIN, _TOKEN)
    if role is not None:
        token = token_of(role, name)["Authorization"].partition(" ")[2]
        await hold_session(deps, (name or role).lower(), role, token)
    transport = httpx.ASGITransport(create_operator_app(deps))
    async with httpx.AsyncClient(transport=transport, base_url="http://operator") as client:
        yield client
