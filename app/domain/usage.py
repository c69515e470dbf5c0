"""Usage of a site: when its people are told that little is left, or nothing (PRODUCT.md 13)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

LEVELS: Final = (100, 80)
"""Percent of what is contracted, the highest first."""
HISTORY_DAYS: Final = 366
"""How long a day's usage is kept, and the longest series that is given."""


class UsageMeasure(StrEnum):
    USERS = "USERS"
    STORAGE = "STORAGE"


def level_of(used: int, contracted: int) -> int:
    """The highest level that is reached, not rounded; 0 below all, or where nothing is contracted.

    Both in one unit.
    """
    if contracted <= 0:
        return 0
    return next((level for level in LEVELS if used * 100 >= level * contracted), 0)


def to_tell(
    told: Mapping[UsageMeasure, int], reached: Mapping[UsageMeasure, int]
) -> Mapping[UsageMeasure, int]:
    """What rose past what was told: once for each crossing, again after it fell below."""
    return {measure: level for measure, level in reached.items() if level > told.get(measure, 0)}
