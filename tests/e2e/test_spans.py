"""Spans of real processes: whose they are, and that the end of a process sends what it has."""

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.collector import Collector, collecting
from tests.e2e.stack import Stack, _end
from tests.flows import identity_body, phone_number, sign_up_body, verify_business
from tools.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as listening:
        yield listening


@pytest.fixture(scope="module")
def stack(
    postgres: EmbeddedPostgres,
    database_name: str,
    tmp_path_factory: pytest.TempPathFactory,
    collector: Collector,
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("spans")
    with Stack(postgres, database_name, folder, OTLP_ENDPOINT=collector.endpoint) as running:
        yield running


async def _sign_up(stack: Stack, client: httpx.AsyncClient) -> None:
    """Causes a mail."""
    phone = phone_number()
    started = (await client.post("/v1/identity-verifications", json=identity_body(phone))).json()
    messages = await asyncio.to_thread(stack.sandbox, "GET", f"/messages?to={phone}")
    confirmed = await client.post(
        f"/v1/identity-verifications/{started['id']}/confirm",
        json={"client_secret": started["client_secret"], "otp": messages["items"][-1]["otp"]},
    )
    body = sign_up_body(await verify_business(client), confirmed.json()["verification_token"])
    answer = await client.post("/v1/accounts/corporate", json=body)
    assert answer.status_code == 201, answer.text


async def test_a_mail_is_below_the_request_that_caused_it_across_processes(
    stack: Stack, collector: Collector
) -> None:
    """Both processes end by SIGTERM; the request's span is not lost by that."""
    url = f"http://127.0.0.1:{stack.ports[0]}"
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        await _sign_up(stack, client)
        deadline = time.monotonic() + 30
        while await stack.count("SELECT count(*) FROM mails WHERE sent_at IS NULL"):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        await client.get("/v1/terms")
    for process in (*stack.apis, *stack.workers):
        await asyncio.to_thread(_end, process)
        assert process.returncode == 0
    request = collector.one("POST /v1/accounts/corporate")
    mail = next(span for span in collector.spans if span.name == "SMTP mail.send")
    job = next(span for span in collector.spans if span.span_id == mail.parent)
    assert (job.name, job.parent) == ("process send_mail", request.span_id)
    assert {span.trace_id for span in (mail, job)} == {request.trace_id}
    assert not mail.failed
    assert request.resource["service.name"] == "portal-api"
    assert {job.resource["service.name"], mail.resource["service.name"]} == {"portal-worker"}
    collector.one("GET /v1/terms")
