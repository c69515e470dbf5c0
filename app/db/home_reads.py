"""The home page beside the account: its membership, its sites, what the operator tells."""

from datetime import datetime
from uuid import UUID

import msgspec

from app.db.membership_reads import FROM_MEMBERSHIPS, MembershipRead
from app.db.reads import read_one


class NoticeRead(msgspec.Struct, frozen=True):
    """In both languages; `starts_at` and `ends_at` are those of maintenance."""

    id: UUID
    kind: str
    title_ko: str
    body_ko: str
    title_en: str
    body_en: str
    shown_from: datetime
    starts_at: datetime | None
    ends_at: datetime | None


class HomeRead(msgspec.Struct, frozen=True):
    """`membership`: of those that are not over, the one whose term ends first."""

    membership: MembershipRead | None
    sites: int
    unread: int
    notices: list[NoticeRead]


HOME = read_one(
    "SELECT (SELECT row_to_json(f) FROM ("  # noqa: S608 - our own text
    + FROM_MEMBERSHIPS
    + " WHERE m.company_id = p.company_id AND m.status <> 'TERMINATED'"
    " ORDER BY m.expires_on NULLS LAST, m.created_at, m.id LIMIT 1) AS f) AS membership,"
    " (SELECT count(*) FROM notifications u WHERE u.account_id = p.account_id"
    "   AND u.read_at IS NULL) AS unread,"
    " (SELECT count(*) FROM memberships c"
    "   WHERE c.company_id = p.company_id AND c.status <> 'TERMINATED') AS sites,"
    " (SELECT coalesce(json_agg(n ORDER BY n.shown_from DESC, n.id), '[]') FROM ("
    "    SELECT id, kind, title_ko, body_ko, title_en, body_en, shown_from, starts_at, ends_at"
    "    FROM notices WHERE shown_until > p.business_now AND shown_from <= p.business_now"
    "    ORDER BY shown_until LIMIT 20) AS n) AS notices",
    HomeRead,
)
