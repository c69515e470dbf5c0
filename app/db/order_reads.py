"""Orders as they are shown: one statement for one order, one for a page."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


class LineRead(msgspec.Struct, frozen=True):
    """A priced line; `net` after every discount."""

    kind: str
    code: str
    quantity: int
    unit_price: int
    months: int | None
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


@dataclass(frozen=True, slots=True)
class OrderRead:
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
    ordered_on: date
    starts_on: date | None
    expires_at: datetime | None
    paid_at: datetime | None
    created_at: datetime
    items: list[ItemRead]
    events: list[EventRead]


_ORDER_COLUMNS = (
    "o.id, o.number, o.kind, o.status, o.payment_status, o.payment_method, o.catalogue_code,"
    " o.coupon_code, o.coupon_discount, o.amount, o.discount, o.supply, o.vat, o.total,"
    " o.ordered_on, o.starts_on, o.expires_at, o.paid_at, o.created_at"
)
_ITEMS = (
    "(SELECT jsonb_agg(jsonb_build_object('id', i.id, 'position', i.position, 'type', i.type,"
    " 'plan', i.plan, 'users', i.users, 'months', i.months, 'add_ons', i.add_ons,"
    " 'state', i.state, 'failure', i.failure, 'membership_id', i.membership_id,"
    " 'starts_on', g.starts_on, 'expires_on', g.ends_on,"
    " 'site', jsonb_build_object('id', s.id, 'name', s.name, 'subdomain', s.subdomain,"
    "   'url', s.url),"
    " 'lines', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', l.kind, 'code', l.code,"
    "   'quantity', l.quantity, 'unit_price', l.unit_price, 'months', l.months,"
    "   'amount', l.amount, 'net', l.net) ORDER BY l.position), '[]')"
    "   FROM order_lines l WHERE l.item_id = i.id),"
    " 'discounts', i.discounts, 'labels', i.labels) ORDER BY i.position)::text"
    " FROM order_items i JOIN sites s ON s.id = i.site_id"
    " LEFT JOIN segments g ON g.order_item_id = i.id WHERE i.order_id = o.id) AS items"
)
_EVENTS = (
    "(SELECT jsonb_agg(jsonb_build_object('status', e.status, 'at', e.at, 'actor', e.actor,"
    " 'reason', e.reason) ORDER BY e.at, e.id)::text FROM order_events e"
    " WHERE e.order_id = o.id) AS events"
)
_ONE = text(
    f"SELECT {_ORDER_COLUMNS}, {_ITEMS}, {_EVENTS} FROM orders o"  # noqa: S608 - our own text
    " WHERE o.company_id = :company AND o.id = :id"
)
_PAGE = text(
    f"SELECT {_ORDER_COLUMNS}, {_ITEMS}, '[]' AS events FROM orders o"  # noqa: S608 - our own text
    " WHERE o.company_id = :company AND (cast(:at AS timestamptz) IS NULL"
    " OR (o.created_at, o.id) < (:at, cast(:id AS uuid)))"
    " ORDER BY o.created_at DESC, o.id DESC LIMIT :size"
)
_read_items = msgspec.json.Decoder(list[ItemRead]).decode
_read_events = msgspec.json.Decoder(list[EventRead]).decode


async def read_order(session: AsyncSession, company_id: UUID, order_id: UUID) -> OrderRead | None:
    """One statement; None where the company has no such order."""
    rows = await session.execute(_ONE, {"company": company_id, "id": order_id})
    row = rows.mappings().one_or_none()
    return None if row is None else _order(dict(row))


async def read_orders(
    session: AsyncSession, company_id: UUID, after: tuple[datetime, UUID] | None, size: int
) -> list[OrderRead]:
    """One statement: the newest first, from behind `after` (created_at, id)."""
    at, last = after or (None, None)
    values = {"company": company_id, "at": at, "id": last, "size": size}
    rows = await session.execute(_PAGE, values)
    return [_order(dict(row)) for row in rows.mappings()]


def _order(row: dict[str, Any]) -> OrderRead:
    """The statement's columns are the fields of an order."""
    row["items"] = _read_items(row["items"])
    row["events"] = _read_events(row["events"])
    return OrderRead(**row)
