"""A site's contract: what is contracted, for which months, and what was paid for it.

Source: PRODUCT.md section 8, Adding, extending, changing. Money is integer KRW, VAT apart; days
are Asia/Seoul dates, both inclusive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.domain.memberships import MembershipStatus
from app.domain.money import rounded
from app.domain.periods import boundary, month_ratio

GRACE_DAYS = 14
"""Days after the last one on which an unpaid term is OVERDUE and the service still on."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Contracted months, with the unit prices (code to KRW a month) that hold for them."""

    months: int
    unit_prices: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A recurring line as it was sold: `net` is what was paid for its days.

    `monthly`: KRW a month, net of volume but not of prepay or coupon.
    """

    code: str
    quantity: int
    unit_price: int
    net: int
    first_day: date
    last_day: date
    monthly: int = 0


@dataclass(frozen=True, slots=True)
class Contract:
    """What a site holds. `segments` follow each other from the anchor; a free plan has none.

    `users` without complimentary ones. `add_ons`: code to quantity, once-packs among them.
    `setup_paid`: its SETUP lines of completed orders before coupons, less what was refunded.
    """

    plan: str
    users: int
    anchor_on: date
    segments: tuple[Segment, ...] = ()
    add_ons: Mapping[str, int] = field(default_factory=dict)
    held: tuple[HeldLine, ...] = ()
    setup_paid: int = 0
    status: MembershipStatus = MembershipStatus.IN_USE

    @property
    def months(self) -> int:
        """Contracted months from the anchor."""
        return sum(segment.months for segment in self.segments)

    @property
    def ends_at(self) -> date:
        """The boundary at the term's end: the first day that is not contracted."""
        return boundary(self.anchor_on, self.months)

    @property
    def expires_on(self) -> date | None:
        """The last contracted day; None for a free plan."""
        return self.ends_at - timedelta(days=1) if self.segments else None

    def status_on(self, day: date) -> MembershipStatus:
        """The state on a day, whether or not the job that writes it has come by already."""
        last = self.expires_on
        if self.status is MembershipStatus.TERMINATED or last is None or day <= last:
            return self.status
        if self.status is MembershipStatus.EXPIRED or day > last + timedelta(days=GRACE_DAYS):
            return MembershipStatus.EXPIRED
        return MembershipStatus.OVERDUE


def monthly_fee_on(held: Sequence[HeldLine], day: date) -> int:
    """The monthly fee of a day: of the lines that are served on it."""
    return sum(line.monthly for line in held if line.first_day <= day <= line.last_day)


def unused_of(line: HeldLine, anchor: date, day: date) -> int:
    """What a line is worth from a day on, that day included: round(N × U / M).

    M: the contract months it was sold for; U: those from the day on, all where it has not begun.
    """
    if day <= line.first_day:
        return line.net
    left, left_of = month_ratio(anchor, day, line.last_day)
    sold, sold_of = month_ratio(anchor, line.first_day, line.last_day)
    return rounded(line.net * left * sold_of, left_of * sold)


def unused(held: Sequence[HeldLine], anchor: date, day: date) -> int:
    """The sum over lines, each rounded by itself."""
    return sum(unused_of(line, anchor, day) for line in held)
