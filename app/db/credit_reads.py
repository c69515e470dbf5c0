"""The credit balance, which is the ledger's, and its statement, in one query."""

from datetime import datetime
from uuid import UUID

import msgspec

from app.db.reads import read_one


class CreditEntryRead(msgspec.Struct, frozen=True):
    """An amount with VAT, negative where it was used, and the order that it is about, if any."""

    id: UUID
    kind: str
    amount: int
    order_id: UUID | None
    order_number: str | None
    created_at: datetime


class CreditBalanceRead(msgspec.Struct, frozen=True):
    """The balance, and a page of the statement."""

    balance: int
    entries: list[CreditEntryRead]


CREDIT_BALANCE = read_one(
    "SELECT (SELECT coalesce(-sum(x.amount), 0)::bigint FROM postings x"
    "   WHERE x.company_id = p.company_id AND x.account = 'CREDIT') AS balance,"
    " (SELECT coalesce(json_agg(e), '[]') FROM (SELECT c.id, c.kind, c.amount, c.order_id,"
    "   o.number AS order_number, c.created_at FROM credit_entries c"
    "   LEFT JOIN orders o ON o.id = c.order_id WHERE c.company_id = p.company_id"
    "   AND (c.created_at, c.id) < (:at, :id)"
    "   ORDER BY c.created_at DESC, c.id DESC LIMIT :size) AS e) AS entries",
    CreditBalanceRead,
)
"""The newest entries first, from behind `at` and `id` (created_at, id)."""
