"""서비스 해지."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.domain.orders import PAYMENT_METHOD_LABELS, PaymentMethod
from app.domain.price_lines import recurring_name
from app.domain.terminations import (
    TERMINATION_REASON_LABELS,
    TERMINATION_STATE_LABELS,
    TerminationReason,
    TerminationState,
)
from app.language import Language
from app.routers.answers import answer
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, OnceIfKeyed, answer_of
from app.routers.models import AnswerStruct, IsoDate, RequestModel
from app.routers.permissions import FOR_A_COMPANY, CanRequestTermination
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.principals import Principal, TransactionSession
from app.services.terminations import TerminationView, WantedEnd

router = APIRouter(prefix="/v1/memberships", tags=["memberships"], route_class=StrictRoute)

REFUSALS = (
    "membership_not_found",
    "managed_by_reseller",
    "membership_state_conflict",
    "termination_day_invalid",
)


class TerminationRequest(RequestModel):
    """`last_day` is the last day of the service: today at the earliest."""

    last_day: IsoDate
    reason: TerminationReason = Field(strict=False, examples=["NOT_NEEDED"])


class UnusedLineBody(AnswerStruct, frozen=True):
    """A recurring line: what was paid for its days, and what of it is unused. Without VAT."""

    code: str
    code_label: str
    quantity: int
    first_day: date
    last_day: date
    paid: int
    unused: int


class GivenBackBody(AnswerStruct, frozen=True):
    """What goes back of one order, with VAT and less its part of the fee.

    To the payment that paid it, and to the credit balance where credit did. Without an order: of a
    contract of before the portal, to the refund account.
    """

    order_id: UUID | None
    order_number: str | None
    payment_method: str | None
    payment_method_label: str | None
    amount: int
    vat: int


class OpenTerminationBody(AnswerStruct, frozen=True):
    """What was asked for and can be undone."""

    last_day: date
    reason: str
    reason_label: str
    state: str
    state_label: str
    received_on: date


class TerminationBody(AnswerStruct, frozen=True):
    """KRW. `refund = unused + vat - fee`; set-up is not refunded.

    `withdrawal`: within 7 days of the payment, of a site that nobody has used but its first
    administrator, everything is given back and there is no fee; the site is looked at once more
    when the service ends. `closes_company`: it is the last site.
    """

    membership_id: UUID
    site_name: str
    last_day: date
    undo_until: datetime
    closes_company: bool
    withdrawal: bool
    lines: list[UnusedLineBody]
    unused: int
    vat: int
    fee_percent: int
    fee: int
    refund: int
    given_back: list[GivenBackBody]
    requested: OpenTerminationBody | None


@router.get(
    "/{membership_id}/termination-preview",
    operation_id="preview_termination",
    summary="What the end of a service would give back",
    description="For a last day; today where none is given. Nothing is stored.",
    responses={
        200: {"model": TerminationBody},
        **problems(*FOR_A_COMPANY, *REFUSALS, "provider_unavailable", "provider_failed"),
    },
)
async def preview(
    deps: DepsDep,
    language: LanguageDep,
    access: CanRequestTermination,
    membership_id: UUID,
    last_day: Annotated[date | None, Query()] = None,
) -> Response:
    view = await deps.terminations.preview(access, membership_id, last_day)
    return answer(_body(view, language))


@router.post(
    "/{membership_id}/termination",
    operation_id="request_termination",
    summary="End a service",
    description=(
        "With the last day asked for; undone until that day ends. Needs the password within the"
        " last ten minutes, and an Idempotency-Key."
    ),
    status_code=201,
    responses={
        201: {"model": TerminationBody},
        **problems(
            *FOR_A_COMPANY,
            *IDEMPOTENT_IF_ASKED,
            *REFUSALS,
            "termination_requested",
            "reauthentication_required",
            body=True,
        ),
    },
)
async def request(
    deps: DepsDep,
    language: LanguageDep,
    access: CanRequestTermination,
    once: OnceIfKeyed,
    membership_id: UUID,
    body: TerminationRequest,
) -> Response:
    used = await deps.terminations.used_before(access, membership_id, body.last_day)

    async def work(session: TransactionSession, principal: Principal) -> Answer:
        wanted = WantedEnd(body.last_day, body.reason)
        view = await deps.terminations.request(session, principal, membership_id, wanted, used)
        return answer_of(_body(view, language), 201)

    return await once.within(access, work)


@router.delete(
    "/{membership_id}/termination",
    operation_id="undo_termination",
    summary="Go on with a service",
    description="Until the last day asked for ends.",
    status_code=204,
    responses=problems(*FOR_A_COMPANY, "membership_not_found", "termination_not_found"),
)
async def undo(deps: DepsDep, access: CanRequestTermination, membership_id: UUID) -> Response:
    async with access.transaction() as (session, principal):
        await deps.terminations.undo(session, principal, membership_id)
    return Response(status_code=204)


def _body(view: TerminationView, language: Language) -> TerminationBody:
    settlement, sums = view.settlement, view.settlement.sums
    sold = {order.id: order for order in view.facts.orders}
    given_back = []
    for share in settlement.shares:
        order = sold[share.order_id] if share.order_id else None
        method = PaymentMethod(order.payment_method) if order and order.payment_method else None
        given_back.append(
            GivenBackBody(
                order_id=share.order_id,
                order_number=order.number if order else None,
                payment_method=method,
                payment_method_label=(
                    said(PAYMENT_METHOD_LABELS[method], language) if method else None
                ),
                amount=share.value.amount,
                vat=share.value.vat,
            )
        )
    return TerminationBody(
        membership_id=view.facts.id,
        site_name=view.facts.site_name,
        last_day=settlement.last_day,
        undo_until=view.undo_until,
        closes_company=view.facts.last_site,
        withdrawal=settlement.withdrawal,
        lines=[
            UnusedLineBody(
                code=line.code,
                code_label=said(recurring_name(view.catalogue, line.code), language),
                quantity=line.quantity,
                first_day=line.first_day,
                last_day=line.last_day,
                paid=line.net,
                unused=unused,
            )
            for line, unused in settlement.lines
        ],
        unused=sums.unused,
        vat=sums.vat,
        fee_percent=view.fee_percent,
        fee=sums.fee,
        refund=sums.refund,
        given_back=given_back,
        requested=_requested(view, language),
    )


def _requested(view: TerminationView, language: Language) -> OpenTerminationBody | None:
    row = view.requested
    if row is None:
        return None
    reason, state = TerminationReason(row.reason), TerminationState(row.state)
    return OpenTerminationBody(
        last_day=row.last_day,
        reason=reason,
        reason_label=said(TERMINATION_REASON_LABELS[reason], language),
        state=state,
        state_label=said(TERMINATION_STATE_LABELS[state], language),
        received_on=row.received_on,
    )
