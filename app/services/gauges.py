"""What is waiting, for whoever watches the portal: jobs, mails, and orders by state."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.db.engine import Database

IN_FLIGHT = "status IN ('PAID', 'PROVISIONING', 'PARTIALLY_COMPLETED', 'PROVISIONING_FAILED')"
_FIGURES = text(
    "SELECT (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(execute_after)), 0)::float"  # noqa: S608
    "    FROM pgqueuer WHERE status = 'queued' AND execute_after <= clock_timestamp()) AS age,"
    " (SELECT count(*) FROM pgqueuer WHERE status = 'queued') AS queued,"
    " (SELECT count(*) FROM failed_jobs) AS failed,"
    " (SELECT count(*) FROM mails WHERE state = 'QUEUED') AS mails,"
    " (SELECT count(*) FROM orders WHERE status = 'PENDING_PAYMENT') AS unpaid,"
    " (SELECT coalesce(json_object_agg(status, n), '{}') FROM (SELECT status, count(*) AS n"
    f"    FROM orders WHERE {IN_FLIGHT} GROUP BY status) AS o) AS orders"
)
"""Each by an index of what waits: what is over is not counted again and again."""


@dataclass(frozen=True, slots=True)
class Figures:
    """`orders`: those that something is still done for, by their status."""

    queue_age_seconds: float
    jobs_queued: int
    jobs_failed: int
    mails_queued: int
    orders: Mapping[str, int]


async def figures(database: Database) -> Figures | None:
    """One statement. None while the database is away."""
    try:
        async with database.system_session("metrics") as session:
            row = (await session.execute(_FIGURES)).one()
    except (SQLAlchemyError, OSError, TimeoutError):
        return None
    orders = {"PENDING_PAYMENT": row.unpaid, **row.orders}
    return Figures(row.age, row.queued, row.failed, row.mails, orders)
