"""요금제 관리: catalogue versions, drafted, looked at and activated."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import Field

from app.domain.catalogue import Basis, PromotionKind
from app.domain.catalogue_versions import VersionState
from app.routers.dependencies import DepsDep
from app.routers.models import CODE, LINE, WHOLE, AnswerModel, Id, IsoDate, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageCatalogue
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.operator_catalogue import VersionView

router = APIRouter(
    prefix="/v1/operator/catalogue-versions", tags=["catalogue"], route_class=StrictRoute
)

Won = Annotated[int, Field(ge=0, le=1_000_000_000), WHOLE]
Count = Annotated[int, Field(ge=0, le=100_000), WHOLE]
Percent = Annotated[int, Field(ge=0, le=100), WHOLE]
ItemCode = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Z0-9_]+$")]
VersionCode = Annotated[str, Path(min_length=1, max_length=40, pattern=CODE)]
Words = Annotated[str, Field(min_length=1, max_length=60, pattern=LINE)]


class NameModel(RequestModel):
    """A text for people in both languages."""

    ko: Words
    en: Words


class PromotionModel(RequestModel):
    """What a term carries; `percent` is 0 for IN_PRICE, which is in the unit price already."""

    kind: Annotated[PromotionKind, Field(strict=False)]
    name: NameModel
    percent: Percent


class TermModel(RequestModel):
    """A length that can be bought."""

    months: Annotated[int, Field(ge=1, le=24), WHOLE]
    promotion: PromotionModel | None = None


class PlanModel(RequestModel):
    """A plan; prices in KRW without VAT. Without terms it is free and has its own numbers."""

    code: ItemCode
    name: NameModel
    service_type: Literal["SHARED", "DEDICATED"]
    fixed_users: Count | None = None
    unit_price: Won
    list_unit_price: Won | None = None
    base_price: Won
    setup_price: Won
    storage_gb_per_user: Count
    fixed_storage_gb: Count | None = None
    terms: list[TermModel] = Field(max_length=3)


class IncludedModel(RequestModel):
    """What an add-on brings along, `monthly` per calendar month."""

    code: ItemCode
    quantity: Count
    monthly: bool


class AddOnModel(RequestModel):
    """An add-on; `basis` says what its price is multiplied with."""

    code: ItemCode
    name: NameModel
    group: NameModel | None = None
    basis: Annotated[Basis, Field(strict=False)]
    price: Won
    max_per_site: Count | None = None
    included: list[IncludedModel] = Field(default=[], max_length=20)


class TierModel(RequestModel):
    """From `first` users on, `percent` off the whole licence line; both rise from tier to tier."""

    first: Annotated[int, Field(ge=1, le=100_000), WHOLE]
    percent: Percent


class CatalogueVersionModel(RequestModel):
    """A version whole, in force from 00:00 KST of its first day until the next one's."""

    code: str = Field(min_length=1, max_length=40, pattern=CODE, examples=["2027-01"])
    effective_from: IsoDate
    plans: list[PlanModel] = Field(min_length=1, max_length=20)
    add_ons: list[AddOnModel] = Field(max_length=100)
    tiers: list[TierModel] = Field(max_length=50)


class VersionSummaryBody(AnswerModel):
    """A version or a draft of one."""

    code: str
    effective_from: date
    state: VersionState
    created_at: datetime


class VersionListBody(AnswerModel):
    """The latest first day first."""

    items: list[VersionSummaryBody]


class VersionBody(AnswerModel):
    """With its data as it was given."""

    code: str
    effective_from: date
    state: VersionState
    created_at: datetime
    version: CatalogueVersionModel


class EffectRequest(RequestModel):
    """Whose renewals are looked at."""

    membership_ids: list[Id] = Field(min_length=1, max_length=100)


class EffectBody(AnswerModel):
    """A renewal of what the membership holds now, VAT included, by the version in force and by

    this one, with the prices agreed for it. Null for a membership without a term.
    """

    membership_id: UUID
    company_id: UUID
    plan: str
    users: int
    renewed_on: date | None
    before: int | None
    after: int | None
    difference: int | None


class EffectListBody(AnswerModel):
    """In the order asked for."""

    items: list[EffectBody]


DAY = ("catalogue_day_passed", "catalogue_day_taken", "catalogue_invalid")


@router.get(
    "",
    operation_id="operator_list_catalogue_versions",
    summary="Versions and drafts",
    responses=problems(*FOR_AN_OPERATOR),
)
async def get_all(deps: DepsDep, operator: CanManageCatalogue) -> VersionListBody:
    views = await deps.operator_catalogue.versions()
    return VersionListBody(
        items=[
            VersionSummaryBody(
                code=view.catalogue.code,
                effective_from=view.catalogue.effective_from,
                state=view.state,
                created_at=view.created_at,
            )
            for view in views
        ]
    )


@router.post(
    "",
    operation_id="operator_create_catalogue_version",
    summary="Draft a version",
    description=(
        "Checked whole: `catalogue_invalid` lists every flaw in `flaws`. Codes of former versions"
        " stay, as what they are. Nobody can order by a draft."
    ),
    status_code=201,
    responses=problems(*FOR_AN_OPERATOR, *DAY, "catalogue_code_taken", body=True),
)
async def create(
    deps: DepsDep, operator: CanManageCatalogue, body: CatalogueVersionModel
) -> VersionBody:
    document: dict[str, Any] = body.model_dump(mode="json")
    return _body(await deps.operator_catalogue.draft(operator, document))


@router.get(
    "/{code}",
    operation_id="operator_get_catalogue_version",
    summary="A version with its data",
    responses=problems(*FOR_AN_OPERATOR, "catalogue_version_not_found"),
)
async def get_one(deps: DepsDep, operator: CanManageCatalogue, code: VersionCode) -> VersionBody:
    return _body(await deps.operator_catalogue.get(code))


@router.post(
    "/{code}/preview",
    operation_id="operator_preview_catalogue_version",
    summary="What a version makes of named memberships' renewals",
    responses=problems(
        *FOR_AN_OPERATOR, "catalogue_version_not_found", "membership_not_found", body=True
    ),
)
async def preview(
    deps: DepsDep, operator: CanManageCatalogue, code: VersionCode, body: EffectRequest
) -> EffectListBody:
    effects = await deps.operator_catalogue.effect(code, body.membership_ids)
    return EffectListBody(
        items=[
            EffectBody(
                membership_id=effect.membership_id,
                company_id=effect.company_id,
                plan=effect.plan,
                users=effect.users,
                renewed_on=effect.renewed_on,
                before=effect.before,
                after=effect.after,
                difference=None
                if effect.before is None or effect.after is None
                else effect.after - effect.before,
            )
            for effect in effects
        ]
    )


@router.post(
    "/{code}/activate",
    operation_id="operator_activate_catalogue_version",
    summary="Put a draft in force from its first day on",
    description="Never in the past, never on another version's day, and for good.",
    responses=problems(
        *FOR_AN_OPERATOR, *DAY, "catalogue_version_not_found", "catalogue_version_active"
    ),
)
async def activate(deps: DepsDep, operator: CanManageCatalogue, code: VersionCode) -> VersionBody:
    return _body(await deps.operator_catalogue.activate(operator, code))


def _body(view: VersionView) -> VersionBody:
    return VersionBody(
        code=view.catalogue.code,
        effective_from=view.catalogue.effective_from,
        state=view.state,
        created_at=view.created_at,
        version=CatalogueVersionModel.model_validate(dict(view.document), strict=False),
    )
