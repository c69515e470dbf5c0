"""Every route says who may call it, and means it."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from jose import jwt

from app.domain.roles import Permission
from app.main import MODULES
from app.routers.access import PUBLIC_MARK
from app.routers.permissions import Requires
from app.routers.strict import LiteralPaths
from app.settings import SANDBOX_SECRETS
from tests.flows import TAX_CONTACT

ROUTES = [r for module in MODULES for r in module.router.routes if isinstance(r, APIRoute)]


def permissions(dependant: Dependant) -> Iterator[Permission]:
    if isinstance(dependant.call, Requires):
        yield dependant.call.permission
    for inner in dependant.dependencies:
        yield from permissions(inner)


def name(route: APIRoute) -> str:
    return f"{'/'.join(sorted(route.methods))} {route.path}"


GUARDED = [route for route in ROUTES if list(permissions(route.dependant))]


def test_there_are_routes_of_both_kinds() -> None:
    assert len(ROUTES) > 30
    assert 15 <= len(GUARDED) < len(ROUTES)


def test_the_application_serves_these_routes_and_its_document_only(portal: FastAPI) -> None:
    documented = {path: set(methods) for path, methods in portal.openapi()["paths"].items()}
    ours: dict[str, set[str]] = {}
    for route in ROUTES:
        ours.setdefault(route.path, set()).update(method.lower() for method in route.methods)
    assert documented == ours
    at_once, *others = [route for route in portal.routes if route not in ROUTES]
    assert isinstance(at_once, LiteralPaths)
    assert at_once.routes == [route for route in ROUTES if "{" not in route.path]
    paths = [str(getattr(route, "path", None)) for route in others]
    # The sandbox's reference pages say what the document says, to anybody.
    assert [path for path in paths if not path.startswith("/reference")] == ["/openapi.json"]
    assert [path for path in paths if path.startswith("/reference")] == [
        "/reference",
        "/reference/assets/scalar.js",
        "/reference/assets/start.js",
        "/reference/assets/pages.css",
        "/reference/guides/{name}",
        "/reference/diagrams/{name}",
    ]


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_a_route_is_public_by_name_or_names_one_permission(route: APIRoute) -> None:
    public = getattr(route.endpoint, PUBLIC_MARK, None)
    needed = list(permissions(route.dependant))
    assert bool(public) is not bool(needed)
    assert len(needed) <= 1


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_a_route_is_described(route: APIRoute) -> None:
    assert route.operation_id
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", route.operation_id)
    assert route.tags
    assert route.summary


def test_operation_ids_are_unique() -> None:
    ids = [route.operation_id for route in ROUTES]
    assert len(ids) == len(set(ids))


def path_of(route: APIRoute) -> str:
    return re.sub(r"\{[^}]+\}", str(uuid.UUID(int=7)), route.path)


def forged(key: str, **changed: Any) -> str:
    claims = {
        "iss": "https://portal.example",
        "aud": "customer-portal",
        "sub": str(uuid.uuid4()),
        "sid": str(uuid.uuid4()),
        "iat": 1,
        "exp": 4102444800,
    } | changed
    return jwt.encode(claims, key, algorithm="HS256", headers={"kid": "sandbox"})


KEY = SANDBOX_SECRETS["access_token_keys"].get_secret_value().partition(":")[2]
TOKENS = {
    "none": None,
    "not a token": "abc",
    "alg none": "eyJhbGciOiJub25lIiwia2lkIjoic2FuZGJveCJ9.eyJzdWIiOiIxIn0.",
    "wrong key": forged("x" * 40),
    "wrong audience": forged(KEY, aud="somebody"),
    "expired": forged(KEY, exp=2),
    "no such session": forged(KEY),
}


@pytest.mark.parametrize("route", GUARDED, ids=name)
async def test_a_guarded_route_lets_no_bad_token_in(
    client: httpx.AsyncClient, route: APIRoute
) -> None:
    for case, token in TOKENS.items():
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for method in route.methods:
            answer = await client.request(
                method,
                path_of(route),
                headers=headers | {"Idempotency-Key": "k" * 20, "If-Match": '"r1"'},
                json=BODIES.get(route.operation_id or ""),
            )
            assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated"), case
            assert answer.headers["www-authenticate"] == "Bearer"


BODIES: dict[str, dict[str, Any]] = {
    "update_me": {"department": "x"},
    "set_notification_preferences": {"items": [{"topic": "INQUIRIES", "mail": False}]},
    "switch_accounting": {"visible": False},
    "update_company": {"postcode": "04524"},
    "add_inquiry_message": {"text": "x"},
    "change_password": {"new_password": "x"},
    "change_phone": {"identity_verification_token": "x" * 20},
    "update_my_consents": {"consents": [{"kind": "MARKETING", "version": "1", "agreed": True}]},
    "step_up": {"password": "x"},
    "link_groupware_user": {"ticket": "t" * 43, "confirm_link": True},
    "add_social_link": {
        "provider": "kakao",
        "code": "c",
        "state": "s",
        "client_secret": "s" * 43,
    },
    "update_membership": {"auto_renew": True},
    "send_document": {"recipients": ["OWN"]},
    "preview_scheduled_change": {"plan": "SHARED", "users": 9},
    "schedule_change": {"plan": "SHARED", "users": 9},
    "set_tax_invoice_contact": TAX_CONTACT,
    "set_refund_account": {"bank": "SHINHAN", "number": "110123456789"},
    "agree_to_renewal_price": {"order_id": str(uuid.UUID(int=7)), "total": 1},
    "request_termination": {"last_day": "2099-01-01", "reason": "OTHER"},
    "update_user": {"state": "SUSPENDED"},
    "begin_handover": {"name": "a", "email": "a@b.example", "phone": "01012345678"},
    "invite_user": {"name": "a", "email": "a@b.example"},
    "accept_invitation": {"token": "t" * 43},
    "start_payment": {"method": "CARD"},
    "register_payment_method": {"issue_id": str(uuid.UUID(int=7)), "billing_key": "k"},
    "update_payment_method": {"role": "DEFAULT"},
    "change_order_payment_method": {"payment_method": "CARD"},
    "choose_order_item_site": {"subdomain": "hanbit"},
    "create_quote": {"items": [{"type": "NEW", "plan": "SHARED_FREE"}], "recipients": ["OWN"]},
    "claim_quote": {"number": "Q-20261124-000001", "token": "t" * 43},
    "create_order": {
        "items": [
            {
                "type": "NEW",
                "plan": "SHARED",
                "users": 1,
                "months": 1,
                "site": {
                    "name": "a",
                    "subdomain": "abc",
                    "admin_name": "a",
                    "admin_login_id": "admin",
                    "admin_email": "a@b.example",
                },
            }
        ],
        "expected_total": 1,
        "payment_method": "CARD",
        "consents": [],
    },
}


def test_the_bodies_above_are_of_routes_that_exist() -> None:
    assert set(BODIES) <= {route.operation_id for route in GUARDED}


def test_every_guarded_route_documents_401(portal: FastAPI) -> None:
    document = portal.openapi()
    for route in GUARDED:
        for method in route.methods:
            responses = document["paths"][route.path][method.lower()]["responses"]
            assert "401" in responses, name(route)
