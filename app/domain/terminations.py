"""What ending a service gives back (PRODUCT.md section 12, Termination)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.contracts import HeldLine, unused_of
from app.domain.money import vat_of

FEE_PERCENT = 10


@dataclass(frozen=True, slots=True)
class Termination:
    """KRW. `by_line` is the unused value of each held line, in their order."""

    by_line: tuple[int, ...]
    unused: int
    vat: int
    fee: int
    refund: int


def settle_termination(
    held: Sequence[HeldLine], anchor: date, last_day: date, fee_percent: int = FEE_PERCENT
) -> Termination:
    """Service ends with `last_day`; the next day is the first unused. The fee is floored once."""
    first_unused = last_day + timedelta(days=1)
    by_line = tuple(unused_of(line, anchor, first_unused) for line in held)
    total = sum(by_line)
    vat, fee = vat_of(total), total * fee_percent // 100
    return Termination(by_line, total, vat, fee, total + vat - fee)
