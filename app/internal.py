"""The internal listener: Prometheus, and in the sandbox the clock. Never reachable from outside."""

import hmac
from datetime import datetime

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.deps import Deps
from app.domain.errors import DomainError
from app.services.gauges import figures
from app.services.moved_clock import move_clock


class MoveClock(msgspec.Struct, forbid_unknown_fields=True):
    """Where business time goes: aware, in the future."""

    now: datetime


DATABASE_UP = Gauge("portal_database_up", "Whether the database answered just now")
QUEUE_AGE = Gauge("portal_queue_age_seconds", "How long the oldest job that may run has waited")
JOBS = Gauge("portal_jobs", "Jobs that wait, and those that failed and nobody looked at", ["state"])
MAILS = Gauge("portal_mails_queued", "Mails that wait")
ORDERS = Gauge("portal_orders", "Orders that something is still done for", ["status"])
IN_FLIGHT = (
    "PENDING_PAYMENT",
    "PAID",
    "PROVISIONING",
    "PARTIALLY_COMPLETED",
    "PROVISIONING_FAILED",
)


async def _look(deps: Deps) -> None:
    """Sets the gauges; while the database is away they stay, and say that it is."""
    found = await figures(deps.database)
    DATABASE_UP.set(found is not None)
    if found is None:
        return
    QUEUE_AGE.set(found.queue_age_seconds)
    JOBS.labels("queued").set(found.jobs_queued)
    JOBS.labels("failed").set(found.jobs_failed)
    MAILS.set(found.mails_queued)
    for status in IN_FLIGHT:
        ORDERS.labels(status).set(found.orders.get(status, 0))


def create_internal_app(deps: Deps) -> Starlette:
    """In production there is no clock to move: the route does not exist."""

    async def metrics(_: Request) -> Response:
        await _look(deps)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    routes = [Route("/metrics", metrics)]
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
