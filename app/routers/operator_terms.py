"""후불 관리: payment terms of companies, and what is owed by its age."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.domain.payment_terms import GivenTerms
from app.routers.dependencies import DepsDep
from app.routers.models import WHOLE, AnswerModel, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageTerms
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.ageing_csv import ageing_csv
from app.services.payment_terms import AgeingRow, TermsView

router = APIRouter(prefix="/v1/operator", tags=["payment terms"], route_class=StrictRoute)


class PaymentTermsRequest(RequestModel):
    """`days` null: the company pays before delivery. `limit` in KRW with VAT, null: none."""

    days: Literal[30, 60] | None
    limit: Annotated[int, Field(ge=0, le=10**12), WHOLE] | None = None


class PaymentTermsBody(AnswerModel):
    """What the company's next orders may have."""

    company_id: UUID
    days: int | None
    limit: int | None


class AgeingRowBody(AnswerModel):
    """KRW with VAT, by how many days it is overdue; `current` is not due yet."""

    company_id: UUID
    legal_name: str
    business_number: str
    current: int
    days_1_30: int
    days_31_60: int
    days_61_90: int
    over_90: int
    total: int


class AgeingBody(AnswerModel):
    """The largest sum first."""

    items: list[AgeingRowBody]


@router.get(
    "/companies/{company_id}/payment-terms",
    operation_id="operator_get_payment_terms",
    summary="A company's payment terms",
    description="How many days after the delivery its orders are due, and up to which sum owed.",
    responses=problems(*FOR_AN_OPERATOR, "company_not_found"),
)
async def get_one(deps: DepsDep, operator: CanManageTerms, company_id: UUID) -> PaymentTermsBody:
    return _terms(await deps.terms.of(company_id))


@router.put(
    "/companies/{company_id}/payment-terms",
    operation_id="operator_put_payment_terms",
    summary="Give a company payment terms, or take them away",
    description="후불. Of orders from now on; those that are placed keep theirs.",
    responses=problems(*FOR_AN_OPERATOR, "company_not_found", body=True),
)
async def put_one(
    deps: DepsDep, operator: CanManageTerms, company_id: UUID, body: PaymentTermsRequest
) -> PaymentTermsBody:
    given = GivenTerms(body.days, body.limit) if body.days else None
    return _terms(await deps.terms.give(operator, company_id, given))


@router.get(
    "/reports/ageing",
    operation_id="operator_ageing_report",
    summary="What is owed on terms, by its age",
    description="`format=csv` is the same as a file.",
    response_model=AgeingBody,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        **problems(*FOR_AN_OPERATOR),
    },
)
async def ageing(
    deps: DepsDep,
    operator: CanManageTerms,
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response | AgeingBody:
    rows = await deps.terms.ageing()
    if form == "csv":
        headers = {"Content-Disposition": 'attachment; filename="ageing.csv"'}
        return Response(ageing_csv(rows), headers=headers, media_type="text/csv; charset=utf-8")
    return AgeingBody(items=[_row(row) for row in rows])


def _terms(view: TermsView) -> PaymentTermsBody:
    given = view.given
    return PaymentTermsBody(
        company_id=view.company_id,
        days=given.days if given else None,
        limit=given.limit if given else None,
    )


def _row(row: AgeingRow) -> AgeingRowBody:
    return AgeingRowBody(
        company_id=row.company_id,
        legal_name=row.legal_name,
        business_number=row.business_number,
        current=row.current,
        days_1_30=row.days_1_30,
        days_31_60=row.days_31_60,
        days_61_90=row.days_61_90,
        over_90=row.over_90,
        total=row.total,
    )
