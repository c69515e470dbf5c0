"""환불 내역: what went back to a company, and what is on its way."""

from dataclasses import dataclass

from app.db.refund_reads import REFUND_PAGE, RefundRead
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.principals import Access


@dataclass(frozen=True, slots=True)
class RefundPage:
    """`next_cursor` is None on the last page."""

    items: list[RefundRead]
    next_cursor: str | None


async def list_refunds(access: Access, cursor: str | None, size: int) -> RefundPage:
    """The newest first. Raises `cursor_invalid`."""
    at, last = read_cursor(cursor) or NEWEST
    _, rows = await access.read(REFUND_PAGE, at=at, id=last, size=size + 1)
    page, more = rows[:size], len(rows) > size
    return RefundPage(page, make_cursor(page[-1].created_at, page[-1].id) if more else None)
