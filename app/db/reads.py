"""Hot reads: the principal and what it may read, in one statement on the driver.

`docs/performance.md` has the figures. One statement is one transaction of its own, so BEGIN and
COMMIT need no round trips, and what `portal_principal` sets with `set_config(…, true)` ends with
it. Row-level security stays on: PostgreSQL runs the function before it reads what hangs on `p`,
and a read that ran before it would find nothing. PostgreSQL writes the rows as JSON, which msgspec
decodes into structs faster than a driver's rows become objects.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

Found = TypeVar("Found")
Found_co = TypeVar("Found_co", covariant=True)
Row = TypeVar("Row", bound=msgspec.Struct)

_ALONE = (
    "SELECT p.*, ({})::text AS found"
    " FROM portal_principal(:p_session, :p_company, :p_wire_now) AS p"
)
_WITHIN = (
    "SELECT ({})::text FROM (SELECT cast(:p_account AS uuid) AS account_id,"
    " cast(:p_company AS uuid) AS company_id, cast(:p_now AS timestamptz) AS business_now) AS p"
)


@dataclass(frozen=True, slots=True)
class Read(Generic[Found_co]):
    """A query over `p`, the principal's row: `account_id`, `company_id`, `business_now`.

    `alone` is the statement that finds the principal as well, `names` are its parameters in the
    driver's order; `within` takes a principal that its transaction has found already.
    """

    alone: str
    names: tuple[str, ...]
    within: TextClause
    decode: Callable[[str], Found_co]


def read_many(rows: str, kind: type[Row]) -> Read[list[Row]]:
    """The rows of a SELECT in its order; its columns are the fields of `kind`."""
    query = f"SELECT coalesce(json_agg(r), '[]') FROM ({rows}) AS r"  # noqa: S608 - our own text
    return _read(query, msgspec.json.Decoder(list[kind]).decode)  # type: ignore[valid-type]


def read_one(row: str, kind: type[Row]) -> Read[Row | None]:
    """The one row of a SELECT, or None; its columns are the fields of `kind`."""
    query = f"SELECT coalesce((SELECT row_to_json(r) FROM ({row}) AS r), 'null')"  # noqa: S608 - our own text
    decode: Callable[[str], Row | None] = msgspec.json.Decoder(kind | None).decode
    return _read(query, decode)


def _read(query: str, decode: Callable[[str], Found]) -> Read[Found]:
    alone = text(_ALONE.format(query)).compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]
    assert alone.positiontup is not None
    return Read(str(alone), tuple(alone.positiontup), text(_WITHIN.format(query)), decode)


async def run_within(
    session: AsyncSession,
    account_id: UUID,
    company_id: UUID | None,
    now: datetime,
    read: Read[Found],
    values: Mapping[str, object],
) -> Found:
    """The same read inside a principal's transaction."""
    principal = {"p_account": account_id, "p_company": company_id, "p_now": now}
    found = await session.execute(read.within, principal | dict(values))
    return read.decode(found.scalar_one())
