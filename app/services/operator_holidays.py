"""휴일 관리: days off that the library does not know, which move the deadlines of bank payments.

An order keeps the deadline that it was placed with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.holidays import ExtraHoliday
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.domain.periods import seoul_date
from app.services.audit import AuditEntry, record

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class HolidayView:
    """A KST day."""

    day: date
    name: str
    added_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OperatorHolidays:
    """One use case a method."""

    database: Database
    clock: Clock

    async def all(self) -> Sequence[HolidayView]:
        """The last first; the last two hundred."""
        async with self.database.system_session("operator: holidays") as session:
            rows = await session.scalars(
                select(ExtraHoliday).order_by(ExtraHoliday.day.desc()).limit(MOST)
            )
            return [_view(row) for row in rows]

    async def put(self, operator: Operator, day: date, name: str) -> HolidayView:
        """Again gives it another name. Raises `holiday_passed`."""
        async with self.database.system_session("operator: holiday") as session:
            now = await self.clock.now(session)
            if day < seoul_date(now):
                raise DomainError("holiday_passed", "/day")
            values = {"day": day, "name": name, "added_by": operator.name, "created_at": now}
            put = insert(ExtraHoliday).values(values)
            row = await session.scalar(
                put.on_conflict_do_update(
                    index_elements=[ExtraHoliday.day], set_={"name": put.excluded.name}
                ).returning(ExtraHoliday)
            )
            assert row is not None
            entry = AuditEntry.by_operator(
                operator, AuditAction.HOLIDAY_PUT, now, subject=day.isoformat()
            )
            record(session, entry)
            await session.flush()
            return _view(row)

    async def remove(self, operator: Operator, day: date) -> None:
        """Raises `holiday_not_found`."""
        async with self.database.system_session("operator: no holiday") as session:
            now = await self.clock.now(session)
            gone = await session.scalar(
                delete(ExtraHoliday).where(ExtraHoliday.day == day).returning(ExtraHoliday.day)
            )
            if gone is None:
                raise DomainError("holiday_not_found")
            entry = AuditEntry.by_operator(
                operator, AuditAction.HOLIDAY_REMOVED, now, subject=day.isoformat()
            )
            record(session, entry)


def _view(row: ExtraHoliday) -> HolidayView:
    return HolidayView(row.day, row.name, row.added_by, row.created_at)
