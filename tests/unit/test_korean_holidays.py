"""Public holidays as the library knows them: lunar days and substitutes, and a deadline by them."""

from datetime import UTC, date, datetime

import pytest

from app.domain.orders import PaymentMethod
from app.domain.payment_methods import order_deadline
from app.services.korean_holidays import holidays_from


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2027, 2, 8), "설날 다음 날"),
        (date(2027, 2, 9), "설날 대체공휴일"),
        (date(2027, 5, 13), "부처님 오신 날"),
        (date(2027, 9, 15), "추석"),
        (date(2027, 10, 4), "개천절 대체공휴일"),
        (date(2028, 1, 1), "신정"),  # of the next year: deadlines cross it
    ],
)
def test_a_public_holiday(day: date, name: str) -> None:
    assert day in holidays_from(date(2027, 1, 15)), name


@pytest.mark.parametrize("day", [date(2027, 2, 10), date(2027, 9, 13), date(2027, 10, 5)])
def test_a_day_of_work(day: date) -> None:
    assert day not in holidays_from(date(2027, 1, 15))


def test_a_transfer_ordered_a_week_before_the_lunar_new_year_has_until_after_it() -> None:
    """1 February 2027 and seven days: the 8th and 9th are holidays, so the 10th at 24:00."""
    placed = datetime(2027, 2, 1, 3, tzinfo=UTC)
    until = order_deadline(placed, PaymentMethod.BANK_TRANSFER, [], holidays_from(date(2027, 2, 1)))
    assert until == datetime(2027, 2, 10, 15, tzinfo=UTC)


def test_years_without_known_lunar_days_have_weekends_only() -> None:
    assert holidays_from(date(2123, 1, 1)) == frozenset()
