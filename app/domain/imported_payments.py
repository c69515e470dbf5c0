"""What was paid for an imported contract: what a change or a termination of it gives back from.

docs/decisions/0020: only what the file says was paid is ever credited; a line that it does not
name was paid to nobody that we know of, and credits nothing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from app.domain.catalogue import Catalogue, Plan
from app.domain.contracts import HeldLine
from app.domain.money import rounded
from app.domain.periods import month_ratio
from app.domain.price_lines import base_code, charged, licence_code

_PAID = re.compile(
    r"([A-Z][A-Z0-9_]{0,39}):([0-9]{1,10})(?:@([0-9]{4}-[0-9]{2}-[0-9]{2})~([0-9]{4}-[0-9]{2}-[0-9]{2}))?"
)


@dataclass(frozen=True, slots=True)
class ImportedTerm:
    """The contract that something was paid for; days inclusive, prices in KRW a month."""

    plan: Plan
    users: int
    add_ons: Mapping[str, int]
    unit_prices: Mapping[str, int]
    anchor_on: date
    expires_on: date | None


def quantity_of(catalogue: Catalogue, term: ImportedTerm, code: str) -> int:
    """What a recurring code is charged for each month."""
    if code == licence_code(term.plan):
        return term.users
    if code == base_code(term.plan):
        return 1
    add_on = catalogue.add_on(code)
    assert add_on is not None
    return charged(add_on, term.add_ons[code], term.users)


def read_paid(
    catalogue: Catalogue, term: ImportedTerm, cell: str, refuse: Callable[[str], None]
) -> tuple[HeldLine, ...]:
    """`CODE:net` for the whole term, `CODE:net@from~to` for a part of it; each code once.

    `refuse` is told why a part cannot be: it is not of this contract, has another period, or
    more was paid than it costs.
    """
    lines: list[HeldLine] = []
    for part in filter(None, (p.strip() for p in cell.split(";"))):
        match = _PAID.fullmatch(part)
        if match is None or match[1] in {line.code for line in lines}:
            refuse("not CODE:net or CODE:net@from~to, or twice")
        elif match[1] not in term.unit_prices or term.expires_on is None:
            refuse(f"not in this contract: {match[1]}")
        else:
            line = _line(catalogue, term, match, term.expires_on)
            if line is None:
                refuse(f"its days are not in the term: {match[1]}")
            elif line.net > _worth(term, line):
                refuse(f"more than it costs: {match[1]}")
            else:
                lines.append(line)
    return tuple(lines)


def _line(
    catalogue: Catalogue, term: ImportedTerm, match: re.Match[str], expires_on: date
) -> HeldLine | None:
    """None where the days are none, or are not in the term."""
    try:
        first = date.fromisoformat(match[3]) if match[3] else term.anchor_on
        last = date.fromisoformat(match[4]) if match[4] else expires_on
    except ValueError:
        return None
    if not term.anchor_on <= first <= last <= expires_on:
        return None
    code = match[1]
    quantity, price = quantity_of(catalogue, term, code), term.unit_prices[code]
    return HeldLine(code, quantity, price, int(match[2]), first, last, quantity * price)


def _worth(term: ImportedTerm, line: HeldLine) -> int:
    """At the contract's price for its days: nobody paid more."""
    months, of = month_ratio(term.anchor_on, line.first_day, line.last_day)
    return rounded(line.monthly * months, of)
