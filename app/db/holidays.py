"""Reads of the operator's holidays."""

from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.periods import FURTHEST_DEADLINE

EXTRA_HOLIDAYS: Final = (
    "(SELECT coalesce(array_agg(h.day), '{}') FROM extra_holidays h"
    " WHERE h.day BETWEEN :today AND cast(:today AS date) + cast(:ahead AS int))"
)
"""Scalar: those that a deadline from `:today` on may meet; `:ahead` is FURTHEST_DEADLINE."""
_THERE = text(f"SELECT {EXTRA_HOLIDAYS}")


async def extra_holidays(session: AsyncSession, today: date) -> frozenset[date]:
    """One statement."""
    found = await session.scalar(_THERE, {"today": today, "ahead": FURTHEST_DEADLINE.days})
    return frozenset(found or ())
