"""One company with a long history, by SQL: orders of many kinds, one item each."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.data import ACCOUNT, COMPANY, SITE, SITES, key

_ORDERS = (
    "INSERT INTO orders (id, company_id, number, account_id, kind, status, payment_status,"
    " payment_method, catalogue_code, coupon_discount, fingerprint, amount, discount, supply,"
    " vat, total, ordered_on, priced_on, consents, paid_at, created_at, updated_at)"
    " SELECT uuidv7(), :company, cast(:prefix AS text) || lpad(n::text, 8, '0'), :account,"
    " CASE WHEN n % 1999 = 0 THEN 'CHANGE' ELSE (ARRAY['NEW','ADD','EXTEND','ADD_EXTEND'])"
    "[1 + n % 4] END,"
    " CASE WHEN n % 2503 = 0 THEN 'PROVISIONING_FAILED' WHEN n % 9 = 0 THEN 'CANCELLED'"
    "  ELSE 'COMPLETED' END,"
    " CASE WHEN n % 9 = 0 THEN 'UNPAID' ELSE 'PAID' END, 'CARD', '2023-09', 0, '\\x02',"
    " n * 10, 0, n * 10, n, n * 11,"
    " (timestamptz '2016-01-01' + n * interval '48 min' + interval '9 hours')::date,"
    " (timestamptz '2016-01-01' + n * interval '48 min' + interval '9 hours')::date,"
    " '[]', CASE WHEN n % 9 = 0 THEN NULL ELSE timestamptz '2016-01-01' + n * interval '48 min'"
    " END, timestamptz '2016-01-01' + n * interval '48 min', timestamptz '2016-01-01'"
    " FROM generate_series(1, :orders) n"
)
_ITEMS = (
    "INSERT INTO order_items (company_id, order_id, position, type, plan, users, months, add_ons,"
    " state, site_id, applied_on, discounts, labels, attempts)"
    " SELECT o.company_id, o.id, 0, o.kind,"
    " CASE WHEN o.total % 3 = 0 THEN 'DEDICATED' ELSE 'SHARED' END, 1 + o.total % 120,"
    " (ARRAY[1, 12, 24])[1 + o.total % 3],"
    " CASE WHEN o.total % 5 = 0 THEN jsonb_build_object('STORAGE_GB', 20) ELSE '{}' END,"
    " 'COMPLETED', CASE WHEN o.total % 3331 = 0 THEN cast(:rare AS uuid)"
    "  ELSE cast(:common AS uuid) END, o.ordered_on, '[]', '[]', 0"
    " FROM orders o WHERE starts_with(o.number, :prefix) AND o.company_id = :company"
)


@dataclass(frozen=True)
class Owner:
    """Whose history it is. A few of its orders are for the second site."""

    company: UUID
    account: UUID
    site: UUID
    second_site: UUID

    @classmethod
    def numbered(cls, company: int) -> "Owner":
        """A company of `benchmarks.data`."""
        return cls(
            key(COMPANY, company),
            key(ACCOUNT, company),
            key(SITE, company * SITES),
            key(SITE, company * SITES + 1),
        )


async def write_history(url: str, owner: Owner, orders: int) -> None:
    """As the superuser, who has PostgreSQL look at the tables afterwards."""
    engine = create_async_engine(url)
    values = {
        "company": owner.company,
        "account": owner.account,
        "orders": orders,
        "common": owner.site,
        "rare": owner.second_site,
        "prefix": f"ORD-{owner.company.hex[-12:]}-",
    }
    try:
        async with engine.begin() as connection:
            await connection.execute(text(_ORDERS), values)
            await connection.execute(text(_ITEMS), values)
        async with engine.connect() as connection:
            vacuuming = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await vacuuming.execute(text("VACUUM (ANALYZE) orders, order_items"))
    finally:
        await engine.dispose()
