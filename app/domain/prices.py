"""What a price is made of: lines, discounts, items, orders (PRODUCT.md section 8).

Money is integer KRW, VAT apart; days are Asia/Seoul dates, both inclusive.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.catalogue import Name, Plan
from app.domain.money import percent_of, rounded
from app.domain.orders import OrderType
from app.domain.periods import Span

MAX_USERS = 100_000
MAX_QUANTITY = 1_000_000
MAX_DAYS_AHEAD = 60


class LineKind(StrEnum):
    LICENCE = "LICENCE"
    BASE = "BASE"
    SETUP = "SETUP"
    ADD_ON = "ADD_ON"
    CREDIT = "CREDIT"


class DiscountKind(StrEnum):
    VOLUME = "VOLUME"
    PREPAY = "PREPAY"


@dataclass(frozen=True, slots=True)
class CreditBasis:
    """What a CREDIT line was made of: `net` was paid for `sold`, and its rest is not served."""

    net: int
    sold: Span


@dataclass(frozen=True, slots=True)
class Line:
    """quantity × unit price × months (null: once). Discounts are this line's shares.

    A line for a part of a contract month has `days` of `of` days besides its whole `months`. What
    recurs is served from `first_day` to `last_day`. A CREDIT has a negative amount and a `basis`.
    """

    kind: LineKind
    code: str
    name: Name
    quantity: int
    unit_price: int
    months: int | None
    amount: int
    days: int = 0
    of: int | None = None
    half: OrderType = OrderType.NEW
    first_day: date | None = None
    last_day: date | None = None
    basis: CreditBasis | None = None
    paid_before: int = 0
    """Of a set-up fee: what was paid for the site's set-up already, which `amount` is without."""
    volume_percent: int = 0
    volume: int = 0
    prepay: int = 0
    coupon: int = 0

    @property
    def net(self) -> int:
        """What is paid for the line, VAT apart."""
        return self.amount - self.volume - self.prepay - self.coupon

    @property
    def recurring(self) -> bool:
        """Sold for months, so that a rest of it can be worth something."""
        return self.months is not None and self.kind is not LineKind.CREDIT

    @property
    def monthly(self) -> int:
        """KRW a month, net of volume but not of prepay or coupon, rounded; 0 for what is once."""
        if not self.recurring or self.months is None:
            return 0
        if self.of is None and self.months:
            return rounded(self.amount - self.volume, self.months)
        price = self.quantity * self.unit_price
        return price - percent_of(price, self.volume_percent)


@dataclass(frozen=True, slots=True)
class Discount:
    """One reduction of an item: `percent` of `base`, or, for a capped VOLUME, more."""

    kind: DiscountKind
    name: Name
    percent: int
    base: int
    amount: int


@dataclass(frozen=True, slots=True)
class PricedItem:
    """A priced site. `starts_on`: if opened or paid today, or the later day asked for.

    `users` and `months` are what was asked for: those of the term, for ADD_EXTEND what is added and
    the extension's own (null: none). `ends`: what a CHANGE gives up, as (name, quantity).
    """

    index: int
    plan: Plan
    users: int
    months: int | None
    starts_on: date
    expires_on: date | None
    lines: tuple[Line, ...]
    discounts: tuple[Discount, ...]
    labels: tuple[Name, ...]
    type: OrderType = OrderType.NEW
    ends: tuple[tuple[Name, int], ...] = ()

    @property
    def credit(self) -> int:
        """What its CREDIT lines give, as a positive amount."""
        return -sum(line.amount for line in self.lines if line.kind is LineKind.CREDIT)


@dataclass(frozen=True, slots=True)
class PricedOrder:
    """The whole. `discount` is the sum of VOLUME, PREPAY and coupon."""

    catalogue: str
    items: tuple[PricedItem, ...]
    coupon_amount: int
    amount: int
    discount: int
    supply: int
    vat: int
    total: int

    @property
    def has_credit(self) -> bool:
        """Whether it gives value of former lines back."""
        return any(item.credit for item in self.items)
