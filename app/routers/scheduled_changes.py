"""다음 갱신의 변경: less of something or another plan, from the next renewal on."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from app.domain.catalogue import Catalogue
from app.domain.prices import PricedOrder
from app.domain.scheduled_changes import SiteContent, describe
from app.language import Language
from app.routers.answers import answer
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.etags import ETAG_HEADER, IfMatch, etag_of, seen_revision
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, OnceIfKeyed, answer_of
from app.routers.item_requests import AddOnRequest, Code, Users
from app.routers.models import AnswerStruct, RequestModel
from app.routers.permissions import FOR_A_COMPANY, CanReadMemberships, CanUpdateMemberships
from app.routers.price_previews import PricedItemBody, priced_item_body
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.present_use import present_use
from app.services.scheduled_changes import ScheduledView, WantedContent

router = APIRouter(prefix="/v1/memberships", tags=["memberships"], route_class=StrictRoute)


class ScheduledChangeRequest(RequestModel):
    """The whole recurring content from the renewal on: what is held and not named ends.

    `users` may be left out for a plan with a fixed number. Once-packs are not named: they stay.
    """

    plan: Code = Field(examples=["SHARED"])
    users: Annotated[Users | None, Field(examples=[8])] = None
    add_ons: list[AddOnRequest] = Field(default=[], max_length=50)

    def to_domain(self) -> WantedContent:
        return WantedContent(self.plan, self.users, [(a.code, a.quantity) for a in self.add_ons])


class ScheduledAddOnBody(AnswerStruct, frozen=True):
    """An add-on that recurs."""

    code: str
    code_label: str
    quantity: int


class SiteContentBody(AnswerStruct, frozen=True):
    """What recurs at a site."""

    plan: str
    plan_label: str
    users: int
    add_ons: list[ScheduledAddOnBody]


class RenewalPriceBody(AnswerStruct, frozen=True):
    """What the renewal costs, by the version known for the day of its order (`priced_on`)."""

    catalogue_version: str
    priced_on: date
    item: PricedItemBody
    amount: int
    discount: int
    supply: int
    vat: int
    total: int


class ScheduledChangeBody(AnswerStruct, frozen=True):
    """What shall be from `takes_effect_on` on; `labels` say what becomes another.

    What is added to the membership meanwhile comes on top. `unchanged_total`: what the renewal
    would cost without the change. `fits`: whether what is used now has room; null: nobody knows.
    """

    membership_id: UUID
    held: SiteContentBody
    content: SiteContentBody
    labels: list[str]
    takes_effect_on: date
    changeable_until: date
    fits: bool | None
    renewal: RenewalPriceBody
    unchanged_total: int


REFUSALS = (
    "membership_not_found",
    "managed_by_reseller",
    "nothing_to_renew",
    "membership_overdue",
    "membership_expired",
    "membership_state_conflict",
    "scheduled_change_too_late",
    "scheduled_increase_not_offered",
    "nothing_to_schedule",
    "below_present_use",
    "membership_change_in_progress",
    "free_site_exists",
    "change_not_offered",
    "plan_unknown",
    "plan_users_fixed",
    "paid_plan_required",
    "quantity_out_of_range",
    "add_on_unknown",
    "add_on_twice",
    "add_on_limit_exceeded",
    "provider_unavailable",
    "provider_failed",
)


@router.get(
    "/{membership_id}/scheduled-change",
    operation_id="get_scheduled_change",
    summary="What becomes another at the next renewal",
    responses={
        200: {"model": ScheduledChangeBody, "headers": ETAG_HEADER},
        **problems(*FOR_A_COMPANY, "membership_not_found", "scheduled_change_not_found"),
    },
)
async def get_one(
    deps: DepsDep, language: LanguageDep, access: CanReadMemberships, membership_id: UUID
) -> Response:
    async with access.transaction() as (session, principal):
        view = await deps.scheduled_changes.get(session, principal, membership_id)
    return _answer(membership_id, view, language)


@router.post(
    "/{membership_id}/scheduled-change/preview",
    operation_id="preview_scheduled_change",
    summary="What a scheduled change would make of the next renewal",
    description="Nothing is stored.",
    responses={
        200: {"model": ScheduledChangeBody, "headers": ETAG_HEADER},
        **problems(*FOR_A_COMPANY, *IDEMPOTENT_IF_ASKED, *REFUSALS, body=True),
    },
)
async def preview(
    deps: DepsDep,
    language: LanguageDep,
    access: CanUpdateMemberships,
    once: OnceIfKeyed,
    membership_id: UUID,
    body: ScheduledChangeRequest,
) -> Response:
    async def work() -> Answer:
        used = await present_use(deps.groupware, access, [membership_id])
        async with access.transaction() as (session, principal):
            view = await deps.scheduled_changes.preview(
                session, principal, membership_id, body.to_domain(), used
            )
        shown = _body(membership_id, view, language)
        return answer_of(shown, ETag=etag_of(view.revision))

    return await once.around(access, work)


@router.put(
    "/{membership_id}/scheduled-change",
    operation_id="schedule_change",
    summary="Less, or another plan, from the next renewal on",
    description=(
        "Instead of one that was scheduled before. Until 30 days before the last day of a yearly"
        " term, to the last day of a monthly one. Takes the membership's ETag as If-Match."
    ),
    responses={
        200: {"model": ScheduledChangeBody, "headers": ETAG_HEADER},
        **problems(
            *FOR_A_COMPANY, *REFUSALS, "precondition_required", "precondition_failed", body=True
        ),
    },
)
async def put_one(
    deps: DepsDep,
    language: LanguageDep,
    access: CanUpdateMemberships,
    membership_id: UUID,
    body: ScheduledChangeRequest,
    if_match: IfMatch = None,
) -> Response:
    seen = seen_revision(if_match)
    used = await present_use(deps.groupware, access, [membership_id])
    async with access.transaction() as (session, principal):
        view = await deps.scheduled_changes.put(
            session, principal, membership_id, body.to_domain(), used, seen
        )
    return _answer(membership_id, view, language)


@router.delete(
    "/{membership_id}/scheduled-change",
    operation_id="undo_scheduled_change",
    summary="Renew as it is",
    description="Until the term's last day. Takes the membership's ETag as If-Match.",
    status_code=204,
    responses={
        204: {"headers": ETAG_HEADER},
        **problems(
            *FOR_A_COMPANY,
            "membership_not_found",
            "scheduled_change_not_found",
            "scheduled_change_too_late",
            "membership_change_in_progress",
            "managed_by_reseller",
            "precondition_required",
            "precondition_failed",
        ),
    },
)
async def undo(
    deps: DepsDep, access: CanUpdateMemberships, membership_id: UUID, if_match: IfMatch = None
) -> Response:
    seen = seen_revision(if_match)
    async with access.transaction() as (session, principal):
        revision = await deps.scheduled_changes.undo(session, principal, membership_id, seen)
    return Response(status_code=204, headers={"ETag": etag_of(revision)})


def _answer(membership_id: UUID, view: ScheduledView, language: Language) -> Response:
    return answer(_body(membership_id, view, language), {"ETag": etag_of(view.revision)})


def _body(membership_id: UUID, view: ScheduledView, language: Language) -> ScheduledChangeBody:
    catalogue = view.in_force
    labels = describe(catalogue, view.held, view.content)
    return ScheduledChangeBody(
        membership_id=membership_id,
        held=_content(view.held, catalogue, language),
        content=_content(view.content, catalogue, language),
        labels=[said(label, language) for label in labels],
        takes_effect_on=view.takes_effect_on,
        changeable_until=view.changeable_until,
        fits=view.fits,
        renewal=_renewal(view.renewal, view.priced_on, language),
        unchanged_total=view.unchanged.total,
    )


def _renewal(priced: PricedOrder, priced_on: date, language: Language) -> RenewalPriceBody:
    return RenewalPriceBody(
        catalogue_version=priced.catalogue,
        priced_on=priced_on,
        item=priced_item_body(priced.items[0], language),
        amount=priced.amount,
        discount=priced.discount,
        supply=priced.supply,
        vat=priced.vat,
        total=priced.total,
    )


def _content(content: SiteContent, catalogue: Catalogue, language: Language) -> SiteContentBody:
    plan = catalogue.plan(content.plan)
    assert plan is not None
    return SiteContentBody(
        plan=plan.code,
        plan_label=said(plan.name, language),
        users=content.users,
        add_ons=[
            ScheduledAddOnBody(
                code=add_on.code,
                code_label=said(add_on.name, language),
                quantity=content.add_ons[add_on.code],
            )
            for add_on in catalogue.add_ons
            if content.add_ons.get(add_on.code)
        ],
    )
