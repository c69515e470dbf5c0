"""Layers for browsers and compression stand where they are asked for, and change nothing else."""

import gzip

import httpx
import pytest

CATALOGUE = "/v1/catalogue"
ORIGIN = "http://localhost:3000"


async def raw(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    client.headers.pop("accept-encoding", None)
    return await client.get(CATALOGUE, headers=headers)


async def test_every_answer_says_that_it_varies_by_encoding_once(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"accept-encoding": "gzip"}, {"origin": ORIGIN}):
        answer = await raw(client, **headers)
        named = [name.strip() for name in answer.headers["vary"].split(",")]
        assert {"Accept-Encoding", "Accept-Language", "X-Company-Id"} <= set(named)
        assert len(named) == len(set(named))


async def test_who_takes_gzip_gets_the_same_in_less(client: httpx.AsyncClient) -> None:
    plain = await raw(client)
    assert "content-encoding" not in plain.headers
    async with client.stream("GET", CATALOGUE, headers={"accept-encoding": "br, gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        content = b"".join([part async for part in packed.aiter_raw()])
    assert len(content) < len(plain.content) / 2
    assert gzip.decompress(content) == plain.content


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, ORIGIN), ("http://evil.example", None)])
async def test_an_origin_is_told_whether_it_may_read(
    client: httpx.AsyncClient, origin: str, allowed: str | None
) -> None:
    answer = await raw(client, origin=origin)
    assert answer.headers.get("access-control-allow-origin") == allowed
    asked = await client.options(
        CATALOGUE, headers={"origin": origin, "access-control-request-method": "GET"}
    )
    assert asked.headers.get("access-control-allow-origin") == allowed
