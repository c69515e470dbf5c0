"""The usage of a site by day, in one statement."""

from datetime import date, datetime

import msgspec

from app.db.reads import read_one


class UsageDayRead(msgspec.Struct, frozen=True):
    """As it was measured last that day, with what was contracted then."""

    day: date
    users: int
    users_contracted: int
    account_bytes: int
    public_bytes: int
    storage_contracted_bytes: int
    measured_at: datetime


class UsageDaysRead(msgspec.Struct, frozen=True):
    """The oldest first."""

    days: list[UsageDayRead]


USAGE_DAYS = read_one(
    "SELECT (SELECT coalesce(json_agg(d ORDER BY d.day), '[]')"
    "  FROM (SELECT day, users, users_contracted,"
    "   account_bytes, public_bytes, storage_contracted_bytes, measured_at FROM site_usage_days"
    "   WHERE site_id = s.id AND day <= coalesce(cast(:last_day AS date), 'infinity')"
    "   AND day >= coalesce(cast(:first_day AS date), '-infinity')"
    "   ORDER BY day DESC LIMIT cast(:most AS int)) AS d) AS days"
    " FROM sites s WHERE s.id = :site AND s.company_id = p.company_id",
    UsageDaysRead,
)
"""The newest `most` days of the period."""
