"""주문 및 결제: placing orders, 주문/구매내역."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.domain.periods import seoul_date
from app.routers.answers import answer
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.idempotent import (
    IDEMPOTENT,
    IDEMPOTENT_IF_ASKED,
    OnceIfKeyed,
    OncePerKey,
    answer_of,
)
from app.routers.models import NO_NUL, RequestModel
from app.routers.order_bodies import OrderBody, OrderPageBody, order_body, order_summary
from app.routers.order_filters import FiltersDep
from app.routers.order_requests import OrderQuoteRequest, OrderRequest
from app.routers.permissions import FOR_A_COMPANY, CanCreateOrders, CanReadOrders
from app.routers.price_previews import REFUSALS as PRICE_REFUSALS
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.order_placement import place_order
from app.services.orders import (
    EVERY_ORDER,
    cancel_order,
    choose_subdomain,
    get_order,
    list_orders,
)
from app.services.present_use import present_use
from app.services.principals import Principal, TransactionSession
from app.services.quote_orders import hold_quote

router = APIRouter(prefix="/v1/orders", tags=["orders"], route_class=StrictRoute)

NOTICE_KO = "리셀러(파트너사)를 통해 주문/구매를 한 경우 내역을 확인할 수 없습니다."


class SubdomainRequest(RequestModel):
    """Another sub-domain for a site whose opening failed."""

    subdomain: str = Field(min_length=1, max_length=63, pattern=NO_NUL, examples=["hanbit-2"])


@router.post(
    "",
    operation_id="create_order",
    summary="Place an order",
    description="신규주문과 추가/연장주문, of items or of a quote. Needs an Idempotency-Key.",
    status_code=201,
    responses={
        201: {"model": OrderBody},
        **problems(
            *FOR_A_COMPANY,
            *IDEMPOTENT,
            *PRICE_REFUSALS,
            "corporate_account_required",
            "coupon_unknown",
            "coupon_not_applicable",
            "coupon_used_up",
            "order_already_open",
            "quote_not_found",
            "quote_expired",
            "quote_already_ordered",
            "quote_membership_changed",
            "quote_sites_mismatch",
            "subdomain_invalid",
            "subdomain_reserved",
            "subdomain_taken",
            "subdomain_holds_used_up",
            "price_changed",
            "nothing_to_order",
            "membership_change_in_progress",
            "change_needs_confirmation",
            "payment_method_not_allowed",
            "tax_invoice_information_required",
            "consent_required",
            "consent_unknown",
            "provider_unavailable",
            "provider_failed",
            body=True,
        ),
    },
)
async def create_order(
    deps: DepsDep,
    language: LanguageDep,
    access: CanCreateOrders,
    once: OncePerKey,
    body: OrderRequest,
) -> Response:
    quoted = body.quote_id if isinstance(body, OrderQuoteRequest) else None
    used = await present_use(deps.groupware, access, body.changed(), quoted)

    async def work(session: TransactionSession, principal: Principal) -> Answer:
        if isinstance(body, OrderQuoteRequest):
            quote = await hold_quote(session, principal, body.quote_id, len(body.sites))
            catalogue = await deps.catalogues.of(session, quote.catalogue_code)
            command = body.to_domain(quote)
        else:
            catalogue = await deps.catalogues.in_force(session, seoul_date(principal.now))
            command = body.to_domain()
        command = replace(command, used=used)
        offered = deps.payments.shop.methods
        placed = await place_order(session, principal, deps.vault, catalogue, command, offered)
        read = placed.as_read()
        location = f"/v1/orders/{read.id}"
        return answer_of(order_body(read, catalogue, language), 201, Location=location)

    return await once.within(access, work)


@router.get(
    "",
    operation_id="list_orders",
    summary="Orders, the newest first",
    description="주문/구매내역, all of it or by day of the order (KST), type, state and site.",
    response_model=OrderPageBody,
    responses=problems(*FOR_A_COMPANY, "invalid_request", "cursor_invalid"),
)
async def get_orders(
    deps: DepsDep,
    language: LanguageDep,
    access: CanReadOrders,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
    filters: FiltersDep = EVERY_ORDER,
) -> Response:
    page = await list_orders(access, cursor, size, filters)
    items = [
        order_summary(order, await deps.catalogues.of_outside(order.catalogue_code), language)
        for order in page.items
    ]
    return answer(
        OrderPageBody(
            items=items,
            next_cursor=page.next_cursor,
            reseller_orders_hidden=True,
            notice=NOTICE_KO,
        )
    )


@router.get(
    "/{order_id}",
    operation_id="get_order",
    summary="An order",
    response_model=OrderBody,
    responses=problems(*FOR_A_COMPANY, "order_not_found"),
)
async def get_one(
    deps: DepsDep, language: LanguageDep, access: CanReadOrders, order_id: UUID
) -> Response:
    order = await get_order(access, order_id)
    catalogue = await deps.catalogues.of_outside(order.catalogue_code)
    return answer(order_body(order, catalogue, language))


@router.post(
    "/{order_id}/cancel",
    operation_id="cancel_order",
    summary="Cancel an unpaid order",
    responses={
        200: {"model": OrderBody},
        **problems(
            *FOR_A_COMPANY,
            *IDEMPOTENT_IF_ASKED,
            "order_not_found",
            "order_state_conflict",
            "renewal_not_cancellable",
        ),
    },
)
async def cancel(
    deps: DepsDep,
    language: LanguageDep,
    access: CanCreateOrders,
    once: OnceIfKeyed,
    order_id: UUID,
) -> Response:
    async def work(session: TransactionSession, principal: Principal) -> Answer:
        order = await cancel_order(session, principal, order_id)
        catalogue = await deps.catalogues.of(session, order.catalogue_code)
        return answer_of(order_body(order, catalogue, language))

    return await once.within(access, work)


@router.post(
    "/{order_id}/items/{item_id}/site",
    operation_id="choose_order_item_site",
    summary="Another sub-domain after a failed opening",
    response_model=OrderBody,
    responses=problems(
        *FOR_A_COMPANY,
        *IDEMPOTENT_IF_ASKED,
        "order_not_found",
        "order_item_not_found",
        "order_state_conflict",
        "subdomain_invalid",
        "subdomain_reserved",
        "subdomain_taken",
        body=True,
    ),
)
async def choose_site(
    deps: DepsDep,
    language: LanguageDep,
    access: CanCreateOrders,
    once: OnceIfKeyed,
    order_id: UUID,
    item_id: UUID,
    body: SubdomainRequest,
) -> Response:
    async def work(session: TransactionSession, principal: Principal) -> Answer:
        order = await choose_subdomain(session, principal, order_id, item_id, body.subdomain)
        catalogue = await deps.catalogues.of(session, order.catalogue_code)
        return answer_of(order_body(order, catalogue, language))

    return await once.within(access, work)
