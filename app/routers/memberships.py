"""멤버십 현황."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Self
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, model_validator

from app.db.membership_reads import MembershipRead, NextChargeRead, PayingCardRead
from app.domain.cards import CARD_STATE_LABELS, CardState
from app.domain.catalogue import SERVICE_TYPES, Catalogue
from app.domain.memberships import (
    MEMBERSHIP_STATUS_LABELS,
    MembershipStatus,
    contract_notice,
)
from app.domain.periods import days_left, seoul_date
from app.domain.renewals import CHARGE_STATE_LABELS, ChargeState
from app.domain.scheduled_changes import (
    SiteContent,
    content_at_renewal,
    describe,
    recurring_of,
)
from app.language import Language
from app.routers.answers import answer
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.etags import ETAG_HEADER, IfMatch, etag_of, seen_revision
from app.routers.models import AnswerStruct, Id, RequestModel, values_of
from app.routers.permissions import FOR_A_COMPANY, CanReadMemberships, CanUpdateMemberships
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.memberships import (
    RenewalChange,
    change_renewal,
    get_membership,
    list_memberships,
)

router = APIRouter(prefix="/v1/memberships", tags=["memberships"], route_class=StrictRoute)


class MembershipSiteBody(AnswerStruct, frozen=True):
    """The site that the membership is for."""

    id: UUID
    name: str
    url: str | None
    domain: str | None


class QuantityBody(AnswerStruct, frozen=True):
    """`base` the term began with, `added` since, `complimentary` (무료제공) are part of them."""

    base: int
    added: int
    complimentary: int
    total: int


class RemainingBody(AnswerStruct, frozen=True):
    """사용기간 … 잔여 8일: both ends are counted. `from` is today."""

    from_: date = msgspec.field(name="from")
    to: date
    days: int


class MembershipAddOnBody(AnswerStruct, frozen=True):
    """`included`: it comes with another add-on and costs nothing."""

    code: str
    label: str
    quantity: int
    included: bool


class AddOnGroupBody(AnswerStruct, frozen=True):
    """옵션 상품 as the page groups them; `name` is null for those without a group."""

    name: str | None
    items: list[MembershipAddOnBody]


class MembershipScheduledBody(AnswerStruct, frozen=True):
    """What becomes another at the next renewal; `GET …/scheduled-change` has it with its price."""

    plan: str
    plan_label: str
    takes_effect_on: date
    labels: list[str]


class PayingCardBody(AnswerStruct, frozen=True):
    """자동카드결제: the registered card that renewals are charged to. LOST ones are not charged."""

    id: UUID
    kind: str
    issuer: str | None
    name: str | None
    last4: str | None
    state: Annotated[str, values_of(CardState)]
    state_label: str


class NextChargeBody(AnswerStruct, frozen=True):
    """KRW with VAT. `on`: the day on which it is charged, or by which it is to be paid.

    FAILED: every card was declined. `GET …/upcoming` has it in full.
    """

    on: date
    amount: int
    status: str
    status_label: str


class MembershipBody(AnswerStruct, frozen=True):
    """A membership; `monthly_fee` in KRW without VAT."""

    id: UUID
    site: MembershipSiteBody
    plan: str
    plan_label: str
    service_type: str
    service_type_label: str
    status: Annotated[str, values_of(MembershipStatus)]
    status_label: str
    paid: bool
    billing_channel: str
    reseller_name: str | None
    reseller_phone: str | None
    first_started_on: date
    starts_on: date
    expires_on: date | None
    remaining: RemainingBody | None
    users: QuantityBody
    storage_gb: QuantityBody
    add_on_groups: list[AddOnGroupBody]
    monthly_fee: int
    auto_card_payment: bool
    auto_renew: bool
    payment_method: PayingCardBody | None
    next_charge: NextChargeBody | None
    scheduled_change: MembershipScheduledBody | None
    contract_notice: str | None


class NextChargesBody(AnswerStruct, frozen=True):
    """The first day of a charge, and all that is charged on it; KRW with VAT."""

    on: date
    amount: int


class MembershipSummaryBody(AnswerStruct, frozen=True):
    """The first tab: all sites together."""

    sites: int
    users: int
    monthly_fee: int
    next_charge: NextChargesBody | None


class MembershipPageBody(AnswerStruct, frozen=True):
    """A page, and what its memberships add up to."""

    items: list[MembershipBody]
    summary: MembershipSummaryBody
    next_cursor: str | None


class ChangeMembershipRequest(RequestModel):
    """자동 연장 결제, and the registered card for it (null: none). What is not sent stays."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    auto_renew: bool | None = None
    payment_method_id: Id | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing is to be changed")
        return self


