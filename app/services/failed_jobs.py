"""Jobs that ended by an error: kept for the operator, tried again when asked (section 16).

Most go on by themselves, since the row that they are about stays due; what is listed here and keeps
failing is for somebody to look at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.clock import Clock, wire_now
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import Job, enqueue
from app.db.tables.plumbing import FailedJob
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.services.audit import AuditEntry, record

MOST = 200


@dataclass(frozen=True, slots=True)
class FailedJobView:
    """`row_id`: what it is about; `error`: the kind of its last failure, never its words."""

    id: UUID
    job: str
    row_id: UUID
    error: str
    failures: int
    first_failed_at: datetime
    last_failed_at: datetime


@dataclass(frozen=True, slots=True)
class FailedJobs:
    """One use case a method. Times are of the wire."""

    database: Database
    clock: Clock

    async def note(self, job: str, row_id: UUID, error: str) -> None:
        """Once for each job and row, with how often."""
        now = wire_now()
        failed = insert(FailedJob).values(
            id=new_id(),
            job=job,
            row_id=row_id,
            error=error,
            failures=1,
            first_failed_at=now,
            last_failed_at=now,
        )
        again = {
            "failures": FailedJob.failures + 1,
            "error": failed.excluded.error,
            "last_failed_at": failed.excluded.last_failed_at,
        }
        async with self.database.system_session("failed job") as session:
            await session.execute(
                failed.on_conflict_do_update(index_elements=["job", "row_id"], set_=again)
            )

    async def all(self) -> Sequence[FailedJobView]:
        """The newest failure first; at most two hundred."""
        async with self.database.system_session("operator: failed jobs") as session:
            rows = await session.scalars(
                select(FailedJob).order_by(FailedJob.last_failed_at.desc()).limit(MOST)
            )
            return [
                FailedJobView(
                    row.id,
                    row.job,
                    row.row_id,
                    row.error,
                    row.failures,
                    row.first_failed_at,
                    row.last_failed_at,
                )
                for row in rows
            ]

    async def retry(self, operator: Operator, failed_id: UUID) -> None:
        """Queued now; listed again if it fails again. Raises `failed_job_not_found`."""
        async with self.database.system_session("operator: retry a job") as session:
            found = await session.execute(
                delete(FailedJob)
                .where(FailedJob.id == failed_id)
                .returning(FailedJob.job, FailedJob.row_id)
            )
            row = found.one_or_none()
            if row is None:
                raise DomainError("failed_job_not_found")
            await enqueue(session, [Job(row.job, row.row_id)])
            entry = AuditEntry.by_operator(
                operator,
                AuditAction.JOB_RETRIED,
                await self.clock.now(session),
                subject=str(row.row_id),
                details={"job": row.job},
            )
            record(session, entry)
