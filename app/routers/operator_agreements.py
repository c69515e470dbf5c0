"""협약 단가 관리."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from app.routers.dependencies import DepsDep
from app.routers.models import LINE, AnswerModel, Id, IsoDate, RequestModel
from app.routers.operator_catalogue import ItemCode, Won
from app.routers.operators import FOR_AN_OPERATOR, CanManageAgreements
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.operator_agreements import AgreementView, MakeAgreement

router = APIRouter(
    prefix="/v1/operator/price-agreements", tags=["price agreements"], route_class=StrictRoute
)


class AgreedPriceModel(RequestModel):
    """A unit price in KRW without VAT, by the code of the line that it is for."""

    code: ItemCode = Field(examples=["SHARED_USER"])
    unit_price: Won = Field(examples=[3000])


class PriceAgreementRequest(RequestModel):
    """What is agreed with a company.

    Of every site of the company without a `membership_id`. `reason` names no person.
    """

    company_id: Id
    membership_id: Id | None = None
    unit_prices: list[AgreedPriceModel] = Field(min_length=1, max_length=50)
    first_day: IsoDate
    last_day: IsoDate
    reason: str = Field(min_length=1, max_length=200, pattern=LINE, examples=["3년 대량 계약"])

    def to_domain(self) -> MakeAgreement:
        return MakeAgreement(
            self.company_id,
            self.membership_id,
            [(price.code, price.unit_price) for price in self.unit_prices],
            self.first_day,
            self.last_day,
            self.reason,
        )


class PriceAgreementBody(AnswerModel):
    """As it was made; days are KST, both inclusive."""

    id: UUID
    company_id: UUID
    membership_id: UUID | None
    unit_prices: list[AgreedPriceModel]
    first_day: date
    last_day: date
    reason: str
    made_by: str
    created_at: datetime
    ended_at: datetime | None
    ended_by: str | None


class PriceAgreementListBody(AnswerModel):
    """The newest first."""

    items: list[PriceAgreementBody]


@router.get(
    "",
    operation_id="operator_list_price_agreements",
    summary="A company's price agreements",
    description="Those that ended and those that have yet to begin, too.",
    responses=problems(*FOR_AN_OPERATOR),
)
async def get_all(
    deps: DepsDep, operator: CanManageAgreements, company_id: Annotated[UUID, Query()]
) -> PriceAgreementListBody:
    views = await deps.operator_agreements.of_company(company_id)
    return PriceAgreementListBody(items=[_body(view) for view in views])


@router.post(
    "",
    operation_id="operator_create_price_agreement",
    summary="Agree on unit prices",
    description="They go before the catalogue for what is priced on these days.",
    status_code=201,
    responses=problems(
        *FOR_AN_OPERATOR,
        "agreement_days_invalid",
        "agreed_code_unknown",
        "agreed_code_twice",
        "company_not_found",
        "membership_not_found",
        body=True,
    ),
)
async def create(
    deps: DepsDep, operator: CanManageAgreements, body: PriceAgreementRequest
) -> PriceAgreementBody:
    return _body(await deps.operator_agreements.make(operator, body.to_domain()))


@router.post(
    "/{agreement_id}/end",
    operation_id="operator_end_price_agreement",
    summary="End an agreement before its last day",
    description="Orders and quotes that were made with it keep its prices. Again is harmless.",
    responses=problems(*FOR_AN_OPERATOR, "price_agreement_not_found"),
)
async def end(
    deps: DepsDep, operator: CanManageAgreements, agreement_id: UUID
) -> PriceAgreementBody:
    return _body(await deps.operator_agreements.end(operator, agreement_id))


def _body(view: AgreementView) -> PriceAgreementBody:
    made = view.made
    return PriceAgreementBody(
        id=view.id,
        company_id=made.company_id,
        membership_id=made.membership_id,
        unit_prices=[
            AgreedPriceModel(code=code, unit_price=price) for code, price in made.unit_prices
        ],
        first_day=made.first_day,
        last_day=made.last_day,
        reason=made.reason,
        made_by=view.made_by,
        created_at=view.created_at,
        ended_at=view.ended_at,
        ended_by=view.ended_by,
    )
