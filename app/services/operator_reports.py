"""Reports: sales by month and plan, renewals that are due (PRODUCT.md section 16)."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text

from app.clock import Clock
from app.db.engine import Database
from app.domain.periods import seoul_date
from app.services.order_csv import BOM, cell

_SALES = text(
    "SELECT to_char(o.paid_at AT TIME ZONE 'Asia/Seoul', 'YYYY-MM') AS month, i.plan,"
    " count(DISTINCT o.id) AS orders, count(DISTINCT i.id) AS items,"
    " coalesce(-sum(p.amount), 0)::bigint AS amount"
    " FROM orders o JOIN order_items i ON i.order_id = o.id"
    " LEFT JOIN (journal_entries e JOIN postings p ON p.entry_id = e.id AND p.account = 'SALES')"
    " ON e.kind = 'PLACED' AND e.subject_id = o.id AND p.item_id = i.id"
    " WHERE o.paid_at >= cast(:first_day AS date)::timestamp AT TIME ZONE 'Asia/Seoul'"
    " AND o.paid_at < (cast(:last_day AS date) + 1)::timestamp AT TIME ZONE 'Asia/Seoul'"
    " GROUP BY 1, 2 ORDER BY 1, 2"
)
_MONTHS = text(
    "SELECT to_char(o.paid_at AT TIME ZONE 'Asia/Seoul', 'YYYY-MM') AS month,"
    " count(*) AS orders,"
    " coalesce(sum(o.supply) FILTER (WHERE o.total > 0), 0)::bigint AS supply,"
    " coalesce(sum(o.vat), 0)::bigint AS vat, coalesce(sum(o.total), 0)::bigint AS total"
    " FROM orders o"
    " WHERE o.paid_at >= cast(:first_day AS date)::timestamp AT TIME ZONE 'Asia/Seoul'"
    " AND o.paid_at < (cast(:last_day AS date) + 1)::timestamp AT TIME ZONE 'Asia/Seoul'"
    " GROUP BY 1 ORDER BY 1"
)
_RENEWALS = text(
    "SELECT m.id, c.id, c.legal_name, s.name, m.plan, m.expires_on, m.auto_renew, m.status,"
    " (SELECT n.charge_amount FROM membership_schedules n WHERE n.membership_id = m.id)"
    " FROM memberships m JOIN companies c ON c.id = m.company_id JOIN sites s ON s.id = m.site_id"
    " WHERE m.status IN ('IN_USE', 'OVERDUE') AND m.expires_on <= cast(:until AS date)"
    " ORDER BY m.expires_on, m.id LIMIT :most"
)
MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class PlanSales:
    """What was paid in a month (KST) for items of a plan: KRW without VAT, discounts taken off.

    As it was booked, so that the plans of a month add up to its supply.
    """

    month: str
    plan: str
    orders: int
    items: int
    amount: int


@dataclass(frozen=True, slots=True)
class MonthSales:
    """All orders that were paid in a month; KRW."""

    month: str
    orders: int
    supply: int
    vat: int
    total: int


@dataclass(frozen=True, slots=True)
class RenewalDue:
    """`charge_amount`: KRW with VAT, where the next charge is known."""

    membership_id: UUID
    company_id: UUID
    legal_name: str
    site_name: str
    plan: str
    expires_on: date
    auto_renew: bool
    status: str
    charge_amount: int | None


@dataclass(frozen=True, slots=True)
class OperatorReports:
    """One use case a method."""

    database: Database
    clock: Clock

    async def sales(
        self, first_day: date, last_day: date
    ) -> tuple[Sequence[PlanSales], Sequence[MonthSales]]:
        """Of orders paid from one day to another (KST), both included."""
        known = {"first_day": first_day, "last_day": last_day}
        async with self.database.system_session("operator: sales") as session:
            plans = [PlanSales(*row) for row in await session.execute(_SALES, known)]
            months = [MonthSales(*row) for row in await session.execute(_MONTHS, known)]
        return plans, months

    async def renewals(self, until: date) -> Sequence[RenewalDue]:
        """Terms that end by the day and those that have, the earliest first."""
        async with self.database.system_session("operator: renewals") as session:
            rows = await session.execute(_RENEWALS, {"until": until, "most": MOST})
            return [RenewalDue(*row) for row in rows]

    async def today(self) -> date:
        return seoul_date(await self.clock.now_outside(self.database))


def sales_csv(rows: Sequence[PlanSales]) -> bytes:
    """No cell that is taken for a formula."""
    return _csv(
        ("월", "상품", "주문 수", "품목 수", "금액"),
        [(row.month, cell(row.plan), row.orders, row.items, row.amount) for row in rows],
    )


def renewals_csv(rows: Sequence[RenewalDue]) -> bytes:
    """The same."""
    return _csv(
        ("회사명", "사이트", "상품", "만료일", "자동 연장", "상태", "예정 금액"),
        [
            (
                cell(row.legal_name),
                cell(row.site_name),
                row.plan,
                row.expires_on.isoformat(),
                "Y" if row.auto_renew else "N",
                row.status,
                "" if row.charge_amount is None else row.charge_amount,
            )
            for row in rows
        ],
    )


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return BOM + out.getvalue().encode()
