"""`python -m sandbox`: the providers on loopback, until SIGINT or SIGTERM."""

import sys

import structlog
import uvicorn

from sandbox.app import create_sandbox
from sandbox.connections import DroppableProtocol
from sandbox.settings import SandboxSettings
from sandbox.world import World


def main() -> None:
    # Standard output belongs to whoever started us.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = SandboxSettings()
    uvicorn.run(
        create_sandbox(World(settings)),
        host=settings.sandbox_host,
        port=settings.sandbox_port,
        http=DroppableProtocol,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
