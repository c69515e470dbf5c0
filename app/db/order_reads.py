"""Orders as they are shown: one statement for one order, one for a page."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from uuid import UUID

import msgspec

from app.db.reads import Read, read_many, read_one
from app.domain.orders import OrderStatus, OrderType, PaymentMethod, PaymentStatus


class LineRead(msgspec.Struct, frozen=True):
    """A priced line; `net` after every discount. `days` of `days_of`: a part of a month."""

    kind: str
    code: str
    quantity: int
    unit_price: int
    months: int | None
    days: int
    days_of: int | None
    amount: int
    net: int


class DiscountRead(msgspec.Struct, frozen=True):
    """A reduction of an item, with what its words need."""

    kind: str
    name_ko: str
    name_en: str
    percent: int
    base: int
    amount: int


class SiteRead(msgspec.Struct, frozen=True):
    """The site of an item; `url` once it is open."""

    id: UUID
    name: str
    subdomain: str
    url: str | None


class ItemRead(msgspec.Struct, frozen=True):
    """An item with its lines."""

    id: UUID
    position: int
    type: str
    plan: str
    users: int
    months: int | None
    add_ons: dict[str, int]
    state: str
    failure: str | None
    membership_id: UUID | None
    starts_on: date | None
    expires_on: date | None
    site: SiteRead
    lines: list[LineRead]
    discounts: list[DiscountRead]
    labels: list[str]


class EventRead(msgspec.Struct, frozen=True):
    """One step."""

    status: str
    at: datetime
    actor: str
    reason: str | None


class OrderRead(msgspec.Struct, frozen=True):
    """An order whole."""

    id: UUID
    number: str
    kind: str
    status: str
    payment_status: str
    payment_method: str | None
    catalogue_code: str
    coupon_code: str | None
    coupon_discount: int
    amount: int
    discount: int
    supply: int
    vat: int
    total: int
    credit_used: int
    claim_reduced: int
    ordered_on: date
    starts_on: date | None
    expires_at: datetime | None
    terms_due_on: date | None
    paid_at: datetime | None
    created_at: datetime
    items: list[ItemRead]
    events: list[EventRead]


class ItemSummaryRead(msgspec.Struct, frozen=True):
    """What a row of the history says of a site."""

    type: OrderType
    plan: str
    users: int
    months: int | None
    add_ons: dict[str, int]
    starts_on: date | None


class OrderSummaryRead(msgspec.Struct, frozen=True):
    """A row of the history."""

    id: UUID
    number: str
    kind: OrderType
    status: OrderStatus
    payment_status: PaymentStatus
    payment_method: PaymentMethod | None
    catalogue_code: str
    total: int
    ordered_on: date
    paid_at: datetime | None
    created_at: datetime
    items: list[ItemSummaryRead]


_ORDER_COLUMNS = (
    "o.id, o.number, o.kind, o.status, o.payment_status, o.payment_method, o.catalogue_code,"
    " o.coupon_code, o.coupon_discount, o.amount, o.discount, o.supply, o.vat, o.total,"
    " o.credit_used, o.claim_reduced, o.ordered_on, o.starts_on, o.expires_at, o.terms_due_on,"
    " o.paid_at, o.created_at"
)
_ITEMS = (
    "(SELECT json_agg(json_build_object('id', i.id, 'position', i.position, 'type', i.type,"
    " 'plan', i.plan, 'users', i.users, 'months', i.months, 'add_ons', i.add_ons,"
    " 'state', i.state, 'failure', i.failure, 'membership_id', i.membership_id,"
    " 'starts_on', i.applied_on, 'expires_on', i.expires_on,"
    " 'site', json_build_object('id', s.id, 'name', s.name, 'subdomain', s.subdomain,"
    "   'url', s.url),"
    " 'lines', (SELECT coalesce(json_agg(json_build_object('kind', l.kind, 'code', l.code,"
    "   'quantity', l.quantity, 'unit_price', l.unit_price, 'months', l.months,"
    "   'days', l.days, 'days_of', l.days_of, 'amount', l.amount, 'net', l.net)"
    "   ORDER BY l.position), '[]')"
    "   FROM order_lines l WHERE l.item_id = i.id),"
    " 'discounts', i.discounts, 'labels', i.labels) ORDER BY i.position)"
    " FROM order_items i JOIN sites s ON s.id = i.site_id WHERE i.order_id = o.id) AS items"
)
_EVENTS = (
    "(SELECT json_agg(json_build_object('status', e.status, 'at', e.at, 'actor', e.actor,"
    " 'reason', e.reason) ORDER BY e.at, e.id) FROM order_events e"
    " WHERE e.order_id = o.id) AS events"
)
ORDER = read_one(
    f"SELECT {_ORDER_COLUMNS}, {_ITEMS}, {_EVENTS} FROM orders o"  # noqa: S608 - our own text
    " WHERE o.company_id = p.company_id AND o.id = :id",
    OrderRead,
)
_SUMMARY = (
    "SELECT o.id, o.number, o.kind, o.status, o.payment_status, o.payment_method,"
    " o.catalogue_code, o.total, o.ordered_on, o.paid_at, o.created_at,"
    " (SELECT json_agg(json_build_object('type', i.type, 'plan', i.plan, 'users', i.users,"
    "   'months', i.months, 'add_ons', i.add_ons, 'starts_on', i.applied_on)"
    "   ORDER BY i.position)"
    "   FROM order_items i WHERE i.order_id = o.id) AS items"
    " FROM orders o"
)
_FILTERS = {
    # An order's day is its creation's, by which pages are ordered: the same index finds both.
    "first_day": " AND o.ordered_on >= :first_day"
    " AND o.created_at >= cast(cast(:first_day AS date) AS timestamp) AT TIME ZONE 'Asia/Seoul'",
    "last_day": " AND o.ordered_on <= :last_day"
    " AND o.created_at < cast(cast(:last_day AS date) + 1 AS timestamp) AT TIME ZONE 'Asia/Seoul'",
    "kind": " AND o.kind = :kind",
    "status": " AND o.status = :status",
    "site_id": " AND o.id IN (SELECT x.order_id FROM order_items x WHERE x.site_id = :site_id)",
}
_BEHIND = " AND (o.created_at, o.id) < (:at, :id)"
NEWEST_FIRST = " ORDER BY o.created_at DESC, o.id DESC"
ORDER_PAGE = read_many(
    f"{_SUMMARY} WHERE o.company_id = p.company_id{_BEHIND}{NEWEST_FIRST} LIMIT :size",
    OrderSummaryRead,
)
"""The newest first, from behind `at` and `id` (created_at, id)."""


@dataclass(frozen=True, slots=True)
class OrderFilters:
    """Days are KST, both inclusive, of the day of the order. None: all."""

    first_day: date | None = None
    last_day: date | None = None
    kind: str | None = None
    status: str | None = None
    site_id: UUID | None = None

    def values(self) -> dict[str, object]:
        """Of those that are named, by the names of the statements' parameters."""
        given = {name: getattr(self, name) for name in _FILTERS}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def names(self) -> tuple[str, ...]:
        """Which are named: a statement says nothing of the others, so that indexes help."""
        return tuple(self.values())


def filtered(names: tuple[str, ...]) -> str:
    """What a statement asks of `o`, an order, for these filters."""
    return "".join(_FILTERS[name] for name in names)


@cache
def orders_found(names: tuple[str, ...]) -> Read[list[OrderSummaryRead]]:
    """A page like `ORDER_PAGE` of the orders that filters name; one statement a combination."""
    return read_many(
        f"{_SUMMARY} WHERE o.company_id = p.company_id"
        f"{_BEHIND}{filtered(names)}{NEWEST_FIRST} LIMIT :size",
        OrderSummaryRead,
    )
