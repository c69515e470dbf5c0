"""현금영수증 발급 관리: what is not issued or not taken back yet."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.routers.dependencies import DepsDep
from app.routers.idempotent import IDEMPOTENT, OncePerOperatorKey, answer_of
from app.routers.models import AnswerModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageInvoices
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.operator_receipts import WaitingReceipt
from app.services.principals import TransactionSession

router = APIRouter(
    prefix="/v1/operator/cash-receipts", tags=["cash receipts"], route_class=StrictRoute
)


class WaitingReceiptBody(AnswerModel):
    """KRW with VAT. `number` is masked."""

    id: UUID
    company_id: UUID
    company_name: str
    order_number: str
    payment_id: UUID
    type: str
    number: str | None
    state: Annotated[str, Field(description="`WAITING` to be issued, `CANCELLING`: taken back.")]
    total: int
    vat: int
    failure: Annotated[
        str | None, Field(description="`refused_…`: by whom; null: it is tried for the first time.")
    ]
    attempts: int
    next_try_at: Annotated[
        datetime | None, Field(description="Null: once the one before it is taken back.")
    ]


class WaitingReceiptListBody(AnswerModel):
    """The oldest first."""

    items: list[WaitingReceiptBody]
    next_cursor: str | None


@router.get(
    "",
    operation_id="operator_list_waiting_cash_receipts",
    summary="Cash receipts that are not issued or not taken back yet",
    description="Of all companies; those with a `failure` need somebody.",
    responses=problems(*FOR_AN_OPERATOR, "cursor_invalid"),
)
async def get_all(
    deps: DepsDep,
    operator: CanManageInvoices,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> WaitingReceiptListBody:
    page = await deps.operator_receipts.waiting(cursor, size)
    return WaitingReceiptListBody(
        items=[_body(receipt) for receipt in page.items], next_cursor=page.next_cursor
    )


@router.post(
    "/{receipt_id}/retry",
    operation_id="operator_retry_cash_receipt",
    summary="Try it now",
    description="It is tried by itself, too, at `next_try_at`. Needs an Idempotency-Key.",
    responses={
        200: {"model": WaitingReceiptBody},
        **problems(*FOR_AN_OPERATOR, *IDEMPOTENT, "cash_receipt_not_found"),
    },
)
async def retry(
    deps: DepsDep, operator: CanManageInvoices, once: OncePerOperatorKey, receipt_id: UUID
) -> Response:
    async def work(session: TransactionSession) -> Answer:
        return answer_of(_body(await deps.operator_receipts.retry(session, operator, receipt_id)))

    return await once.within(operator, work)


def _body(receipt: WaitingReceipt) -> WaitingReceiptBody:
    return WaitingReceiptBody(
        id=receipt.id,
        company_id=receipt.company_id,
        company_name=receipt.company_name,
        order_number=receipt.order_number,
        payment_id=receipt.payment_id,
        type=receipt.type,
        number=receipt.number,
        state=receipt.state,
        total=receipt.total,
        vat=receipt.vat,
        failure=receipt.failure,
        attempts=receipt.attempts,
        next_try_at=receipt.next_try_at,
    )
