"""보상 지급."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.domain.goodwill import (
    MOST_CREDIT,
    MOST_USERS,
    GoodwillKind,
    GoodwillReason,
    GoodwillState,
    UsersGrant,
)
from app.routers.dependencies import DepsDep
from app.routers.idempotent import IDEMPOTENT, OncePerOperatorKey, answer_of
from app.routers.models import LINE, WHOLE, AnswerModel, Id, IsoDate, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanGiveGoodwill
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.operator_goodwill import GoodwillView, GrantGoodwill
from app.services.principals import TransactionSession

router = APIRouter(prefix="/v1/operator/goodwill", tags=["goodwill"], route_class=StrictRoute)
Reason = Annotated[GoodwillReason, Field(strict=False, examples=["SERVICE_INTERRUPTED"])]
Note = Annotated[str, Field(min_length=1, max_length=200, pattern=LINE, examples=["11월 3일 장애"])]


class CreditGrantRequest(RequestModel):
    """크레딧: `amount` in KRW to the company's balance. `note` names no person."""

    kind: Literal["CREDIT"]
    company_id: Id
    amount: Annotated[int, Field(ge=1, le=MOST_CREDIT, examples=[50_000]), WHOLE]
    reason: Reason
    note: Note

    def to_domain(self) -> GrantGoodwill:
        return GrantGoodwill(self.company_id, self.reason, self.note, amount=self.amount)


class UsersGrantRequest(RequestModel):
    """무료제공 사용자: of one paid membership, until `last_day` (KST, inclusive)."""

    kind: Literal["USERS"]
    company_id: Id
    membership_id: Id
    users: Annotated[int, Field(ge=1, le=MOST_USERS, examples=[10]), WHOLE]
    last_day: IsoDate
    reason: Reason
    note: Note

    def to_domain(self) -> GrantGoodwill:
        return GrantGoodwill(
            self.company_id,
            self.reason,
            self.note,
            membership_id=self.membership_id,
            users=UsersGrant(self.users, self.last_day),
        )


GoodwillRequest = Annotated[CreditGrantRequest | UsersGrantRequest, Field(discriminator="kind")]


class GoodwillBody(AnswerModel):
    """A grant; `amount` in KRW of CREDIT, `users` until `last_day` of USERS."""

    id: UUID
    company_id: UUID
    membership_id: UUID | None
    kind: GoodwillKind
    amount: int | None
    users: int | None
    last_day: date | None
    reason: GoodwillReason
    note: str
    state: GoodwillState
    made_by: str
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class GoodwillListBody(AnswerModel):
    """The newest first."""

    items: list[GoodwillBody]
    next_cursor: str | None


@router.get(
    "",
    operation_id="operator_list_goodwill",
    summary="What was given for nothing, in one state",
    description="Of all companies, the newest first; `WAITING` is for another operator.",
    responses=problems(*FOR_AN_OPERATOR, "cursor_invalid"),
)
async def get_all(
    deps: DepsDep,
    operator: CanGiveGoodwill,
    state: GoodwillState = GoodwillState.WAITING,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> GoodwillListBody:
    page = await deps.operator_goodwill.find(state, cursor, size)
    return GoodwillListBody(items=[_body(row) for row in page.items], next_cursor=page.next_cursor)


@router.post(
    "",
    operation_id="operator_grant_goodwill",
    summary="Give credit or users for nothing",
    description=(
        "Credit from a set amount on waits for another operator; the company is told when it is"
        " given. Users end with their last day, and cost nothing till then. Needs an"
        " Idempotency-Key."
    ),
    status_code=201,
    responses={
        201: {"model": GoodwillBody},
        **problems(
            *FOR_AN_OPERATOR,
            *IDEMPOTENT,
            "company_not_found",
            "membership_not_found",
            "managed_by_reseller",
            "membership_state_conflict",
            "paid_plan_required",
            "goodwill_days_invalid",
            body=True,
        ),
    },
)
async def create(
    deps: DepsDep, operator: CanGiveGoodwill, once: OncePerOperatorKey, body: GoodwillRequest
) -> Response:
    wanted = body.to_domain()

    async def work(session: TransactionSession) -> Answer:
        return answer_of(_body(await deps.operator_goodwill.make(session, operator, wanted)), 201)

    return await once.within(operator, work)


@router.post(
    "/{goodwill_id}/approve",
    operation_id="operator_approve_goodwill",
    summary="Give what another operator proposed",
    description="Never by who proposed it. Needs an Idempotency-Key.",
    responses={
        200: {"model": GoodwillBody},
        **problems(
            *FOR_AN_OPERATOR,
            *IDEMPOTENT,
            "goodwill_not_found",
            "goodwill_decided",
            "second_operator_required",
        ),
    },
)
async def approve(
    deps: DepsDep, operator: CanGiveGoodwill, once: OncePerOperatorKey, goodwill_id: UUID
) -> Response:
    async def work(session: TransactionSession) -> Answer:
        view = await deps.operator_goodwill.approve(session, operator, goodwill_id)
        return answer_of(_body(view))

    return await once.within(operator, work)


@router.post(
    "/{goodwill_id}/refuse",
    operation_id="operator_refuse_goodwill",
    summary="Do not give what was proposed",
    description="By anybody who may give it. Needs an Idempotency-Key.",
    responses={
        200: {"model": GoodwillBody},
        **problems(*FOR_AN_OPERATOR, *IDEMPOTENT, "goodwill_not_found", "goodwill_decided"),
    },
)
async def refuse(
    deps: DepsDep, operator: CanGiveGoodwill, once: OncePerOperatorKey, goodwill_id: UUID
) -> Response:
    async def work(session: TransactionSession) -> Answer:
        view = await deps.operator_goodwill.refuse(session, operator, goodwill_id)
        return answer_of(_body(view))

    return await once.within(operator, work)


def _body(view: GoodwillView) -> GoodwillBody:
    return GoodwillBody(
        id=view.id,
        company_id=view.company_id,
        membership_id=view.membership_id,
        kind=view.kind,
        amount=view.amount,
        users=view.users,
        last_day=view.last_day,
        reason=view.reason,
        note=view.note,
        state=view.state,
        made_by=view.made_by,
        created_at=view.created_at,
        decided_by=view.decided_by,
        decided_at=view.decided_at,
    )
