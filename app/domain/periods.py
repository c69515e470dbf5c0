"""Business dates and contract months (PRODUCT.md section 8, Periods; Civil Act 160).

Every date is Asia/Seoul and inclusive. Contract month k begins on `boundary(anchor, k)`.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


def seoul_date(moment: datetime) -> date:
    """The business date of an aware moment. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its offset")
    return moment.astimezone(SEOUL).date()


def boundary(anchor: date, months: int) -> date:
    """First day of the contract month that begins `months` months on.

    The anchor's day of month, or, in a month without such a day, the first day of the next month:
    the period before then ends on that month's last day.
    """
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = divmod(index, 12)
    try:
        return date(year, month + 1, anchor.day)
    except ValueError:
        year, month = divmod(index + 1, 12)
        return date(year, month + 1, 1)


def expires_on(anchor: date, months: int) -> date:
    """Last day of a contract of `months` months from its anchor."""
    return boundary(anchor, months) - timedelta(days=1)


def days_left(today: date, last_day: date) -> int:
    """Days from today to the last day, both counted; 0 where it has passed."""
    return max(0, (last_day - today).days + 1)
