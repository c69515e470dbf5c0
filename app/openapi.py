"""The contract as a document: tags in menu order, the problem schema, what FastAPI adds unasked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from app.contract.deprecations import name_deprecations
from app.contract.examples import name_examples
from app.contract.guide import name_pages
from app.contract.parameters import describe_parameters
from app.contract.permissions import name_permissions
from app.contract.problems import name_problems
from app.contract.sdk_names import name_for_sdks
from app.routers.permissions import COMPANY_HEADER

DESCRIPTION = """
The backend of 고객포털: companies verify their business, sign up, get prices, order, pay and have
their groupware site opened.

Guides: [quick start](/reference/guides/quick-start),
[authentication](/reference/guides/authentication),
[ordering and paying](/reference/guides/ordering-and-paying), [errors](/reference/guides/errors)
and more.

Errors are RFC 9457 problem documents with a stable `code`. Texts are Korean, or English by
`Accept-Language`. Money is integer KRW, times are RFC 3339, business dates are Asia/Seoul.
"""

COMPANY_DESCRIPTION = "The company meant, for an individual who is ADMIN of several."
TAGS = [
    {"name": "service", "description": "Whether the portal is alive and ready."},
    {"name": "accounts", "description": "회원가입: verification and sign-up."},
    {"name": "me", "description": "내 정보 관리."},
    {"name": "company", "description": "회사정보관리: the company, its users and its log."},
    {"name": "catalogue", "description": "요금제와 부가 상품: plans, terms, add-ons and prices."},
    {"name": "quotes", "description": "견적서: prices that are held, as a paper and by mail."},
    {"name": "orders", "description": "주문 및 결제, 주문/구매내역."},
    {"name": "payments", "description": "결제."},
    {"name": "documents", "description": "문서함: every paper of the company."},
    {"name": "memberships", "description": "멤버십현황."},
    {"name": "system status", "description": "시스템현황."},
    {"name": "help", "description": "고객포털 FAQ, 문의등록."},
    {"name": "webhooks", "description": "What providers call."},
]
CONTACT = {
    "name": "고객포털 운영팀",
    "url": "https://portal.example",
    "email": "daouoffice@daou.co.kr",
}
LICENCE = {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"}
SERVERS = [{"url": "http://127.0.0.1:8000", "description": "`make run` with the sandbox"}]


@dataclass(frozen=True, slots=True)
class Paper:
    """What one document has of its own. `names_company`: its operations take X-Company-Id."""

    title: str
    summary: str
    description: str
    tags: Sequence[Mapping[str, str]]
    names_company: bool


CUSTOMERS = Paper(
    title="고객포털 API",
    summary="Customer portal of the groupware: sign up, order, pay, run sites.",
    description=DESCRIPTION,
    tags=TAGS,
    names_company=True,
)


def describe(app: FastAPI, routes: Sequence[BaseRoute], paper: Paper) -> None:
    """Gives the application an `openapi()` that answers our document of the routes, made once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, routes, paper)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI, routes: Sequence[BaseRoute], paper: Paper) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description.strip(),
        routes=routes,
        tags=[dict(tag) for tag in paper.tags],
        separate_input_output_schemas=False,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    document["info"] |= {"contact": CONTACT, "license": LICENCE}
    document["servers"] = SERVERS
    for operations in document["paths"].values():
        for operation in operations.values():
            _drop_unused(operation)
            _name_body(operation, schemas)
            if paper.names_company:
                _name_company(operation)
            _require_headers(operation)
            _name_answer_headers(operation)
    _link(document["paths"])
    name_permissions(document["paths"], routes)
    name_pages(document["paths"])
    name_for_sdks(document["paths"])
    describe_parameters(document["paths"])
    name_deprecations(document["paths"], routes)
    name_examples(document["paths"])
    name_problems(document)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def _drop_unused(operation: dict[str, Any]) -> None:
    """FastAPI's own 422 shape is never answered here."""
    answer = operation["responses"].get("422")
    if answer and "application/json" in answer.get("content", {}):
        answer["content"].pop("application/json")
        if not answer["content"]:
            del operation["responses"]["422"]


