"""The credit balance and what it is made of, in one statement."""

from datetime import datetime
from uuid import UUID

import msgspec

from app.db.reads import read_one


class CreditEntryRead(msgspec.Struct, frozen=True):
    """An amount with VAT, and the order that it came from."""

    id: UUID
    kind: str
    amount: int
    order_id: UUID
    order_number: str
    created_at: datetime


class CreditBalanceRead(msgspec.Struct, frozen=True):
    """The sum of all entries, and a page of them."""

    balance: int
    entries: list[CreditEntryRead]


CREDIT_BALANCE = read_one(
    "SELECT (SELECT coalesce(sum(c.amount), 0)::bigint FROM credit_entries c"
    "   WHERE c.company_id = p.company_id) AS balance,"
    " (SELECT coalesce(json_agg(e), '[]') FROM (SELECT c.id, c.kind, c.amount, c.order_id,"
    "   o.number AS order_number, c.created_at FROM credit_entries c"
    "   JOIN orders o ON o.id = c.order_id WHERE c.company_id = p.company_id"
    "   AND (c.created_at, c.id) < (:at, :id)"
    "   ORDER BY c.created_at DESC, c.id DESC LIMIT :size) AS e) AS entries",
    CreditBalanceRead,
)
"""The newest entries first, from behind `at` and `id` (created_at, id)."""
