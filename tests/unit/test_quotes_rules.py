"""How long a quote holds its price, in KST days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.catalogue import Name
from app.domain.coupons import Coupon, CouponScope
from app.domain.quotes import (
    QuoteStatus,
    held_until,
    honoured,
    quote_expires_at,
    quote_status,
    valid_until,
)

DAY = date(2026, 11, 24)
LAST_DAY = date(2026, 12, 24)
LAST_MOMENT = datetime(2026, 12, 24, 14, 59, 59, tzinfo=UTC)  # 23:59:59 KST
COUPON = Coupon(
    "C", Name("쿠폰", "Coupon"), CouponScope.ALL, 10, None, date(2026, 11, 1), date(2026, 11, 30)
)


def test_a_quote_holds_its_price_for_thirty_days() -> None:
    assert held_until(DAY, touches_membership=False, terms_end=[]) == LAST_DAY
    assert quote_expires_at(LAST_DAY) == LAST_MOMENT + timedelta(seconds=1)
    assert valid_until(quote_expires_at(LAST_DAY)) == LAST_DAY


def test_one_that_touches_a_membership_holds_it_for_seven() -> None:
    assert held_until(DAY, touches_membership=True, terms_end=[]) == date(2026, 12, 1)


def test_nothing_is_held_behind_the_end_of_a_term_that_it_adds_to() -> None:
    ends = [date(2027, 1, 1), date(2026, 11, 26)]
    assert held_until(DAY, touches_membership=True, terms_end=ends) == date(2026, 11, 26)


@pytest.mark.parametrize(
    ("ordered", "changed", "now", "status"),
    [
        (False, False, LAST_MOMENT, QuoteStatus.VALID),
        (False, True, LAST_MOMENT, QuoteStatus.MEMBERSHIP_CHANGED),
        (False, False, LAST_MOMENT + timedelta(seconds=1), QuoteStatus.EXPIRED),
        (False, True, LAST_MOMENT + timedelta(seconds=1), QuoteStatus.EXPIRED),
        (True, False, LAST_MOMENT, QuoteStatus.ORDERED),
        (True, True, LAST_MOMENT + timedelta(days=1), QuoteStatus.ORDERED),
    ],
)
def test_what_a_quote_is_follows_from_the_day_and_its_membership(
    ordered: bool, changed: bool, now: datetime, status: QuoteStatus
) -> None:
    found = quote_status(
        ordered=ordered,
        membership_changed=changed,
        expires_at=quote_expires_at(LAST_DAY),
        now=now,
    )
    assert found is status


def test_a_coupon_of_the_quotes_day_is_honoured_after_its_own_last_day() -> None:
    assert honoured(COUPON, DAY, date(2026, 12, 10)).last_day == date(2026, 12, 10)


def test_a_coupon_that_was_not_good_on_the_quotes_day_is_not_made_good() -> None:
    assert honoured(COUPON, date(2026, 12, 1), date(2026, 12, 10)) == COUPON
