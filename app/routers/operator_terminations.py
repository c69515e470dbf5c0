"""해지 접수."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.domain.terminations import TerminationChannel, TerminationReason, TerminationState
from app.routers.dependencies import DepsDep
from app.routers.idempotent import IDEMPOTENT, OncePerOperatorKey, answer_of
from app.routers.models import AnswerModel, Id, IsoDate, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanRecordTerminations
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.operator_terminations import OperatorTermination, RecordedEnd
from app.services.principals import TransactionSession
from app.services.terminations import WantedEnd

router = APIRouter(
    prefix="/v1/operator/terminations", tags=["terminations"], route_class=StrictRoute
)


class RecordTerminationRequest(RequestModel):
    """What came by phone, mail or inquiry, of somebody whose right to it was checked.

    `received_on`: the KST day on which it came; the service ends with that day at the earliest.
    """

    membership_id: Id
    last_day: IsoDate
    received_on: IsoDate
    channel: Literal["PHONE", "MAIL", "INQUIRY"]
    reason: TerminationReason = Field(strict=False, examples=["NOT_NEEDED"])

    def to_domain(self) -> RecordedEnd:
        return RecordedEnd(
            self.membership_id,
            WantedEnd(self.last_day, self.reason),
            self.received_on,
            TerminationChannel(self.channel),
        )


class OperatorTerminationBody(AnswerModel):
    """KRW, once the service has ended."""

    id: UUID
    company_id: UUID
    membership_id: UUID
    last_day: date
    received_on: date
    channel: str
    reason: str
    state: str
    requested_by: str
    withdrawal: bool
    unused: int | None
    vat: int | None
    fee: int | None
    refund: int | None
    created_at: datetime
    ended_at: datetime | None


class OperatorTerminationListBody(AnswerModel):
    """The newest first."""

    items: list[OperatorTerminationBody]
    next_cursor: str | None


@router.get(
    "",
    operation_id="operator_list_terminations",
    summary="Terminations of all companies in one state",
    description="The nearest last day first, whoever asked for them.",
    responses=problems(*FOR_AN_OPERATOR, "cursor_invalid"),
)
async def get_all(
    deps: DepsDep,
    operator: CanRecordTerminations,
    state: TerminationState = TerminationState.REQUESTED,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> OperatorTerminationListBody:
    page = await deps.operator_terminations.find(state, cursor, size)
    return OperatorTerminationListBody(
        items=[_body(row) for row in page.items], next_cursor=page.next_cursor
    )


@router.post(
    "",
    operation_id="operator_record_termination",
    summary="Write down a termination that came outside the portal",
    description=(
        "By phone, mail or inquiry, with its day of receipt, from which refunds count. Needs an"
        " Idempotency-Key."
    ),
    status_code=201,
    responses={
        201: {"model": OperatorTerminationBody},
        **problems(
            *FOR_AN_OPERATOR,
            *IDEMPOTENT,
            "membership_not_found",
            "managed_by_reseller",
            "membership_state_conflict",
            "termination_day_invalid",
            "termination_requested",
            body=True,
        ),
    },
)
async def create(
    deps: DepsDep,
    operator: CanRecordTerminations,
    once: OncePerOperatorKey,
    body: RecordTerminationRequest,
) -> Response:
    end = body.to_domain()

    async def work(session: TransactionSession) -> Answer:
        view = await deps.operator_terminations.take_down(session, operator, end)
        return answer_of(_body(view), 201)

    return await once.within(operator, work)


@router.post(
    "/{termination_id}/undo",
    operation_id="operator_undo_termination",
    summary="Undo a termination that waits for its day",
    description="Until its last day ends. The company is told.",
    responses=problems(*FOR_AN_OPERATOR, "termination_not_found"),
)
async def undo(
    deps: DepsDep, operator: CanRecordTerminations, termination_id: UUID
) -> OperatorTerminationBody:
    return _body(await deps.operator_terminations.undo(operator, termination_id))


def _body(view: OperatorTermination) -> OperatorTerminationBody:
    return OperatorTerminationBody(
        id=view.id,
        company_id=view.company_id,
        membership_id=view.membership_id,
        last_day=view.last_day,
        received_on=view.received_on,
        channel=view.channel,
        reason=view.reason,
        state=view.state,
        requested_by=view.requested_by,
        withdrawal=view.withdrawal,
        unused=view.unused,
        vat=view.vat,
        fee=view.fee,
        refund=view.refund,
        created_at=view.created_at,
        ended_at=view.ended_at,
    )
