"""보고서: 매출, 갱신 예정."""

from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.domain.errors import DomainError
from app.routers.dependencies import DepsDep
from app.routers.models import AnswerModel, IsoDate
from app.routers.operators import FOR_AN_OPERATOR, CanReadReports
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.operator_reports import renewals_csv, sales_csv

router = APIRouter(prefix="/v1/operator/reports", tags=["reports"], route_class=StrictRoute)
LONGEST_DAYS = 3 * 366
Form = Annotated[Literal["json", "csv"], Query(alias="format")]
AS_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}


class PlanSalesBody(AnswerModel):
    """Paid in a month (KST) for items of a plan; KRW without VAT, discounts taken off."""

    month: str
    plan: str
    orders: int
    items: int
    amount: int


class MonthSalesBody(AnswerModel):
    """All orders that were paid in a month; KRW."""

    month: str
    orders: int
    supply: int
    vat: int
    total: int


class SalesBody(AnswerModel):
    """By month and plan, and by month alone."""

    items: list[PlanSalesBody]
    months: list[MonthSalesBody]


class RenewalDueBody(AnswerModel):
    """A term that ends. `charge_amount`: KRW with VAT, where the next charge is known."""

    membership_id: UUID
    company_id: UUID
    legal_name: str
    site_name: str
    plan: str
    expires_on: date
    auto_renew: bool
    status: str
    charge_amount: int | None


class RenewalsBody(AnswerModel):
    """The earliest first; at most five thousand."""

    items: list[RenewalDueBody]


def _file(name: str, content: bytes) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(content, headers=headers, media_type="text/csv; charset=utf-8")


@router.get(
    "/sales",
    operation_id="operator_sales_report",
    summary="Sales by month and plan",
    description="Of orders paid in the period, three years at most. `format=csv` is a file.",
    response_model=SalesBody,
    responses={**AS_CSV, **problems(*FOR_AN_OPERATOR, "period_invalid")},
)
async def sales(
    deps: DepsDep,
    operator: CanReadReports,
    first_day: Annotated[IsoDate | None, Query(alias="from")] = None,
    last_day: Annotated[IsoDate | None, Query(alias="to")] = None,
    form: Form = "json",
) -> Response | SalesBody:
    last = last_day or await deps.operator_reports.today()
    first = first_day or last.replace(day=1)
    if not 0 <= (last - first).days <= LONGEST_DAYS:
        raise DomainError("period_invalid", "/query/from")
    plans, months = await deps.operator_reports.sales(first, last)
    if form == "csv":
        return _file("sales", sales_csv(plans))
    return SalesBody(
        items=[
            PlanSalesBody(
                month=row.month,
                plan=row.plan,
                orders=row.orders,
                items=row.items,
                amount=row.amount,
            )
            for row in plans
        ],
        months=[
            MonthSalesBody(
                month=row.month,
                orders=row.orders,
                supply=row.supply,
                vat=row.vat,
                total=row.total,
            )
            for row in months
        ],
    )


@router.get(
    "/renewals",
    operation_id="operator_renewals_report",
    summary="Renewals that are due",
    description="Terms that end in so many days, and those that have. `format=csv` is a file.",
    response_model=RenewalsBody,
    responses={**AS_CSV, **problems(*FOR_AN_OPERATOR)},
)
async def renewals(
    deps: DepsDep,
    operator: CanReadReports,
    days: Annotated[int, Query(ge=0, le=366, description="How far ahead.")] = 30,
    form: Form = "json",
) -> Response | RenewalsBody:
    until = await deps.operator_reports.today() + timedelta(days=days)
    found = await deps.operator_reports.renewals(until)
    if form == "csv":
        return _file("renewals", renewals_csv(found))
    return RenewalsBody(
        items=[
            RenewalDueBody(
                membership_id=row.membership_id,
                company_id=row.company_id,
                legal_name=row.legal_name,
                site_name=row.site_name,
                plan=row.plan,
                expires_on=row.expires_on,
                auto_renew=row.auto_renew,
                status=row.status,
                charge_amount=row.charge_amount,
            )
            for row in found
        ]
    )