def _name_body(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """A body that FastAPI writes in place, a form or alternatives, gets a name: SDKs show it."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        if "$ref" not in schema:
            words = operation["operationId"].split("_")
            name = "".join(word.capitalize() for word in words) + "Body"
            schemas[name] = schema | {"title": name}
            content["schema"] = {"$ref": f"#/components/schemas/{name}"}


def _name_company(operation: dict[str, Any]) -> None:
    """The header that every signed-in operation takes; `Requires` reads it by itself."""
    if "security" in operation:
        operation.setdefault("parameters", []).append(
            {
                "name": COMPANY_HEADER,
                "in": "header",
                "required": False,
                "schema": {
                    "type": "string",
                    "format": "uuid",
                    "description": COMPANY_DESCRIPTION,
                    "title": COMPANY_HEADER,
                },
                "description": COMPANY_DESCRIPTION,
            }
        )


def _refuses(operation: dict[str, Any], code: str) -> bool:
    return any(f"`{code}`" in answer["description"] for answer in operation["responses"].values())


def _require_headers(operation: dict[str, Any]) -> None:
    """Headers that the server asks for by a code of its own when they are missing."""
    schemas = {
        "Idempotency-Key": {
            "type": "string",
            "minLength": 16,
            "maxLength": 128,
            "pattern": "^[!-~]+$",
        },
        "If-Match": {"type": "string", "maxLength": 100, "examples": ['"r1"']},
    }
    for parameter in operation.get("parameters", []):
        _drop_null(parameter)
        schema = schemas.get(parameter["name"])
        if schema is not None:
            accepted_only = parameter["name"] == "Idempotency-Key" and not _refuses(
                operation, "idempotency_key_required"
            )
            parameter["required"] = not accepted_only
            parameter["schema"] = schema


RATE_LIMIT_HEADERS: dict[str, dict[str, Any]] = {
    "RateLimit": {
        "description": "What is left of each quota that was counted, and seconds until it is whole"
        " again (draft-ietf-httpapi-ratelimit-headers). Sign-in backs off instead and has none.",
        "schema": {"type": "string", "examples": ['"business_verification";r=29;t=1800']},
    },
    "RateLimit-Policy": {
        "description": "The quotas themselves: how many in how many seconds.",
        "schema": {"type": "string", "examples": ['"business_verification";q=30;w=3600']},
    },
}
RETRY_AFTER: dict[str, Any] = {
    "description": "Seconds until a repeat makes sense.",
    "schema": {"type": "integer", "minimum": 1},
}
REPLAYED: dict[str, Any] = {
    "description": "`true` where the key was answered before and this is that answer.",
    "schema": {"type": "string", "enum": ["true"]},
}


def _name_answer_headers(operation: dict[str, Any]) -> None:
    """Headers that follow from what an operation can answer and takes."""
    limited = _refuses(operation, "rate_limited")
    keyed = any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", []))
    for status, response in operation["responses"].items():
        named: dict[str, Any] = {}
        if limited and (status.startswith("2") or status == "429"):
            named |= RATE_LIMIT_HEADERS
        if status in {"429", "503"}:
            named |= {"Retry-After": RETRY_AFTER}
        if keyed and status.startswith(("2", "4")):
            named |= {"Idempotent-Replayed": REPLAYED}
        if named:
            response["headers"] = response.get("headers", {}) | named


def _drop_null(parameter: dict[str, Any]) -> None:
    """A parameter that may be left out is not one that may be null."""
    schema = parameter["schema"]
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        parameter["schema"] = kinds[0] | {k: v for k, v in schema.items() if k != "anyOf"}


LINKS: dict[str, dict[str, dict[str, str]]] = {
    "create_order": {
        "get_order": {"order_id": "$response.body#/id"},
        "cancel_order": {"order_id": "$response.body#/id"},
        "start_payment": {"order_id": "$response.body#/id"},
        "choose_order_item_site": {
            "order_id": "$response.body#/id",
            "item_id": "$response.body#/items/0/id",
        },
    },
    "list_orders": {
        "get_order": {"order_id": "$response.body#/items/0/id"},
        "start_payment": {"order_id": "$response.body#/items/0/id"},
    },
    "start_payment": {
        "get_payment": {"payment_id": "$response.body#/id"},
        "complete_payment": {"payment_id": "$response.body#/id"},
    },
    "list_memberships": {
        "get_membership": {"membership_id": "$response.body#/items/0/id"},
        "update_membership": {"membership_id": "$response.body#/items/0/id"},
        "get_system_status": {"site_id": "$response.body#/items/0/site/id"},
    },
    "list_system_status": {"get_system_status": {"site_id": "$response.body#/items/0/site/id"}},
    "start_identity_verification": {
        "get_identity_verification_status": {"verification_id": "$response.body#/id"},
        "resend_identity_verification": {"verification_id": "$response.body#/id"},
        "confirm_identity_verification": {"verification_id": "$response.body#/id"},
    },
}
"""Which answer gives the ids of which operation."""

LINKED_BODIES = {
    "start_identity_verification": {"client_secret": "$response.body#/client_secret"},
}
"""What an answer gives the body of every operation that it leads to."""


def _link(paths: dict[str, Any]) -> None:
    for operations in paths.values():
        for operation in operations.values():
            links = LINKS.get(operation["operationId"], {})
            body = LINKED_BODIES.get(operation["operationId"])
            for status, response in operation["responses"].items():
                if links and status.startswith("2"):
                    response["links"] = {
                        name: {"operationId": name, "parameters": parameters}
                        | ({"requestBody": body} if body else {})
                        for name, parameters in links.items()
                    }
