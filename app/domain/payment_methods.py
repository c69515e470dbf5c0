"""How an order is paid: which methods it may take, and until when it can be paid with each.

Source: PRODUCT.md sections 8 (CREDIT lines), 10 (deadlines) and 11; docs/decisions/0015.
"""

from collections.abc import Collection
from datetime import date, datetime

from app.domain.errors import DomainError
from app.domain.orders import PaymentMethod, end_of, payment_deadline

WITH_A_CREDIT_LINE = frozenset(
    {
        PaymentMethod.CARD,
        PaymentMethod.TRANSFER,
        PaymentMethod.BILLING_KEY,
        PaymentMethod.TERMS,
    }
)
"""A credit is worth less tomorrow: its order is settled on its day."""


def check_method(
    named: str | None, total: int, offered: Collection[PaymentMethod], *, has_credit: bool
) -> PaymentMethod | None:
    """The method, None exactly where nothing is due. Raises `payment_method_not_allowed`."""
    if (named is None) is not (total <= 0):
        raise DomainError("payment_method_not_allowed", "/payment_method")
    if named is None:
        return None
    allowed = frozenset(offered) & WITH_A_CREDIT_LINE if has_credit else frozenset(offered)
    if named not in allowed:
        raise DomainError("payment_method_not_allowed", "/payment_method")
    return PaymentMethod(named)


def order_deadline(
    placed_at: datetime,
    method: PaymentMethod,
    last_days: Collection[date],
    holidays: frozenset[date],
) -> datetime:
    """Until when an order can be paid (UTC). `last_days` (KST) are those of what it is about."""
    limits = [end_of(day) for day in last_days]
    return min([payment_deadline(placed_at, method, holidays), *limits])


def changed_deadline(
    placed_at: datetime,
    changed_at: datetime,
    former: datetime,
    method: PaymentMethod,
    last_days: Collection[date],
    holidays: frozenset[date],
) -> datetime:
    """Until when an order can be paid whose method was changed: never later than it could have

    been with the new method from the start, or with the former one. So changing back and forth
    gains no time, and nobody loses the order by changing to a method of a shorter time.
    """
    anew = min(former, payment_deadline(changed_at, method, holidays))
    return max(order_deadline(placed_at, method, last_days, holidays), anew)
