"""견적서: how long a price is held, and what a quote has become (PRODUCT.md section 9)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from app.domain.catalogue import Name
from app.domain.coupons import Coupon
from app.domain.periods import SEOUL, seoul_date

HELD_DAYS = 30
"""For how many days after its own the price of NEW items is held."""
MEMBERSHIP_HELD_DAYS = 7
"""The same of a quote that touches a membership, unless that changes before."""


class QuoteStatus(StrEnum):
    VALID = "VALID"
    EXPIRED = "EXPIRED"
    ORDERED = "ORDERED"
    MEMBERSHIP_CHANGED = "MEMBERSHIP_CHANGED"


class QuoteRecipient(StrEnum):
    """Where a quote is mailed: the asker's own address, the company's on file."""

    OWN = "OWN"
    COMPANY_CONTACT = "COMPANY_CONTACT"


QUOTE_STATUS_LABELS: Mapping[QuoteStatus, Name] = MappingProxyType(
    {
        QuoteStatus.VALID: Name("유효", "Valid"),
        QuoteStatus.EXPIRED: Name("기간 만료", "Expired"),
        QuoteStatus.ORDERED: Name("주문 완료", "Ordered"),
        QuoteStatus.MEMBERSHIP_CHANGED: Name("멤버십 변경", "Membership changed"),
    }
)


def held_until(quoted_on: date, *, touches_membership: bool, terms_end: Iterable[date]) -> date:
    """The last day (KST) on which the price is held.

    `terms_end`: last days of the terms that something is added to; nothing can be after them.
    """
    days = MEMBERSHIP_HELD_DAYS if touches_membership else HELD_DAYS
    return min([quoted_on + timedelta(days=days), *terms_end])


def quote_expires_at(last_day: date) -> datetime:
    """The moment (UTC) from which it is held no more: 24:00 KST of the last day."""
    midnight = datetime.combine(last_day + timedelta(days=1), time(), tzinfo=SEOUL)
    return midnight.astimezone(UTC)


def valid_until(expires_at: datetime) -> date:
    """The last day (KST) on which the price is held, of the moment at which it is no more."""
    return seoul_date(expires_at - timedelta(microseconds=1))


def quote_status(
    *, ordered: bool, membership_changed: bool, expires_at: datetime, now: datetime
) -> QuoteStatus:
    """What the quote is now."""
    if ordered:
        return QuoteStatus.ORDERED
    if now >= expires_at:
        return QuoteStatus.EXPIRED
    return QuoteStatus.MEMBERSHIP_CHANGED if membership_changed else QuoteStatus.VALID


def honoured(coupon: Coupon, quoted_on: date, today: date) -> Coupon:
    """A coupon that was good on the quote's day is good while the quote's price is held.

    Its last use may be taken meanwhile all the same: a quote holds none.
    """
    if not coupon.first_day <= quoted_on <= coupon.last_day:
        return coupon
    return replace(coupon, last_day=max(coupon.last_day, today))
