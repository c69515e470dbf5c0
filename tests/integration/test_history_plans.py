"""Filters that name few of a company's 10,000 orders find them by an index, page by page."""

import re
from datetime import date
from uuid import UUID

import pytest

from app.db.order_reads import OrderFilters, orders_found
from app.db.reads import Read
from app.services.cursors import NEWEST
from benchmarks.data import COMPANY, SITE, SITES, fill, key
from benchmarks.histories import Owner, write_history
from tools.postgres import EmbeddedPostgres

ORDERS = 10_000
FEW_SITE = key(SITE, SITES + 1)


@pytest.fixture(scope="module", autouse=True)
async def history(postgres: EmbeddedPostgres, database_name: str) -> None:
    await fill(postgres.dsn(database_name), 20)
    await write_history(postgres.dsn(database_name), Owner.numbered(1), ORDERS)


def analyzed(
    postgres: EmbeddedPostgres, database_name: str, read: Read[object], values: dict[str, object]
) -> str:
    """The plan and what it met, with the values themselves in the statement."""
    (at, last), company = NEWEST, key(COMPANY, 1)
    given = values | {"at": at.isoformat(), "id": last, "size": 21, "p_company": company}
    given |= {"p_account": UUID(int=0), "p_now": at.isoformat()}

    def literal(named: re.Match[str]) -> str:
        value = given[named.group(1)]
        if isinstance(value, int):
            return str(value)
        kinds = {"at": "timestamptz", "id": "uuid", "site_id": "uuid"}
        kind = "date" if isinstance(value, date) else kinds.get(named.group(1), "text")
        return f"cast('{value}' AS {kind})"

    statement = re.sub(r"(?<!:):(\w+)", literal, str(read.within))
    return postgres.sql(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {statement}", database_name)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (OrderFilters(kind="CHANGE"), 5),
        (OrderFilters(status="PROVISIONING_FAILED"), 3),
        (OrderFilters(kind="CHANGE", status="COMPLETED"), 5),
        (OrderFilters(first_day=date(2016, 2, 1), last_day=date(2016, 2, 1)), 21),
        (OrderFilters(first_day=date(2015, 1, 1), last_day=date(2015, 12, 31)), 0),
        (OrderFilters(site_id=FEW_SITE), 3),
    ],
    ids=["type", "status", "type and status", "a day", "before the first", "site"],
)
def test_a_filter_that_matches_few_meets_few(
    postgres: EmbeddedPostgres, database_name: str, filters: OrderFilters, found: int
) -> None:
    plan = analyzed(postgres, database_name, orders_found(filters.names), filters.values())
    met = [int(n) for n in re.findall(r"Rows Removed by (?:Join )?Filter: (\d+)", plan)]
    read = [int(float(n)) for n in re.findall(r"actual rows=([\d.]+)", plan)]
    assert max(read) <= 30, plan
    assert sum(met) <= 30, plan
    assert "Seq Scan on orders" not in plan, plan
    assert f"Limit (actual rows={found}.00" in plan.replace("Limit  (", "Limit ("), plan


def test_a_page_of_most_orders_stays_a_page(postgres: EmbeddedPostgres, database_name: str) -> None:
    """Deep or first, of all or of nearly all: no more is read than is shown."""
    filters = OrderFilters(status="COMPLETED")
    plan = analyzed(postgres, database_name, orders_found(filters.names), filters.values())
    assert max(int(float(n)) for n in re.findall(r"actual rows=([\d.]+)", plan)) <= 30, plan
