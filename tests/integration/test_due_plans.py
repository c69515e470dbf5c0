"""What is due is found by its index, with a million memberships."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.services.retention import times
from app.services.sweep import BATCH, DUE

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
A_MILLION = text(
    "INSERT INTO membership_schedules (company_id, membership_id, term_ends_on, step, due_at)"
    " SELECT md5((i / 3)::text)::uuid, md5(i::text)::uuid, date '2027-01-01', 'ORDER-30',"
    " cast(:now AS timestamptz) - interval '1 minute' + i * interval '30 seconds'"
    " FROM generate_series(1, 1000000) i"
)


@pytest.fixture(scope="module")
async def plan(owner_engine: AsyncEngine) -> list[str]:
    """Of the sweep, as the system's role."""
    async with owner_engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(A_MILLION, {"now": NOW})
    async with owner_engine.connect() as connection:
        vacuuming = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await vacuuming.execute(text("VACUUM (ANALYZE) membership_schedules"))
    async with owner_engine.begin() as connection:
        await connection.execute(text("SET LOCAL ROLE portal_system"))
        lines = await connection.execute(
            text(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {DUE.text}"),
            {"now": NOW, "batch": BATCH, **times(NOW)},
        )
        return list(lines.scalars())


def test_the_due_query_reads_an_index_of_a_million_schedules(plan: list[str]) -> None:
    (scan,) = [line for line in plan if " on membership_schedules" in line]
    assert "Index Scan using ix_membership_schedules_due" in scan
    assert "rows=2.00" in scan  # those due by now, and no others


def test_those_due_longest_come_first(plan: list[str]) -> None:
    """Read in the index's order: nothing is sorted to find the oldest."""
    assert not [line for line in plan if "Sort Key: membership_schedules" in line]
