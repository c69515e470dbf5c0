"""세금계산서 발행 관리: what is not issued yet."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from app.routers.dependencies import DepsDep
from app.routers.models import AnswerModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageInvoices
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.operator_invoices import WaitingInvoice

router = APIRouter(
    prefix="/v1/operator/tax-invoices", tags=["tax invoices"], route_class=StrictRoute
)


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
        attempts=invoice.attempts,
        next_try_at=invoice.next_try_at,
    )
