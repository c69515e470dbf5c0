"""Runs the API: the public listener, the internal one for Prometheus, and the operator's."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
import uvloop

from app.internal import create_internal_app
from app.logs import configure_logging
from app.main import create_app
from app.operator_app import create_operator_app
from app.settings import Settings
from app.spans import exported


class _Server(uvicorn.Server):
    """Leaves signals to `serve`, which ends both listeners together."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> None:
    """Until SIGINT or SIGTERM; running requests get ten seconds to end, then spans are sent."""
    async with exported(settings.otlp_endpoint, "portal-api"):
        await _serve(settings)


async def _serve(settings: Settings) -> None:
    app = create_app(settings)
    servers = [
        _Server(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                access_log=False,
                log_config=None,
                forwarded_allow_ips=settings.forwarded_allow_ips,
                server_header=False,
                timeout_graceful_shutdown=10,
            )
        )
    ]
    inner = [(settings.metrics_port, create_internal_app(app.state.deps))]
    inner.append((settings.operator_port, create_operator_app(app.state.deps)))
    servers += [
        _Server(
            uvicorn.Config(
                application,
                host=settings.host,
                port=port,
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=10,
            )
        )
        for port, application in inner
        if port
    ]

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
