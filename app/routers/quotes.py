"""견적서: asked for, listed, downloaded, claimed by a company."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.db.quote_reads import QuoteItemRead, QuoteRead
from app.domain.orders import ORDER_TYPE_LABELS, OrderType
from app.domain.periods import seoul_date
from app.domain.quotes import (
    QUOTE_STATUS_LABELS,
    QuoteRecipient,
    QuoteStatus,
    quote_status,
    valid_until,
)
from app.language import Language
from app.routers.answers import answer
from app.routers.attachments import PDF_ANSWER, attached
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, OnceIfKeyed, answer_of
from app.routers.item_requests import ItemRequest
from app.routers.models import NO_NUL, OPAQUE, AnswerStruct, RequestModel
from app.routers.permissions import FOR_A_COMPANY, CanCreateOrders, CanCreateQuotes
from app.routers.price_previews import REFUSALS as PRICE_REFUSALS
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.principals import Principal, TransactionSession
from app.services.quotes import AskForQuote, claim_quote, create_quote, get_quote, list_quotes

router = APIRouter(prefix="/v1/quotes", tags=["quotes"], route_class=StrictRoute)


class QuoteRequest(RequestModel):
    """What is to be quoted, and where the paper is mailed."""

    items: list[ItemRequest] = Field(min_length=1, max_length=20)
    coupon_code: Annotated[str, Field(min_length=1, max_length=40, pattern=NO_NUL)] | None = None
    recipients: list[Annotated[QuoteRecipient, Field(strict=False)]] = Field(
        min_length=1, max_length=2, examples=[["OWN"]]
    )

    def to_domain(self) -> AskForQuote:
        items = [item.to_domain() for item in self.items]
        return AskForQuote(items, self.coupon_code, tuple(dict.fromkeys(self.recipients)))


class ClaimQuoteRequest(RequestModel):
    """The number and token of the link that a MEMBER's quote was mailed with."""

    number: str = Field(pattern=r"^Q-[0-9]{8}-[0-9]{6}$", examples=["Q-20261124-000001"])
    token: str = Field(min_length=20, max_length=100, pattern=OPAQUE)


class QuoteLineBody(AnswerStruct, frozen=True):
    """quantity × unit price (× months) = amount, in KRW without VAT; a CREDIT's is negative.

    `days` of `days_of`: a part of a contract month, besides the whole `months`.
    """

    kind: str
    code: str
    name: str
    quantity: int
    unit_price: int
    months: int | None
    days: int
    days_of: int | None
    amount: int
    explanation: str


class QuoteDiscountBody(AnswerStruct, frozen=True):
    """What is taken off an item."""

    kind: str
    name: str
    amount: int
    explanation: str


class QuoteItemBody(AnswerStruct, frozen=True):
    """A priced site; `membership_id` of one that is there already.

    Of an ADD_EXTEND `users` and `months` are what is added and extended. `ends`: what a CHANGE
    gives up.
    """

    type: str
    type_label: str
    plan: str
    plan_label: str
    users: int
    months: int | None
    lines: list[QuoteLineBody]
    discounts: list[QuoteDiscountBody]
    labels: list[str]
    membership_id: UUID | None
    site_name: str | None
    ends: list[str]


class QuoteBody(AnswerStruct, frozen=True):
    """A price that is held to the end of `valid_until` (KST). `order_id`: what it became."""

    id: UUID
    number: Annotated[str, Field(examples=["Q-20261124-000001"])]
    status: str
    status_label: str
    catalogue_version: str
    currency: str
    items: list[QuoteItemBody]
    coupon_code: str | None
    coupon_name: str | None
    coupon_discount: int
    amount: int
    discount: int
    supply: int
    vat: int
    total: int
    quoted_on: date
    valid_until: date
    expires_at: datetime
    recipients: list[str]
    order_id: UUID | None
    created_at: datetime


class QuotePageBody(AnswerStruct, frozen=True):
    """The newest first."""

    items: list[QuoteBody]
    next_cursor: str | None


@router.post(
    "",
    operation_id="create_quote",
    summary="견적서 받기",
    description=(
        "Mails the 견적서 as a PDF. Holds today's price for 30 days; where an item touches a"
        " membership for 7, until it changes, and needs `orders.create` for its company."
    ),
    status_code=201,
    responses={
        201: {"model": QuoteBody},
        **problems(
            *FOR_A_COMPANY,
            *IDEMPOTENT_IF_ASKED,
            *PRICE_REFUSALS,
            "coupon_unknown",
            "coupon_not_applicable",
            "corporate_account_required",
            "nothing_to_order",
            "membership_change_in_progress",
            "company_contact_missing",
            "rate_limited",
            body=True,
        ),
    },
)
async def create(
    deps: DepsDep,
    language: LanguageDep,
    access: CanCreateQuotes,
    once: OnceIfKeyed,
    body: QuoteRequest,
) -> Response:
    async def work(session: TransactionSession, principal: Principal) -> Answer:
        catalogue = await deps.catalogues.in_force(session, seoul_date(principal.now))
        quote = await create_quote(session, principal, catalogue, body.to_domain())
        shown = _body(quote, principal.now, language)
        return answer_of(shown, 201, Location=f"/v1/quotes/{quote.id}")

    return await once.within(access, work)


