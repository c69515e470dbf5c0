"""The contract as a document: tags in menu order, the problem schema, what FastAPI adds unasked."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.routers.models import FieldErrorBody, ProblemDocument

DESCRIPTION = """
The backend of 고객포털: companies verify their business, sign up, get prices, order, pay and have
their groupware site opened.

Errors are RFC 9457 problem documents with a stable `code`. Texts are Korean, or English by
`Accept-Language`. Money is integer KRW, times are RFC 3339, business dates are Asia/Seoul.
"""

TAGS = [
    {"name": "service", "description": "Whether the portal is alive and ready."},
    {"name": "accounts", "description": "회원가입: verification and sign-up."},
    {"name": "me", "description": "내 정보 관리."},
    {"name": "catalogue", "description": "요금제와 부가 상품: plans, terms, add-ons and prices."},
    {"name": "orders", "description": "주문 및 결제, 주문/구매내역."},
    {"name": "payments", "description": "결제."},
    {"name": "memberships", "description": "멤버십현황."},
    {"name": "system status", "description": "시스템현황."},
    {"name": "webhooks", "description": "What providers call."},
]


def describe(app: FastAPI) -> None:
    """Gives the application an `openapi()` that answers our document, made once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description.strip(),
        routes=app.routes,
        tags=TAGS,
        separate_input_output_schemas=False,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (FieldErrorBody, ProblemDocument):
        schemas[model.__name__] = model.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        schemas[model.__name__].pop("$defs", None)
    for operations in document["paths"].values():
        for operation in operations.values():
            _drop_unused(operation)
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
