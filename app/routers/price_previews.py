"""결제 금액: what an order would cost, with every step in words."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from app.domain.explanations import explain_coupon, explain_discount, explain_line
from app.domain.pricing import Line, NewItem, PricedItem
from app.language import Language
from app.routers.access import public
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.models import NO_NUL, WHOLE, AnswerModel, IsoDate, RequestModel
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.pricing import Preview, preview_price

router = APIRouter(prefix="/v1", tags=["catalogue"], route_class=StrictRoute)

Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Z0-9_]+$")]


class AddOnRequest(RequestModel):
    """An add-on and how many of it."""

    code: Code = Field(examples=["STORAGE_GB"])
    quantity: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] = Field(examples=[20])


class NewItemRequest(RequestModel):
    """A site to be opened. `users` may be left out for a plan with a fixed number."""

    type: Literal["NEW"]
    plan: Code = Field(examples=["SHARED"])
    users: Annotated[int, Field(ge=1, le=100_000), WHOLE] | None = Field(
        default=None, examples=[10]
    )
    months: Annotated[Literal[1, 12, 24], WHOLE] | None = Field(default=None, examples=[12])
    add_ons: list[AddOnRequest] = Field(default=[], max_length=50)

    def to_domain(self) -> NewItem:
        return NewItem(
            plan=self.plan,
            users=self.users,
            months=self.months,
            add_ons=tuple((add_on.code, add_on.quantity) for add_on in self.add_ons),
        )


class PricePreviewRequest(RequestModel):
    """What is to be priced. `starts_on` asks for a later start, at most 60 days ahead."""

    items: list[NewItemRequest] = Field(min_length=1, max_length=20)
    coupon_code: Annotated[str, Field(min_length=1, max_length=40, pattern=NO_NUL)] | None = None
    starts_on: IsoDate | None = None


class MonthsBody(AnswerModel):
    """Whole contract months, and days of one of `of` days."""

    whole: int
    days: int
    of: int | None


class LineBody(AnswerModel):
    """quantity × unit price (× months) = amount, in KRW without VAT."""

    kind: Literal["LICENCE", "BASE", "SETUP", "ADD_ON"]
    code: str
    name: str
    quantity: int
    unit_price: int
    months: MonthsBody | None
    amount: int
    explanation: str


class DiscountBody(AnswerModel):
    """What is taken off an item."""

    kind: Literal["VOLUME", "PREPAY"]
    name: str
    amount: int
    explanation: str


class PricedItemBody(AnswerModel):
    """A priced site; the dates are those of an opening today, or of the start asked for."""

    index: int
    type: Literal["NEW"]
    type_label: str
    plan: str
    plan_label: str
    starts_on: date
    expires_on: date | None
    lines: list[LineBody]
    discounts: list[DiscountBody]
    labels: list[str]
    ends: list[str]


class CouponBody(AnswerModel):
    """The coupon's effect, or `rejected` with the reason's code."""

    code: str
    name: str | None
    amount: int
    explanation: str | None
    rejected: str | None


class PricePreviewBody(AnswerModel):
    """상품 금액, 할인 금액, 상품 금액 - 할인 금액, 부가세(10%), 총 금액(VAT포함)."""

    catalogue_version: str
    currency: Literal["KRW"]
    items: list[PricedItemBody]
    coupon: CouponBody | None
    amount: int
    discount: int
    supply: int
    vat: int
    total: int


REFUSALS = (
    "plan_unknown",
    "add_on_unknown",
    "add_on_twice",
    "term_not_offered",
    "plan_users_fixed",
    "paid_plan_required",
    "add_on_limit_exceeded",
    "quantity_out_of_range",
    "starts_on_out_of_range",
    "free_site_exists",
)


@router.post(
    "/price-previews",
    operation_id="preview_price",
    summary="What an order would cost",
    description="신규주문의 결제 금액. Nothing is stored and no account is needed.",
    responses=problems(*REFUSALS, body=True),
)
@public("prices are shown before anybody signs up")
async def preview(
    deps: DepsDep, language: LanguageDep, body: PricePreviewRequest
) -> PricePreviewBody:
    items = [item.to_domain() for item in body.items]
    found = await preview_price(
        deps.database, deps.clock, deps.catalogues, items, body.coupon_code, body.starts_on
    )
    return _body(found, body.coupon_code, language)


def _body(found: Preview, coupon_code: str | None, language: Language) -> PricePreviewBody:
    priced = found.priced
    return PricePreviewBody(
        catalogue_version=priced.catalogue,
        currency="KRW",
        items=[_item(item, language) for item in priced.items],
        coupon=_coupon(found, coupon_code, language),
        amount=priced.amount,
        discount=priced.discount,
        supply=priced.supply,
        vat=priced.vat,
        total=priced.total,
    )


def _item(item: PricedItem, language: Language) -> PricedItemBody:
    korean = language is Language.KO
    return PricedItemBody(
        index=item.index,
        type="NEW",
        type_label="신규" if korean else "New",
        plan=item.plan.code,
        plan_label=said(item.plan.name, language),
        starts_on=item.starts_on,
        expires_on=item.expires_on,
        lines=[_line(line, language) for line in item.lines],
        discounts=[
            DiscountBody(
                kind=discount.kind.value,
                name=said(discount.name, language),
                amount=discount.amount,
                explanation=explain_discount(discount, korean=korean),
            )
            for discount in item.discounts
        ],
        labels=[said(label, language) for label in item.labels],
        ends=[],
    )


def _line(line: Line, language: Language) -> LineBody:
    months = None if line.months is None else MonthsBody(whole=line.months, days=0, of=None)
    return LineBody(
        kind=line.kind.value,
        code=line.code,
        name=said(line.name, language),
        quantity=line.quantity,
        unit_price=line.unit_price,
        months=months,
        amount=line.amount,
        explanation=explain_line(line, korean=language is Language.KO),
    )


def _coupon(found: Preview, code: str | None, language: Language) -> CouponBody | None:
    if code is None:
        return None
    if found.coupon is None:
        return CouponBody(code=code, name=None, amount=0, explanation=None, rejected=found.rejected)
    off = found.priced.coupon_amount
    return CouponBody(
        code=code,
        name=said(found.coupon.name, language),
        amount=off,
        explanation=explain_coupon(found.coupon, off, korean=language is Language.KO),
        rejected=None,
    )
