"""입금 관리: the statement of our own bank account."""

from datetime import datetime, time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from app.domain.bank_deposits import DepositState
from app.routers.dependencies import DepsDep
from app.routers.models import LINE, NO_NUL, WHOLE, AnswerModel, Id, IsoDate, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageDeposits
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.bank_deposits import DepositView, NewDeposit

router = APIRouter(prefix="/v1/operator/bank-deposits", tags=["deposits"], route_class=StrictRoute)


class BankDepositRequest(RequestModel):
    """A line of the statement: KRW, the name as the bank tells it, Korean time.

    `reference`: the bank's own; the same one is not added twice.
    """

    amount: Annotated[int, Field(ge=1, le=10**12), WHOLE]
    name: str = Field(min_length=1, max_length=50, pattern=LINE)
    deposited_on: IsoDate
    deposited_at: str = Field(default="00:00", pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")
    reference: str | None = Field(default=None, min_length=1, max_length=60, pattern=LINE)


class BankStatementRequest(RequestModel):
    """The bank's CSV: `거래일시,입금액,입금자명[,거래번호]`; times are Korean."""

    csv: str = Field(min_length=1, max_length=1_000_000, pattern=NO_NUL)


class StatementErrorBody(AnswerModel):
    """What is wrong with a line; the header's is 1."""

    line: int
    column: str
    code: str


class BankStatementBody(AnswerModel):
    """With errors nothing was added."""

    added: int
    known: int
    errors: list[StatementErrorBody]


class ProposalBody(AnswerModel):
    """A payment that it may be for. `reasons`: CODE, AMOUNT, NAME."""

    payment_id: UUID
    order_number: str
    company_name: str
    remaining: int
    reasons: list[str]


class BankDepositBody(AnswerModel):
    """KRW. `paid`: what of it pays its payment; the rest goes back."""

    id: UUID
    amount: int
    name: str | None
    at: datetime
    source: str
    state: str
    payment_id: UUID | None
    paid: int
    note: str | None
    added_by: str
    decided_by: str | None
    decided_at: datetime | None
    proposals: list[ProposalBody]


class BankDepositListBody(AnswerModel):
    """The newest first."""

    items: list[BankDepositBody]
    next_cursor: str | None


class ConfirmDepositRequest(RequestModel):
    """What it was paid for."""

    payment_id: Id


class RejectDepositRequest(RequestModel):
    """Why it is for no order; names no person."""

    note: str = Field(min_length=1, max_length=200, pattern=LINE)


@router.post(
    "",
    operation_id="operator_add_bank_deposit",
    summary="Add a deposit",
    description="A line of our own account's statement, typed in.",
    status_code=201,
    responses=problems(*FOR_AN_OPERATOR, "bank_deposit_known", "deposit_day_invalid", body=True),
)
async def add_one(
    deps: DepsDep, operator: CanManageDeposits, body: BankDepositRequest
) -> BankDepositBody:
    line = NewDeposit(
        body.amount,
        body.name,
        body.deposited_on,
        time.fromisoformat(body.deposited_at),
        body.reference,
    )
    return _body(await deps.bank_deposits.add(operator, line))


@router.post(
    "/import",
    operation_id="operator_import_bank_deposits",
    summary="Add the bank's statement",
    description="All lines or, with errors, none; lines that are known already are left alone.",
    responses=problems(*FOR_AN_OPERATOR, body=True),
)
async def add_statement(
    deps: DepsDep, operator: CanManageDeposits, body: BankStatementRequest
) -> BankStatementBody:
    report = await deps.bank_deposits.add_statement(operator, body.csv)
    return BankStatementBody(
        added=report.added,
        known=report.known,
        errors=[
            StatementErrorBody(line=error.line, column=error.column, code=error.code)
            for error in report.errors
        ],
    )


@router.get(
    "",
    operation_id="operator_list_bank_deposits",
    summary="Deposits in one state, with what open ones may be for",
    description="By name and amount; nothing is matched without somebody's word.",
    responses=problems(*FOR_AN_OPERATOR, "cursor_invalid"),
)
async def get_all(
    deps: DepsDep,
    operator: CanManageDeposits,
    state: DepositState = DepositState.OPEN,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> BankDepositListBody:
    page = await deps.bank_deposits.find(state, cursor, size)
    return BankDepositListBody(
        items=[_body(item) for item in page.items], next_cursor=page.next_cursor
    )


@router.post(
    "/{deposit_id}/confirm",
    operation_id="operator_confirm_bank_deposit",
    summary="Say what a deposit is for",
    description="Parts add up; what is too much, or for an order that has ended, goes back.",
    responses=problems(
        *FOR_AN_OPERATOR,
        "bank_deposit_not_found",
        "bank_deposit_state_conflict",
        "payment_not_found",
        "payment_method_not_allowed",
        body=True,
    ),
)
async def confirm_one(
    deps: DepsDep, operator: CanManageDeposits, deposit_id: UUID, body: ConfirmDepositRequest
) -> BankDepositBody:
    return _body(await deps.bank_deposits.confirm(operator, deposit_id, body.payment_id))


@router.post(
    "/{deposit_id}/reject",
    operation_id="operator_reject_bank_deposit",
    summary="Say that a deposit is for no order",
    description="The money is sent back outside the portal.",
    responses=problems(
        *FOR_AN_OPERATOR, "bank_deposit_not_found", "bank_deposit_state_conflict", body=True
    ),
)
async def reject_one(
    deps: DepsDep, operator: CanManageDeposits, deposit_id: UUID, body: RejectDepositRequest
) -> BankDepositBody:
    return _body(await deps.bank_deposits.reject(operator, deposit_id, body.note))


def _body(view: DepositView) -> BankDepositBody:
    return BankDepositBody(
        id=view.id,
        amount=view.amount,
        name=view.name,
        at=view.at,
        source=view.source,
        state=view.state,
        payment_id=view.payment_id,
        paid=view.paid,
        note=view.note,
        added_by=view.added_by,
        decided_by=view.decided_by,
        decided_at=view.decided_at,
        proposals=[
            ProposalBody(
                payment_id=found.proposal.payment_id,
                order_number=found.order_number,
                company_name=found.company_name,
                remaining=found.remaining,
                reasons=[str(reason) for reason in found.proposal.reasons],
            )
            for found in view.proposals
        ],
    )
