"""차지백 결과 등록: what a card company decided."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.domain.disputes import Decision, DisputeOutcome, DisputeState
from app.routers.dependencies import DepsDep
from app.routers.idempotent import IDEMPOTENT, OncePerOperatorKey, answer_of
from app.routers.models import WHOLE, AnswerModel, IsoDate, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageRefunds
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.operator_disputes import DisputedPayment, RecordedDecision
from app.services.principals import TransactionSession

router = APIRouter(prefix="/v1/operator", tags=["disputes"], route_class=StrictRoute)


class DisputeDecisionRequest(RequestModel):
    """`amount`: KRW with VAT, what the card company takes back; 0 where the dispute was won."""

    outcome: DisputeOutcome = Field(strict=False, examples=["LOST"])
    amount: Annotated[int, Field(ge=0, le=10**12, examples=[583_000]), WHOLE]
    decided_on: IsoDate

    def to_domain(self) -> Decision:
        return Decision(self.outcome, self.amount, self.decided_on)


class DisputeDecisionBody(AnswerModel):
    """KRW with VAT. `CORRECTED`: one that was recorded wrongly, with the other sign."""

    id: UUID
    company_id: UUID
    order_id: UUID
    payment_id: UUID
    outcome: str
    amount: int
    decided_on: date
    recorded_by: str
    created_at: datetime


class SeenDisputeBody(AnswerModel):
    """`resolved_at` null: the payment company has not said that it is over."""

    opened_at: datetime
    resolved_at: datetime | None


class DisputedPaymentBody(AnswerModel):
    """KRW with VAT."""

    payment_id: UUID
    company_id: UUID
    company_name: str
    order_id: UUID
    order_number: str
    amount: int
    disputes: list[SeenDisputeBody]
    decisions: list[DisputeDecisionBody]
    created_at: datetime


class DisputedPaymentListBody(AnswerModel):
    """The newest payment first."""

    items: list[DisputedPaymentBody]
    next_cursor: str | None


@router.get(
    "/disputes",
    operation_id="operator_list_disputes",
    summary="Payments that were denied",
    description=(
        "Of all companies; `OPEN` until what came of the last dispute is recorded, `DECIDED` then."
    ),
    responses=problems(*FOR_AN_OPERATOR, "cursor_invalid"),
)
async def get_all(
    deps: DepsDep,
    operator: CanManageRefunds,
    state: DisputeState = DisputeState.OPEN,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> DisputedPaymentListBody:
    page = await deps.operator_disputes.find(state, cursor, size)
    return DisputedPaymentListBody(
        items=[_seen(payment) for payment in page.items], next_cursor=page.next_cursor
    )


@router.post(
    "/payments/{payment_id}/dispute-decisions",
    operation_id="operator_record_dispute_decision",
    summary="What came of a dispute",
    description=(
        "Of a payment whose card holder denied it, as the card company decided. What it takes back"
        " is booked, and is not given back a second time by a refund, asked for before or later."
        " Service and contract stay as they are: end them by recording a termination. The same"
        " again is harmless."
    ),
    responses=problems(
        *FOR_AN_OPERATOR,
        "payment_not_found",
        "payment_not_disputed",
        "dispute_outcome_recorded",
        "dispute_outcome_invalid",
        "refund_being_sent",
        body=True,
    ),
)
async def record(
    deps: DepsDep, operator: CanManageRefunds, payment_id: UUID, body: DisputeDecisionRequest
) -> DisputeDecisionBody:
    made = await deps.operator_disputes.record(operator, payment_id, body.to_domain())
    return _body(made)


@router.post(
    "/payments/{payment_id}/dispute-decisions/{decision_id}/correct",
    operation_id="operator_correct_dispute_decision",
    summary="It was recorded wrongly",
    description=(
        "Its booking is taken back by another entry, and the decision can be recorded as it was."
        " Refunds that were lowered for it stay so. Needs an Idempotency-Key."
    ),
    responses={
        200: {"model": DisputeDecisionBody},
        **problems(
            *FOR_AN_OPERATOR, *IDEMPOTENT, "payment_not_found", "dispute_decision_not_found"
        ),
    },
)
async def correct(
    deps: DepsDep,
    operator: CanManageRefunds,
    once: OncePerOperatorKey,
    payment_id: UUID,
    decision_id: UUID,
) -> Response:
    async def work(session: TransactionSession) -> Answer:
        made = await deps.operator_disputes.correct(session, operator, payment_id, decision_id)
        return answer_of(_body(made))

    return await once.within(operator, work)


def _body(made: RecordedDecision) -> DisputeDecisionBody:
    return DisputeDecisionBody(
        id=made.id,
        company_id=made.company_id,
        order_id=made.order_id,
        payment_id=made.payment_id,
        outcome=made.outcome,
        amount=made.amount,
        decided_on=made.decided_on,
        recorded_by=made.recorded_by,
        created_at=made.created_at,
    )


def _seen(payment: DisputedPayment) -> DisputedPaymentBody:
    return DisputedPaymentBody(
        payment_id=payment.payment_id,
        company_id=payment.company_id,
        company_name=payment.company_name,
        order_id=payment.order_id,
        order_number=payment.order_number,
        amount=payment.amount,
        disputes=[
            SeenDisputeBody(opened_at=each.opened_at, resolved_at=each.resolved_at)
            for each in payment.disputes
        ],
        decisions=[_body(each) for each in payment.decisions],
        created_at=payment.created_at,
    )