@router.get(
    "",
    operation_id="list_memberships",
    summary="Memberships, the oldest first",
    description="멤버십현황.",
    response_model=MembershipPageBody,
    responses=problems(*FOR_A_COMPANY, "invalid_request", "cursor_invalid"),
)
async def get_all(
    deps: DepsDep,
    language: LanguageDep,
    access: CanReadMemberships,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    page = await list_memberships(access, cursor, size)
    catalogue = await deps.catalogues.in_force_outside(page.today)
    items = [membership_body(m, catalogue, language, page.today) for m in page.items]
    return answer(
        MembershipPageBody(
            items=items,
            summary=MembershipSummaryBody(
                sites=len(page.items),
                users=sum(m.users for m in page.items),
                monthly_fee=sum(m.monthly_fee for m in page.items),
                next_charge=_first_charge([m.next_charge for m in items]),
            ),
            next_cursor=page.next_cursor,
        )
    )


@router.get(
    "/{membership_id}",
    operation_id="get_membership",
    summary="A membership",
    response_model=MembershipBody,
    responses={
        200: {"headers": ETAG_HEADER},
        **problems(*FOR_A_COMPANY, "membership_not_found", "invalid_request"),
    },
)
async def get_one(
    deps: DepsDep,
    language: LanguageDep,
    access: CanReadMemberships,
    membership_id: UUID,
) -> Response:
    found, today = await get_membership(access, membership_id)
    catalogue = await deps.catalogues.in_force_outside(today)
    etag = {"ETag": etag_of(found.revision)}
    return answer(membership_body(found, catalogue, language, today), etag)


@router.patch(
    "/{membership_id}",
    operation_id="update_membership",
    summary="Change how renewals are paid",
    response_model=MembershipBody,
    description="자동 연장 결제. Takes the ETag that was read as If-Match.",
    responses={
        200: {"headers": ETAG_HEADER},
        **problems(
            *FOR_A_COMPANY,
            "membership_not_found",
            "precondition_required",
            "precondition_failed",
            "managed_by_reseller",
            "nothing_to_renew",
            "payment_method_not_found",
            "payment_method_lost",
            body=True,
        ),
    },
)
async def update_one(
    deps: DepsDep,
    language: LanguageDep,
    access: CanUpdateMemberships,
    membership_id: UUID,
    body: ChangeMembershipRequest,
    if_match: IfMatch = None,
) -> Response:
    seen = seen_revision(if_match)
    async with access.transaction() as (session, principal):
        change = RenewalChange(
            body.auto_renew, "payment_method_id" in body.model_fields_set, body.payment_method_id
        )
        found = await change_renewal(session, principal, membership_id, change, seen)
    today = seoul_date(principal.now)
    catalogue = await deps.catalogues.in_force_outside(today)
    etag = {"ETag": etag_of(found.revision)}
    return answer(membership_body(found, catalogue, language, today), etag)


def membership_body(
    membership: MembershipRead, catalogue: Catalogue, language: Language, today: date
) -> MembershipBody:
    """A membership in the request's language; `today` is the business date."""
    plan = catalogue.plan(membership.plan)
    assert plan is not None
    notice = contract_notice(membership.term_months)
    status = MembershipStatus(membership.status)
    return MembershipBody(
        id=membership.id,
        site=MembershipSiteBody(
            id=membership.site_id,
            name=membership.site_name,
            url=membership.site_url,
            domain=membership.site_domain,
        ),
        plan=membership.plan,
        plan_label=said(plan.name, language),
        service_type=plan.service_type,
        service_type_label=said(SERVICE_TYPES[plan.service_type], language),
        status=membership.status,
        status_label=said(MEMBERSHIP_STATUS_LABELS[status], language),
        paid=not plan.free,
        billing_channel=membership.billing_channel,
        reseller_name=membership.reseller_name,
        reseller_phone=membership.reseller_phone,
        first_started_on=membership.first_started_on,
        starts_on=membership.starts_on,
        expires_on=membership.expires_on,
        remaining=_remaining(membership, today),
        users=_quantity(membership.base_users, membership.users, membership.complimentary_users),
        storage_gb=_quantity(
            membership.base_storage_gb,
            membership.storage_gb,
            membership.storage_gb if plan.free else 0,
        ),
        add_on_groups=_groups(membership, catalogue, language),
        monthly_fee=membership.monthly_fee,
        auto_card_payment=membership.card is not None and membership.card.state == CardState.ACTIVE,
        auto_renew=membership.auto_renew,
        payment_method=card_body(membership.card, language),
        next_charge=_next_charge(membership.next_charge, language),
        scheduled_change=_scheduled(membership, catalogue, language),
        contract_notice=said(notice, language) if notice else None,
    )


def _next_charge(charge: NextChargeRead | None, language: Language) -> NextChargeBody | None:
    if charge is None or charge.charge_on is None:
        return None
    assert charge.charge_amount is not None
    assert charge.charge_state is not None
    state = ChargeState(charge.charge_state)
    return NextChargeBody(
        on=charge.charge_on,
        amount=charge.charge_amount,
        status=state,
        status_label=said(CHARGE_STATE_LABELS[state], language),
    )


def _first_charge(charges: Sequence[NextChargeBody | None]) -> NextChargesBody | None:
    """PAID ones are charged no more."""
    due = [c for c in charges if c is not None and c.status != ChargeState.PAID]
    if not due:
        return None
    first = min(charge.on for charge in due)
    return NextChargesBody(first, sum(charge.amount for charge in due if charge.on == first))


def card_body(card: PayingCardRead | None, language: Language) -> PayingCardBody | None:
    if card is None:
        return None
    return PayingCardBody(
        id=card.id,
        kind="CARD",
        issuer=card.issuer,
        name=card.name,
        last4=card.last4,
        state=card.state,
        state_label=said(CARD_STATE_LABELS[CardState(card.state)], language),
    )


def _scheduled(
    membership: MembershipRead, catalogue: Catalogue, language: Language
) -> MembershipScheduledBody | None:
    if membership.scheduled is None or membership.expires_on is None:
        return None
    users = membership.users - membership.complimentary_users
    held = SiteContent(membership.plan, users, recurring_of(catalogue, membership.add_ons))
    content = content_at_renewal(catalogue, held, membership.scheduled.change)
    plan = catalogue.plan(content.plan)
    assert plan is not None
    return MembershipScheduledBody(
        plan=plan.code,
        plan_label=said(plan.name, language),
        takes_effect_on=membership.expires_on + timedelta(days=1),
        labels=[said(label, language) for label in describe(catalogue, held, content)],
    )


def _remaining(membership: MembershipRead, today: date) -> RemainingBody | None:
    if membership.expires_on is None:
        return None
    days = days_left(today, membership.expires_on)
    return RemainingBody(from_=today, to=membership.expires_on, days=days)


def _quantity(base: int, total: int, complimentary: int) -> QuantityBody:
    return QuantityBody(base=base, added=total - base, complimentary=complimentary, total=total)


def _groups(
    membership: MembershipRead, catalogue: Catalogue, language: Language
) -> list[AddOnGroupBody]:
    """In the catalogue's order; what an add-on includes stands behind it as its own line."""
    groups: dict[str | None, list[MembershipAddOnBody]] = {}
    for add_on in catalogue.add_ons:
        quantity = membership.add_ons.get(add_on.code, 0)
        if not quantity:
            continue
        name = said(add_on.group, language) if add_on.group else None
        items = groups.setdefault(name, [])
        items.append(
            MembershipAddOnBody(
                code=add_on.code,
                label=said(add_on.name, language),
                quantity=quantity,
                included=False,
            )
        )
        items += [
            MembershipAddOnBody(
                code=part.code,
                label=_included_label(catalogue, part.code, part.quantity, language),
                quantity=part.quantity,
                included=True,
            )
            for part in add_on.included
        ]
    return [AddOnGroupBody(name=name, items=items) for name, items in groups.items()]


_INCLUDED = {
    "CORPORATE_CARD": ("법인 카드 등록", "corporate cards"),
    "TAX_INVOICE": ("세금계산서 발행(월)", "tax invoices a month"),
    "E_CONTRACT": ("전자계약(월)", "electronic contracts a month"),
}


def _included_label(catalogue: Catalogue, code: str, quantity: int, language: Language) -> str:
    """[무료] 법인 카드 등록 2개, as the guide's page 11 has it."""
    add_on = catalogue.add_on(code)
    fallback = (add_on.name.ko, add_on.name.en) if add_on else (code, code)
    ko, en = _INCLUDED.get(code, fallback)
    return f"[무료] {ko} {quantity}개" if language is Language.KO else f"[Free] {quantity} {en}"
