"""The operator's application over the parts of a portal, and who signs in there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
from fastapi import FastAPI

from app.operator_app import create_operator_app
from app.settings import SANDBOX_OPERATOR_TOKEN

TOKEN = {"Authorization": f"Bearer {SANDBOX_OPERATOR_TOKEN.get_secret_value()}"}


def operator_app(portal: FastAPI, *, with_token: bool = True) -> FastAPI:
    deps = portal.state.deps
    token = SANDBOX_OPERATOR_TOKEN if with_token else None
    settings = deps.settings.model_copy(update={"operator_token": token})
    return create_operator_app(replace(deps, settings=settings))


@asynccontextmanager
async def operator_client(
    portal: FastAPI, *, with_token: bool = True
) -> AsyncIterator[httpx.AsyncClient]:
    """Without a header of its own."""
    transport = httpx.ASGITransport(operator_app(portal, with_token=with_token))
    async with httpx.AsyncClient(transport=transport, base_url="http://operator") as client:
        yield client
