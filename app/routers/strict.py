"""Bodies as the contract wants them: JSON by media type, and text that PostgreSQL can keep."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import msgspec
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from app.errors import FieldError, Problem
from app.routers.deprecation import deprecation_of, telling
from app.routers.lean import lean_app

MAX_DEPTH = 32


class StrictRequest(Request):
    """A request whose JSON is decoded once, strictly: no NaN, no NUL, no lone surrogate."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            body = await self.body()
            try:
                value = msgspec.json.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as refused:
                raise Problem("malformed_json") from refused
            _check(value, "", 0)
            self._json = value
        return self._json


def _check(value: object, pointer: str, depth: int) -> None:
    """Raises 422 with the pointer of what is nested too deep or has a NUL character."""
    if depth > MAX_DEPTH:
        raise _refused(pointer, "nesting_too_deep")
    if isinstance(value, str):
        if "\x00" in value:
            raise _refused(pointer, "nul_character")
    elif isinstance(value, dict):
        for name, member in value.items():
            _check(name, pointer, depth)
            _check(member, f"{pointer}/{name}", depth + 1)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            _check(member, f"{pointer}/{index}", depth + 1)


def _refused(pointer: str, code: str) -> Problem:
    return Problem("invalid_request", errors=(FieldError(pointer, code, code),))


async def strict_body(request: Request) -> tuple[StrictRequest, object]:
    """The request that remembers its body, and the JSON in it.

    Raises `unsupported_media_type`, `malformed_json` and 422 for what no field may hold.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if media_type.lower() != "application/json":
        raise Problem("unsupported_media_type")
    strict = StrictRequest(request.scope, request.receive)
    return strict, await strict.json()


class StrictRoute(APIRoute):
    """Every route of the portal: strict bodies, 415 for other media types.

    A path that stands in the document as it is, is no other path's parameter: /quotes/claim is no
    quote, and a method that it does not have is 405.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        lean = lean_app(self, strict_body)
        self.is_lean = lean is not None
        """Whether requests go past FastAPI's way of solving dependencies."""
        self.app = lean or self.app
        deprecation = deprecation_of(self.endpoint)
        if deprecation is not None:
            self.app = telling(self.app, deprecation)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        literal = self.param_convertors and scope["path"] in scope["app"].state.literal_paths
        return (Match.NONE, {}) if literal else (match, child)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        takes_body = self.body_field is not None

        async def strict(request: Request) -> Response:
            if takes_body:
                # Here and not in FastAPI, which answers every failed parse with one 400 of its own.
                request, _ = await strict_body(request)
            return await handler(request)

        return strict


class LiteralPaths(BaseRoute):
    """The routes whose paths have no parameter, found by path and method before any is tried."""

    def __init__(self, routes: Iterable[APIRoute]) -> None:
        self._routes = {
            (method, route.path): route
            for route in routes
            if not route.param_convertors
            for method in route.methods or ()
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Never PARTIAL: the routes themselves say what is 405."""
        route = self._routes.get((scope.get("method", ""), scope["path"]))
        if route is None:
            return Match.NONE, {}
        return Match.FULL, {"endpoint": route.endpoint, "path_params": {}, "route": route}

    @property
    def routes(self) -> list[APIRoute]:
        return list(self._routes.values())

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["route"].app(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)
