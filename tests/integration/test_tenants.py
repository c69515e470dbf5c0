"""Seen from another tenant, a resource does not exist: every route with an id, two companies."""

import re
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.domain.listed_documents import ListedKind, document_id
from sandbox.world import World
from tests.flows import (
    Member,
    ask_for_quote,
    customer,
    key,
    link_to_site,
    place,
    register_card,
    sign_up_individual,
    start_payment,
)
from tests.inquiries import inquire
from tests.integration.test_route_guards import BODIES, GUARDED, ROUTES, name

WITH_ID = [route for route in GUARDED if "{" in route.path]
LISTS = (
    "/v1/orders",
    "/v1/quotes",
    "/v1/documents",
    "/v1/memberships",
    "/v1/system-status",
    "/v1/users",
    "/v1/invitations",
    "/v1/payment-methods",
    *(OWN := ("/v1/me", "/v1/me/export", "/v1/inquiries")),
)


@pytest.fixture(scope="module")
async def two(portal: FastAPI, world: World) -> tuple[Member, Member, dict[str, str]]:
    """A company with everything, another like it, and the first one's ids by parameter."""
    transport = httpx.ASGITransport(app=portal, client=("10.9.9.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        first = await customer(client, world, portal)
        second = await customer(client, world, portal)
        order = await place(client, first)
        payment = await start_payment(client, first, order)
        memberships = await client.get("/v1/memberships", headers=first.headers)
        membership = memberships.json()["items"][0]
        sessions = await client.get("/v1/auth/sessions", headers=first.headers)
        quote = await ask_for_quote(client, first)
        person = await sign_up_individual(client, world)
        invited = await client.post(
            "/v1/invitations",
            json={"name": "정도현", "email": "invited@hanbit.example"},
            headers=first.headers,
        )
        card = await register_card(client, world, first)
        export = await client.get("/v1/orders/export?format=xlsx", headers=first.headers)
        asked = await inquire(client, first.headers)
        news = await client.get("/v1/notifications", headers=first.headers)
    link = await link_to_site(
        portal, person, first.company_id, membership["site"]["id"], member=True
    )
    ids = {
        "notification_id": news.json()["items"][0]["id"],
        **asked,
        "payment_method_id": card["id"],
        "export_id": export.json()["id"],
        "quote_id": quote["id"],
        "user_id": person.account_id,
        "invitation_id": invited.json()["id"],
        "link_id": str(link),
        "document_id": str(document_id(ListedKind.ORDER_CONFIRMATION, UUID(order["id"]))),
        "order_id": order["id"],
        "item_id": order["items"][0]["id"],
        "payment_id": payment["id"],
        "membership_id": membership["id"],
        "site_id": membership["site"]["id"],
        "session_id": sessions.json()["items"][0]["id"],
    }
    return first, second, ids


def test_the_walk_knows_every_parameter() -> None:
    known = {
        "notification_id",
        "inquiry_id",
        "attachment_id",
        "document_id",
        "order_id",
        "item_id",
        "payment_id",
        "membership_id",
        "site_id",
        "link_id",
    }
    known |= {
        "payment_method_id",
        "quote_id",
        "export_id",
        "session_id",
        "user_id",
        "invitation_id",
    }
    used = {p for route in WITH_ID for p in re.findall(r"\{([^}]+)\}", route.path)}
    assert used == known
    assert len(WITH_ID) >= 9
    open_ids = {r.path for r in ROUTES if "{" in r.path} - {r.path for r in WITH_ID}
    assert open_ids == {
        "/v1/identity-verifications/{verification_id}/resend",
        "/v1/identity-verifications/{verification_id}/confirm",
        "/v1/identity-verifications/{verification_id}/status",
        "/v1/auth/social/{provider}",
        "/v1/faqs/{faq_id}",
        "/v1/faqs/{faq_id}/feedback",
        "/v1/marketing/unsubscribe/{token}",
        "/v1/attachments/{ticket}",
        "/v1/auth/social/{provider}/callback",
    }


@pytest.mark.parametrize("route", WITH_ID, ids=name)
async def test_a_neighbours_id_is_not_found(
    client: httpx.AsyncClient, two: tuple[Member, Member, dict[str, str]], route: APIRoute
) -> None:
    _, stranger, ids = two
    for method in route.methods:
        answer = await client.request(
            method,
            route.path.format(**ids),
            headers=stranger.headers | key() | {"If-Match": '"r1"'},
            json=BODIES.get(route.operation_id or ""),
        )
        assert answer.status_code == 404, answer.text
        assert answer.json()["code"].endswith("_not_found")


async def test_lists_hold_nothing_of_a_neighbour(
    client: httpx.AsyncClient, two: tuple[Member, Member, dict[str, str]]
) -> None:
    first, stranger, ids = two
    secrets: list[Any] = [*ids.values(), first.company_id, first.account_id, first.email]
    for path in LISTS:
        mine = await client.get(path, headers=first.headers)
        theirs = await client.get(path, headers=stranger.headers)
        assert theirs.status_code == 200
        assert any(secret in mine.text for secret in secrets)
        assert not [secret for secret in secrets if secret in theirs.text]


async def test_naming_a_neighbours_company_is_not_found(
    client: httpx.AsyncClient, two: tuple[Member, Member, dict[str, str]]
) -> None:
    first, stranger, _ = two
    headers = stranger.headers | {"X-Company-Id": first.company_id}
    for path in LISTS:
        if path in OWN:
            continue
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "company_not_found")
