"""Spans from request to job to provider, as a collector gets them (issue 8, section 9)."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from pgqueuer import PgQueuer
from pgqueuer.domain.types import QueueExecutionMode

from app.jobs.entrypoints import entrypoints
from app.main import create_app
from app.request_spans import RequestSpans
from app.settings import Settings
from app.span_export import FLUSH_SECONDS, QUEUED
from app.spans import _PROCESS, call_span, exported, job_span
from app.worker import _connect, _register
from sandbox.world import World
from tests.collector import Collected, Collector, collecting
from tests.flows import PASSWORD, Member, free_item, key, order_body, sign_up

CALLER = "00f067aa0ba902b7"
"""The span of whoever called us."""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as listening:
        yield listening


@pytest.fixture(scope="module")
def settings(settings: Settings, collector: Collector) -> Settings:
    return settings.model_copy(update={"otlp_endpoint": collector.endpoint})


@dataclass(frozen=True)
class Played:
    """An order for nothing, and what a worker did because of it. `told`: to providers."""

    collector: Collector
    member: Member
    trace_id: str
    told: list[httpx.Request] = field(default_factory=list)


class Heard(httpx.AsyncBaseTransport):
    """Keeps what goes to a provider."""

    def __init__(self, inner: httpx.AsyncBaseTransport, heard: list[httpx.Request]) -> None:
        self.inner = inner
        self.heard = heard

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(request)
        return await self.inner.handle_async_request(request)


async def work_off(portal: FastAPI, settings: Settings) -> None:
    """What waits, by the worker's own hand."""
    listening = await _connect(settings.database_url)
    try:
        pgq = PgQueuer.from_asyncpg_connection(listening)
        for name, entrypoint in entrypoints(portal.state.deps).items():
            _register(pgq, portal.state.deps.failed_jobs, name, entrypoint)
        await pgq.run(dequeue_timeout=timedelta(seconds=0.2), mode=QueueExecutionMode.drain)
    finally:
        await listening.close()


@pytest.fixture(scope="module")
async def played(portal: FastAPI, settings: Settings, world: World, collector: Collector) -> Played:
    """Once for all tests. What is collected is complete: the export ended."""
    http = portal.state.deps.groupware._http
    transport = httpx.ASGITransport(app=portal, client=("10.9.8.7", 1))
    async with (
        exported(collector.endpoint, "portal-api"),
        httpx.AsyncClient(transport=transport, base_url="http://portal") as client,
    ):
        member = await sign_up(client, world)
        played = Played(collector, member, uuid4().hex)
        kept = http._transport
        http._transport = http._client._transport = Heard(kept, played.told)
        try:
            answer = await client.post(
                "/v1/orders",
                json=order_body(free_item(), total=0),
                headers=member.headers
                | key()
                | {
                    "traceparent": f"00-{played.trace_id}-{CALLER}-01",
                    "tracestate": "vendor=dandelion-state",
                    "X-Request-Id": f"of-{played.trace_id}",
                    "User-Agent": "DandelionBrowser/1",
                },
            )
            assert answer.status_code == 201, answer.text
            await work_off(portal, settings)
        finally:
            http._transport = http._client._transport = kept
        await client.get("/v1/orders?q=dandelion-query", headers=member.headers)
        await client.get("/v1/dandelion-path?token=dandelion-token")
        await client.post("/v1/auth/sign-in", json={"login_id": "dandelion", "password": PASSWORD})
    return played


def of(played: Played, name: str) -> Collected:
    return played.collector.one(name, trace_id=played.trace_id)


def calls_of_the_job(played: Played) -> list[Collected]:
    job = of(played, "process provision_item")
    spans = played.collector.spans
    return [span for span in spans if span.kind == "client" and span.parent == job.span_id]


