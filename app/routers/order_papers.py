"""주문확인서와 거래확인서."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.routers.attachments import PDF_ANSWER, attached
from app.routers.dependencies import DepsDep
from app.routers.permissions import FOR_A_COMPANY, CanReadDocuments
from app.routers.problems import problems
from app.routers.strict import StrictRoute

router = APIRouter(prefix="/v1/orders", tags=["orders"], route_class=StrictRoute)


@router.get(
    "/{order_id}/confirmation",
    operation_id="get_order_confirmation",
    summary="주문확인서 (PDF)",
    description="What was ordered and the terms agreed to; stands for the contract (계약서).",
    response_class=Response,
    responses={**PDF_ANSWER, **problems(*FOR_A_COMPANY, "order_not_found")},
)
async def confirmation(deps: DepsDep, access: CanReadDocuments, order_id: UUID) -> Response:
    return attached(await deps.order_papers.confirmation(access, order_id))


@router.get(
    "/{order_id}/transaction-confirmation",
    operation_id="get_order_transaction_confirmation",
    summary="거래확인서 (PDF)",
    description="For orders that were paid.",
    response_class=Response,
    responses={**PDF_ANSWER, **problems(*FOR_A_COMPANY, "order_not_found", "order_not_paid")},
)
async def transaction(deps: DepsDep, access: CanReadDocuments, order_id: UUID) -> Response:
    return attached(await deps.order_papers.transaction_confirmation(access, order_id))
