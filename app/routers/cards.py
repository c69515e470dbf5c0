"""자동결제 카드: registering, ranking and removing what renewals are charged to."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field, model_validator

from app.db.card_reads import CardRead
from app.domain.cards import CARD_ROLE_LABELS, CARD_STATE_LABELS, CardRole, CardState
from app.language import Language
from app.routers.answers import answer
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, OnceIfKeyed, answer_of
from app.routers.models import AnswerModel, AnswerStruct, Id, RequestModel
from app.routers.payments import PROVIDER
from app.routers.permissions import FOR_A_COMPANY, CanManagePayments
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.cards import CardChange, CardRegistration
from app.services.idempotency import Answer
from app.services.principals import Principal, TransactionSession

router = APIRouter(prefix="/v1/payment-methods", tags=["payments"], route_class=StrictRoute)

BILLING_KEY = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
Month = Annotated[
    str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2029-08"], description="YYYY-MM")
]
STEP_UP = (*FOR_A_COMPANY, "reauthentication_required")


class CardCustomerBody(AnswerModel):
    """Whom the provider's window is opened for."""

    customer_id: str
    full_name: str


class CardIssueBody(AnswerModel):
    """What the provider's SDK is called with (`requestIssueBillingKey`), within the hour."""

    issue_id: UUID
    store_id: str
    channel_key: str
    billing_key_method: Literal["CARD"]
    issue_name: str
    customer: CardCustomerBody


class RegisterCardRequest(RequestModel):
    """What the window gave back. `expires` is asked of the customer: the provider does not tell it,

    and without it nobody is warned. `replaces`: a card whose place this one takes.
    """

    issue_id: Id
    billing_key: Annotated[str, Field(min_length=1, max_length=200, pattern=BILLING_KEY)]
    expires: Month | None = None
    replaces: Id | None = None


class ChangeCardRequest(RequestModel):
    """What is not sent stays."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    role: Literal["DEFAULT", "BACKUP", "OTHER"] | None = None
    expires: Month | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing is to be changed")
        return self


class CardMembershipBody(AnswerStruct, frozen=True):
    """A membership whose renewals the card pays."""

    id: UUID
    site_name: str


class CardBody(AnswerStruct, frozen=True):
    """A registered card. `state` LOST: its registration was removed at the provider."""

    id: UUID
    kind: str
    issuer: str | None
    name: str | None
    last4: str | None
    expires: str | None
    role: str
    role_label: str
    state: str
    state_label: str
    memberships: list[CardMembershipBody]
    created_at: datetime


class CardsBody(AnswerStruct, frozen=True):
    """All of the company's."""

    items: list[CardBody]


@router.post(
    "/start",
    operation_id="start_payment_method",
    summary="Begin to register a card",
    description="자동결제 카드 등록. The card is typed in the provider's window.",
    status_code=201,
    responses={
        201: {"model": CardIssueBody},
        **problems(
            *STEP_UP,
            *IDEMPOTENT_IF_ASKED,
            "payment_method_not_allowed",
            "too_many_payment_methods",
        ),
    },
)
async def start_one(deps: DepsDep, access: CanManagePayments, once: OnceIfKeyed) -> Response:
    async def work(session: TransactionSession, principal: Principal) -> Answer:
        issue = await deps.cards.start(session, principal)
        body = CardIssueBody(
            issue_id=issue.issue_id,
            store_id=deps.payments.shop.store_id,
            channel_key=issue.channel_key,
            billing_key_method="CARD",
            issue_name="고객포털 자동결제",
            customer=CardCustomerBody(customer_id=issue.customer_id, full_name=issue.company_name),
        )
        return answer_of(body, 201)

    return await once.within(access, work)


@router.post(
    "",
    operation_id="register_payment_method",
    summary="Register the card of a window",
    description="Read from the provider before it is believed; a repeat changes nothing.",
    status_code=201,
    responses={
        201: {"model": CardBody},
        **problems(
            *STEP_UP,
            *IDEMPOTENT_IF_ASKED,
            "billing_key_refused",
            "card_expired",
            "payment_method_not_allowed",
            "payment_method_not_found",
            "too_many_payment_methods",
            *PROVIDER,
            body=True,
        ),
    },
)
async def register_one(
    deps: DepsDep,
    language: LanguageDep,
    access: CanManagePayments,
    once: OnceIfKeyed,
    body: RegisterCardRequest,
) -> Response:
    wanted = CardRegistration(body.issue_id, body.billing_key, body.expires, body.replaces)

    async def work() -> Answer:
        return answer_of(_body(await deps.cards.register(access, wanted), language), 201)

    return await once.around(access, work)


@router.get(
    "",
    operation_id="list_payment_methods",
    summary="Registered cards, the oldest first",
    response_model=CardsBody,
    responses=problems(*FOR_A_COMPANY),
)
async def get_all(deps: DepsDep, language: LanguageDep, access: CanManagePayments) -> Response:
    cards = await deps.cards.registered(access)
    return answer(CardsBody(items=[_body(card, language) for card in cards]))


@router.patch(
    "/{payment_method_id}",
    operation_id="update_payment_method",
    summary="Make a card the default or the backup, or tell when it expires",
    description="Whoever had the role gets what this one leaves.",
    response_model=CardBody,
    responses=problems(
        *STEP_UP,
        "payment_method_not_found",
        "payment_method_is_default",
        "payment_method_lost",
        "card_expired",
        body=True,
    ),
)
async def update_one(
    deps: DepsDep,
    language: LanguageDep,
    access: CanManagePayments,
    payment_method_id: UUID,
    body: ChangeCardRequest,
) -> Response:
    change = CardChange(CardRole(body.role) if body.role else None, body.expires)
    async with access.transaction() as (session, principal):
        card = await deps.cards.change(session, principal, payment_method_id, change)
    return answer(_body(card, language))


@router.delete(
    "/{payment_method_id}",
    operation_id="remove_payment_method",
    summary="Remove a card",
    description="What it paid is paid by the default card from now on, if there is another.",
    status_code=204,
    responses=problems(*STEP_UP, "payment_method_not_found"),
)
async def remove_one(deps: DepsDep, access: CanManagePayments, payment_method_id: UUID) -> Response:
    async with access.transaction() as (session, principal):
        await deps.cards.remove(session, principal, payment_method_id)
    return Response(status_code=204)


def _body(card: CardRead, language: Language) -> CardBody:
    return CardBody(
        id=card.id,
        kind="CARD",
        issuer=card.issuer,
        name=card.name,
        last4=card.last4,
        expires=f"{card.expires_on:%Y-%m}" if card.expires_on else None,
        role=card.role,
        role_label=said(CARD_ROLE_LABELS[CardRole(card.role)], language),
        state=card.state,
        state_label=said(CARD_STATE_LABELS[CardState(card.state)], language),
        memberships=[CardMembershipBody(m.id, m.site_name) for m in card.memberships],
        created_at=card.created_at,
    )
