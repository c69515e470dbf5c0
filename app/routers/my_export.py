"""내 정보 내려받기."""

from fastapi import APIRouter, Response

from app.routers.answers import to_json
from app.routers.attachments import attachment_headers
from app.routers.dependencies import DepsDep
from app.routers.permissions import SIGNED_IN, CanReadMe
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.exported import Export

router = APIRouter(prefix="/v1/me", tags=["me"], route_class=StrictRoute)


@router.get(
    "/export",
    operation_id="export_my_data",
    summary="Everything the portal holds about me",
    description=(
        "As a file to keep. Without what would be a secret in other hands, and what is gone within "
        "a day. A session that came from the groupware needs a step-up."
    ),
    response_model=Export,
    responses=problems(*SIGNED_IN, "reauthentication_required", "rate_limited"),
)
async def export_my_data(deps: DepsDep, access: CanReadMe) -> Response:
    export = await deps.my_export.of(access)
    name = f"my-data-{export.made_at:%Y%m%d}.json"
    return Response(
        to_json(export),
        media_type="application/json",
        headers=attachment_headers(name) | {"Cache-Control": "no-store"},
    )
