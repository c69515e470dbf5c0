"""Hot reads find their rows by an index of the company or of the parent, however many there are.

Five thousand orders are enough for PostgreSQL to prefer an index, and two for it not to.
"""

from collections.abc import Callable

import pytest

from benchmarks.data import fill
from benchmarks.plans import HOT, plan_of, read_whole
from tools.postgres import EmbeddedPostgres

READS = pytest.mark.parametrize("name", HOT)
SCHEDULED = (
    "INSERT INTO scheduled_changes (company_id, membership_id, plan, users, add_ons, seen_plan,"
    " seen_users, seen_add_ons, created_at) SELECT company_id, id, plan, 1, '{}', plan, users,"
    " '{}', created_at FROM memberships; ANALYZE scheduled_changes"
)
CARDS = (
    "INSERT INTO payment_methods (company_id, account_id, state, role, check_wanted, created_at,"
    " updated_at) SELECT company_id, account_id, 'LOST', 'OTHER', false, created_at, created_at"
    " FROM orders; UPDATE memberships m SET payment_method_id = c.id FROM payment_methods c"
    " WHERE c.company_id = m.company_id; ANALYZE payment_methods"
)
CONTACTS = (
    "INSERT INTO tax_invoice_contacts (company_id, people, revision, created_at, updated_at)"
    " SELECT id, '', 1, created_at, created_at FROM companies; ANALYZE tax_invoice_contacts"
)
"""One of every membership or company: of an empty table PostgreSQL reads whatever there is."""
PlanOf = Callable[[str], str]


@pytest.fixture(scope="module")
async def plan(postgres: EmbeddedPostgres, database_name: str) -> PlanOf:
    await fill(postgres.dsn(database_name), 1_000)
    postgres.sql(SCHEDULED, database_name)
    postgres.sql(CARDS, database_name)
    postgres.sql(CONTACTS, database_name)
    return lambda name: plan_of(postgres, database_name, HOT[name])


@READS
def test_no_table_of_a_tenant_is_read_whole(plan: PlanOf, name: str) -> None:
    assert "Index" in plan(name)
    assert read_whole(plan(name)) == []


@READS
def test_nothing_is_looked_for_among_all_rows_of_a_company(plan: PlanOf, name: str) -> None:
    """A company may have thousands of orders: their items are found by order, not one by one."""
    lines = [line.strip() for line in plan(name).splitlines()]
    filtered = [line for line in lines if line.startswith("Filter:") and "company_id" not in line]
    assert filtered == []


def test_the_principal_is_expected_to_be_one_row(
    postgres: EmbeddedPostgres, database_name: str
) -> None:
    """Expecting a thousand, as of any function, PostgreSQL would compile the statement (JIT)."""
    known = "SELECT prorows FROM pg_proc WHERE proname = 'portal_principal'"
    assert postgres.sql(known, database_name).split() == ["1"]
