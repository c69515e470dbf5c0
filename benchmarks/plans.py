"""How PostgreSQL answers the hot reads: every table of a tenant by an index."""

import re

from app.db.account_reads import ACCOUNT
from app.db.membership_reads import MEMBERSHIP, MEMBERSHIP_OF_SITE, MEMBERSHIP_PAGE
from app.db.order_reads import ORDER, ORDER_PAGE
from app.db.reads import Read
from tools.postgres import EmbeddedPostgres

HOT: dict[str, Read[object]] = {
    "GET /v1/me": ACCOUNT,
    "GET /v1/memberships, GET /v1/system-status": MEMBERSHIP_PAGE,
    "GET /v1/memberships/{id}": MEMBERSHIP,
    "GET /v1/system-status/{id}": MEMBERSHIP_OF_SITE,
    "GET /v1/orders": ORDER_PAGE,
    "GET /v1/orders/{id}": ORDER,
}
_SCAN = re.compile(r"(?:Seq|Index|Index Only) Scan.* on (\w+)")


def plan_of(cluster: EmbeddedPostgres, database: str, read: Read[object]) -> str:
    """The plan for unknown values, as the API's role, whose rows the policies choose."""
    explain = f"EXPLAIN (GENERIC_PLAN, COSTS OFF) {read.alone}"
    return cluster.sql(f"SET ROLE portal_api; {explain}", database)


def read_whole(plan: str) -> list[str]:
    """Tables that a plan reads from end to end, or by an index without a condition on it."""
    lines = plan.splitlines()
    return [
        scan.group(1)
        for line, below in zip(lines, [*lines[1:], ""], strict=True)
        if (scan := _SCAN.search(line)) and "Index Cond:" not in below
    ]
