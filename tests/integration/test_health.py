"""The process says truly whether it lives and whether it can work."""

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def test_a_migrated_database_makes_the_portal_ready(client: httpx.AsyncClient) -> None:
    alive = await client.get("/healthz")
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    ready = await client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["status"] == "ready"


async def test_a_database_behind_the_code_is_not_ready_and_one_ahead_is(
    client: httpx.AsyncClient, owner_engine: AsyncEngine
) -> None:
    async with owner_engine.begin() as connection:
        kept = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        assert (await client.get("/readyz")).status_code == 200
        async with owner_engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["migrations"] is False
    finally:
        async with owner_engine.begin() as connection:
            await connection.execute(
                text("UPDATE alembic_version SET version_num = :kept"), {"kept": kept}
            )


async def test_an_unknown_path_is_a_problem_document_in_the_callers_language(
    client: httpx.AsyncClient,
) -> None:
    korean = await client.get("/v1/nothing")
    assert korean.status_code == 404
    assert korean.headers["content-type"] == "application/problem+json"
    assert korean.json()["code"] == "not_found"
    assert korean.json()["title"] == "찾을 수 없습니다."
    assert korean.json()["request_id"] == korean.headers["x-request-id"]
    english = await client.get("/v1/nothing", headers={"Accept-Language": "en, ko;q=0.5"})
    assert english.json()["title"] == "Not found."
    assert (await client.post("/healthz")).json()["code"] == "method_not_allowed"
