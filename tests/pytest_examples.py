"""`make examples`: keeps a success of each public operation that the tests see, as its example.

A larger one goes before a smaller, up to what still reads. The others are kept where they are
played: `tests/integration/test_examples.py` with RECORD_EXAMPLES=1.
"""

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.contract.examples import example_of
from app.main import MODULES
from app.operator_app import OPERATOR_MODULES
from tests.exchanges import LARGEST, Exchange, exchange, keep, size_of
from tests.integration.test_examples import PLAYABLE

ROUTES = [
    route
    for module in (*MODULES, *OPERATOR_MODULES)
    for route in module.router.routes
    if isinstance(route, APIRoute) and route.operation_id not in PLAYABLE
]
BY_SIGNATURE = {"receive_portone_webhook", "receive_groupware_webhook"}
"""Their bodies are the providers' contracts."""


def pytest_configure(config: pytest.Config) -> None:
    plain = httpx.ASGITransport.handle_async_request

    async def kept(self: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
        await request.aread()
        answer = await plain(self, request)
        if isinstance(self.app, FastAPI) and hasattr(self.app.state, "operations"):
            await answer.aread()
            found = exchange(ROUTES, request, answer)
            english = request.headers.get("accept-language", "").startswith("en")
            if found is not None and not english and found.operation not in BY_SIGNATURE:
                _keep_better(found)
        return answer

    httpx.ASGITransport.handle_async_request = kept  # type: ignore[method-assign]


def _keep_better(found: Exchange) -> None:
    if found.answered is None and found.sent is None:
        return
    example_of.cache_clear()
    before = example_of(found.operation)
    size = size_of(found.sent, found.answered)
    if before is not None:
        was = size_of(before.get("request"), before["answer"])
        if size > LARGEST or size <= was:
            return
    keep(found)
