"""The portal with its files in a bucket (FILES_S3_…): an inquiry with a file, there and back."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text
from starlette.types import Message

from app.settings import Settings
from sandbox.world import World
from tests.flows import Person, run_jobs, sign_up_individual
from tests.inquiries import attach, inquire, inquiry, put_file, ticket
from tests.papers import PNG
from tests.s3 import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, Fault, S3Store, served

PART = 5 * 1024 * 1024
CHUNK = 65_536


@pytest.fixture(scope="module")
async def store_and_port() -> AsyncIterator[tuple[S3Store, int]]:
    store = S3Store()
    async with served(store) as port:
        yield store, port


@pytest.fixture(scope="module")
def settings(settings: Settings, store_and_port: tuple[S3Store, int]) -> Settings:
    return settings.model_copy(
        update={
            "files_s3_endpoint": f"http://127.0.0.1:{store_and_port[1]}",
            "files_s3_region": REGION,
            "files_s3_bucket": BUCKET,
            "files_s3_access_key": ACCESS_KEY,
            "files_s3_secret_key": SecretStr(SECRET_KEY),
        }
    )


@pytest.fixture
def store(store_and_port: tuple[S3Store, int]) -> S3Store:
    store_and_port[0].clear()
    return store_and_port[0]


@pytest.fixture
async def kim(client: httpx.AsyncClient, world: World) -> Person:
    return await sign_up_individual(client, world)


async def asked(client: httpx.AsyncClient, kim: Person, content: bytes) -> str:
    """An inquiry with a file: where that is read."""
    made = await ticket(client)
    assert (await put_file(client, made, content)).status_code == 200
    body = inquiry(attachments=[made["token"]])
    answer = await client.post("/v1/inquiries", json=body, headers=kim.headers)
    assert answer.status_code == 201, answer.text
    (file,) = answer.json()["messages"][0]["attachments"]
    return f"/v1/inquiries/{answer.json()['id']}/attachments/{file['id']}"


@pytest.mark.parametrize("size", [len(PNG), 2 * PART])
async def test_an_inquiry_with_a_file_there_and_back(
    client: httpx.AsyncClient, portal: FastAPI, store: S3Store, kim: Person, size: int
) -> None:
    content = PNG + secrets.token_bytes(size - len(PNG))
    path = await asked(client, kim, content)
    ((key, kept),) = store.objects.items()
    assert (kept == content, store.uploads) == (True, {})
    answer = await client.get(path, headers=kim.headers | {"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == str(size)
    assert answer.content == content
    assert await hash_of(portal, key) == hashlib.sha256(content).digest()
    assert list(portal.state.deps.settings.files_dir.iterdir()) == []


async def hash_of(portal: FastAPI, key: str) -> bytes:
    async with portal.state.deps.database.system_session("test data") as session:
        found = await session.execute(
            text("SELECT sha256 FROM attachments WHERE storage_key = :key"), {"key": key}
        )
        return bytes(found.scalar_one())


async def break_off(portal: FastAPI, path: str, content: bytes) -> None:
    """Sends so much of a body that has no end, and is gone."""
    starts = range(0, len(content), CHUNK)
    parts: list[Message] = [
        {"type": "http.request", "body": content[start : start + CHUNK], "more_body": True}
        for start in starts
    ]
    messages = iter(parts)

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    async def send(_: Message) -> None:
        """Nobody reads it."""

    transport = {"type": "http", "http_version": "1.1", "method": "PUT", "scheme": "http"}
    address = {"path": path, "raw_path": path.encode(), "query_string": b"", "root_path": ""}
    peers = {"client": ("10.9.8.7", 1), "server": ("portal", 80), "headers": [(b"host", b"portal")]}
    await portal(transport | address | peers, receive, send)


@pytest.mark.parametrize("size", [100_000, 2 * PART - 100_000])
async def test_a_client_that_breaks_off_leaves_nothing_and_may_send_it_again(
    client: httpx.AsyncClient, portal: FastAPI, store: S3Store, size: int
) -> None:
    made = await ticket(client)
    await break_off(portal, made["upload_url"], PNG + bytes(size))
    assert (store.objects, store.uploads) == ({}, {})
    assert (await put_file(client, made)).status_code == 200
    assert list(store.objects.values()) == [PNG]


async def test_a_file_that_is_too_large_leaves_nothing(
    client: httpx.AsyncClient, store: S3Store
) -> None:
    content = PNG + bytes(2 * PART)

    async def unannounced() -> AsyncIterator[bytes]:
        for start in range(0, len(content), CHUNK):
            yield content[start : start + CHUNK]

    made = await ticket(client)
    answer = await client.put(made["upload_url"], content=unannounced())
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert "DELETE" in store.methods()
    assert (store.objects, store.uploads) == ({}, {})


async def test_what_no_message_takes_is_removed_by_the_sweep(
    client: httpx.AsyncClient, portal: FastAPI, store: S3Store
) -> None:
    await attach(client)
    assert len(store.objects) == 1
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(text("UPDATE uploads SET due_at = now() - interval '1 day'"))
    await run_jobs(portal)
    assert store.objects == {}


async def test_while_the_store_is_away_files_are_503_and_everything_else_goes_on(
    client: httpx.AsyncClient, store: S3Store, kim: Person
) -> None:
    path = await asked(client, kim, PNG)
    for method in ("PUT", "GET"):
        store.faults.append(Fault(method, 503, "SlowDown", times=9))
    read = await client.get(path, headers=kim.headers)
    sent = await put_file(client, await ticket(client))
    for answer in (read, sent):
        assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
    assert (await client.get("/readyz")).status_code == 200
    store.faults.clear()
    assert (await client.get(path, headers=kim.headers)).content == PNG


async def test_readers_of_a_slow_store_hold_no_connection_to_the_database(
    client: httpx.AsyncClient, portal: FastAPI, store: S3Store, kim: Person
) -> None:
    path = await asked(client, kim, PNG)
    readers = portal.state.deps.settings.database_pool_size + 2
    store.asked.clear()
    store.faults.append(Fault("GET", silent=True, times=99))
    waiting = [asyncio.create_task(client.get(path, headers=kim.headers)) for _ in range(readers)]
    async with asyncio.timeout(8):
        await store.heard(readers)
        assert (await client.get("/readyz")).status_code == 200
    for reader in waiting:
        reader.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_what_is_wrong_with_a_file_is_told_also_while_the_store_is_away(
    client: httpx.AsyncClient, portal: FastAPI, store: S3Store
) -> None:
    store.faults.append(Fault("GET", 503, "SlowDown", times=9))
    answer = await put_file(client, await ticket(client), b"<html>no picture</html>")
    assert (answer.status_code, answer.json()["code"]) == (422, "file_type_not_allowed")
    async with portal.state.deps.database.system_session("test data") as session:
        left = await session.execute(text("SELECT count(*) FROM uploads WHERE due_at > now()"))
        assert left.scalar_one() >= 1


async def test_a_store_that_says_no_is_502(
    client: httpx.AsyncClient, store: S3Store, kim: Person
) -> None:
    store.faults.append(Fault("PUT", 403, "AccessDenied"))
    answer = await put_file(client, await ticket(client))
    assert (answer.status_code, answer.json()["code"]) == (502, "provider_failed")
    assert ACCESS_KEY not in answer.text


async def test_a_file_that_the_store_lost_is_not_found(
    client: httpx.AsyncClient, store: S3Store, kim: Person
) -> None:
    ids = await inquire(client, kim.headers)
    store.objects.clear()
    path = f"/v1/inquiries/{ids['inquiry_id']}/attachments/{ids['attachment_id']}"
    answer = await client.get(path, headers=kim.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "attachment_not_found")
