"""요금제와 부가 상품: what can be ordered, and for how much."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from app.domain.catalogue import SERVICE_TYPES, AddOn, Catalogue, Name, Plan
from app.domain.periods import seoul_date
from app.language import Language
from app.routers.access import public
from app.routers.answers import to_json, unless_known
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.models import AnswerStruct
from app.routers.problems import problems
from app.routers.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["catalogue"], route_class=StrictRoute)


class TermBody(AnswerStruct, frozen=True):
    """A length that can be bought. `promotion` is what the page shows beside it."""

    months: int
    promotion: str | None
    promotion_kind: str | None
    promotion_percent: int | None


class PlanBody(AnswerStruct, frozen=True):
    """A plan; prices in KRW without VAT. `fixed_users`: the number cannot be chosen."""

    code: str
    code_label: str
    service_type: str
    service_type_label: str
    fixed_users: int | None
    unit_price: int
    list_unit_price: int | None
    base_price: int
    setup_price: int
    storage_gb_per_user: int
    fixed_storage_gb: int | None
    terms: list[TermBody]


class IncludedBody(AnswerStruct, frozen=True):
    """What an add-on brings along, `monthly` per calendar month."""

    code: str
    quantity: int
    monthly: bool


class AddOnBody(AnswerStruct, frozen=True):
    """An add-on; `basis` says what its price (KRW without VAT) is multiplied with."""

    code: str
    code_label: str
    group: str | None
    basis: str
    price: int
    max_per_site: int | None
    included: list[IncludedBody]


class CatalogueBody(AnswerStruct, frozen=True):
    """The version in force today (Asia/Seoul)."""

    version: str
    effective_from: str
    currency: str
    plans: list[PlanBody]
    add_ons: list[AddOnBody]


@router.get(
    "/catalogue",
    operation_id="get_catalogue",
    summary="The catalogue in force",
    description="신규주문의 요금제 선택: plans, terms and add-ons with their prices.",
    responses={
        200: {
            "model": CatalogueBody,
            "headers": {"ETag": {"schema": {"type": "string"}, "description": "Of this answer."}},
        },
        304: {"description": "Not changed since the ETag that was sent."},
        **problems(),
    },
)
@public("prices are shown before anybody signs up")
async def get_catalogue(
    deps: DepsDep, language: LanguageDep, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    today = seoul_date(await deps.clock.now_outside(deps.database))
    catalogue = await deps.catalogues.in_force_outside(today)
    body = to_json(_body(catalogue, language))
    return unless_known(body, if_none_match)


def said(name: Name, language: Language) -> str:
    """The name in the request's language."""
    return name.ko if language is Language.KO else name.en


def _body(catalogue: Catalogue, language: Language) -> CatalogueBody:
    return CatalogueBody(
        version=catalogue.code,
        effective_from=catalogue.effective_from.isoformat(),
        currency="KRW",
        plans=[_plan(plan, language) for plan in catalogue.plans],
        add_ons=[_add_on(add_on, language) for add_on in catalogue.add_ons],
    )


def _plan(plan: Plan, language: Language) -> PlanBody:
    return PlanBody(
        code=plan.code,
        code_label=said(plan.name, language),
        service_type=plan.service_type,
        service_type_label=said(SERVICE_TYPES[plan.service_type], language),
        fixed_users=plan.fixed_users,
        unit_price=plan.unit_price,
        list_unit_price=plan.list_unit_price,
        base_price=plan.base_price,
        setup_price=plan.setup_price,
        storage_gb_per_user=plan.storage_gb_per_user,
        fixed_storage_gb=plan.fixed_storage_gb,
        terms=[
            TermBody(
                months=term.months,
                promotion=said(term.promotion.name, language) if term.promotion else None,
                promotion_kind=str(term.promotion.kind) if term.promotion else None,
                promotion_percent=term.promotion.percent if term.promotion else None,
            )
            for term in plan.terms
        ],
    )


def _add_on(add_on: AddOn, language: Language) -> AddOnBody:
    return AddOnBody(
        code=add_on.code,
        code_label=said(add_on.name, language),
        group=said(add_on.group, language) if add_on.group else None,
        basis=str(add_on.basis),
        price=add_on.price,
        max_per_site=add_on.max_per_site,
        included=[
            IncludedBody(code=part.code, quantity=part.quantity, monthly=part.monthly)
            for part in add_on.included
        ],
    )
