"""쿠폰 관리."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from app.domain.catalogue import Name
from app.domain.coupons import Coupon, CouponScope
from app.routers.dependencies import DepsDep
from app.routers.models import WHOLE, AnswerModel, IsoDate, RequestModel
from app.routers.operator_catalogue import ItemCode, NameModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageCoupons
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.operator_coupons import CouponView

router = APIRouter(prefix="/v1/operator/coupons", tags=["coupons"], route_class=StrictRoute)

COUPON_CODE = r"^[A-Z0-9][A-Z0-9-]{2,39}$"
CouponCode = Annotated[str, Path(min_length=3, max_length=40, pattern=COUPON_CODE)]
Uses = Annotated[int, Field(ge=1, le=1_000_000), WHOLE]
OrderTypes = Literal["NEW", "ADD", "EXTEND", "ADD_EXTEND", "CHANGE"]
"""Never RENEWAL (PRODUCT.md section 8)."""


class CouponRequest(RequestModel):
    """`percent` or `amount` (KRW), one of them. Empty `plans` or `order_types` mean every one."""

    code: str = Field(min_length=3, max_length=40, pattern=COUPON_CODE, examples=["AUTUMN-2027"])
    name: NameModel
    scope: Annotated[CouponScope, Field(strict=False)]
    percent: Annotated[int, Field(ge=1, le=100), WHOLE] | None = None
    amount: Annotated[int, Field(ge=1, le=10**12), WHOLE] | None = None
    first_day: IsoDate
    last_day: IsoDate
    plans: list[ItemCode] = Field(default=[], max_length=20)
    order_types: list[OrderTypes] = Field(default=[], max_length=5)
    minimum_amount: Annotated[int, Field(ge=0, le=10**12), WHOLE] = 0
    uses_in_all: Uses | None = None
    uses_per_company: Uses | None = None

    def to_domain(self) -> Coupon:
        return Coupon(
            code=self.code,
            name=Name(self.name.ko, self.name.en),
            scope=self.scope,
            percent=self.percent,
            amount=self.amount,
            first_day=self.first_day,
            last_day=self.last_day,
            plans=frozenset(self.plans),
            order_types=frozenset(self.order_types),
            minimum_amount=self.minimum_amount,
        )


class OperatorCouponBody(AnswerModel):
    """A coupon; `uses` so far. Days are KST, both inclusive."""

    code: str
    name: NameModel
    scope: CouponScope
    percent: int | None
    amount: int | None
    first_day: date
    last_day: date
    plans: list[str]
    order_types: list[str]
    minimum_amount: int
    uses: int
    uses_in_all: int | None
    uses_per_company: int | None
    ended_at: datetime | None


class CouponPageBody(AnswerModel):
    """By code."""

    items: list[OperatorCouponBody]
    next_cursor: str | None


@router.get(
    "",
    operation_id="operator_list_coupons",
    summary="Coupons by code",
    description="With how often each was used, ended ones too.",
    responses=problems(*FOR_AN_OPERATOR),
)
async def get_all(
    deps: DepsDep,
    operator: CanManageCoupons,
    cursor: Annotated[str, Query(max_length=40, pattern=r"^[A-Z0-9-]*$")] = "",
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> CouponPageBody:
    page = await deps.operator_coupons.page(cursor, size)
    return CouponPageBody(items=[_body(view) for view in page.items], next_cursor=page.next_after)


@router.post(
    "",
    operation_id="operator_create_coupon",
    summary="Make a coupon",
    description="A code is never used for something else, also after its end.",
    status_code=201,
    responses=problems(
        *FOR_AN_OPERATOR,
        "coupon_days_invalid",
        "coupon_value_invalid",
        "coupon_code_taken",
        "plan_unknown",
        body=True,
    ),
)
async def create(
    deps: DepsDep, operator: CanManageCoupons, body: CouponRequest
) -> OperatorCouponBody:
    view = await deps.operator_coupons.create(
        operator, body.to_domain(), body.uses_in_all, body.uses_per_company
    )
    return _body(view)


@router.post(
    "/{code}/end",
    operation_id="operator_end_coupon",
    summary="Nobody uses it from now on",
    description="Also not by a quote, which holds no use of one. Again is harmless.",
    responses=problems(*FOR_AN_OPERATOR, "coupon_not_found"),
)
async def end(deps: DepsDep, operator: CanManageCoupons, code: CouponCode) -> OperatorCouponBody:
    return _body(await deps.operator_coupons.end(operator, code))


def _body(view: CouponView) -> OperatorCouponBody:
    coupon = view.coupon
    return OperatorCouponBody(
        code=coupon.code,
        name=NameModel(ko=coupon.name.ko, en=coupon.name.en),
        scope=coupon.scope,
        percent=coupon.percent,
        amount=coupon.amount,
        first_day=coupon.first_day,
        last_day=coupon.last_day,
        plans=sorted(coupon.plans),
        order_types=sorted(coupon.order_types),
        minimum_amount=coupon.minimum_amount,
        uses=view.uses,
        uses_in_all=view.uses_in_all,
        uses_per_company=view.uses_per_company,
        ended_at=view.ended_at,
    )
