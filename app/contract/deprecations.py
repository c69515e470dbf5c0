"""What the document says of operations on their way out."""

from collections.abc import Sequence
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.routers.deprecation import deprecation_of

HEADERS: dict[str, Any] = {
    "Deprecation": {
        "description": "Since when, in seconds of Unix time after an @ (RFC 9745).",
        "schema": {"type": "string", "pattern": "^@[0-9]+$"},
    },
    "Sunset": {
        "description": "When it stops answering (RFC 8594).",
        "schema": {"type": "string"},
    },
}


def name_deprecations(paths: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """`deprecated`, the day it is gone, what to use instead, and the headers of every answer."""
    marked = {
        route.operation_id: found
        for route in routes
        if isinstance(route, APIRoute) and (found := deprecation_of(route.endpoint)) is not None
    }
    for operations in paths.values():
        for operation in operations.values():
            deprecation = marked.get(operation["operationId"])
            if deprecation is None:
                continue
            operation["deprecated"] = True
            operation["x-sunset"] = deprecation.gone_at.date().isoformat()
            said = f"Use `{deprecation.instead}`. Gone on {deprecation.gone_at.date()}."
            operation["description"] = f"{said}\n\n{operation['description']}"
            for response in operation["responses"].values():
                response["headers"] = response.get("headers", {}) | HEADERS
