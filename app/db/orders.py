"""Queries on orders: what placing needs to know, and everything of an order in one statement."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.holidays import EXTRA_HOLIDAYS
from app.db.ids import new_id
from app.db.ledger import INSERT_ENTRIES, entry_values
from app.db.price_agreements import AgreementRead, agreements_of, to_agreements
from app.db.tables.base import Base
from app.db.tables.credit import CreditEntry
from app.db.tables.orders import Order, OrderEvent, OrderItem, OrderLine
from app.db.tables.sites import Site
from app.domain.catalogue import Name
from app.domain.coupons import Coupon, CouponScope
from app.domain.ledger import JournalEntry
from app.domain.periods import FURTHEST_DEADLINE
from app.domain.price_agreements import PriceAgreements

_FACTS = text(
    "SELECT nextval('order_numbers') % 1000000 AS number, c.business_number,"  # noqa: S608 - our own text
    " f.same_order, f.holds, f.has_free_site, f.taken, f.credit, to_jsonb(k) AS coupon,"
    f" {agreements_of('c.id')} AS agreements, {EXTRA_HOLIDAYS} AS holidays"
    " FROM companies c CROSS JOIN LATERAL portal_placement_facts("
    "   c.id, :fingerprint, :since, :names, :coupon_code) f"
    " LEFT JOIN coupons k ON k.code = :coupon_code AND k.ended_at IS NULL"
    "   AND (k.uses_in_all IS NULL OR k.uses < k.uses_in_all)"
    "   AND (k.uses_per_company IS NULL OR f.coupon_uses < k.uses_per_company)"
    " WHERE c.id = :company"
)


@dataclass(frozen=True, slots=True)
class PlacementFacts:
    """What the database knows before an order is placed.

    `same_order`: an open order with the same items. `holds`: sub-domains held by open orders.
    `taken`: those of the wanted names that somebody has.
    """

    number: int
    business_number: str
    same_order: UUID | None
    holds: int
    has_free_site: bool
    taken: frozenset[str]
    credit: int
    """The company's balance, which nobody else can use while this transaction lasts."""
    coupon: Coupon | None
    agreements: PriceAgreements
    extra_holidays: frozenset[date]
    """The operator's, that a deadline may meet."""


async def placement_facts(
    session: AsyncSession,
    company_id: UUID,
    fingerprint: bytes,
    since: datetime,
    today: date,
    names: Sequence[str],
    coupon_code: str | None,
) -> PlacementFacts:
    """One statement. One company's orders are placed one after another: it takes a lock."""
    row = (
        await session.execute(
            _FACTS,
            {
                "company": company_id,
                "fingerprint": fingerprint,
                "since": since,
                "names": list(names),
                "coupon_code": coupon_code,
                "today": today,
                "ahead": FURTHEST_DEADLINE.days,
            },
        )
    ).one()
    return PlacementFacts(
        number=row.number,
        business_number=row.business_number,
        same_order=row.same_order,
        holds=row.holds,
        has_free_site=row.has_free_site,
        taken=frozenset(row.taken or ()),
        credit=row.credit,
        coupon=_coupon(row.coupon),
        agreements=to_agreements(msgspec.convert(row.agreements, list[AgreementRead])),
        extra_holidays=frozenset(row.holidays or ()),
    )


def _coupon(document: dict[str, object] | None) -> Coupon | None:
    if document is None:
        return None
    percent, amount = document["percent"], document["amount"]
    plans, types = document["plans"], document["order_types"]
    assert isinstance(plans, list)
    assert isinstance(types, list)
    return Coupon(
        code=str(document["code"]),
        name=Name(str(document["name_ko"]), str(document["name_en"])),
        scope=CouponScope(str(document["scope"])),
        percent=int(str(percent)) if percent is not None else None,
        amount=int(str(amount)) if amount is not None else None,
        first_day=date.fromisoformat(str(document["first_day"])),
        last_day=date.fromisoformat(str(document["last_day"])),
        plans=frozenset(plans),
        order_types=frozenset(types),
        minimum_amount=int(str(document["minimum_amount"])),
    )


_TAKE_COUPON = text(
    "WITH taken AS (UPDATE coupons SET uses = uses + 1 WHERE code = :code"
    " AND ended_at IS NULL AND (uses_in_all IS NULL OR uses < uses_in_all) RETURNING code)"
    " INSERT INTO coupon_uses (id, company_id, coupon_code, order_id, created_at)"
    " SELECT :id, :company, code, :order, :now FROM taken RETURNING id"
)


async def take_coupon(
    session: AsyncSession, code: str, company_id: UUID, order_id: UUID, now: datetime
) -> bool:
    """Counts a use and keeps whose it is; False where another order took the last one."""
    taken = await session.execute(
        _TAKE_COUPON,
        {"id": new_id(), "code": code, "company": company_id, "order": order_id, "now": now},
    )
    return taken.one_or_none() is not None


_INSERT_ORDER = text(
    "WITH new_order AS (INSERT INTO orders SELECT * FROM"  # noqa: S608 - our own text
    "  jsonb_populate_recordset(NULL::orders, cast(:orders AS jsonb))),"
    " new_sites AS (INSERT INTO sites SELECT * FROM"
    "  jsonb_populate_recordset(NULL::sites, cast(:sites AS jsonb))),"
    " new_items AS (INSERT INTO order_items SELECT * FROM"
    "  jsonb_populate_recordset(NULL::order_items, cast(:items AS jsonb))),"
    " new_lines AS (INSERT INTO order_lines SELECT * FROM"
    "  jsonb_populate_recordset(NULL::order_lines, cast(:lines AS jsonb))),"
    " new_credit AS (INSERT INTO credit_entries SELECT * FROM"
    "  jsonb_populate_recordset(NULL::credit_entries, cast(:credit AS jsonb))),"
    f" {INSERT_ENTRIES}"
    " INSERT INTO order_events SELECT * FROM"
    "  jsonb_populate_recordset(NULL::order_events, cast(:events AS jsonb))"
)


async def insert_order(
    session: AsyncSession,
    order: Order,
    event: OrderEvent,
    sites: Sequence[Site],
    items: Sequence[OrderItem],
    lines: Sequence[OrderLine],
    credit: CreditEntry | None,
    journal: Sequence[JournalEntry],
) -> None:
    """All rows of a new order in one statement; foreign keys are checked at its end."""
    await session.execute(
        _INSERT_ORDER,
        {
            "orders": _rows_json([order]),
            "sites": _rows_json(sites),
            "items": _rows_json(items),
            "lines": _rows_json(lines),
            "events": _rows_json([event]),
            "credit": _rows_json([credit] if credit else []),
            **entry_values(journal, order.created_at),
        },
    )


def _rows_json(rows: Sequence[Base]) -> str:
    """Rows as PostgreSQL reads them from JSON; what was not set is null."""
    return json.dumps([_row(row) for row in rows], ensure_ascii=False)


def _row(row: Base) -> dict[str, object]:
    columns = inspect(type(row)).columns
    return {column.name: _plain(getattr(row, column.name)) for column in columns}


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
