"""Orders as clients see them: every code with its label."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.db.order_reads import ItemRead, ItemSummaryRead, OrderRead, OrderSummaryRead
from app.domain.catalogue import SERVICE_TYPES, Catalogue, Name
from app.domain.order_history import HistoryItem, HistoryKey, history_words
from app.domain.orders import (
    FREE_LABEL,
    ITEM_STATE_LABELS,
    ORDER_STATUS_LABELS,
    ORDER_TYPE_LABELS,
    PAYMENT_METHOD_LABELS,
    PAYMENT_STATUS_LABELS,
    ItemState,
    OrderStatus,
    OrderType,
    PaymentMethod,
    PaymentStatus,
)
from app.domain.periods import seoul_date
from app.domain.price_lines import line_name
from app.domain.prices import LineKind
from app.language import Language
from app.routers.catalogue import said
from app.routers.models import AnswerStruct, values_of


class OrderSiteBody(AnswerStruct, frozen=True):
    """The site of an item; `url` once it is open."""

    id: UUID
    name: str
    subdomain: str
    url: str | None


class OrderLineBody(AnswerStruct, frozen=True):
    """quantity × unit price (× months) = amount; `net` after every discount. KRW without VAT.

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
    net: int


class OrderDiscountBody(AnswerStruct, frozen=True):
    """A reduction of an item."""

    kind: str
    name: str
    amount: int


class OrderItemBody(AnswerStruct, frozen=True):
    """One site of the order, with its own state."""

    id: UUID
    type: str
    type_label: str
    plan: str
    plan_label: str
    service_type_label: str
    users: int
    months: int | None
    state: Annotated[str, values_of(ItemState)]
    state_label: str
    failure: str | None
    membership_id: UUID | None
    starts_on: date | None
    expires_on: date | None
    site: OrderSiteBody
    lines: list[OrderLineBody]
    discounts: list[OrderDiscountBody]
    labels: list[str]


class OrderEventBody(AnswerStruct, frozen=True):
    """One step of the order; `actor` is `account:<id>` or `system`."""

    status: str
    status_label: str
    at: datetime
    actor: str
    reason: str | None


class OrderSummaryBody(AnswerStruct, frozen=True):
    """A row of 주문/구매내역. `summary` is 주요 상품정보."""

    id: UUID
    number: Annotated[str, Field(examples=["ORD-20261124-000001"])]
    type: str
    type_label: str
    status: Annotated[str, values_of(OrderStatus)]
    status_label: str
    payment_status: Annotated[str, values_of(PaymentStatus)]
    payment_status_label: str
    payment_method: Annotated[str, values_of(PaymentMethod)] | None
    payment_method_label: str
    service_type_labels: list[str]
    plan_labels: list[str]
    summary: str
    total: int
    ordered_on: date
    paid_on: date | None
    applied_on: date | None


class OrderBody(AnswerStruct, frozen=True):
    """An order whole. `applied_on` is 적용시작일: the first day of the first open site.

    `payment_due_on` (후불): the last day to pay on, from the delivery on.
    """

    id: UUID
    number: Annotated[str, Field(examples=["ORD-20261124-000001"])]
    type: str
    type_label: str
    status: Annotated[str, values_of(OrderStatus)]
    status_label: str
    payment_status: Annotated[str, values_of(PaymentStatus)]
    payment_status_label: str
    payment_method: Annotated[str, values_of(PaymentMethod)] | None
    payment_method_label: str
    items: list[OrderItemBody]
    coupon_code: str | None
    coupon_discount: int
    amount: int
    discount: int
    supply: int
    vat: int
    total: int
    credit_used: int
    claim_reduced: int
    to_pay: int
    ordered_on: date
    applied_on: date | None
    starts_on: date | None
    expires_at: datetime | None
    payment_due_on: date | None
    paid_at: datetime | None
    created_at: datetime
    history: list[OrderEventBody]


class OrderPageBody(AnswerStruct, frozen=True):
    """The guide's sentence about resellers is part of the page."""

    items: list[OrderSummaryBody]
    next_cursor: str | None
    reseller_orders_hidden: bool
    notice: str


def _applied_on(items: Sequence[ItemRead | ItemSummaryRead]) -> date | None:
    return min((item.starts_on for item in items if item.starts_on), default=None)


def _plan(catalogue: Catalogue, code: str) -> tuple[Name, Name]:
    plan = catalogue.plan(code)
    assert plan is not None
    return plan.name, SERVICE_TYPES[plan.service_type]