def test_a_request_its_job_and_the_providers_call_are_one_trace(played: Played) -> None:
    """Each below the one that caused it, and the first below what the caller said."""
    request = of(played, "POST /v1/orders")
    job = of(played, "process provision_item")
    calls = calls_of_the_job(played)
    assert (request.kind, request.parent) == ("server", CALLER)
    assert (job.kind, job.parent) == ("consumer", request.span_id)
    assert calls
    assert {call.trace_id for call in calls} == {played.trace_id}
    assert {call.attributes["portal.provider"] for call in calls} == {"groupware"}


def test_providers_are_told_the_span_of_their_call(played: Played) -> None:
    calls = {f"00-{played.trace_id}-{call.span_id}-01" for call in calls_of_the_job(played)}
    assert calls
    assert calls <= {request.headers["traceparent"] for request in played.told}
    assert not any("tracestate" in request.headers for request in played.told)


def test_attributes_are_those_of_the_conventions(played: Played) -> None:
    request = of(played, "POST /v1/orders")
    assert request.attributes == {
        "http.request.method": "POST",
        "url.scheme": "http",
        "http.route": "/v1/orders",
        "http.response.status_code": 201,
        "portal.request_id": f"of-{played.trace_id}",
    }
    job = of(played, "process provision_item")
    assert job.attributes.pop("messaging.message.id").__class__ is str
    assert job.attributes == {
        "messaging.system": "pgqueuer",
        "messaging.destination.name": "provision_item",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "portal.request_id": f"of-{played.trace_id}",
    }
    call = calls_of_the_job(played)[0]
    assert call.attributes["server.address"] == "127.0.0.1"
    assert call.attributes["server.port"] == 8001
    assert call.attributes["http.response.status_code"] in {200, 201, 202}
    assert call.name.startswith(f"{call.attributes['http.request.method']} groupware.")
    assert request.resource["service.name"] == "portal-api"
    assert request.resource["service.version"] == "1.0.0"
    assert played.collector.paths == {("/v1/traces", "application/x-protobuf")}


def test_a_path_that_is_no_route_is_in_no_name(played: Played) -> None:
    found = played.collector.one("GET")
    assert "http.route" not in found.attributes
    assert found.attributes["http.response.status_code"] == 404
    assert not found.failed


def test_a_mail_server_that_does_not_answer_fails_the_mails_span(played: Played) -> None:
    mails = [span for span in played.collector.spans if span.name == "SMTP mail.send"]
    assert mails
    for mail in mails:
        assert mail.kind == "client"
        assert mail.failed
        assert mail.attributes["error.type"] == "ProviderUnavailable"
        assert mail.words == ""


def test_nothing_personal_no_query_and_no_token_is_exported(played: Played) -> None:
    """Looked for as bytes, where a value would be in clear."""
    member = played.member
    planted = [
        "dandelion",
        "Dandelion",
        "한빛상사",
        "홍길동",
        "1985-03-01",
        member.email,
        member.login_id,
        member.account_id,
        member.company_id,
        member.session["access_token"],
        member.session["refresh_token"],
        PASSWORD,
        "10.9.8.7",
        "sandbox-nts-service-key",
        "otp",
    ]
    everything = b"".join(played.collector.bodies)
    assert [word for word in planted if word.encode() in everything] == []
    allowed = {
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "url.scheme",
        "error.type",
        "server.address",
        "server.port",
        "network.protocol.name",
        "messaging.system",
        "messaging.destination.name",
        "messaging.operation.name",
        "messaging.operation.type",
        "messaging.message.id",
        "portal.provider",
        "portal.operation",
        "portal.request_id",
    }
    assert {name for span in played.collector.spans for name in span.attributes} <= allowed


