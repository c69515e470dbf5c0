"""The credit balance: why something is put to it (PRODUCT.md sections 8 and 10)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from app.domain.catalogue import Name


class CreditKind(StrEnum):
    """NOT_SERVED: days that had passed before an addition was paid. CHANGE: what one left.

    NOT_DELIVERED: an item of an order of several that could no longer be had. USED: by an order;
    RELEASED: that order ended unpaid. REFUNDED: what credit had paid is back. GOODWILL: a present.
    """

    NOT_SERVED = "NOT_SERVED"
    CHANGE = "CHANGE"
    NOT_DELIVERED = "NOT_DELIVERED"
    USED = "USED"
    RELEASED = "RELEASED"
    REFUNDED = "REFUNDED"
    GOODWILL = "GOODWILL"


CREDIT_LABELS: Mapping[CreditKind, Name] = MappingProxyType(
    {
        CreditKind.NOT_SERVED: Name("결제 전 미사용 기간", "Days before it was paid"),
        CreditKind.CHANGE: Name("변경 후 남은 금액", "Left after a change"),
        CreditKind.NOT_DELIVERED: Name("반영되지 않은 주문", "Ordered but not delivered"),
        CreditKind.USED: Name("주문에 사용", "Used for an order"),
        CreditKind.RELEASED: Name("주문 종료로 반환", "Back from an order that ended"),
        CreditKind.REFUNDED: Name("환불", "Refunded"),
        CreditKind.GOODWILL: Name("보상 지급", "Goodwill"),
    }
)
