"""Runs the API: the public listener, and the internal one for Prometheus."""

import asyncio
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
import uvloop
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.main import create_app
from app.settings import Settings


def configure_logging() -> None:
    """One JSON object a line, to stdout; nothing below INFO."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )


async def _metrics(_: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def create_internal_app() -> Starlette:
    """What only the operator's own network may reach."""
    return Starlette(routes=[Route("/metrics", _metrics)])


class _Server(uvicorn.Server):
    """Leaves signals to `serve`, which ends both listeners together."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> None:
    """Until SIGINT or SIGTERM; running requests get ten seconds to end."""
    servers = [
        _Server(
            uvicorn.Config(
                create_app(settings),
                host=settings.host,
                port=settings.port,
                access_log=False,
                log_level="warning",
                forwarded_allow_ips=settings.forwarded_allow_ips,
                server_header=False,
                timeout_graceful_shutdown=10,
            )
        )
    ]
    if settings.metrics_port:
        internal = uvicorn.Config(
            create_internal_app(),
            host=settings.host,
            port=settings.metrics_port,
            access_log=False,
            log_level="warning",
        )
        servers.append(_Server(internal))

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    await asyncio.gather(*(server.serve() for server in servers))


def main() -> None:
    configure_logging()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Settings()))


if __name__ == "__main__":
    main()
