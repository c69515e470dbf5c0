"""A change between two documents, and who is hurt by it."""

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """What is sent may come to allow more, what is answered may come to promise more."""

    SENT = "SENT"
    ANSWERED = "ANSWERED"


@dataclass(frozen=True, slots=True)
class Change:
    """`place`: the operation and the way into it, such as `create_order > answer 201 > /items`."""

    place: str
    what: str
    breaking: bool


def breaks(place: str, what: str) -> Change:
    return Change(place, what, breaking=True)


def adds(place: str, what: str) -> Change:
    return Change(place, what, breaking=False)
