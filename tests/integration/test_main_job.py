"""From sign-up to an opened site, over HTTP, with the guide's figures."""

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.world import World
from tests.flows import (
    free_item,
    item,
    order_body,
    pay,
    place,
    read_order,
    run_jobs,
    sign_up,
)


async def test_a_company_pays_583_000_won_and_its_site_is_open(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    assert (order["status"], order["status_label"]) == ("PENDING_PAYMENT", "결제 대기")
    assert (order["total"], order["payment_status"]) == (583_000, "UNPAID")
    paid = await pay(client, world, member, order)
    assert (paid["status"], paid["amount"], paid["vat"]) == ("PAID", 583_000, 53_000)
    await run_jobs(portal)
    done = await read_order(client, member, order)
    assert (done["status"], done["payment_status"]) == ("COMPLETED", "PAID")
    assert [event["status"] for event in done["history"]] == [
        "PENDING_PAYMENT",
        "PAID",
        "PROVISIONING",
        "COMPLETED",
    ]
    opened = done["items"][0]
    assert opened["state"] == "COMPLETED"
    assert opened["site"]["url"].endswith(opened["site"]["subdomain"])
    site = world.groupware.sites[opened["site"]["id"]]
    assert (site.wanted.users, site.wanted.hosting) == (10, "SHARED")
    me = (await client.get("/v1/me", headers=member.headers)).json()
    assert me["role"] == "SUPER_ADMIN"
    refused = await client.delete("/v1/me", headers=member.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "super_admin_cannot_withdraw")
    async with owner_engine.connect() as connection:
        proven = "SELECT proven_at IS NOT NULL FROM companies WHERE id = :id"
        assert await connection.scalar(text(proven), {"id": member.company_id})
        mails = await connection.execute(
            text("SELECT kind FROM mails WHERE company_id = :id ORDER BY kind"),
            {"id": member.company_id},
        )
        assert mails.scalars().all() == [
            "order_placed",
            "payment_received",
            "signed_up",
            "site_opened",
        ]


async def test_a_free_site_is_opened_without_a_payment(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member, order_body(free_item(), total=0))
    assert (order["status"], order["payment_status"]) == ("PAID", "NOT_NEEDED")
    assert order["payment_method_label"] == "무료"
    await run_jobs(portal)
    done = await read_order(client, member, order)
    assert done["status"] == "COMPLETED"
    assert done["items"][0]["expires_on"] is None
    second = await client.post(
        "/v1/orders",
        json=order_body(free_item(), total=0),
        headers=member.headers | {"Idempotency-Key": "a-second-free-site"},
    )
    assert (second.status_code, second.json()["code"]) == (409, "free_site_exists")


async def test_one_site_of_two_fails_and_another_name_finishes_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    good, bad = item(), item("SHARED", 1, 1)
    bad["site"]["subdomain"] = "fail-" + bad["site"]["subdomain"]
    order = await place(client, member, order_body(good, bad, total=642_400))
    await pay(client, world, member, order)
    for _ in range(4):
        await run_jobs(portal)
        await _make_due(portal)
    partly = await read_order(client, member, order)
    assert partly["status"] == "PARTIALLY_COMPLETED"
    assert [i["state"] for i in partly["items"]] == ["COMPLETED", "FAILED"]
    answer = await client.post(
        f"/v1/orders/{order['id']}/items/{partly['items'][1]['id']}/site",
        json={"subdomain": f"ok-{bad['site']['subdomain'][-8:]}"},
        headers=member.headers,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "PROVISIONING"
    await run_jobs(portal)
    assert (await read_order(client, member, order))["status"] == "COMPLETED"


async def _make_due(portal: FastAPI) -> None:
    """Postponed work is due now, as if time had passed."""
    async with portal.state.deps.database.system_session("test: time passes") as session:
        await session.execute(
            text(
                "UPDATE order_items SET due_at = due_at - interval '1 hour'"
                " WHERE due_at IS NOT NULL"
            )
        )


async def test_an_open_order_keeps_a_prospect_from_leaving(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    refused = await client.delete("/v1/me", headers=member.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "open_order_exists")
    cancelled = await client.post(f"/v1/orders/{order['id']}/cancel", headers=member.headers)
    assert cancelled.json()["status"] == "CANCELLED"
    assert (await client.delete("/v1/me", headers=member.headers)).status_code == 204
