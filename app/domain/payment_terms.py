"""후불: delivered first, paid within 30 or 60 days of the delivery, and how old what is owed is.

Source: PRODUCT.md sections 10 and 11. Days are KST.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from app.domain.errors import DomainError
from app.domain.orders import beginning_of

DAYS = (30, 60)


class TermsStage(StrEnum):
    """What whoever ordered was told last."""

    INVOICED = "INVOICED"
    DUE_SOON = "DUE_SOON"
    OVERDUE = "OVERDUE"
    OVERDUE_7 = "OVERDUE_7"
    OVERDUE_14 = "OVERDUE_14"


_AFTER_DUE: Mapping[TermsStage, int] = MappingProxyType(
    {
        TermsStage.INVOICED: -max(DAYS),
        TermsStage.DUE_SOON: -7,
        TermsStage.OVERDUE: 1,
        TermsStage.OVERDUE_7: 7,
        TermsStage.OVERDUE_14: 14,
    }
)
"""Days from the last day to pay on; the invoice goes out with the delivery."""


@dataclass(frozen=True, slots=True)
class GivenTerms:
    """What the operator gave a company. `limit` in KRW with VAT, of all that it owes, or None."""

    days: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class Owing:
    """What a company owes on terms, in KRW with VAT."""

    amount: int
    overdue: bool


def check_terms(given: GivenTerms | None, owing: Owing, total: int) -> int:
    """The days of an order on terms. Raises `payment_method_not_allowed` without terms,

    `payment_terms_overdue` while something is overdue, and `credit_limit_exceeded`.
    """
    if given is None:
        raise DomainError("payment_method_not_allowed", "/payment_method")
    if owing.overdue:
        raise DomainError("payment_terms_overdue", "/payment_method")
    if given.limit is not None and owing.amount + total > given.limit:
        raise DomainError("credit_limit_exceeded", "/payment_method", limit=given.limit)
    return given.days


def due_on(delivered_on: date, days: int) -> date:
    """The last day to pay on; the day of the delivery is not counted."""
    return delivered_on + timedelta(days=days)


def next_stage(stage: TermsStage | None, last_day: date) -> tuple[TermsStage, datetime] | None:
    """What comes next and when (UTC), or None after the last. The invoice is due at once."""
    stages = list(TermsStage)
    place = 0 if stage is None else stages.index(stage) + 1
    if place == len(stages):
        return None
    following = stages[place]
    return following, beginning_of(last_day + timedelta(days=_AFTER_DUE[following]))


AGES: Sequence[tuple[str, int, int | None]] = (
    ("days_1_30", 1, 30),
    ("days_31_60", 31, 60),
    ("days_61_90", 61, 90),
    ("over_90", 91, None),
)
"""How many days something is overdue, both ends included."""
