"""Business dates and contract months (PRODUCT.md section 8, Periods; Civil Act 160).

Every date is Asia/Seoul and inclusive. Contract month k begins on `boundary(anchor, k)`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")
FURTHEST_DEADLINE = timedelta(days=60)
"""No deadline of a payment lies further ahead, whatever holidays there are."""


def seoul_date(moment: datetime) -> date:
    """The business date of an aware moment. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its offset")
    return moment.astimezone(SEOUL).date()


@lru_cache(maxsize=4096)
def boundary(anchor: date, months: int) -> date:
    """First day of the contract month that begins `months` months on.

    The anchor's day of month, or, in a month without such a day, the first day of the next month:
    the period before then ends on that month's last day. Remembered, since one order asks for the
    same boundaries again and again.
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


def month_of(anchor: date, day: date) -> int:
    """The contract month in which a day lies: 0 begins on the anchor. Negative before it."""
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    return months if boundary(anchor, months) <= day else months - 1


@dataclass(frozen=True, slots=True)
class Span:
    """Contract months: `whole` ones, and `days` of one that has `of` days (null: none)."""

    whole: int
    days: int = 0
    of: int | None = None

    @property
    def months(self) -> Fraction:
        """The whole of it."""
        return Fraction(self.whole) + (Fraction(self.days, self.of) if self.of else 0)

    def times(self, price: int) -> tuple[int, int]:
        """A monthly price for this long, as a quotient: what is to be rounded once."""
        if self.of is None:
            return price * self.whole, 1
        return price * (self.whole * self.of + self.days), self.of


def span(anchor: date, first: date, months: int) -> Span:
    """From `first` to the end of contract month `months` - 1: the rest of a running one by days.

    `first` on a contract month's first day begins a whole one; at or behind the end: nothing.
    """
    running = month_of(anchor, first)
    if running >= months:
        return Span(0)
    begins, ends = boundary(anchor, running), boundary(anchor, running + 1)
    if first == begins:
        return Span(months - running)
    return Span(months - running - 1, (ends - first).days, (ends - begins).days)


def months_of(anchor: date, first: date, last: date) -> Fraction:
    """Contract months in the days `first` to `last`, both counted; 0 where there are none."""
    return Fraction(*month_ratio(anchor, first, last))


def month_ratio(anchor: date, first: date, last: date) -> tuple[int, int]:
    """The same as a quotient that is not reduced: what is multiplied on costs no more than that."""
    if last < first:
        return 0, 1
    begin, begin_day, begin_of = _place(anchor, first)
    end, end_day, end_of = _place(anchor, last + timedelta(days=1))
    months = (end - begin) * begin_of * end_of
    return months + end_day * begin_of - begin_day * end_of, begin_of * end_of


def _place(anchor: date, day: date) -> tuple[int, int, int]:
    """The contract month of a day, the days of it that are over, and how many it has."""
    running = month_of(anchor, day)
    begins, ends = boundary(anchor, running), boundary(anchor, running + 1)
    return running, (day - begins).days, (ends - begins).days
