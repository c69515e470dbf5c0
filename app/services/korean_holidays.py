"""공휴일: the public holidays that domain functions take, from the `holidays` library.

Lunar and substitute holidays are known as far as the library computes them (2050); after that a
working day is any that is no Saturday or Sunday.
"""

from datetime import date
from functools import lru_cache

from holidays import country_holidays


@lru_cache(maxsize=64)
def _of(year: int) -> frozenset[date]:
    return frozenset(country_holidays("KR", years=(year, year + 1)))


def holidays_from(day: date) -> frozenset[date]:
    """Those of the day's year and of the next one: deadlines lie no further ahead."""
    return _of(day.year)
