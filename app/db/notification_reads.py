"""알림: a page of an account's news and how much is unread, in one statement."""

from datetime import datetime
from uuid import UUID

import msgspec

from app.db.reads import read_one


class NotificationRead(msgspec.Struct, frozen=True):
    """`words`: base64 of what is sealed."""

    id: UUID
    company_id: UUID | None
    kind: str
    words: bytes
    created_at: datetime
    read_at: datetime | None


class NotificationPageRead(msgspec.Struct, frozen=True):
    """The newest first."""

    unread: int
    items: list[NotificationRead]


NOTIFICATIONS = read_one(
    "SELECT (SELECT count(*) FROM notifications u WHERE u.account_id = p.account_id"
    "   AND u.read_at IS NULL) AS unread,"
    " (SELECT coalesce(json_agg(n), '[]') FROM (SELECT id, company_id, kind,"
    "    replace(encode(words, 'base64'), chr(10), '') AS words, created_at, read_at"
    "    FROM notifications"
    "    WHERE account_id = p.account_id AND (created_at, id) < (:at, :id)"
    "    AND (NOT cast(:unread_only AS boolean) OR read_at IS NULL)"
    "    ORDER BY created_at DESC, id DESC LIMIT :size) AS n) AS items",
    NotificationPageRead,
)
"""From behind `at` and `id` (created_at, id)."""
