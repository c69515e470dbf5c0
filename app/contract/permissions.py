"""`x-permission`: who may call an operation, as its signature says."""

from collections.abc import Sequence
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.routers.access import PUBLIC_MARK

PUBLIC = "public"


def name_permissions(paths: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """Each operation gets the permission of PRODUCT.md section 2 that it needs, or `public`.

    A public operation says so in `security` too: an empty list, where a part of it needs no
    sign-in an empty alternative.
    """
    needed = {
        route.operation_id: _permission(route) for route in routes if isinstance(route, APIRoute)
    }
    for operations in paths.values():
        for operation in operations.values():
            permission = needed[operation["operationId"]]
            operation["x-permission"] = permission
            if permission == PUBLIC:
                alternatives = operation.get("security", [])
                operation["security"] = [{}, *alternatives] if alternatives else []


def _permission(route: APIRoute) -> str:
    if hasattr(route.endpoint, PUBLIC_MARK):
        return PUBLIC
    asked = [getattr(inner.call, "permission", None) for inner in route.dependant.dependencies]
    (permission,) = (str(permission) for permission in asked if permission is not None)
    return permission
