"""The portal's routes answer the same by the short way as by FastAPI's (`app/routers/lean.py`)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import fastapi.routing
import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import request_response

from app.main import MODULES
from app.routers.strict import StrictRoute
from sandbox.world import World
from tests.flows import Member, customer, item, order_body
from tests.integration.test_route_guards import BODIES, GUARDED, name

LEAN = [
    route
    for module in MODULES
    for route in module.router.routes
    if isinstance(route, StrictRoute) and route.is_lean
]
HOT = {
    "get_me",
    "list_memberships",
    "get_membership",
    "list_orders",
    "get_order",
    "list_system_status",
    "get_system_status",
    "get_catalogue",
    "preview_price",
    "create_order",
    "start_payment",
}
"""What pages ask for again and again, and what an order goes through."""
Asked = dict[str, Any]
NEW = {"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}


@contextmanager
def fastapis_own_way() -> Iterator[None]:
    """Every route as FastAPI would serve it."""
    ways = [(route, route.app) for route in LEAN]
    try:
        for route in LEAN:
            route.app = request_response(route.get_route_handler())
        yield
    finally:
        for route, way in ways:
            route.app = way


async def answered(client: httpx.AsyncClient, asked: Asked) -> tuple[int, Any, bytes]:
    headers = {"X-Request-Id": "r" * 32} | asked.get("headers", {})
    answer = await client.request(**asked | {"headers": headers})
    told = [(n, v) for n, v in answer.headers.multi_items() if n != "ratelimit"]  # counts down
    return answer.status_code, told, answer.content


async def same_both_ways(client: httpx.AsyncClient, asked: Asked) -> int:
    """The status. Only for what leaves nothing behind that the second time would meet."""
    lean = await answered(client, asked)
    with fastapis_own_way():
        assert lean == await answered(client, asked), asked
    return lean[0]


def test_hot_routes_are_served_the_short_way() -> None:
    assert {route.operation_id for route in LEAN} >= HOT


async def test_the_short_way_solves_nothing_anew(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def solved(**_: object) -> None:
        raise AssertionError("FastAPI solved it")

    monkeypatch.setattr(fastapi.routing, "solve_dependencies", solved)
    assert (await client.post("/v1/price-previews", json={"items": [NEW]})).status_code == 200
    with fastapis_own_way(), pytest.raises(AssertionError, match="FastAPI solved it"):
        await client.post("/v1/price-previews", json={"items": [NEW]})


@pytest.fixture(scope="module")
async def member(portal: FastAPI, world: World) -> Member:
    transport = httpx.ASGITransport(app=portal, client=("10.9.9.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as session:
        return await customer(session, world, portal)


READS = [
    "/v1/me",
    "/v1/memberships",
    "/v1/memberships?size=1",
    "/v1/orders",
    "/v1/orders?size=1&type=NEW&from=2020-01-01&to=2100-01-01&status=COMPLETED",
    "/v1/system-status",
    "/v1/quotes",
    "/v1/catalogue",
]


@pytest.mark.parametrize("language", ["ko", "en;q=0.9, fr"])
@pytest.mark.parametrize("path", READS)
async def test_a_read(client: httpx.AsyncClient, member: Member, path: str, language: str) -> None:
    headers = member.headers | {"Accept-Language": language, "Accept-Encoding": "identity"}
    asked = {"method": "GET", "url": path, "headers": headers}
    assert await same_both_ways(client, asked) == 200


async def test_one_of_each(client: httpx.AsyncClient, member: Member) -> None:
    order = (await client.get("/v1/orders", headers=member.headers)).json()["items"][0]
    held = (await client.get("/v1/memberships", headers=member.headers)).json()["items"][0]
    for path in (
        f"/v1/orders/{order['id']}",
        f"/v1/memberships/{held['id']}",
        f"/v1/system-status/{held['site']['id']}",
    ):
        asked = {"method": "GET", "url": path, "headers": member.headers}
        assert await same_both_ways(client, asked) == 200
    tag = (await client.get("/v1/catalogue")).headers["etag"]
    kept = {"method": "GET", "url": "/v1/catalogue", "headers": {"If-None-Match": tag}}
    assert await same_both_ways(client, kept) == 304


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/memberships?size=0", 422),
        ("/v1/memberships?size=x&cursor=" + "c" * 101, 422),
        ("/v1/memberships?cursor=no", 422),
        ("/v1/orders?size=&from=tomorrow&type=FREE&site_id=1&size=101", 422),
        ("/v1/orders/7", 422),
        (f"/v1/orders/{UUID(int=7)}", 404),
        (f"/v1/memberships/{UUID(int=7)}", 404),
        ("/v1/system-status/x", 422),
    ],
)
async def test_a_read_of_nothing(
    client: httpx.AsyncClient, member: Member, path: str, status: int
) -> None:
    asked = {"method": "GET", "url": path, "headers": member.headers}
    assert await same_both_ways(client, asked) == status


PREVIEWS: dict[str, tuple[object, int]] = {
    "a site": ({"items": [NEW]}, 200),
    "with a coupon that is none": ({"items": [NEW], "coupon_code": "NONE"}, 200),
    "no such plan": ({"items": [NEW | {"plan": "NONE"}]}, 422),
    "no items": ({"items": []}, 422),
    "not what it is": ({"items": [{"type": "OLD"}], "more": 1}, 422),
    "a list": ([], 422),
    "a fraction": ({"items": [NEW | {"users": 1.5}]}, 422),
    "a NUL": ({"items": [NEW], "coupon_code": "\x00"}, 422),
    "a membership": (
        {"items": [{"type": "ADD_EXTEND", "membership_id": str(UUID(int=7)), "add_users": 1}]},
        401,
    ),
}


@pytest.mark.parametrize("case", PREVIEWS)
async def test_a_price(client: httpx.AsyncClient, case: str) -> None:
    body, status = PREVIEWS[case]
    asked = {"method": "POST", "url": "/v1/price-previews", "json": body}
    assert await same_both_ways(client, asked) == status


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"expected_total": 1}, 409),
        ({"consents": []}, 422),
        ({"items": [item() | {"site": None}]}, 422),
        ({"quote_id": str(UUID(int=7))}, 422),
    ],
)
async def test_an_order_that_is_refused(
    client: httpx.AsyncClient, member: Member, changed: Asked, status: int
) -> None:
    body = order_body() | changed
    asked = {"method": "POST", "url": "/v1/orders", "json": body}
    keyed = {"headers": member.headers | {"Idempotency-Key": uuid4().hex}}
    assert (await answered(client, asked | keyed))[0] == status
    for key in ("", "short", "k" * 129, None):
        named = {} if key is None else {"Idempotency-Key": key}
        assert await same_both_ways(client, asked | {"headers": member.headers | named}) >= 400


async def test_a_change_with_another_etag(client: httpx.AsyncClient, member: Member) -> None:
    held = (await client.get("/v1/memberships", headers=member.headers)).json()["items"][0]
    for etag, status in ((None, 400), ('"r999"', 412), ("e" * 101, 422)):
        asked = {
            "method": "PATCH",
            "url": f"/v1/memberships/{held['id']}",
            "json": {"auto_renew": True},
            "headers": member.headers | ({} if etag is None else {"If-Match": etag}),
        }
        assert await same_both_ways(client, asked) == status


def path_of(route: StrictRoute, value: str) -> str:
    return re.sub(r"\{[^}]+\}", value, route.path)


@pytest.mark.parametrize("route", LEAN, ids=name)
async def test_a_refusal_before_anything_is_done(
    client: httpx.AsyncClient, member: Member, route: StrictRoute
) -> None:
    """What cannot be read, by whom it may not be, at a place that is none."""
    (method,) = route.methods or ()
    url = path_of(route, str(UUID(int=7)))
    takes_body = route.body_field is not None
    body = BODIES.get(route.operation_id or "")
    bad: list[Asked] = []
    if takes_body:
        texts = (b"", b"{", b"[]", b"null", b'"\\ud800"', b'{"no_such_field": 1}', b"[" * 50)
        json = {"Content-Type": "application/json"}
        bad += [{"content": text, "headers": member.headers | json} for text in texts]
        bad += [{"content": b"{}", "headers": member.headers | {"Content-Type": "text/plain"}}]
    if route in GUARDED:
        bad += [{"json": body, "headers": headers} for headers in STRANGERS]
        bad += [{"json": body, "headers": member.headers | {"X-Company-Id": "mine"}}]
    if route.param_convertors and route.operation_id != ANSWERS_ALIKE:
        bad += [{"json": body, "url": path_of(route, "seven"), "headers": member.headers}]
    for asked in bad:
        status = await same_both_ways(client, {"method": method, "url": url} | asked)
        assert 400 <= status < 500, asked


ANSWERS_ALIKE = "unsubscribe_from_marketing"
"""Whatever its token is."""
STRANGERS = [{}, {"Authorization": "Bearer abc"}, {"Authorization": "Basic abc"}]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/v1/orders", "/v1/price-previews", "/v1/quotes/claim"])
async def test_a_method_that_a_literal_path_does_not_have(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    assert (await client.request(method, path)).status_code == 405
