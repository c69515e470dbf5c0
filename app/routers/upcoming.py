"""다음 결제: what a membership's renewal will cost, when, and by which card."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from app.db.membership_reads import PayingCardRead
from app.domain.billing_keys import DECLINE_LABELS
from app.domain.renewals import CHARGE_STATE_LABELS
from app.language import Language
from app.routers.answers import answer
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.memberships import PayingCardBody, card_body
from app.routers.models import WHOLE, AnswerStruct, Id, RequestModel
from app.routers.permissions import FOR_A_COMPANY, CanReadMemberships, CanUpdateMemberships
from app.routers.price_previews import PricedItemBody, priced_item_body
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.upcoming import UpcomingView

router = APIRouter(prefix="/v1/memberships", tags=["memberships"], route_class=StrictRoute)


class ChargeFailureBody(AnswerStruct, frozen=True):
    """Why the card was declined at the last try."""

    code: str
    code_label: str


class UpcomingBody(AnswerStruct, frozen=True):
    """The next charge in full, KRW.

    `on`: the day on which `payment_method` is charged, or, where it is null, by which it is to be
    paid. Unpaid by `pay_until` the service expires. `state` is null where nothing is charged.
    `order_id` is null before the renewal is ordered; the price is then as far as it is known for
    `priced_on`. `consent_needed`: its unit prices are higher than those of the running term, and it
    is not charged before somebody agrees.
    """

    membership_id: UUID
    on: date
    pay_until: date
    state: str | None
    state_label: str | None
    consent_needed: bool
    order_id: UUID | None
    order_number: str | None
    payment_method: PayingCardBody | None
    failure: ChargeFailureBody | None
    catalogue_version: str
    priced_on: date
    item: PricedItemBody
    amount: int
    discount: int
    supply: int
    vat: int
    total: int


class RenewalConsentRequest(RequestModel):
    """The renewal that was shown, and its total."""

    order_id: Id
    total: Annotated[int, Field(ge=0, le=10**15), WHOLE] = Field(examples=[660_000])


REFUSALS = (
    "membership_not_found",
    "managed_by_reseller",
    "nothing_to_renew",
    "membership_expired",
    "membership_state_conflict",
    "termination_requested",
)


@router.get(
    "/{membership_id}/upcoming",
    operation_id="get_upcoming",
    summary="The next charge in full",
    response_model=UpcomingBody,
    responses=problems(*FOR_A_COMPANY, *REFUSALS, "invalid_request"),
)
async def get_one(
    deps: DepsDep, language: LanguageDep, access: CanReadMemberships, membership_id: UUID
) -> Response:
    async with access.transaction() as (session, principal):
        view = await deps.upcoming.get(session, principal, membership_id)
    return answer(_body(view, language))


@router.put(
    "/{membership_id}/renewal-consent",
    operation_id="agree_to_renewal_price",
    summary="Agree to a renewal's higher price",
    description=(
        "A price above the running term's is not charged before. Kept with who agreed, to which"
        " total, and when; a renewal that is priced again for more needs another consent."
    ),
    response_model=UpcomingBody,
    responses=problems(*FOR_A_COMPANY, *REFUSALS, "renewal_not_found", "price_changed", body=True),
)
async def agree(
    deps: DepsDep,
    language: LanguageDep,
    access: CanUpdateMemberships,
    membership_id: UUID,
    body: RenewalConsentRequest,
) -> Response:
    async with access.transaction() as (session, principal):
        view = await deps.upcoming.agree(
            session, principal, membership_id, body.order_id, body.total
        )
    return answer(_body(view, language))


def _body(view: UpcomingView, language: Language) -> UpcomingBody:
    order, priced, card = view.order, view.wanted.order, view.card
    shown = (
        PayingCardRead(card.id, card.state, card.issuer, card.name, card.last4) if card else None
    )
    failure = None
    if view.declined is not None:
        label = said(DECLINE_LABELS[view.declined], language)
        failure = ChargeFailureBody(view.declined, label)
    return UpcomingBody(
        membership_id=view.membership_id,
        on=view.on,
        pay_until=view.pay_until,
        state=view.state,
        state_label=said(CHARGE_STATE_LABELS[view.state], language) if view.state else None,
        consent_needed=view.consent_needed,
        order_id=order.id if order else None,
        order_number=order.number if order else None,
        payment_method=card_body(shown, language),
        failure=failure,
        catalogue_version=priced.catalogue,
        priced_on=view.wanted.priced_on,
        item=priced_item_body(priced.items[0], language),
        amount=priced.amount,
        discount=priced.discount,
        supply=priced.supply,
        vat=priced.vat,
        total=priced.total,
    )
