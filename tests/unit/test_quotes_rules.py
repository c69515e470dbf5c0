"""How long a quote holds its price, in KST days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.catalogue import Name
from app.domain.coupons import Coupon, CouponScope
from app.domain.quotes import QuoteStatus, honoured, quote_expires_at, quote_status, valid_until

DAY = date(2026, 11, 24)
LAST_MOMENT = datetime(2026, 12, 24, 14, 59, 59, tzinfo=UTC)  # 23:59:59 KST
COUPON = Coupon(
    "C", Name("쿠폰", "Coupon"), CouponScope.ALL, 10, None, date(2026, 11, 1), date(2026, 11, 30)
)


def test_a_quote_holds_its_price_for_thirty_days() -> None:
    assert valid_until(DAY) == date(2026, 12, 24)
    assert quote_expires_at(DAY) == LAST_MOMENT + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("ordered", "now", "status"),
    [
        (False, LAST_MOMENT, QuoteStatus.VALID),
        (False, LAST_MOMENT + timedelta(seconds=1), QuoteStatus.EXPIRED),
        (True, LAST_MOMENT, QuoteStatus.ORDERED),
        (True, LAST_MOMENT + timedelta(days=1), QuoteStatus.ORDERED),
    ],
)
def test_what_a_quote_is_follows_from_the_day(
    ordered: bool, now: datetime, status: QuoteStatus
) -> None:
    assert quote_status(ordered=ordered, expires_at=quote_expires_at(DAY), now=now) is status


def test_a_coupon_of_the_quotes_day_is_honoured_after_its_own_last_day() -> None:
    assert honoured(COUPON, DAY, date(2026, 12, 10)).last_day == date(2026, 12, 10)


def test_a_coupon_that_was_not_good_on_the_quotes_day_is_not_made_good() -> None:
    assert honoured(COUPON, date(2026, 12, 1), date(2026, 12, 10)) == COUPON
