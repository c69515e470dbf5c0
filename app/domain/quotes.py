"""견적서: how long a price is held, and what a quote has become (PRODUCT.md section 9)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from app.domain.catalogue import Name
from app.domain.coupons import Coupon
from app.domain.periods import SEOUL

HELD_DAYS = 30
"""For how many days after its own the price of NEW items is held."""


class QuoteStatus(StrEnum):
    VALID = "VALID"
    EXPIRED = "EXPIRED"
    ORDERED = "ORDERED"


class QuoteRecipient(StrEnum):
    """Where a quote is mailed: the asker's own address, the company's on file."""

    OWN = "OWN"
    COMPANY_CONTACT = "COMPANY_CONTACT"


QUOTE_STATUS_LABELS: Mapping[QuoteStatus, Name] = MappingProxyType(
    {
        QuoteStatus.VALID: Name("유효", "Valid"),
        QuoteStatus.EXPIRED: Name("기간 만료", "Expired"),
        QuoteStatus.ORDERED: Name("주문 완료", "Ordered"),
    }
)


def valid_until(quoted_on: date) -> date:
    """The last day (KST) on which the price is held."""
    return quoted_on + timedelta(days=HELD_DAYS)


def quote_expires_at(quoted_on: date) -> datetime:
    """The moment (UTC) from which it is held no more: 24:00 KST of the last day."""
    midnight = datetime.combine(valid_until(quoted_on) + timedelta(days=1), time(), tzinfo=SEOUL)
    return midnight.astimezone(UTC)


def quote_status(*, ordered: bool, expires_at: datetime, now: datetime) -> QuoteStatus:
    """What the quote is now."""
    if ordered:
        return QuoteStatus.ORDERED
    return QuoteStatus.VALID if now < expires_at else QuoteStatus.EXPIRED


def honoured(coupon: Coupon, quoted_on: date, today: date) -> Coupon:
    """A coupon that was good on the quote's day is good while the quote's price is held.

    Its last use may be taken meanwhile all the same: a quote holds none.
    """
    if not coupon.first_day <= quoted_on <= coupon.last_day:
        return coupon
    return replace(coupon, last_day=max(coupon.last_day, today))
