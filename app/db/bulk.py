"""Many rows of one table: a statement for each few thousand, whatever their number.

The driver sends a batch at once and nothing is fetched back, so that ids and every other value are
the caller's. Rows are made while they are sent: not all are in memory at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.base import Base

BATCH: Final = 2_000

T = TypeVar("T")


def batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """In their order, the last one shorter (itertools.batched of Python 3.12)."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


async def insert_rows(
    session: AsyncSession, kind: type[Base], rows: Iterable[Mapping[str, Any]]
) -> None:
    """In the caller's transaction. All rows name the same columns; one left out is NULL."""
    table = kind.__table__
    assert isinstance(table, Table)
    statement = insert(table)
    for batch in batches(rows, BATCH):
        await session.execute(statement, batch)
