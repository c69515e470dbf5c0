"""What ending a service gives back (PRODUCT.md section 12, Termination).

Money is integer KRW, VAT apart unless it says otherwise; days are Asia/Seoul dates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from app.domain.catalogue import Name
from app.domain.contracts import Contract, HeldLine, unused_of
from app.domain.errors import DomainError
from app.domain.memberships import MembershipStatus
from app.domain.money import allot, vat_of
from app.domain.refunds import Money

FEE_PERCENT = 10
WITHDRAWAL_DAYS = 7
"""전자상거래법 제17조: after the day of the payment, which is not counted †."""
LONGEST_NOTICE = timedelta(days=366)
"""How far ahead the end of a plan without a term may be asked for."""
ADMINS_TOLD_BEFORE = timedelta(days=30)
WITHDRAWN_AFTER = timedelta(days=90)
"""PRODUCT.md section 2: a CLOSED company, after its last refund."""


class TerminationReason(StrEnum):
    """Why, as the customer says it. No words of their own: they would name persons."""

    NOT_NEEDED = "NOT_NEEDED"
    PRICE = "PRICE"
    FUNCTIONS = "FUNCTIONS"
    ANOTHER_SERVICE = "ANOTHER_SERVICE"
    CLOSING_DOWN = "CLOSING_DOWN"
    OTHER = "OTHER"


class TerminationChannel(StrEnum):
    """How it came: by the portal, or recorded by the operator."""

    PORTAL = "PORTAL"
    PHONE = "PHONE"
    MAIL = "MAIL"
    INQUIRY = "INQUIRY"


class TerminationState(StrEnum):
    REQUESTED = "REQUESTED"
    UNDONE = "UNDONE"
    DONE = "DONE"


TERMINATION_REASON_LABELS: Mapping[TerminationReason, Name] = MappingProxyType(
    {
        TerminationReason.NOT_NEEDED: Name("더 이상 필요하지 않음", "Not needed any more"),
        TerminationReason.PRICE: Name("가격", "The price"),
        TerminationReason.FUNCTIONS: Name("기능 부족", "Functions are missing"),
        TerminationReason.ANOTHER_SERVICE: Name("다른 서비스 이용", "Another service"),
        TerminationReason.CLOSING_DOWN: Name("사업 종료", "The business closes down"),
        TerminationReason.OTHER: Name("기타", "Another reason"),
    }
)
TERMINATION_STATE_LABELS: Mapping[TerminationState, Name] = MappingProxyType(
    {
        TerminationState.REQUESTED: Name("해지 예정", "Termination asked for"),
        TerminationState.UNDONE: Name("해지 취소", "Undone"),
        TerminationState.DONE: Name("해지 완료", "Terminated"),
    }
)


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


def check_last_day(contract: Contract, last_day: date, earliest: date) -> None:
    """Raises `membership_state_conflict` for what has ended and `termination_day_invalid`.

    `earliest`: today, or the day of receipt of what the operator records. A term that runs ends
    with its last day at the latest, an overdue or expired one on the earliest day alone; a plan
    without a term within a year.
    """
    if contract.status is MembershipStatus.TERMINATED:
        raise DomainError(
            "membership_state_conflict", current=contract.status.value, wanted="TERMINATED"
        )
    expires_on = contract.expires_on
    latest = earliest + LONGEST_NOTICE if expires_on is None else max(expires_on, earliest)
    if not earliest <= last_day <= latest:
        raise DomainError(
            "termination_day_invalid",
            "/last_day",
            earliest=earliest.isoformat(),
            latest=latest.isoformat(),
        )


def may_withdraw(paid_on: date | None, last_day: date) -> bool:
    """Whether everything is given back, provided that nobody has used the site.

    `paid_on`: the KST day of the payment of its NEW order; None where none was paid.
    """
    return paid_on is not None and last_day <= paid_on + timedelta(days=WITHDRAWAL_DAYS)


def is_unused(signed_in_ever: int) -> bool:
    """Nobody but the first administrator has ever signed in."""
    return signed_in_ever <= 1


@dataclass(frozen=True, slots=True)
class OrderShare:
    """What goes back of one order, or, without one, of a contract of before the portal.

    `value` is what is given back, with VAT and less the fee; `supply` what of the sale that is.
    """

    order_id: UUID | None
    value: Money
    supply: int
    fee: int


def shares_of(settled: Termination, orders: Sequence[UUID | None]) -> tuple[OrderShare, ...]:
    """By order, in the order of the lines: `orders` are those of the settled lines.

    VAT and fee were made once, of the sum; they are shared out so that they add up.
    """
    unused: dict[UUID | None, int] = {}
    for order_id, value in zip(orders, settled.by_line, strict=True):
        unused[order_id] = unused.get(order_id, 0) + value
    weights = list(unused.values())
    vats, fees = allot(settled.vat, weights), allot(settled.fee, weights)
    return tuple(
        OrderShare(order_id, Money(supply + vat - fee, vat), supply, fee)
        for (order_id, supply), vat, fee in zip(unused.items(), vats, fees, strict=True)
        if supply > 0
    )
