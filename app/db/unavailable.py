"""Which errors say that the database is away: down, starting, shutting down, or all in use."""

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolIsEmpty

_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    PoolIsEmpty,
    ConnectionError,
    TimeoutError,
)
_CLOSED = ("connection is closed", "connection was closed", "is closing", "not connected")
POSSIBLE: tuple[type[Exception], ...] = (
    DBAPIError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    PoolIsEmpty,
    ConnectionError,
    TimeoutError,
)
"""What has to be looked at: among these are mistakes of ours as well."""


def is_unavailable(error: BaseException) -> bool:
    """Whether a repeat may succeed because the database comes back.

    What was being committed may have happened all the same.
    """
    if isinstance(error, DBAPIError):
        inner = error.orig
        cause = inner.__cause__ if inner is not None else None
        found = [each for each in (inner, cause) if each is not None]
        return error.connection_invalidated or any(is_unavailable(each) for each in found)
    if isinstance(error, _AWAY):
        return True
    return isinstance(error, asyncpg.InterfaceError) and any(
        words in str(error) for words in _CLOSED
    )