@router.get(
    "",
    operation_id="list_quotes",
    summary="Quotes, the newest first",
    description="The company's; a person without a company sees their own.",
    response_model=QuotePageBody,
    responses=problems(*FOR_A_COMPANY, "cursor_invalid"),
)
async def get_page(
    language: LanguageDep,
    access: CanCreateQuotes,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    page = await list_quotes(access, cursor, size)
    items = [_body(quote, page.principal.now, language) for quote in page.items]
    return answer(QuotePageBody(items=items, next_cursor=page.next_cursor))


@router.post(
    "/claim",
    operation_id="claim_quote",
    summary="Bring a person's quote into the company",
    description="By the link in the quote's mail. Claiming it again answers the same.",
    responses={
        200: {"model": QuoteBody},
        **problems(
            *FOR_A_COMPANY,
            *IDEMPOTENT_IF_ASKED,
            "corporate_account_required",
            "quote_not_found",
            body=True,
        ),
    },
)
async def claim(
    deps: DepsDep,
    language: LanguageDep,
    access: CanCreateOrders,
    once: OnceIfKeyed,
    body: ClaimQuoteRequest,
) -> Response:
    async def work(session: TransactionSession, principal: Principal) -> Answer:
        quote = await claim_quote(session, principal, deps.one_time, body.number, body.token)
        return answer_of(_body(quote, principal.now, language))

    return await once.within(access, work)


@router.get(
    "/{quote_id}",
    operation_id="get_quote",
    summary="A quote",
    response_model=QuoteBody,
    responses=problems(*FOR_A_COMPANY, "quote_not_found"),
)
async def get_one(language: LanguageDep, access: CanCreateQuotes, quote_id: UUID) -> Response:
    principal, quote = await get_quote(access, quote_id)
    return answer(_body(quote, principal.now, language))


@router.get(
    "/{quote_id}/pdf",
    operation_id="get_quote_pdf",
    summary="견적서 (PDF)",
    response_class=Response,
    responses={**PDF_ANSWER, **problems(*FOR_A_COMPANY, "quote_not_found")},
)
async def get_pdf(deps: DepsDep, access: CanCreateQuotes, quote_id: UUID) -> Response:
    return attached(await deps.quote_papers.of(access, quote_id))


def _body(quote: QuoteRead, now: datetime, language: Language) -> QuoteBody:
    korean = language is Language.KO
    status: QuoteStatus = quote_status(
        ordered=quote.order_id is not None,
        membership_changed=quote.membership_changed,
        expires_at=quote.expires_at,
        now=now,
    )
    return QuoteBody(
        id=quote.id,
        number=quote.number,
        status=status.value,
        status_label=said(QUOTE_STATUS_LABELS[status], language),
        catalogue_version=quote.catalogue_code,
        currency="KRW",
        items=[_item(item, language) for item in quote.items],
        coupon_code=quote.coupon_code,
        coupon_name=quote.coupon_name_ko if korean else quote.coupon_name_en,
        coupon_discount=quote.coupon_discount,
        amount=quote.amount,
        discount=quote.discount,
        supply=quote.supply,
        vat=quote.vat,
        total=quote.total,
        quoted_on=quote.quoted_on,
        valid_until=valid_until(quote.expires_at),
        expires_at=quote.expires_at,
        recipients=quote.recipients,
        order_id=quote.order_id,
        created_at=quote.created_at,
    )


def _item(item: QuoteItemRead, language: Language) -> QuoteItemBody:
    korean = language is Language.KO
    return QuoteItemBody(
        type=item.type,
        type_label=said(ORDER_TYPE_LABELS[OrderType(item.type)], language),
        plan=item.plan,
        plan_label=item.plan_ko if korean else item.plan_en,
        users=item.users,
        months=item.months,
        lines=[
            QuoteLineBody(
                kind=line.kind,
                code=line.code,
                name=line.name_ko if korean else line.name_en,
                quantity=line.quantity,
                unit_price=line.unit_price,
                months=line.months,
                days=line.days,
                days_of=line.days_of,
                amount=line.amount,
                explanation=line.explanation_ko if korean else line.explanation_en,
            )
            for line in item.lines
        ],
        discounts=[
            QuoteDiscountBody(
                kind=discount.kind,
                name=discount.name_ko if korean else discount.name_en,
                amount=discount.amount,
                explanation=discount.explanation_ko if korean else discount.explanation_en,
            )
            for discount in item.discounts
        ],
        labels=item.labels_ko if korean else item.labels_en,
        membership_id=item.membership_id,
        site_name=item.site_name,
        ends=item.ends_ko if korean else item.ends_en,
    )
