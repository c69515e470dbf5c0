"""What a company owes and holds, worked out anew from PRODUCT.md; nothing of app/ is asked."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

SHARED_USER_MONTH, SET_UP = 4_000, 50_000
OVERDUE_DAYS, KEPT_DAYS = 14, 30
CHARGED_ON = (0, 1, 3, 7)
"""Days after the last day of a term on which a registered card is charged."""


def with_vat(supply: int) -> int:
    return supply + supply // 10


def same_day(anchor: date, months: int) -> date:
    """The same day so many months later; the month after begins where there is none."""
    whole = anchor.month - 1 + months
    year, month = anchor.year + whole // 12, whole % 12 + 1
    try:
        return date(year, month, anchor.day)
    except ValueError:
        return date(year, month + 1, 1)


def last_day(anchor: date, months: int) -> date:
    return same_day(anchor, months) - timedelta(days=1)


def months_until(anchor: date, day: date) -> Fraction:
    """Contract months from the anchor to the morning of a day, parts of one by days."""
    whole = 0
    while same_day(anchor, whole + 1) <= day:
        whole += 1
    begins, ends = same_day(anchor, whole), same_day(anchor, whole + 1)
    return whole + Fraction((day - begins).days, (ends - begins).days)


@dataclass(frozen=True)
class Line:
    """What recurs of one order: its supply, and the days that it pays for."""

    supply: int
    first: date
    last: date


@dataclass
class Order:
    """What somebody may pay, until `open_through` (None: a renewal's own time).

    `seen`: what of the site its price was made from. `approved_on`: the payer did all that a payer
    does. `sure`: nothing disturbed it, so what becomes of it is known to the day.
    """

    id: str
    kind: str
    total: int
    users: int
    months: int
    placed_on: date
    site: "Site"
    open_through: date | None
    method: str = "CARD"
    seen: tuple[object, ...] = ()
    sure: bool = True
    approved_on: date | None = None
    paid_on: date | None = None
    delivered: bool = False
    ended: bool = False
    account: str | None = None
    paid_in: bool = False

    @property
    def is_open(self) -> bool:
        return self.paid_on is None and not self.ended

    def fits(self, today: date) -> bool:
        """Whether it is still what it was priced for: PRODUCT.md sections 8 and 12.

        An addition is priced by the months of the term, an extension by the users; and an
        extension is not bought on top of a renewal.
        """
        if self.kind == "ADD":
            return self.seen == self.site.term and self.site.state(today) == "IN_USE"
        if self.kind == "EXTEND":
            return self.seen == (self.site.users, self.site.renewed)
        return self.kind == "NEW" or self.seen == (self.site.term, self.site.users)


@dataclass
class Site:
    """A shared site. `anchor` None: it was not opened yet. `renewed`: how often."""

    subdomain: str
    users: int = 0
    anchor: date | None = None
    months: int = 0
    bought: int = 1
    renewed: int = 0
    auto_renew: bool = False
    has_card: bool = False
    id: str | None = None
    ends_on: date | None = None
    paid_on: date | None = None
    lines: list[Line] = field(default_factory=list, repr=False)

    @property
    def term(self) -> tuple[date | None, int]:
        return self.anchor, self.months

    @property
    def last(self) -> date:
        assert self.anchor is not None
        return last_day(self.anchor, self.months)

    @property
    def over_after(self) -> date:
        """The last day before it is TERMINATED, as things are."""
        kept = self.last + timedelta(days=OVERDUE_DAYS + KEPT_DAYS)
        return kept if self.ends_on is None else min(kept, self.ends_on)

    def state(self, today: date) -> str:
        if today > self.over_after:
            return "TERMINATED"
        beyond = (today - self.last).days
        if beyond <= 0:
            return "IN_USE"
        return "OVERDUE" if beyond <= OVERDUE_DAYS else "EXPIRED"

    @property
    def renewal_months(self) -> int:
        return 1 if self.bought == 1 else 12

    @property
    def renewal_ordered_on(self) -> date:
        return self.last - timedelta(days=7 if self.renewal_months == 1 else 30)

    @property
    def renewal_total(self) -> int:
        return with_vat(SHARED_USER_MONTH * self.users * self.renewal_months)

    def open(self, day: date, users: int, months: int) -> None:
        """A term that begins with a day of its own."""
        self.anchor, self.users, self.months, self.bought = day, users, months, months
        self.lines = [Line(SHARED_USER_MONTH * users * months, day, self.last)]

    def extend(self, day: date, months: int) -> None:
        """Anew where it had run out on the day on which that is paid."""
        if self.state(day) == "EXPIRED":
            self.open(day, self.users, months)
        else:
            self._lengthen(months)

    def renew(self, months: int) -> None:
        """Its money came in time, however late that is known."""
        self.renewed += 1
        self._lengthen(months)

    def _lengthen(self, months: int) -> None:
        """From the last day on, however late it is paid."""
        first = self.last + timedelta(days=1)
        self.months += months
        self.bought = months
        self.lines.append(Line(SHARED_USER_MONTH * self.users * months, first, self.last))

    def add(self, day: date, users: int, supply: int) -> None:
        self.users += users
        self.lines.append(Line(supply, day, self.last))

    def unused(self, day: date) -> int:
        """Supply of what is paid for from a day on, by contract months, each line rounded."""
        assert self.anchor is not None
        found = 0
        for line in self.lines:
            ends = months_until(self.anchor, line.last + timedelta(days=1))
            begins = months_until(self.anchor, line.first)
            left = max(Fraction(0), ends - max(begins, months_until(self.anchor, day)))
            found += int(line.supply * left / (ends - begins) + Fraction(1, 2))
        return found
