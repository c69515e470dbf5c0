"""결제 금액: what an order would cost, with every step in words."""

from datetime import date
from typing import Annotated, Literal
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.domain.explanations import explain_coupon, explain_discount, explain_line
from app.domain.orders import ORDER_TYPE_LABELS
from app.domain.prices import Line, PricedItem
from app.domain.terms import order_consents_needed
from app.language import Language
from app.routers.access import public
from app.routers.answers import to_json
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep, address_of
from app.routers.item_requests import ItemRequest
from app.routers.models import NO_NUL, AnswerStruct, IsoDate, RequestModel
from app.routers.permissions import FOR_A_COMPANY, MayChangeMemberships, MayHaveAgreedPrices
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.pricing import Preview, preview_price

router = APIRouter(prefix="/v1", tags=["catalogue"], route_class=StrictRoute)


class PricePreviewRequest(RequestModel):
    """What is to be priced. `starts_on` asks for a later start, at most 60 days ahead."""

    items: list[ItemRequest] = Field(min_length=1, max_length=20)
    coupon_code: Annotated[str, Field(min_length=1, max_length=40, pattern=NO_NUL)] | None = None
    starts_on: IsoDate | None = None


class MonthsBody(AnswerStruct, frozen=True):
    """Whole contract months, and days of one of `of` days."""

    whole: int
    days: int
    of: int | None


class LineBody(AnswerStruct, frozen=True):
    """quantity × unit price (× months) = amount, in KRW without VAT; a CREDIT's is negative."""

    kind: Literal["LICENCE", "BASE", "SETUP", "ADD_ON", "CREDIT"]
    code: str
    name: str
    quantity: int
    unit_price: int
    months: MonthsBody | None
    amount: int
    explanation: str


class DiscountBody(AnswerStruct, frozen=True):
    """What is taken off an item."""

    kind: Literal["VOLUME", "PREPAY"]
    name: str
    amount: int
    explanation: str


class PricedItemBody(AnswerStruct, frozen=True):
    """A priced site; the dates are those of an opening today, or of the start asked for.

    `ends`: what a CHANGE or a renewal gives up, because it is held and not named.
    """

    index: int
    type: Literal["NEW", "ADD", "EXTEND", "ADD_EXTEND", "CHANGE", "RENEWAL"]
    type_label: str
    plan: str
    plan_label: str
    starts_on: date
    expires_on: date | None
    lines: list[LineBody]
    discounts: list[DiscountBody]
    labels: list[str]
    ends: list[str]


class CouponBody(AnswerStruct, frozen=True):
    """The coupon's effect, or `rejected` with the reason's code."""

    code: str
    name: str | None
    amount: int
    explanation: str | None
    rejected: str | None


class PricePreviewBody(AnswerStruct, frozen=True):
    """상품 금액, 할인 금액, 상품 금액 - 할인 금액, 부가세(10%), 총 금액(VAT포함).

    `consents`: the kinds of the ORDER terms that an order of this has to agree to.
    """

    catalogue_version: str
    currency: Literal["KRW"]
    items: list[PricedItemBody]
    coupon: CouponBody | None
    amount: int
    discount: int
    supply: int
    vat: int
    total: int
    consents: list[str]


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
    "starts_on_for_new_only",
    "free_site_exists",
    "membership_not_found",
    "membership_twice",
    "membership_overdue",
    "membership_expired",
    "membership_state_conflict",
    "managed_by_reseller",
    "change_not_offered",
    "below_present_use",
)


@router.post(
    "/price-previews",
    operation_id="preview_price",
    summary="What an order would cost",
    description=(
        "신규주문과 추가/연장주문의 결제 금액. Nothing is stored. Only items that name a membership"
        " need a sign-in, with `orders.create` for its company. Whoever is signed in sees the"
        " prices that their company has agreed."
    ),
    response_model=PricePreviewBody,
    responses=problems(
        *FOR_A_COMPANY, *REFUSALS, "corporate_account_required", "rate_limited", body=True
    ),
)
@public("prices are shown before anybody signs up")
async def preview(
    deps: DepsDep,
    request: Request,
    language: LanguageDep,
    access: MayChangeMemberships,
    account: MayHaveAgreedPrices,
    body: PricePreviewRequest,
) -> Response:
    items = [item.to_domain() for item in body.items]
    found = await preview_price(
        deps.database,
        deps.clock,
        deps.catalogues,
        deps.kept_prices,
        access,
        account,
        items,
        body.coupon_code,
        body.starts_on,
        address_of(request),
    )
    said_before = _SAID.setdefault(found, {})
    content = said_before.get(language)
    if content is None:
        content = said_before[language] = to_json(_body(found, body.coupon_code, language))
    return Response(content, media_type="application/json")


_SAID: WeakKeyDictionary[Preview, dict[Language, bytes]] = WeakKeyDictionary()
"""The answers of prices that are kept, as bytes."""


def _body(found: Preview, coupon_code: str | None, language: Language) -> PricePreviewBody:
    priced = found.priced
    return PricePreviewBody(
        catalogue_version=priced.catalogue,
        currency="KRW",
        items=[priced_item_body(item, language) for item in priced.items],
        coupon=_coupon(found, coupon_code, language),
        amount=priced.amount,
        discount=priced.discount,
        supply=priced.supply,
        vat=priced.vat,
        total=priced.total,
        consents=sorted(order_consents_needed([item.months for item in priced.items])),
    )


def priced_item_body(item: PricedItem, language: Language) -> PricedItemBody:
    """A priced item in the request's language."""
    korean = language is Language.KO
    return PricedItemBody(
        index=item.index,
        type=item.type.value,
        type_label=said(ORDER_TYPE_LABELS[item.type], language),
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
        ends=[f"{said(name, language)} {quantity:,}" for name, quantity in item.ends],
    )


def _line(line: Line, language: Language) -> LineBody:
    months = None
    if line.months is not None:
        months = MonthsBody(whole=line.months, days=line.days, of=line.of)
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
