"""One id from a request through the jobs that it causes to what providers are asked (issue 8)."""

from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from structlog.testing import capture_logs

from app.jobs.entrypoints import entrypoints
from app.trace import begin_trace, is_trace_id
from sandbox.world import World
from tests.flows import free_item, key, order_body, sign_up


async def test_request_log_job_row_and_provider_call_have_one_id(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """A free order: its request, the job that opens its site, the groupware that is asked."""
    member = await sign_up(client, world)
    cause = f"trace-{uuid4().hex}"
    with capture_logs() as of_the_request:
        answer = await client.post(
            "/v1/orders",
            json=order_body(free_item(), total=0),
            headers=member.headers | key() | {"X-Request-Id": cause},
        )
    assert answer.status_code == 201, answer.text
    assert answer.headers["X-Request-Id"] == cause
    line = next(entry for entry in of_the_request if entry["event"] == "answered")
    assert line["request_id"] == cause
    item_id = UUID(answer.json()["items"][0]["id"])
    async with portal.state.deps.database.system_session("test data") as session:
        found = await session.execute(
            text(
                "SELECT entrypoint, headers FROM pgqueuer"
                " WHERE payload = :row AND entrypoint = 'provision_item'"
            ),
            {"row": item_id.bytes},
        )
        assert found.all() == [("provision_item", {"request_id": cause})]
    begin_trace(cause)  # as the worker does with what the job's row says
    with capture_logs() as of_the_job:
        await entrypoints(portal.state.deps)["provision_item"](item_id)
    calls = [entry for entry in of_the_job if entry["event"] == "provider_call"]
    assert calls
    assert {call["request_id"] for call in calls} == {cause}


@pytest.mark.parametrize("given", ["short", "with space in it", "x" * 65, "a\nbbbbbbbbb", 7, None])
def test_what_is_no_id_goes_nowhere(given: object) -> None:
    assert is_trace_id(given) is False


async def test_providers_are_told_the_id(portal: FastAPI, client: httpx.AsyncClient) -> None:
    """Of the request for which they are asked."""
    http = portal.state.deps.registry._http
    seen: list[str | None] = []

    class Told(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(request.headers.get("X-Request-Id"))
            return httpx.Response(503)

    kept, http._client = http._client, httpx.AsyncClient(transport=Told())
    try:
        cause = f"trace-{uuid4().hex}"
        body = {"business_number": "124-81-00998", "company_name": "한빛상사"}
        answer = await client.post(
            "/v1/business-verifications", json=body, headers={"X-Request-Id": cause}
        )
    finally:
        await http._client.aclose()
        http._client = kept
    assert answer.status_code == 503
    assert set(seen) == {cause}
