"""Files on a disk and in a store of objects: the same for whoever keeps and reads them."""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.adapters.files import DiskFiles
from app.adapters.s3_files import PART_BYTES, RANGE_BYTES, Bucket, S3Files
from app.domain.provider_errors import (
    ProviderNonsense,
    ProviderRefused,
    ProviderUnavailable,
    Refusal,
)
from app.services.ports import FileStorage
from app.spans import exported
from tests.collector import collecting
from tests.s3 import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, Fault, S3Store, Wire, served

CHUNK = 65_536


@pytest.fixture(scope="module")
async def wire_and_store() -> AsyncIterator[tuple[Wire, S3Store]]:
    store = S3Store()
    async with served(store) as port, Wire(port).laid() as wire:
        yield wire, store


@pytest.fixture
def wire(wire_and_store: tuple[Wire, S3Store]) -> Wire:
    wire_and_store[0].cuts.clear()
    return wire_and_store[0]


@pytest.fixture
def store(wire_and_store: tuple[Wire, S3Store]) -> S3Store:
    wire_and_store[1].clear()
    return wire_and_store[1]


def s3_files(port: int, seconds: float = 3.0, **changed: str) -> S3Files:
    facts = {
        "endpoint": f"http://127.0.0.1:{port}",
        "region": REGION,
        "name": BUCKET,
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
    }
    return S3Files(Bucket(**(facts | changed)), request_seconds=seconds)


@pytest.fixture
def s3(wire: Wire, store: S3Store) -> S3Files:
    return s3_files(wire.port)


