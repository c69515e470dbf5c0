"""The portal as one process on core 0, with production's clock; its log lines go to a file."""

import os
import pickle
import sys

import uvicorn

from app.clock import RealClock
from app.logs import configure_logging
from app.main import create_app
from app.settings import Settings


def main() -> None:
    os.sched_setaffinity(0, {0})
    pickle.load(sys.stdin.buffer)
    configure_logging()
    settings = Settings()
    app = create_app(settings)
    # The sandbox's clock reads a row where there is no transaction; production's does not.
    object.__setattr__(app.state.deps, "clock", RealClock())
    uvicorn.run(app, port=settings.port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
