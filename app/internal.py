"""The internal listener: Prometheus, and in the sandbox the clock. Never reachable from outside."""

import hmac
from datetime import datetime

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.deps import Deps
from app.domain.errors import DomainError
from app.services.moved_clock import move_clock


class MoveClock(msgspec.Struct, forbid_unknown_fields=True):
    """Where business time goes: aware, in the future."""

    now: datetime


async def _metrics(_: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def create_internal_app(deps: Deps) -> Starlette:
    """In production there is no clock to move: the route does not exist."""
    routes = [Route("/metrics", _metrics)]
    if deps.settings.is_sandbox:
        secret = deps.settings.internal_secret.get_secret_value()

        async def clock(request: Request) -> Response:
            given = request.headers.get("x-internal-secret", "")
            if not hmac.compare_digest(given.encode(), secret.encode()):
                return JSONResponse({"error": "not_allowed"}, 403)
            return await _move(deps, await request.body())

        routes.append(Route("/internal/clock", clock, methods=["PUT"]))
    return Starlette(routes=routes)


async def _move(deps: Deps, body: bytes) -> Response:
    try:
        to = msgspec.json.decode(body, type=MoveClock).now
        if to.tzinfo is None:
            raise ValueError("no offset")
        moved = await move_clock(deps.database, deps.clock, to)
    except (msgspec.MsgspecError, ValueError):
        return JSONResponse({"error": "invalid_request"}, 422)
    except DomainError as refused:
        return JSONResponse({"error": refused.code}, 409)
    return JSONResponse({"now": moved.now.isoformat(), "ran": moved.ran, "settled": moved.settled})
