"""The portal as one process on core 0, its log lines written and thrown away."""

import os
import sys

import uvicorn

from app.logs import configure_logging
from app.main import create_app
from app.settings import Settings


def main() -> None:
    os.sched_setaffinity(0, {0})
    sys.stdin.read()
    configure_logging()
    settings = Settings()
    uvicorn.run(create_app(settings), port=settings.port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
