"""세금계산서 발행 관리: what is not issued yet."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.routers.dependencies import DepsDep
from app.routers.idempotent import IDEMPOTENT, OncePerOperatorKey, answer_of
from app.routers.models import LINE, AnswerModel, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageInvoices
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.operator_invoices import WaitingInvoice
from app.services.principals import TransactionSession

router = APIRouter(
    prefix="/v1/operator/tax-invoices", tags=["tax invoices"], route_class=StrictRoute
)


class IssueAnywayRequest(RequestModel):
    """`reason` names no person."""

    reason: Annotated[
        str,
        Field(min_length=1, max_length=200, pattern=LINE, examples=["휴업 전 공급분 확인"]),
    ]


class WaitingInvoiceBody(AnswerModel):
    """KRW; supply and VAT are negative on a correction (`corrects`)."""

    id: UUID
    company_id: UUID
    company_name: str
    order_number: str
    corrects: bool
    written_on: date
    last_day: Annotated[date, Field(description="The last day of issue: the 10th of next month.")]
    late: Annotated[bool, Field(description="From two days before its last day on.")]
    supply: int
    vat: int
    failure: Annotated[
        str | None,
        Field(
            description="`recipient_incomplete`: the company was asked; `refused_…`: by whom;"
            " `business_closed`, `business_suspended`, `business_unknown`: at the tax service."
        ),
    ]
    overridden_by: Annotated[
        str | None, Field(description="Who lets it through whatever the recipient's standing is.")
    ]
    attempts: int
    next_try_at: datetime | None


class WaitingInvoiceListBody(AnswerModel):
    """The oldest first."""

    items: list[WaitingInvoiceBody]
    next_cursor: str | None


@router.get(
    "",
    operation_id="operator_list_waiting_tax_invoices",
    summary="Tax invoices that are not issued yet",
    description="Of all companies; `late` ones need somebody now.",
    responses=problems(*FOR_AN_OPERATOR, "cursor_invalid"),
)
async def get_all(
    deps: DepsDep,
    operator: CanManageInvoices,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> WaitingInvoiceListBody:
    page = await deps.operator_invoices.waiting(cursor, size)
    return WaitingInvoiceListBody(
        items=[_body(invoice) for invoice in page.items], next_cursor=page.next_cursor
    )


@router.post(
    "/{invoice_id}/retry",
    operation_id="operator_retry_tax_invoice",
    summary="Issue it now",
    description="After what it lacked was mended; it is tried by itself, too, at `next_try_at`.",
    responses=problems(*FOR_AN_OPERATOR, "tax_invoice_not_found"),
)
async def retry(deps: DepsDep, operator: CanManageInvoices, invoice_id: UUID) -> WaitingInvoiceBody:
    return _body(await deps.operator_invoices.retry(operator, invoice_id))


@router.post(
    "/{invoice_id}/issue-anyway",
    operation_id="operator_issue_held_tax_invoice",
    summary="Issue what is held for the recipient's standing",
    description=(
        "Of one whose recipient is closed, suspended or unknown at the tax service, after somebody"
        " has looked: the tax service is not asked about it again. Whether it takes the invoice is"
        " the provider's word. Needs an Idempotency-Key."
    ),
    responses={
        200: {"model": WaitingInvoiceBody},
        **problems(
            *FOR_AN_OPERATOR,
            *IDEMPOTENT,
            "tax_invoice_not_found",
            "tax_invoice_not_held",
            body=True,
        ),
    },
)
async def issue_anyway(
    deps: DepsDep,
    operator: CanManageInvoices,
    once: OncePerOperatorKey,
    invoice_id: UUID,
    body: IssueAnywayRequest,
) -> Response:
    async def work(session: TransactionSession) -> Answer:
        view = await deps.operator_invoices.issue_anyway(session, operator, invoice_id, body.reason)
        return answer_of(_body(view))

    return await once.within(operator, work)


def _body(invoice: WaitingInvoice) -> WaitingInvoiceBody:
    return WaitingInvoiceBody(
        id=invoice.id,
        company_id=invoice.company_id,
        company_name=invoice.company_name,
        order_number=invoice.order_number,
        corrects=invoice.corrects,
        written_on=invoice.written_on,
        last_day=invoice.last_day,
        late=invoice.late,
        supply=invoice.supply,
        vat=invoice.vat,
        failure=invoice.failure,
        overridden_by=invoice.overridden_by,
        attempts=invoice.attempts,
        next_try_at=invoice.next_try_at,
    )
