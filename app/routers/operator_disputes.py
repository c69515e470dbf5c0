"""차지백 결과 등록: what a card company decided."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from app.domain.disputes import Decision, DisputeOutcome
from app.routers.dependencies import DepsDep
from app.routers.models import WHOLE, AnswerModel, IsoDate, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageRefunds
from app.routers.problems import problems
from app.routers.strict import StrictRoute

router = APIRouter(prefix="/v1/operator/payments", tags=["disputes"], route_class=StrictRoute)


class DisputeDecisionRequest(RequestModel):
    """`amount`: KRW with VAT, what the card company takes back; 0 where the dispute was won."""

    outcome: DisputeOutcome = Field(strict=False, examples=["LOST"])
    amount: Annotated[int, Field(ge=0, le=10**12, examples=[583_000]), WHOLE]
    decided_on: IsoDate

    def to_domain(self) -> Decision:
        return Decision(self.outcome, self.amount, self.decided_on)


class DisputeDecisionBody(AnswerModel):
    """KRW with VAT."""

    id: UUID
    company_id: UUID
    order_id: UUID
    payment_id: UUID
    outcome: str
    amount: int
    decided_on: date
    recorded_by: str
    created_at: datetime


@router.post(
    "/{payment_id}/dispute-decisions",
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