@pytest.fixture(params=["disk", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileStorage:
    if request.param == "disk":
        return DiskFiles(tmp_path)
    s3: S3Files = request.getfixturevalue("s3")
    return s3


def new_key(folder: str = "") -> str:
    return f"{folder or uuid4().hex}/{uuid4().hex}"


async def put(files: FileStorage, key: str, content: bytes) -> None:
    sink = await files.create(key)
    for start in range(0, len(content), CHUNK):
        await sink.write(content[start : start + CHUNK])
    await sink.close()


async def got(files: FileStorage, key: str) -> bytes:
    return b"".join([part async for part in await files.read(key)])


SIZES = [
    1,
    CHUNK,
    RANGE_BYTES - 1,
    RANGE_BYTES,
    RANGE_BYTES + 1,
    PART_BYTES - 1,
    PART_BYTES,
    PART_BYTES + 1,
    2 * PART_BYTES,
]


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_read_is_what_was_written(files: FileStorage, size: int) -> None:
    key, content = new_key(), secrets.token_bytes(size)
    await put(files, key, content)
    read = await got(files, key)
    assert (len(read), hashlib.sha256(read).digest()) == (size, hashlib.sha256(content).digest())


async def test_parts_are_bounded(files: FileStorage) -> None:
    key = new_key()
    await put(files, key, bytes(3 * RANGE_BYTES))
    assert max([len(part) async for part in await files.read(key)]) <= RANGE_BYTES


async def test_what_is_not_there_is_not_found_before_the_first_part(files: FileStorage) -> None:
    with pytest.raises(FileNotFoundError):
        await files.read(new_key())


async def test_a_folder_is_removed_with_all_that_is_in_it_and_nothing_else(
    files: FileStorage,
) -> None:
    folder = uuid4().hex
    keys, other = [new_key(folder) for _ in range(3)], new_key()
    for key in [*keys, other]:
        await put(files, key, b"content")
    await files.remove_folder(folder)
    for key in keys:
        with pytest.raises(FileNotFoundError):
            await files.read(key)
    assert await got(files, other) == b"content"
    await files.remove_folder(folder)


@pytest.mark.parametrize("size", [CHUNK, PART_BYTES + CHUNK])
async def test_what_breaks_off_is_not_there(files: FileStorage, size: int) -> None:
    key = new_key()
    sink = await files.create(key)
    for _ in range(size // CHUNK):
        await sink.write(bytes(CHUNK))
    await sink.abort()
    with pytest.raises(FileNotFoundError):
        await files.read(key)
    await files.remove_folder(key.partition("/")[0])


@pytest.mark.parametrize(
    "key", ["", "../x", "/etc/passwd", "a/b", "0123456789abcdef" * 2 + "/../x"]
)
async def test_a_name_that_is_no_key_of_ours_is_refused(files: FileStorage, key: str) -> None:
    with pytest.raises(ValueError, match="no key of ours"):
        await files.create(key)
    with pytest.raises(ValueError, match="no key of ours"):
        await files.read(key)
    with pytest.raises(ValueError, match="no key of ours"):
        await files.remove_folder(key)


async def test_a_short_file_is_one_request(s3: S3Files, store: S3Store) -> None:
    await put(s3, new_key(), bytes(PART_BYTES - 1))
    assert store.methods() == ["PUT"]


async def test_a_long_file_goes_up_in_parts_and_is_seen_when_it_is_whole(
    s3: S3Files, store: S3Store
) -> None:
    key = new_key()
    sink = await s3.create(key)
    for _ in range(2 * PART_BYTES // CHUNK):
        await sink.write(bytes(CHUNK))
    assert store.uploads
    assert store.objects == {}
    await sink.close()
    assert (store.uploads, len(store.objects[key])) == ({}, 2 * PART_BYTES)
    assert {len(asked.body) for asked in store.asked if asked.method == "PUT"} == {PART_BYTES}


async def test_an_upload_in_parts_that_breaks_off_is_aborted(s3: S3Files, store: S3Store) -> None:
    sink = await s3.create(new_key())
    for _ in range(2 * PART_BYTES // CHUNK - 1):
        await sink.write(bytes(CHUNK))
    await sink.abort()
    assert store.methods()[-1] == "DELETE"
    assert (store.uploads, store.objects) == ({}, {})


async def test_a_part_that_is_refused_for_good_aborts_the_upload(
    s3: S3Files, store: S3Store
) -> None:
    store.faults.append(Fault("PUT", 503, "SlowDown", times=99))
    sink = await s3.create(new_key())

    async def write_all() -> None:
        for _ in range(4 * PART_BYTES // CHUNK):
            await sink.write(bytes(CHUNK))

    with pytest.raises(ProviderUnavailable, match="status 503"):
        await write_all()
    await sink.abort()
    assert store.methods() == ["POST", "PUT", "PUT", "PUT", "DELETE"]
    assert (store.uploads, store.objects) == ({}, {})


async def test_a_store_that_asks_to_slow_down_is_asked_again(s3: S3Files, store: S3Store) -> None:
    key = new_key()
    for method in ("PUT", "GET", "POST"):
        store.faults.append(Fault(method, 503, "SlowDown"))
    await put(s3, key, b"content")
    assert await got(s3, key) == b"content"
    await s3.remove_folder(key.partition("/")[0])
    assert store.methods() == ["PUT", "PUT", "GET", "GET", "GET", "POST", "POST"]
    assert store.objects == {}


async def test_a_store_that_goes_on_asking_is_unavailable(s3: S3Files, store: S3Store) -> None:
    store.faults.append(Fault("PUT", 503, "SlowDown", times=99))
    with pytest.raises(ProviderUnavailable, match="status 503") as refused:
        await put(s3, new_key(), b"content")
    assert refused.value.retry_after >= 1


@pytest.mark.parametrize("size", [3 * CHUNK, 2 * PART_BYTES])
async def test_a_line_that_is_cut_in_the_middle_of_an_upload_is_tried_again(
    s3: S3Files, store: S3Store, wire: Wire, size: int
) -> None:
    key, content = new_key(), secrets.token_bytes(size)
    wire.cuts.append(("up", 2 * CHUNK))
    cut = wire.cut
    await put(s3, key, content)
    assert (wire.cut, store.objects[key] == content) == (cut + 1, True)


async def test_a_line_that_is_always_cut_leaves_nothing(
    s3: S3Files, store: S3Store, wire: Wire
) -> None:
    wire.cuts.extend([("up", 2 * CHUNK)] * 9)
    with pytest.raises(ProviderUnavailable, match="connection"):
        await put(s3, new_key(), bytes(3 * CHUNK))
    assert store.objects == {}


async def test_a_line_that_is_cut_in_the_middle_of_a_download_goes_on_where_it_was(
    s3: S3Files, wire: Wire
) -> None:
    key, content = new_key(), secrets.token_bytes(4 * RANGE_BYTES)
    await put(s3, key, content)
    wire.cuts.append(("down", RANGE_BYTES + CHUNK))
    cut = wire.cut
    assert await got(s3, key) == content
    assert wire.cut == cut + 1


async def test_a_store_that_never_answers_is_left_in_time(wire: Wire, store: S3Store) -> None:
    hasty = s3_files(wire.port, seconds=0.3)
    for method in ("PUT", "GET"):
        store.faults.append(Fault(method, silent=True, times=9))
    with pytest.raises(ProviderUnavailable, match="timeout"):
        async with asyncio.timeout(5):
            await put(hasty, new_key(), b"content")
    with pytest.raises(ProviderUnavailable, match="timeout"):
        async with asyncio.timeout(5):
            await hasty.read(new_key())


async def test_a_store_that_is_not_there_is_unavailable_and_then_left_alone() -> None:
    nobody = s3_files(1)
    for _ in range(5):
        with pytest.raises(ProviderUnavailable, match="connection"):
            await nobody.read(new_key())
    with pytest.raises(ProviderUnavailable, match="circuit open"):
        await nobody.read(new_key())


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        ({"secret_key": "another"}, "SignatureDoesNotMatch"),
        ({"access_key": "ANOTHER"}, "InvalidAccessKeyId"),
        ({"name": "another-bucket"}, "NoSuchBucket"),
    ],
)
async def test_a_store_that_does_not_know_us_is_a_matter_for_the_operator(
    wire: Wire, store: S3Store, changed: dict[str, str], detail: str
) -> None:
    stranger = s3_files(wire.port, **changed)
    folder = uuid4().hex
    for step in (
        put(stranger, new_key(folder), b"content"),
        got(stranger, new_key(folder)),
        stranger.remove_folder(folder),
    ):
        with pytest.raises(ProviderRefused) as refused:
            await step
        assert (refused.value.code, refused.value.detail) == (Refusal.NOT_ALLOWED, detail)
    assert store.objects == {}


async def test_another_no_is_an_answer_that_cannot_be_used(s3: S3Files, store: S3Store) -> None:
    store.faults.append(Fault("PUT", 400, "InvalidArgument"))
    with pytest.raises(ProviderNonsense, match="status 400 InvalidArgument"):
        await put(s3, new_key(), b"content")


async def test_each_operation_is_one_log_line_and_no_secret_is_in_any_word(
    wire: Wire, store: S3Store, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = s3_files(wire.port, secret_key="not-to-be-seen")
    with (
        caplog.at_level(logging.DEBUG),
        capture_logs() as lines,
        pytest.raises(ProviderRefused) as refused,
    ):
        await put(stranger, new_key(), b"content")
    (line,) = lines
    assert (line["event"], line["provider"], line["operation"], line["outcome"]) == (
        "provider_call",
        "files",
        "write",
        "refused:NOT_ALLOWED",
    )
    words = f"{lines} {refused.value!r} {refused.value.__cause__} {caplog.text}"
    for secret in ("not-to-be-seen", ACCESS_KEY, f":{wire.port}"):
        assert secret not in words
    assert SECRET_KEY not in repr(Bucket("http://s3", REGION, BUCKET, ACCESS_KEY, SECRET_KEY))


async def test_each_operation_is_a_span_without_key_and_bucket(
    s3: S3Files, wire: Wire, store: S3Store
) -> None:
    key = new_key()
    with collecting() as collector:
        async with exported(collector.endpoint, "portal-tests"):
            await put(s3, key, b"content")
            await got(s3, key)
            await s3.remove_folder(key.partition("/")[0])
    names = ["PUT files.write", "GET files.read", "DELETE files.remove"]
    spans = [collector.one(name) for name in names]
    assert {(span.kind, span.attributes["server.port"]) for span in spans} == {
        ("client", wire.port)
    }
    assert not any(word.encode() in body for body in collector.bodies for word in (key, BUCKET))


async def test_the_environments_aws_settings_are_not_ours(
    wire: Wire, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-somebody-else")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-somebody-else")
    await put(s3_files(wire.port), new_key(), b"content")
    assert "of-somebody-else" not in str(store.asked[-1].headers)


async def test_whoever_is_cancelled_in_the_middle_leaves_nothing(
    wire: Wire, store: S3Store
) -> None:
    sink = await s3_files(wire.port, seconds=0.5).create(new_key())
    for _ in range(PART_BYTES // CHUNK):
        await sink.write(bytes(CHUNK))
    store.faults.append(Fault("PUT", silent=True))

    async def go_on() -> None:
        try:
            while True:
                await sink.write(bytes(CHUNK))
        except BaseException:
            await sink.abort()
            raise

    going = asyncio.create_task(go_on())
    await store.heard(2)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert (store.uploads, store.objects) == ({}, {})
