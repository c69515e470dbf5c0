"""Documents the problems of an operation: one entry per status, its codes as examples."""

from collections import defaultdict
from typing import Any

from app.errors import PROBLEM_TYPE, TYPE_BASE
from app.problem_codes import problem_code
from app.routers.models import ProblemDocument

EVERYWHERE = ("internal_error", "database_unavailable")
WITH_BODY = (
    "malformed_json",
    "payload_too_large",
    "unsupported_media_type",
    "invalid_request",
)


def problems(*codes: str, body: bool = False) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: every code it can answer, by status."""
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys((*codes, *(WITH_BODY if body else ()), *EVERYWHERE)):
        by_status[problem_code(code).status].append(code)
    return {
        status: {
            "description": ", ".join(f"`{code}`" for code in named),
            "content": {
                PROBLEM_TYPE: {
                    "schema": {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"},
                    "examples": {code: {"value": _example(code)} for code in named},
                }
            },
        }
        for status, named in sorted(by_status.items())
    }


def _example(code: str) -> dict[str, object]:
    row = problem_code(code)
    return {
        "type": TYPE_BASE + row.code,
        "title": row.title_ko,
        "status": row.status,
        "detail": row.title_ko,
        "code": row.code,
        "request_id": "0193f2c87a4b4a5e9a6a0a8e6f0b7c1d",
        "errors": [],
    }
