"""What would go back, and from which orders, if a membership ended with a day."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.db.termination_reads import SoldLine, TerminationFacts
from app.domain.money import vat_of
from app.domain.orders import PaymentStatus
from app.domain.periods import seoul_date
from app.domain.refunds import Money
from app.domain.terminations import (
    OrderShare,
    Termination,
    is_unused,
    may_withdraw,
    settle_termination,
    shares_of,
)


@dataclass(frozen=True, slots=True)
class Settlement:
    """`withdrawal`: everything is given back, set-up too, without a fee."""

    last_day: date
    withdrawal: bool
    lines: tuple[tuple[SoldLine, int], ...]
    """Each line held, and its unused value without VAT."""
    sums: Termination
    shares: tuple[OrderShare, ...]


def asks_for_use(facts: TerminationFacts, last_day: date) -> bool:
    """Whether it matters who has signed in at the site."""
    return may_withdraw(_paid_on(facts), last_day)


def settle(
    facts: TerminationFacts,
    anchor: date,
    last_day: date,
    fee_percent: int,
    signed_in_ever: int | None,
) -> Settlement:
    """Of what was delivered, paid or owed on terms; what waits for money gives nothing back.

    `signed_in_ever`: asked of the groupware where `asks_for_use`; None: not asked."""
    waiting = {o.id for o in facts.orders if o.payment_status == PaymentStatus.UNPAID}
    paid = [line for line in facts.lines if line.order_id not in waiting]
    sums = settle_termination([line.held for line in paid], anchor, last_day, fee_percent)
    lines = tuple(zip(paid, sums.by_line, strict=True))
    if signed_in_ever is not None and is_unused(signed_in_ever) and asks_for_use(facts, last_day):
        shares = _everything(facts)
        supply = sum(share.supply for share in shares)
        vat = sum(share.value.vat for share in shares)
        whole = Termination(sums.by_line, supply, vat, 0, supply + vat)
        return Settlement(last_day, True, lines, whole, shares)
    shares = shares_of(sums, [line.order_id for line in paid])
    return Settlement(last_day, False, lines, sums, shares)


def _paid_on(facts: TerminationFacts) -> date | None:
    return seoul_date(facts.paid_at) if facts.paid_at else None


def _everything(facts: TerminationFacts) -> tuple[OrderShare, ...]:
    """By order: all that its items for this membership cost, less what is back already."""
    paid: dict[UUID, int] = {}
    for item in facts.items:
        paid[item.order_id] = paid.get(item.order_id, 0) + item.net - item.not_served
    return tuple(
        OrderShare(order_id, Money(supply + vat_of(supply), vat_of(supply)), supply, 0)
        for order_id, supply in paid.items()
        if supply > 0
    )
