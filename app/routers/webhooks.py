"""What providers call. Standard Webhooks: the raw body is verified before it is read."""

from fastapi import APIRouter, Request, Response

from app.domain.webhook_events import WebhookFault, WebhookRefused
from app.errors import Problem
from app.routers.access import public
from app.routers.dependencies import DepsDep
from app.routers.problems import problems

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

_CODES = {
    WebhookFault.SIGNATURE: "webhook_refused",
    WebhookFault.MALFORMED: "malformed_json",
    WebhookFault.TOO_LARGE: "payload_too_large",
}
RESPONSES = problems("webhook_refused", "malformed_json", "payload_too_large")


@router.post(
    "/portone",
    operation_id="receive_portone_webhook",
    summary="A payment changed",
    description="Standard Webhooks. Kept once by its id; a job reads the payment itself.",
    status_code=204,
    responses=RESPONSES,
)
@public("the signature is the proof")
async def portone(deps: DepsDep, request: Request) -> Response:
    try:
        await deps.webhooks.from_payment_provider(request.headers, await request.body())
    except WebhookRefused as refused:
        raise Problem(_CODES[refused.fault]) from refused
    return Response(status_code=204)


@router.post(
    "/groupware",
    operation_id="receive_groupware_webhook",
    summary="Work on a site ended",
    description="Standard Webhooks. Kept once by its id; a job reads the site itself.",
    status_code=204,
    responses=RESPONSES,
)
@public("the signature is the proof")
async def groupware(deps: DepsDep, request: Request) -> Response:
    try:
        await deps.webhooks.from_groupware(request.headers, await request.body())
    except WebhookRefused as refused:
        raise Problem(_CODES[refused.fault]) from refused
    return Response(status_code=204)