async def test_an_error_that_leaves_the_application_is_told_by_its_type(
    collector: Collector,
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("홍길동 broke it")

    transport = httpx.ASGITransport(RequestSpans(broken), raise_app_exceptions=False)
    async with (
        exported(collector.endpoint, "portal-api"),
        httpx.AsyncClient(transport=transport, base_url="http://portal") as client,
    ):
        assert (await client.request("BREAK", "/")).status_code == 500
    found = collector.one("HTTP")
    assert found.failed
    assert found.words == ""
    assert found.attributes == {
        "http.request.method": "_OTHER",
        "url.scheme": "http",
        "http.response.status_code": 500,
        "error.type": "RuntimeError",
    }


async def test_an_error_says_its_type_and_not_its_words(collector: Collector) -> None:
    async with exported(collector.endpoint, "portal-worker"):
        with (
            pytest.raises(LookupError),
            job_span("told", 7, None),
            call_span("nts", "told", "POST", "https://user:secret@nts.example/a?key=secret"),
        ):
            raise LookupError("홍길동 is not there: secret")
    for found in (collector.one("process told"), collector.one("POST nts.told")):
        assert found.failed
        assert found.words == ""
        assert found.attributes["error.type"] == "LookupError"
        assert found.resource["service.name"] == "portal-worker"
    assert collector.one("POST nts.told").attributes["server.port"] == 443
    assert b"secret" not in b"".join(collector.bodies)


@pytest.mark.parametrize("given", ["nonsense", "00-0-0-01", "00-" + "0" * 32 + "-" + "0" * 16])
async def test_nonsense_begins_a_trace(collector: Collector, given: str) -> None:
    name = uuid4().hex
    async with exported(collector.endpoint, "portal-worker"):
        with job_span(name, 7, given):
            pass
    assert collector.one(f"process {name}").parent == ""


@pytest.mark.parametrize("listens", [False, True], ids=["refuses", "never answers"])
async def test_a_collector_that_is_away_does_no_harm(
    client: httpx.AsyncClient, listens: bool
) -> None:
    """Requests take no longer, what is queued is bounded, and the end does not wait for it."""
    with socket.socket() as away:
        away.bind(("127.0.0.1", 0))
        if listens:
            away.listen()
        async with exported(f"http://127.0.0.1:{away.getsockname()[1]}", "portal-api"):
            queue = _PROCESS.recorder._provider._active_span_processor._span_processors[0]
            started = time.perf_counter()
            for _ in range(2 * QUEUED):
                with job_span("flood", 1, None):
                    pass
            answer = await client.get("/v1/catalogue")
            took = time.perf_counter() - started
            assert len(queue._batch_processor._queue) <= QUEUED
            ending = time.perf_counter()
        assert time.perf_counter() - ending < FLUSH_SECONDS + 1
    assert answer.status_code == 200
    assert took < 3


def test_nothing_is_imported_while_nothing_is_exported() -> None:
    """FastAPI itself imports OpenTelemetry's API, which is small; nothing comes on top of it."""
    loaded = (
        "[m for m in sys.modules if m.split('.')[0] in {'opentelemetry', 'google', 'requests'}]"
    )
    program = (
        "import sys, asyncio, fastapi, pgqueuer\n"
        f"before = {loaded}\n"
        "import app.serve, app.worker\n"
        "from app.main import create_app\n"
        "from app.spans import exported, job_span, traceparent\n"
        "async def main():\n"
        "    async with exported('', 'portal-api'):\n"
        "        with job_span('one', 1, None): assert traceparent() is None\n"
        "create_app()\n"
        "asyncio.run(main())\n"
        f"print(sorted(set({loaded}) - set(before)))\n"
        "print([m for m in sys.modules if m.startswith('opentelemetry.sdk')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "[]"]


def test_no_layer_is_added_while_nothing_is_exported(settings: Settings) -> None:
    def layers(endpoint: str) -> list[str]:
        app = create_app(settings.model_copy(update={"otlp_endpoint": endpoint}))
        return [layer.cls.__name__ for layer in app.user_middleware]

    assert layers("") == ["Edge", "WhereAsked"]
    assert layers("http://collector:4318") == ["RequestSpans", "Edge", "WhereAsked"]
