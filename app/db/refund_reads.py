"""A company's refunds, the newest first, in one statement."""

from datetime import datetime
from uuid import UUID

import msgspec

from app.db.reads import read_many


class RefundRead(msgspec.Struct, frozen=True):
    """KRW with VAT. Without an order where it is of a contract of before the portal."""

    id: UUID
    order_id: UUID | None
    order_number: str | None
    payment_id: UUID | None
    destination: str
    reason: str
    state: str
    amount: int
    vat: int
    created_at: datetime
    done_at: datetime | None


REFUND_PAGE = read_many(
    "SELECT r.id, r.order_id, o.number AS order_number, r.payment_id, r.destination, r.reason,"
    " r.state, r.amount, r.vat, r.created_at, r.done_at"
    " FROM refunds r LEFT JOIN orders o ON o.id = r.order_id"
    " WHERE r.company_id = p.company_id AND r.amount > 0 AND (r.created_at, r.id) < (:at, :id)"
    " ORDER BY r.created_at DESC, r.id DESC LIMIT :size",
    RefundRead,
)
"""From behind `at` and `id` (created_at, id)."""
