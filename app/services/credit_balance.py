"""크레딧: the company's balance and its statement."""

from dataclasses import dataclass

from app.db.credit_reads import CREDIT_BALANCE, CreditEntryRead
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.principals import Access


@dataclass(frozen=True, slots=True)
class CreditBalance:
    """KRW with VAT. `next_cursor` is None on the last page of entries."""

    balance: int
    items: list[CreditEntryRead]
    next_cursor: str | None


async def get_credit_balance(access: Access, cursor: str | None, size: int) -> CreditBalance:
    """The balance, and its entries, the newest first. Raises `cursor_invalid`."""
    at, last = read_cursor(cursor) or NEWEST
    _, found = await access.read(CREDIT_BALANCE, at=at, id=last, size=size + 1)
    assert found is not None
    page, more = found.entries[:size], len(found.entries) > size
    next_cursor = make_cursor(page[-1].created_at, page[-1].id) if more else None
    return CreditBalance(found.balance, page, next_cursor)
