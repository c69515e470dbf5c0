"""결제방법 변경: another way to pay an order that is not paid yet."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from app.routers.answers import answer
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.models import RequestModel
from app.routers.order_bodies import OrderBody, order_body
from app.routers.payments import PROVIDER
from app.routers.permissions import FOR_A_COMPANY, CanCreateOrders
from app.routers.problems import problems
from app.routers.strict import StrictRoute

router = APIRouter(prefix="/v1/orders", tags=["orders"], route_class=StrictRoute)


class PaymentMethodRequest(RequestModel):
    """How the order shall be paid."""

    payment_method: Annotated[str, Field(pattern=r"^[A-Z_]{1,40}$", examples=["TRANSFER"])]


@router.put(
    "/{order_id}/payment-method",
    operation_id="change_order_payment_method",
    summary="Pay an order another way",
    description="While it is unpaid. Closes what was begun; `payment_in_progress` while the "
    "payer's bank is working on it. Naming the order's method again changes nothing.",
    response_model=OrderBody,
    responses=problems(
        *FOR_A_COMPANY,
        "order_not_found",
        "order_state_conflict",
        "payment_in_progress",
        "payment_method_not_allowed",
        "tax_invoice_information_required",
        *PROVIDER,
        body=True,
    ),
)
async def change_payment_method(
    deps: DepsDep,
    language: LanguageDep,
    access: CanCreateOrders,
    order_id: UUID,
    body: PaymentMethodRequest,
) -> Response:
    order = await deps.payment_methods.change(access, order_id, body.payment_method)
    catalogue = await deps.catalogues.of_outside(order.catalogue_code)
    return answer(order_body(order, catalogue, language))
