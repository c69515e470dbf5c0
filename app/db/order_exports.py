"""The rows of an export: a cursor of the driver, and as few objects a row as there can be.

What the words of a row depend on comes as one text, its key: whoever writes the file makes the
words of a key once (`app.domain.order_history`). Days are texts in Asia/Seoul.
"""

from collections.abc import AsyncIterator, Sequence
from functools import cache
from uuid import UUID

import msgspec
from asyncpg import Connection
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.order_reads import NEWEST_FIRST, OrderFilters, filtered
from app.domain.order_history import HistoryItem, HistoryKey
from app.domain.orders import OrderStatus, OrderType, PaymentMethod

ROWS_AT_ONCE = 1_000
"""How many rows of an export are in memory at once, and go into one part of its file."""

_ROWS = (
    "SELECT o.number,"
    " json_build_array(o.catalogue_code, o.kind, o.status, o.payment_method, x.items)::text AS key,"
    " o.ordered_on::text AS ordered_on,"
    " coalesce((o.paid_at AT TIME ZONE 'Asia/Seoul')::date::text, '') AS paid_on,"
    " coalesce(x.applied_on::text, '') AS applied_on, o.total::text AS total"
    " FROM orders o CROSS JOIN LATERAL (SELECT min(i.applied_on) AS applied_on,"
    "  json_agg(json_build_array(i.type, i.plan, i.users, i.months, i.add_ons)"
    "   ORDER BY i.position) AS items FROM order_items i WHERE i.order_id = o.id) x"
    " WHERE o.company_id = :company"
)

ExportRow = Sequence[str]
"""number, key, day of order, of payment, of the first day (each ISO or empty), total."""


class _Item(msgspec.Struct, frozen=True, array_like=True):
    type: OrderType
    plan: str
    users: int
    months: int | None
    add_ons: dict[str, int]


class _Key(msgspec.Struct, frozen=True, array_like=True):
    catalogue_code: str
    kind: OrderType
    status: OrderStatus
    payment_method: PaymentMethod | None
    items: list[_Item]


_decode = msgspec.json.Decoder(_Key).decode


def read_key(key: str) -> tuple[str, HistoryKey]:
    """The catalogue's code, and what the words depend on."""
    found = _decode(key)
    items = [HistoryItem(i.type, i.plan, i.users, i.months, i.add_ons) for i in found.items]
    return found.catalogue_code, HistoryKey(found.kind, found.status, found.payment_method, items)


@cache
def _compiled(names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    statement = text(f"{_ROWS}{filtered(names)}{NEWEST_FIRST}")
    compiled = statement.compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]
    assert compiled.positiontup is not None
    return str(compiled), tuple(compiled.positiontup)


def export_statement(company_id: UUID, filters: OrderFilters) -> tuple[str, list[object]]:
    """The statement and its arguments, as the driver takes them."""
    statement, names = _compiled(filters.names)
    values = filters.values() | {"company": company_id}
    return statement, [values[name] for name in names]


async def stream_rows(
    session: AsyncSession, company_id: UUID, filters: OrderFilters
) -> AsyncIterator[Sequence[ExportRow]]:
    """The rows in parts, the newest first, from a cursor of the session's transaction."""
    connection = await session.connection()
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, Connection)
    statement, arguments = export_statement(company_id, filters)
    cursor = await driver.cursor(statement, *arguments)
    while part := await cursor.fetch(ROWS_AT_ONCE):
        yield part
