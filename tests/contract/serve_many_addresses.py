"""The API as `app.serve` runs it, with every request from another address.

Limits are per address, so that a run of thousands does not lock itself out.
"""

import random
from typing import Any

import uvicorn

from app.logs import configure_logging
from app.main import create_app
from app.settings import Settings

_chance = random.SystemRandom()


class ManyAddresses:
    """Gives each request a client of its own."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            octets = [str(_chance.randrange(1, 255)) for _ in range(3)]
            scope["client"] = ("10." + ".".join(octets), 1)
        await self._app(scope, receive, send)


def main() -> None:
    configure_logging()
    settings = Settings()
    app = ManyAddresses(create_app(settings))
    uvicorn.run(app, port=settings.port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
