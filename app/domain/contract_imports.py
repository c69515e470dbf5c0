"""How far an import of contracts is that the operator asked for."""

from datetime import timedelta
from enum import StrEnum
from typing import Final


class ImportStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    REFUSED = "REFUSED"
    """The file has errors: nothing was imported."""
    FAILED = "FAILED"
    """The groupware could not be asked for long, or the portal failed: nothing was imported."""


MAX_FILE_BYTES: Final = 20 * 1024 * 1024
MOST_ERRORS_KEPT: Final = 1_000
TRIES: Final = 12
LEASE: Final = timedelta(minutes=10)
"""A worker that was not heard of for so long has lost its import."""
BUSY_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(hours=1)


def pause_after(attempts: int) -> timedelta:
    """Doubling from ten seconds, an hour at the most: all tries are over within half a day."""
    return min(timedelta(seconds=10) * (1 << (attempts - 1)), _LONGEST_PAUSE)
