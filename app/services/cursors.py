"""Keyset cursors: where a page ended, opaque to clients."""

import base64
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.domain.errors import DomainError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = struct.Struct(">q16s")
OLDEST = (_EPOCH, UUID(int=0))
"""Before every row: where a list with the oldest first begins."""
NEWEST = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))
"""Behind every row: where a list with the newest first begins."""


def make_cursor(at: datetime, row_id: UUID) -> str:
    """From the time (to the microsecond) and id of a page's last row."""
    micros = (at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(_FORM.pack(micros, row_id.bytes)).rstrip(b"=").decode()


def read_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Raises `cursor_invalid` for a text that no page ended with."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        micros, row_id = _FORM.unpack(raw)
        return _EPOCH + timedelta(microseconds=micros), UUID(bytes=row_id)
    except (ValueError, struct.error, OverflowError) as malformed:
        raise DomainError("cursor_invalid", "/query/cursor") from malformed
