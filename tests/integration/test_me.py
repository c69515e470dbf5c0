"""내 정보 관리 over HTTP."""

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.world import World
from tests.flows import PASSWORD, sign_up, sign_up_body, verify_business, verify_person


async def test_a_new_company_is_a_prospect_with_the_guides_menu(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    answer = await client.get("/v1/me", headers=member.headers)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["role"], body["account"]["kind"]) == ("PROSPECT", "CORPORATE")
    assert body["account"]["email"] == member.email
    assert body["account"]["phone_masked"].startswith("010-****-")
    assert body["company"] == {"id": member.company_id, "name": "한빛상사", "role": "PROSPECT"}
    pages = [c["label"] for item in body["menu"] for c in item["children"] or [item]]
    assert pages == [
        "Home",
        "회사법인정보관리",
        "주문/구매내역",
        "신규주문",
        "시스템현황",
        "고객포털 FAQ",
    ]
    assert "VERIFY_EMAIL" in body["next_steps"]
    assert "orders.create.new" in body["permissions"]
    assert "users.manage" not in body["permissions"]


async def test_a_prospect_leaves_and_nothing_of_the_person_stays(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    left = await client.delete("/v1/me", headers=member.headers)
    assert left.status_code == 204
    assert (await client.get("/v1/me", headers=member.headers)).status_code == 401
    login = {"login_id": member.login_id, "password": PASSWORD, "client_type": "NATIVE"}
    assert (await client.post("/v1/auth/login", json=login)).status_code == 401
    async with owner_engine.connect() as connection:
        kept = await connection.execute(
            text(
                "SELECT num_nonnulls(login_id, password_hash, name, birth_date, phone, email,"
                " phone_index, email_index, ci_hash) FROM accounts WHERE id = :id"
            ),
            {"id": member.account_id},
        )
        assert kept.scalar_one() == 0
    identity = await verify_person(client, world)
    again = sign_up_body(await verify_business(client), identity, login_id=member.login_id)
    refused = await client.post("/v1/accounts/corporate", json=again)
    assert refused.json()["code"] == "login_id_taken"


async def test_leaving_needs_a_password_of_the_last_ten_minutes(
    client: httpx.AsyncClient, world: World, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE sessions SET reauthenticated_at = reauthenticated_at"
                " - interval '11 minutes' WHERE account_id = :id"
            ),
            {"id": member.account_id},
        )
    refused = await client.delete("/v1/me", headers=member.headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "reauthentication_required")
    confirmed = await client.post(
        "/v1/auth/step-up", json={"password": PASSWORD}, headers=member.headers
    )
    assert confirmed.status_code == 204
    assert (await client.delete("/v1/me", headers=member.headers)).status_code == 204


async def test_the_company_of_somebody_else_does_not_exist(
    client: httpx.AsyncClient, world: World
) -> None:
    member, other = await sign_up(client, world), await sign_up(client, world)
    headers = member.headers | {"X-Company-Id": other.company_id}
    body = (await client.get("/v1/me", headers=headers)).json()
    assert other.company_id not in str(body)
