"""SIGTERM: an API process answers what it has begun, a worker does not drop what it has taken."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.e2e.stack import Stack
from tests.e2e.test_two_of_each import sign_up, start_payment, wait_for_status
from tests.flows import business_number, key, order_body
from tools.postgres import EmbeddedPostgres

SLOW = {"answer_after_ms": 1_500}
QUEUED = "SELECT count(*) FROM pgqueuer WHERE status = 'picked'"


@pytest.fixture(scope="module")
def stack(
    postgres: EmbeddedPostgres, database_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    with Stack(postgres, database_name, tmp_path_factory.mktemp("graceful")) as running:
        yield running


@pytest.fixture
async def apis(stack: Stack) -> AsyncIterator[list[httpx.AsyncClient]]:
    clients = [
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) for port in stack.ports
    ]
    yield clients
    await asyncio.to_thread(stack.sandbox, "DELETE", "/faults")
    for client in clients:
        await client.aclose()


async def ended(process: "subprocess.Popen[bytes]") -> int:
    return await asyncio.to_thread(process.wait, 25)


async def test_a_request_that_has_begun_is_answered(
    stack: Stack, apis: list[httpx.AsyncClient]
) -> None:
    """The tax service takes its time; the process is told to end meanwhile, and takes no more."""
    await asyncio.to_thread(stack.sandbox, "PUT", "/faults/nts", SLOW)
    body = {"business_number": business_number(), "company_name": "한빛상사"}
    asked = asyncio.create_task(apis[1].post("/v1/business-verifications", json=body))
    await asyncio.sleep(0.5)
    stack.apis[1].send_signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    assert not asked.done()
    async with httpx.AsyncClient(base_url=apis[1].base_url) as late:
        with pytest.raises(httpx.TransportError):
            await late.get("/healthz")
    assert (await asked).status_code == 201
    assert await ended(stack.apis[1]) == 0
    stack.apis[1] = stack.start_api(1)


async def test_a_job_that_was_taken_is_done_or_given_back(
    stack: Stack, apis: list[httpx.AsyncClient]
) -> None:
    """Both workers end while the groupware opens the site; another one opens no second site."""
    member = await sign_up(stack, apis[0])
    order = await apis[0].post("/v1/orders", json=order_body(), headers=member.headers | key())
    payment = await start_payment(apis[0], member, order.json()["id"])
    made = stack.sandbox("GET", "/sites")["made"]
    await asyncio.to_thread(stack.sandbox, "PUT", "/faults/groupware", SLOW)
    await asyncio.to_thread(stack.sandbox, "POST", f"/payments/{payment['id']}/approve", {})
    await wait_for_status(apis[0], member, order.json()["id"], "PROVISIONING")
    for worker in stack.workers:
        worker.send_signal(signal.SIGTERM)
    assert [await ended(worker) for worker in stack.workers] == [0, 0]
    assert await stack.count(QUEUED) == 0
    stack.workers = [stack.start_worker()]
    await wait_for_status(apis[0], member, order.json()["id"], "COMPLETED")
    assert stack.sandbox("GET", "/sites")["made"] == made + 1
