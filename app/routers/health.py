"""Whether the process lives, and whether it can do its work."""

from typing import Literal

from fastapi import APIRouter, Response

from app.routers.access import public
from app.routers.dependencies import DepsDep
from app.routers.models import AnswerModel
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.health import readiness

router = APIRouter(tags=["service"], route_class=StrictRoute)


class Liveness(AnswerModel):
    """The process answers."""

    status: Literal["ok"]


class ReadinessBody(AnswerModel):
    """What stands between the process and its work."""

    status: Literal["ready", "not_ready"]
    database: bool
    migrations: bool
    queue_age_seconds: float | None


@router.get(
    "/healthz",
    operation_id="get_health",
    summary="Alive",
    description="The process answers. It asks nothing of anybody.",
    responses=problems(),
)
@public("load balancers ask without a sign-in")
async def get_health() -> Liveness:
    return Liveness(status="ok")


@router.get(
    "/readyz",
    operation_id="get_readiness",
    summary="Ready",
    description="Whether requests can be served, and if not, why.",
    responses={**problems(), 503: {"model": ReadinessBody, "description": "Not ready."}},
)
@public("load balancers ask without a sign-in")
async def get_readiness(deps: DepsDep, response: Response) -> ReadinessBody:
    found = await readiness(deps.database)
    response.status_code = 200 if found.ready else 503
    return ReadinessBody(
        status="ready" if found.ready else "not_ready",
        database=found.database,
        migrations=found.migrations,
        queue_age_seconds=found.queue_age_seconds,
    )
