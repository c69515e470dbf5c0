"""UUIDv7 (RFC 9562) made by the application, where a row's id is needed before it is inserted."""

import secrets
import time
from uuid import UUID

_NANOSECONDS = 1_000_000


def new_id() -> UUID:
    """48 bits of milliseconds, 12 of their parts (RFC 9562, 6.2 method 3), 62 random ones.

    Ids of later rows are greater: the parts are a quarter of a microsecond, less than making one
    takes.
    """
    milliseconds, rest = divmod(time.time_ns(), _NANOSECONDS)
    part = rest * 4096 // _NANOSECONDS
    return UUID(int=milliseconds << 80 | 0x7 << 76 | part << 64 | 0b10 << 62 | secrets.randbits(62))
