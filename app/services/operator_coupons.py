"""Coupons by the operator's hand: made, listed, ended (PRODUCT.md sections 8 and 16)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.catalogue import to_coupon
from app.db.engine import Database
from app.db.tables.catalogue import CouponRow
from app.domain.audit import AuditAction
from app.domain.coupons import Coupon
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.domain.periods import seoul_date
from app.services.audit import AuditEntry, record
from app.services.catalogue import Catalogues


@dataclass(frozen=True, slots=True)
class CouponView:
    """A coupon with its limits, and how often it was used."""

    coupon: Coupon
    uses: int
    uses_in_all: int | None
    uses_per_company: int | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class CouponPage:
    """By code. `next_after` is None on the last page."""

    items: list[CouponView]
    next_after: str | None


class OperatorCoupons:
    """One use case a method."""

    def __init__(self, database: Database, clock: Clock, catalogues: Catalogues) -> None:
        self._database = database
        self._clock = clock
        self._catalogues = catalogues

    async def create(
        self,
        operator: Operator,
        coupon: Coupon,
        uses_in_all: int | None,
        uses_per_company: int | None,
    ) -> CouponView:
        """Raises `coupon_value_invalid`, `coupon_days_invalid`, `plan_unknown`, and

        `coupon_code_taken`: a code is never used for something else, also after its end.
        """
        if (coupon.percent is None) is (coupon.amount is None):
            raise DomainError("coupon_value_invalid", "/percent")
        row = _row(coupon, uses_in_all, uses_per_company)
        try:
            async with self._database.system_session("operator: make a coupon") as session:
                now = await self._clock.now(session)
                today = seoul_date(now)
                if not coupon.first_day <= coupon.last_day or coupon.last_day < today:
                    raise DomainError("coupon_days_invalid", "/last_day")
                catalogue = await self._catalogues.in_force(session, today)
                for plan in sorted(coupon.plans):
                    if catalogue.plan(plan) is None:
                        raise DomainError("plan_unknown", "/plans")
                session.add(row)
                _record(session, operator, AuditAction.COUPON_CREATED, coupon.code, now)
                await session.flush()
        except IntegrityError as lost:
            if "pk_coupons" not in str(lost.orig):
                raise
            raise DomainError("coupon_code_taken", "/code") from lost
        return _view(row)

    async def page(self, after: str, size: int) -> CouponPage:
        """Those behind a code."""
        async with self._database.system_session("operator: coupons") as session:
            rows = await session.execute(
                select(CouponRow)
                .where(CouponRow.code > after)
                .order_by(CouponRow.code)
                .limit(size + 1)
            )
            found = [_view(row) for row in rows.scalars()]
        more = len(found) > size
        return CouponPage(found[:size], found[size - 1].coupon.code if more else None)

    async def end(self, operator: Operator, code: str) -> CouponView:
        """Nobody uses it from now on, also not by a quote: a quote holds no use of one.

        Again is harmless. Raises `coupon_not_found`.
        """
        async with self._database.system_session("operator: end a coupon") as session:
            now = await self._clock.now(session)
            row = await session.get(CouponRow, code, with_for_update=True)
            if row is None:
                raise DomainError("coupon_not_found")
            if row.ended_at is None:
                row.ended_at = now
                _record(session, operator, AuditAction.COUPON_ENDED, code, now)
            return _view(row)


def _row(coupon: Coupon, uses_in_all: int | None, uses_per_company: int | None) -> CouponRow:
    return CouponRow(
        code=coupon.code,
        name_ko=coupon.name.ko,
        name_en=coupon.name.en,
        scope=str(coupon.scope),
        percent=coupon.percent,
        amount=coupon.amount,
        first_day=coupon.first_day,
        last_day=coupon.last_day,
        plans=sorted(coupon.plans),
        order_types=sorted(coupon.order_types),
        minimum_amount=coupon.minimum_amount,
        uses_in_all=uses_in_all,
        uses_per_company=uses_per_company,
        uses=0,
        ended_at=None,
    )


def _view(row: CouponRow) -> CouponView:
    return CouponView(to_coupon(row), row.uses, row.uses_in_all, row.uses_per_company, row.ended_at)


def _record(
    session: AsyncSession, operator: Operator, action: AuditAction, code: str, now: datetime
) -> None:
    record(
        session,
        AuditEntry.by_operator(operator, action, now, subject=code),
    )
