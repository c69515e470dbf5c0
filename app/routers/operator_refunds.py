"""환불 관리: refunds that take a hand, and openings that failed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.domain.refunds import RefundState
from app.routers.dependencies import DepsDep
from app.routers.idempotent import IDEMPOTENT, OncePerOperatorKey, answer_of
from app.routers.models import CODE, AnswerModel, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageRefunds
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.operator_refunds import OperatorRefund
from app.services.principals import TransactionSession

router = APIRouter(prefix="/v1/operator", tags=["refunds"], route_class=StrictRoute)


class OperatorRefundBody(AnswerModel):
    """KRW with VAT. `failure` says why it takes a hand.

    `approved_by`: who confirmed it first, where it takes two.
    """

    id: UUID
    company_id: UUID
    order_id: UUID | None
    order_number: str | None
    payment_id: UUID | None
    destination: str
    reason: str
    state: str
    amount: int
    vat: int
    failure: str | None
    attempts: int
    requested_by: str
    created_at: datetime
    approved_by: str | None
    done_by: str | None
    done_at: datetime | None


class ReadAccountRequest(RequestModel):
    """Why a company's account is looked at; a code of the operator's own, no words on persons."""

    reason: str = Field(min_length=2, max_length=40, pattern=CODE, examples=["BANK_PAYOUT"])


class PaidBackToBody(AnswerModel):
    """`bank` is the payment company's code."""

    bank: str
    number: str
    holder: str


class OperatorRefundListBody(AnswerModel):
    """The newest first."""

    items: list[OperatorRefundBody]
    next_cursor: str | None


@router.get(
    "/refunds",
    operation_id="operator_list_refunds",
    summary="Refunds of all companies in one state",
    description="The oldest first; `MANUAL_REQUIRED` with a word for why it takes a hand.",
    responses=problems(*FOR_AN_OPERATOR, "cursor_invalid"),
)
async def get_all(
    deps: DepsDep,
    operator: CanManageRefunds,
    state: RefundState = RefundState.MANUAL_REQUIRED,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> OperatorRefundListBody:
    page = await deps.operator_refunds.find(state, cursor, size)
    return OperatorRefundListBody(
        items=[_body(row) for row in page.items], next_cursor=page.next_cursor
    )


@router.post(
    "/refunds/{refund_id}/account",
    operation_id="operator_read_refund_account",
    summary="Where to pay a refund by hand",
    description="In clear: who read it and why is in the company's log.",
    responses=problems(*FOR_AN_OPERATOR, "refund_not_found", "refund_account_not_found", body=True),
)
async def read_account(
    deps: DepsDep, operator: CanManageRefunds, refund_id: UUID, body: ReadAccountRequest
) -> PaidBackToBody:
    account = await deps.operator_refunds.account(operator, refund_id, body.reason)
    return PaidBackToBody(bank=account.bank, number=account.number, holder=account.holder)


@router.post(
    "/refunds/{refund_id}/done",
    operation_id="operator_confirm_refund",
    summary="The money was sent back by hand",
    description=(
        "The customer is told. Again is harmless. From a set amount on two operators say so: after"
        " the first one it still waits, with `approved_by`. Needs an Idempotency-Key."
    ),
    responses={
        200: {"model": OperatorRefundBody},
        **problems(
            *FOR_AN_OPERATOR,
            *IDEMPOTENT,
            "refund_not_found",
            "refund_state_conflict",
            "second_operator_required",
        ),
    },
)
async def done(
    deps: DepsDep, operator: CanManageRefunds, once: OncePerOperatorKey, refund_id: UUID
) -> Response:
    async def work(session: TransactionSession) -> Answer:
        return answer_of(_body(await deps.operator_refunds.done(session, operator, refund_id)))

    return await once.within(operator, work)


@router.post(
    "/refunds/{refund_id}/retry",
    operation_id="operator_retry_refund",
    summary="Ask the payment company once more",
    description=(
        "For one that waits for a hand. Refused by the issuer again, it waits again. Needs an"
        " Idempotency-Key."
    ),
    responses={
        200: {"model": OperatorRefundBody},
        **problems(*FOR_AN_OPERATOR, *IDEMPOTENT, "refund_not_found", "refund_state_conflict"),
    },
)
async def retry(
    deps: DepsDep, operator: CanManageRefunds, once: OncePerOperatorKey, refund_id: UUID
) -> Response:
    async def work(session: TransactionSession) -> Answer:
        return answer_of(_body(await deps.operator_refunds.retry(session, operator, refund_id)))

    return await once.within(operator, work)


@router.post(
    "/order-items/{item_id}/retry",
    operation_id="operator_retry_order_item",
    summary="Try an opening that failed once more",
    description="Within 24 hours of its first failed try; after that its money goes back.",
    status_code=204,
    responses=problems(*FOR_AN_OPERATOR, "order_item_not_found", "order_state_conflict"),
)
async def retry_item(deps: DepsDep, operator: CanManageRefunds, item_id: UUID) -> Response:
    await deps.operator_refunds.retry_item(operator, item_id)
    return Response(status_code=204)


def _body(view: OperatorRefund) -> OperatorRefundBody:
    return OperatorRefundBody(
        id=view.id,
        company_id=view.company_id,
        order_id=view.order_id,
        order_number=view.order_number,
        payment_id=view.payment_id,
        destination=view.destination,
        reason=view.reason,
        state=view.state,
        amount=view.amount,
        vat=view.vat,
        failure=view.failure,
        attempts=view.attempts,
        requested_by=view.requested_by,
        created_at=view.created_at,
        approved_by=view.approved_by,
        done_by=view.done_by,
        done_at=view.done_at,
    )
