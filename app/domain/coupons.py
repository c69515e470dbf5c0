"""Coupons: what one takes off, and when it may be used (PRODUCT.md section 8)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.catalogue import Name
from app.domain.errors import DomainError
from app.domain.money import percent_of


class CouponScope(StrEnum):
    """`LICENCE` lines alone, or `ALL` lines but CREDIT."""

    LICENCE = "LICENCE"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class Coupon:
    """`percent` or `amount` (KRW) off; empty `plans` or `order_types` mean every one."""

    code: str
    name: Name
    scope: CouponScope
    percent: int | None
    amount: int | None
    first_day: date
    last_day: date
    plans: frozenset[str] = frozenset()
    order_types: frozenset[str] = frozenset()
    minimum_amount: int = 0

    def off(self, left: int) -> int:
        """What is taken off what is left of the scope, never more than that."""
        if self.percent is not None:
            return min(left, percent_of(left, self.percent))
        return min(left, self.amount or 0)

    def fits(self, plan: str, order_type: str) -> bool:
        """Whether an item's lines belong to the coupon's scope at all."""
        return (not self.plans or plan in self.plans) and (
            not self.order_types or order_type in self.order_types
        )


def check_coupon(coupon: Coupon, today: date, amount: int, *, fits_any: bool) -> None:
    """Raises `coupon_not_applicable` outside its days, below its minimum, or for no item.

    Without a minimum it also fits a change whose credit is more than what it costs.
    """
    in_time = coupon.first_day <= today <= coupon.last_day
    enough = not coupon.minimum_amount or amount >= coupon.minimum_amount
    if not (in_time and fits_any and enough):
        raise DomainError("coupon_not_applicable", "/coupon_code")
