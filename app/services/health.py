"""What must be true before traffic comes: the database answers and is not behind the code."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.db.engine import Database
from app.db.migrate import older_revisions

_OLDER = older_revisions()
"""A revision that this code does not know is newer: the database is ahead while a release rolls."""
_FACTS = text(
    "SELECT (SELECT version_num FROM alembic_version) AS revision,"
    " (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(execute_after)), 0)::float"
    "    FROM pgqueuer WHERE status = 'queued' AND execute_after <= clock_timestamp()) AS age"
)


@dataclass(frozen=True, slots=True)
class Readiness:
    """`queue_age_seconds`: how long the oldest job that may run has waited, by wire time."""

    database: bool
    migrations: bool
    queue_age_seconds: float | None

    @property
    def ready(self) -> bool:
        return self.database and self.migrations


async def readiness(database: Database) -> Readiness:
    """Never raises: a database that is down is an answer."""
    try:
        async with database.sessions.begin() as session:
            facts = (await session.execute(_FACTS)).one()
    except (SQLAlchemyError, OSError, TimeoutError):
        return Readiness(database=False, migrations=False, queue_age_seconds=None)
    return Readiness(
        database=True,
        migrations=facts.revision is not None and facts.revision not in _OLDER,
        queue_age_seconds=float(facts.age),
    )
