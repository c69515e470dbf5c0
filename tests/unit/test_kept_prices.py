"""Prices that strangers ask for again: kept for one catalogue, day and wish, and no longer."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.catalogue import parse_catalogue
from app.domain.catalogues import shipped_catalogues
from app.domain.errors import DomainError
from app.domain.pricing import NewItem
from app.services.pricing import KeptPrices

GUIDE = parse_catalogue(shipped_catalogues()[0].document)
TODAY = date(2026, 11, 24)
WISH = [NewItem("SHARED", 10, 12, ())]


def test_the_guides_price_is_worked_out_once() -> None:
    kept = KeptPrices()
    first = kept.of(GUIDE, WISH, TODAY, None)
    assert first.priced.total == 583_000
    assert kept.of(GUIDE, [NewItem("SHARED", 10, 12, ())], TODAY, None) is first


@pytest.mark.parametrize(
    ("items", "today", "starts_on", "total"),
    [
        ([NewItem("SHARED", 11, 12, ())], TODAY, None, 635_800),
        (WISH * 2, TODAY, None, 1_166_000),
        (WISH, date(2026, 11, 25), None, 583_000),
        (WISH, TODAY, date(2026, 12, 1), 583_000),
    ],
)
def test_another_wish_day_or_start_is_another_price(
    items: list[NewItem], today: date, starts_on: date | None, total: int
) -> None:
    kept = KeptPrices()
    first = kept.of(GUIDE, WISH, TODAY, None)
    found = kept.of(GUIDE, items, today, starts_on)
    assert found is not first
    assert found.priced.total == total
    assert kept.of(GUIDE, WISH, TODAY, None) is first


def test_a_catalogue_that_was_read_again_begins_anew() -> None:
    kept = KeptPrices()
    first = kept.of(GUIDE, WISH, TODAY, None)
    again = replace(GUIDE)
    assert kept.of(again, WISH, TODAY, None) is not first


def test_there_are_never_more_than_it_has_room_for() -> None:
    kept = KeptPrices(size=3)
    for users in range(1, 20):
        kept.of(GUIDE, [NewItem("SHARED", users, 12, ())], TODAY, None)
        assert len(kept._kept) <= 3


def test_a_refusal_is_no_price() -> None:
    kept = KeptPrices()
    for _ in range(2):
        with pytest.raises(DomainError):
            kept.of(GUIDE, [NewItem("NO_SUCH_PLAN", 1, 12, ())], TODAY, None)
    assert kept._kept == {}
