"""차지백: what a card company decided of a payment that its holder denied (docs/decisions/0029)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.errors import DomainError
from app.domain.refunds import Money


class DisputeOutcome(StrEnum):
    """WON: the payment stands. LOST: the card company takes money back."""

    WON = "WON"
    LOST = "LOST"


class DisputeState(StrEnum):
    """DECIDED: what came of the last dispute is recorded. OPEN: it is not."""

    OPEN = "OPEN"
    DECIDED = "DECIDED"


@dataclass(frozen=True, slots=True)
class Decision:
    """`amount`: KRW with VAT, what is taken back; 0 where WON. `decided_on`: a KST day."""

    outcome: DisputeOutcome
    amount: int
    decided_on: date

    def check(self, held: int, today: date) -> None:
        """`held`: what of the payment is still at the provider. Raises `dispute_outcome_invalid`

        for a day to come, and for an amount that was not ours or does not go with the outcome.
        """
        if self.decided_on > today:
            raise DomainError("dispute_outcome_invalid", "/decided_on")
        most = max(held, 0) if self.outcome is DisputeOutcome.LOST else 0
        least = 1 if self.outcome is DisputeOutcome.LOST else 0
        if not least <= self.amount <= most:
            raise DomainError("dispute_outcome_invalid", "/amount", most=most)


@dataclass(frozen=True, slots=True)
class Promised:
    """A refund that is not sent yet: KRW with VAT."""

    amount: int
    vat: int

    def less(self, lost: int) -> Money:
        """What of it still goes back when `lost` of it was taken."""
        left = self.amount - lost
        return Money(left, self.vat * left // self.amount if self.amount else 0)


def lost_of_promised(paid: int, gone: int, promised: Sequence[int]) -> list[int]:
    """How much of each promise is not kept, the last made the first to go.

    `gone`: what of the payment is back or was taken; with the promises it would be more than came.
    """
    over = max(gone + sum(promised) - paid, 0)
    lost: list[int] = []
    for amount in reversed(promised):
        part = min(over, amount)
        lost.append(part)
        over -= part
    return lost[::-1]


def without_taken(value: Money, held: int, taken: int) -> Money:
    """What of a value still goes back once a card company took `taken` of what paid it.

    `held`: what payments and used credit have left. What was taken is not given back again.
    """
    lost = min(max(value.amount - held, 0), taken)
    if lost == 0:
        return value
    amount = value.amount - lost
    return Money(amount, value.vat * amount // value.amount)