def order_body(order: OrderRead, catalogue: Catalogue, language: Language) -> OrderBody:
    """Everything of an order, in the request's language."""
    status, payment = OrderStatus(order.status), PaymentStatus(order.payment_status)
    return OrderBody(
        id=order.id,
        number=order.number,
        type=order.kind,
        type_label=said(ORDER_TYPE_LABELS[OrderType(order.kind)], language),
        status=order.status,
        status_label=said(ORDER_STATUS_LABELS[status], language),
        payment_status=order.payment_status,
        payment_status_label=said(PAYMENT_STATUS_LABELS[payment], language),
        payment_method=order.payment_method,
        payment_method_label=said(
            PAYMENT_METHOD_LABELS[PaymentMethod(order.payment_method)]
            if order.payment_method
            else FREE_LABEL,
            language,
        ),
        items=[_item(item, catalogue, language) for item in order.items],
        coupon_code=order.coupon_code,
        coupon_discount=order.coupon_discount,
        amount=order.amount,
        discount=order.discount,
        supply=order.supply,
        vat=order.vat,
        total=order.total,
        credit_used=order.credit_used,
        claim_reduced=order.claim_reduced,
        to_pay=max(order.total - order.credit_used - order.claim_reduced, 0),
        ordered_on=order.ordered_on,
        applied_on=_applied_on(order.items),
        starts_on=order.starts_on,
        expires_at=order.expires_at,
        payment_due_on=order.terms_due_on,
        paid_at=order.paid_at,
        created_at=order.created_at,
        history=[
            OrderEventBody(
                status=event.status,
                status_label=said(ORDER_STATUS_LABELS[OrderStatus(event.status)], language),
                at=event.at,
                actor=event.actor,
                reason=event.reason,
            )
            for event in order.events
        ],
    )


def _item(item: ItemRead, catalogue: Catalogue, language: Language) -> OrderItemBody:
    plan, service_type = _plan(catalogue, item.plan)
    korean = language is Language.KO
    return OrderItemBody(
        id=item.id,
        type=item.type,
        type_label=said(ORDER_TYPE_LABELS[OrderType(item.type)], language),
        plan=item.plan,
        plan_label=said(plan, language),
        service_type_label=said(service_type, language),
        users=item.users,
        months=item.months,
        state=item.state,
        state_label=said(ITEM_STATE_LABELS[ItemState(item.state)], language),
        failure=item.failure,
        membership_id=item.membership_id,
        starts_on=item.starts_on,
        expires_on=item.expires_on,
        site=OrderSiteBody(
            id=item.site.id,
            name=item.site.name,
            subdomain=item.site.subdomain,
            url=item.site.url,
        ),
        lines=[
            OrderLineBody(
                kind=line.kind,
                code=line.code,
                name=said(line_name(catalogue, LineKind(line.kind), line.code), language),
                quantity=line.quantity,
                unit_price=line.unit_price,
                months=line.months,
                days=line.days,
                days_of=line.days_of,
                amount=line.amount,
                net=line.net,
            )
            for line in item.lines
        ],
        discounts=[
            OrderDiscountBody(kind=d.kind, name=d.name_ko if korean else d.name_en, amount=d.amount)
            for d in item.discounts
        ],
        labels=item.labels,
    )


def order_summary(
    order: OrderSummaryRead, catalogue: Catalogue, language: Language
) -> OrderSummaryBody:
    """A row of the history."""
    key = HistoryKey(
        order.kind,
        order.status,
        order.payment_method,
        [HistoryItem(i.type, i.plan, i.users, i.months, i.add_ons) for i in order.items],
    )
    words = history_words(key, catalogue, korean=language is Language.KO)
    return OrderSummaryBody(
        id=order.id,
        number=order.number,
        type=order.kind,
        type_label=words.kind,
        status=order.status,
        status_label=words.status,
        payment_status=order.payment_status,
        payment_status_label=said(PAYMENT_STATUS_LABELS[order.payment_status], language),
        payment_method=order.payment_method,
        payment_method_label=words.payment_method,
        service_type_labels=list(words.service_types),
        plan_labels=list(words.plans),
        summary=words.summary,
        total=order.total,
        ordered_on=order.ordered_on,
        paid_on=seoul_date(order.paid_at) if order.paid_at else None,
        applied_on=_applied_on(order.items),
    )
