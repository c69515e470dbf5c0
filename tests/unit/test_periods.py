"""Contract months: the golden periods, and what holds for every anchor."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.periods import boundary, days_left, expires_on, seoul_date

GOLDEN = Path(__file__).parents[1] / "golden" / "pricing.json"
SHARED = Path(__file__).parents[3] / "shared" / "golden" / "pricing.json"
PERIODS = json.loads(GOLDEN.read_text(encoding="utf-8"))["periods"]


def test_the_committed_golden_file_is_the_shared_one() -> None:
    if SHARED.exists():
        assert GOLDEN.read_bytes() == SHARED.read_bytes()


@pytest.mark.parametrize("case", PERIODS, ids=lambda case: f"{case['anchor_on']}+{case['months']}")
def test_golden_period(case: dict[str, str]) -> None:
    anchor = date.fromisoformat(case["anchor_on"])
    assert expires_on(anchor, int(case["months"])) == date.fromisoformat(case["expires_on"])


def test_the_guides_contract_has_eight_days_left_on_21_september() -> None:
    assert days_left(date(2023, 9, 21), date(2023, 9, 28)) == 8
    assert days_left(date(2023, 9, 28), date(2023, 9, 28)) == 1
    assert days_left(date(2023, 9, 29), date(2023, 9, 28)) == 0


def test_a_business_date_is_seouls() -> None:
    assert seoul_date(datetime(2026, 11, 24, 14, 59, tzinfo=UTC)) == date(2026, 11, 24)
    assert seoul_date(datetime(2026, 11, 24, 15, 0, tzinfo=UTC)) == date(2026, 11, 25)
    with pytest.raises(ValueError, match="offset"):
        seoul_date(datetime(2026, 11, 24, 15, 0))  # noqa: DTZ001 - that it is naive is the point


@settings(max_examples=100, deadline=None)
@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 60))
def test_contract_months_follow_each_other_without_gap_or_overlap(anchor: date, k: int) -> None:
    assert boundary(anchor, 0) == anchor
    assert 28 <= (boundary(anchor, k + 1) - boundary(anchor, k)).days <= 31
