"""Runs the jobs: `python -m app.worker`, as many processes as are wanted."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import structlog
import uvloop
from pgqueuer import Job, PgQueuer
from prometheus_client import start_http_server
from sqlalchemy.engine import make_url

from app.db.cluster import check_cluster
from app.deps import Deps, build_deps
from app.jobs.entrypoints import entrypoints
from app.logs import configure_logging
from app.services.failed_jobs import FailedJobs
from app.services.sweep import sweep
from app.settings import Settings
from app.spans import TRACEPARENT, exported, job_span
from app.trace import IN_A_JOB, begin_trace, is_trace_id, trace_id

SWEEP_SECONDS = 1.0
CONCURRENT = 20

log = structlog.get_logger("portal.worker")


def _register(
    pgq: PgQueuer, failures: FailedJobs, name: str, work: Callable[[UUID], Awaitable[None]]
) -> None:
    """A failure is logged and the job dropped: its row stays due, and the sweep finds it again."""

    @pgq.entrypoint(name, concurrency_limit=CONCURRENT)
    async def run(job: Job) -> None:
        begin_trace(_cause(job))
        with job_span(name, job.id, _parent(job)) as span:
            try:
                await work(UUID(bytes=job.payload))
            except Exception as failed:
                kind = type(failed).__name__
                span.fail(kind)
                log.exception("job_failed", job=name, error=kind, request_id=trace_id())
                with contextlib.suppress(Exception):  # a database that is away is in the log alone
                    await failures.note(name, UUID(bytes=job.payload), kind)


def _cause(job: Job) -> str:
    """The request that caused it; what the sweep found gets an id of its own."""
    given = (job.headers or {}).get(IN_A_JOB)
    return str(given) if is_trace_id(given) else f"job-{job.id}-{uuid4().hex[:8]}"


def _parent(job: Job) -> str | None:
    """The span in which it was queued."""
    given = (job.headers or {}).get(TRACEPARENT)
    return given if isinstance(given, str) else None


async def _sweep_for_ever(deps: Deps) -> None:
    while True:
        try:
            await sweep(deps.database, deps.clock)
        except Exception as failed:
            log.exception("sweep_failed", error=type(failed).__name__)
        await asyncio.sleep(SWEEP_SECONDS)


async def _connect(url: str) -> asyncpg.Connection:
    """LISTEN needs a connection of its own, past any pooler."""
    parts = make_url(url).set(drivername="postgresql")
    return await asyncpg.connect(parts.render_as_string(hide_password=False))


async def work(settings: Settings) -> None:
    """Until SIGINT or SIGTERM; jobs under way are finished, and their spans sent."""
    async with exported(settings.otlp_endpoint, "portal-worker"):
        await _work(settings)


async def _work(settings: Settings) -> None:
    deps = build_deps(settings)
    if settings.worker_metrics_port:
        start_http_server(settings.worker_metrics_port, addr=settings.host)
    async with deps.database.engine.connect() as connection:
        await check_cluster(connection, application_role=True)
    listening = await _connect(settings.database_url)
    pgq = PgQueuer.from_asyncpg_connection(listening)
    for name, entrypoint in entrypoints(deps).items():
        _register(pgq, deps.failed_jobs, name, entrypoint)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, pgq.shutdown.set)
    await deps.daily_tasks.ensure()
    sweeping = asyncio.create_task(_sweep_for_ever(deps))
    log.info("worker_started", pid=os.getpid())
    try:
        await pgq.run(dequeue_timeout=timedelta(seconds=1), heartbeat_timeout=timedelta(seconds=10))
    finally:
        sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeping
        await listening.close()
        await deps.close()


def main() -> None:
    configure_logging()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work(Settings()))


if __name__ == "__main__":
    main()
