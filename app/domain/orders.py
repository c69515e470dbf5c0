"""Orders: tables of allowed steps, the two derived fields, deadlines, and sameness.

Source: PRODUCT.md section 10. An order's `status` and `payment_status` are functions of its items
and payments; nothing else sets them. Labels are the guide's.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from app.domain.catalogue import Name
from app.domain.errors import DomainError
from app.domain.periods import SEOUL, seoul_date


class OrderType(StrEnum):
    """What an item does. ADD and EXTEND are the halves of a requested ADD_EXTEND."""

    NEW = "NEW"
    ADD = "ADD"
    EXTEND = "EXTEND"
    ADD_EXTEND = "ADD_EXTEND"
    CHANGE = "CHANGE"
    RENEWAL = "RENEWAL"


class ItemState(StrEnum):
    PENDING = "PENDING"
    PROVISIONING = "PROVISIONING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


class OrderStatus(StrEnum):
    PENDING_PAYMENT = "PENDING_PAYMENT"
    PAID = "PAID"
    PROVISIONING = "PROVISIONING"
    COMPLETED = "COMPLETED"
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED"
    PROVISIONING_FAILED = "PROVISIONING_FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REFUNDED = "REFUNDED"


class PaymentStatus(StrEnum):
    NOT_NEEDED = "NOT_NEEDED"
    UNPAID = "UNPAID"
    ON_TERMS = "ON_TERMS"
    OVERDUE = "OVERDUE"
    PAID = "PAID"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


class PaymentMethod(StrEnum):
    CARD = "CARD"
    TRANSFER = "TRANSFER"
    VIRTUAL_ACCOUNT = "VIRTUAL_ACCOUNT"
    BANK_TRANSFER = "BANK_TRANSFER"
    BILLING_KEY = "BILLING_KEY"
    TERMS = "TERMS"


ORDER_TYPE_LABELS: Mapping[OrderType, Name] = MappingProxyType(
    {
        OrderType.NEW: Name("신규", "New"),
        OrderType.ADD: Name("추가", "Addition"),
        OrderType.EXTEND: Name("연장", "Extension"),
        OrderType.ADD_EXTEND: Name("추가+연장", "Addition and extension"),
        OrderType.CHANGE: Name("변경", "Change"),
        OrderType.RENEWAL: Name("갱신", "Renewal"),
    }
)
ITEM_STATE_LABELS: Mapping[ItemState, Name] = MappingProxyType(
    {
        ItemState.PENDING: Name("대기", "Waiting"),
        ItemState.PROVISIONING: Name("개설 중", "Being opened"),
        ItemState.COMPLETED: Name("완료", "Completed"),
        ItemState.FAILED: Name("개설 실패", "Opening failed"),
        ItemState.REFUNDED: Name("환불 완료", "Refunded"),
    }
)
ORDER_STATUS_LABELS: Mapping[OrderStatus, Name] = MappingProxyType(
    {
        OrderStatus.PENDING_PAYMENT: Name("결제 대기", "Waiting for payment"),
        OrderStatus.PAID: Name("결제 완료", "Paid"),
        OrderStatus.PROVISIONING: Name("개설 중", "Being opened"),
        OrderStatus.COMPLETED: Name("완료", "Completed"),
        OrderStatus.PARTIALLY_COMPLETED: Name("일부 완료", "Partly completed"),
        OrderStatus.PROVISIONING_FAILED: Name("개설 실패", "Opening failed"),
        OrderStatus.CANCELLED: Name("주문 취소", "Cancelled"),
        OrderStatus.EXPIRED: Name("기한 만료", "Expired"),
        OrderStatus.REFUNDED: Name("환불 완료", "Refunded"),
    }
)
PAYMENT_STATUS_LABELS: Mapping[PaymentStatus, Name] = MappingProxyType(
    {
        PaymentStatus.NOT_NEEDED: Name("결제 불필요", "No payment needed"),
        PaymentStatus.UNPAID: Name("미결제", "Unpaid"),
        PaymentStatus.ON_TERMS: Name("후불", "On terms"),
        PaymentStatus.OVERDUE: Name("연체", "Overdue"),
        PaymentStatus.PAID: Name("결제 완료", "Paid"),
        PaymentStatus.PARTIALLY_REFUNDED: Name("부분 환불", "Partly refunded"),
        PaymentStatus.REFUNDED: Name("환불 완료", "Refunded"),
    }
)
PAYMENT_METHOD_LABELS: Mapping[PaymentMethod, Name] = MappingProxyType(
    {
        PaymentMethod.CARD: Name("신용카드", "Credit card"),
        PaymentMethod.TRANSFER: Name("실시간 계좌이체", "Real-time account transfer"),
        PaymentMethod.VIRTUAL_ACCOUNT: Name("가상계좌", "Virtual account"),
        PaymentMethod.BANK_TRANSFER: Name("무통장입금", "Bank transfer"),
        PaymentMethod.BILLING_KEY: Name("자동카드결제", "Automatic card payment"),
        PaymentMethod.TERMS: Name("후불", "On terms"),
    }
)
FREE_LABEL = Name("무료", "Free")
"""The label of the payment method where nothing is due."""

_I, _O = ItemState, OrderStatus

ITEM_STEPS: frozenset[tuple[ItemState, ItemState]] = frozenset(
    {
        (_I.PENDING, _I.PROVISIONING),
        (_I.PENDING, _I.REFUNDED),  # paid for a later start, given back before
        (_I.PROVISIONING, _I.COMPLETED),
        (_I.PROVISIONING, _I.FAILED),
        (_I.FAILED, _I.PROVISIONING),  # another sub-domain, or the operator's retry
        (_I.FAILED, _I.REFUNDED),
        (_I.COMPLETED, _I.REFUNDED),
    }
)

FIRST_STATUSES = frozenset({_O.PENDING_PAYMENT, _O.PAID})
"""What an order begins with: PAID where nothing is due before delivery (free, or on terms)."""

ORDER_STEPS: frozenset[tuple[OrderStatus, OrderStatus]] = frozenset(
    {
        (_O.PENDING_PAYMENT, _O.PAID),
        (_O.PENDING_PAYMENT, _O.CANCELLED),
        (_O.PENDING_PAYMENT, _O.EXPIRED),
        (_O.PAID, _O.PROVISIONING),
        (_O.PAID, _O.CANCELLED),  # nothing was paid: free, or on terms
        (_O.PAID, _O.REFUNDED),
        (_O.PROVISIONING, _O.COMPLETED),
        (_O.PROVISIONING, _O.PARTIALLY_COMPLETED),
        (_O.PROVISIONING, _O.PROVISIONING_FAILED),
        (_O.PROVISIONING, _O.REFUNDED),  # its last item could not be delivered, as those before
        (_O.COMPLETED, _O.PARTIALLY_COMPLETED),  # one of its sites was given back
        (_O.COMPLETED, _O.REFUNDED),
        (_O.PARTIALLY_COMPLETED, _O.PROVISIONING),
        (_O.PARTIALLY_COMPLETED, _O.PROVISIONING_FAILED),  # what was done is given back
        (_O.PARTIALLY_COMPLETED, _O.REFUNDED),
        (_O.PROVISIONING_FAILED, _O.PROVISIONING),
        (_O.PROVISIONING_FAILED, _O.REFUNDED),
    }
)


def step_item(current: ItemState, to: ItemState) -> ItemState:
    """The state stepped to. Raises `order_state_conflict`; staying is no step."""
    if (current, to) not in ITEM_STEPS:
        raise DomainError("order_state_conflict", current=current.value, wanted=to.value)
    return to


def step_order(current: OrderStatus, to: OrderStatus) -> OrderStatus:
    """The status stepped to. Raises `order_state_conflict`; staying is no step."""
    if (current, to) not in ORDER_STEPS:
        raise DomainError("order_state_conflict", current=current.value, wanted=to.value)
    return to


class OrderEnd(StrEnum):
    """How an order ended before delivery."""

    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


def derive_order_status(
    items: Collection[ItemState], ended: OrderEnd | None, due_now: bool
) -> OrderStatus:
    """The order's status. `due_now`: something is due before delivery.

    While one item waits or is worked on after another has moved, the order is PROVISIONING. A
    waiting order is given back whole: its items become REFUNDED in one transaction. Raises
    ValueError without items.
    """
    states = frozenset(items)
    if not states:
        raise ValueError("an order has items")
    if ended is not None:
        return OrderStatus(ended.value)
    if states == {_I.PENDING}:
        return _O.PENDING_PAYMENT if due_now else _O.PAID
    if states & {_I.PENDING, _I.PROVISIONING}:
        return _O.PROVISIONING
    if states == {_I.COMPLETED}:
        return _O.COMPLETED
    if states == {_I.REFUNDED}:
        return _O.REFUNDED
    return _O.PARTIALLY_COMPLETED if _I.COMPLETED in states else _O.PROVISIONING_FAILED


def derive_payment_status(
    due: int, paid: int, refunded: int, terms_due_on: date | None, today: date
) -> PaymentStatus:
    """The order's payment status, amounts in KRW with VAT.

    `due`: what the order asks for after credit. `paid`: what its kept payments brought.
    `refunded`: what of that went back. `terms_due_on`: last day to pay of an order on terms (후불),
    else None; from the day after it is OVERDUE.
    """
    if refunded > 0:
        return PaymentStatus.REFUNDED if refunded >= paid else PaymentStatus.PARTIALLY_REFUNDED
    if due <= 0:
        return PaymentStatus.NOT_NEEDED
    if paid >= due:
        return PaymentStatus.PAID
    if terms_due_on is None:
        return PaymentStatus.UNPAID
    return PaymentStatus.OVERDUE if today > terms_due_on else PaymentStatus.ON_TERMS


_DAYS_TO_PAY: Mapping[PaymentMethod, int] = MappingProxyType(
    {
        PaymentMethod.CARD: 1,
        PaymentMethod.TRANSFER: 1,
        PaymentMethod.BILLING_KEY: 1,
        PaymentMethod.VIRTUAL_ACCOUNT: 7,
        PaymentMethod.BANK_TRANSFER: 7,
    }
)
_AT_THE_BANK = frozenset({PaymentMethod.VIRTUAL_ACCOUNT, PaymentMethod.BANK_TRANSFER})


def payment_deadline(
    placed_at: datetime, method: PaymentMethod, holidays: frozenset[date]
) -> datetime:
    """The moment (UTC) at which an unpaid NEW, EXTEND or ADD_EXTEND order expires: 24:00 KST.

    Cards and 실시간 계좌이체: of the next day. Virtual accounts and bank transfers: of the 7th day,
    or of the next working day after it; the day of the order is not counted (Civil Act 157, 161).
    `placed_at` is aware. Raises ValueError for TERMS, which are paid after delivery.
    """
    if method not in _DAYS_TO_PAY:
        raise ValueError("an order on terms does not expire")
    last_day = seoul_date(placed_at) + timedelta(days=_DAYS_TO_PAY[method])
    if method in _AT_THE_BANK:
        while last_day.weekday() >= 5 or last_day in holidays:
            last_day += timedelta(days=1)
    return end_of(last_day)


def beginning_of(day: date) -> datetime:
    """00:00 KST of a business day, in UTC."""
    return end_of(day - timedelta(days=1))


def end_of(day: date) -> datetime:
    """24:00 KST of a business day, in UTC."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=SEOUL)
    return midnight.astimezone(UTC)


OPENS_AT = time(0, 5)
"""When a site asked for a later day is opened on it (KST)."""


def opening_time(now: datetime, starts_on: date | None) -> datetime:
    """When a paid item may be opened: at once, or at 00:05 KST of the later day asked for."""
    if starts_on is None:
        return now
    return max(now, datetime.combine(starts_on, OPENS_AT, tzinfo=SEOUL))


def kind_of_order(types: Collection[OrderType]) -> OrderType:
    """What an order is called: as its items, which may be of several kinds."""
    kinds = frozenset(types)
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds <= {OrderType.ADD, OrderType.EXTEND, OrderType.ADD_EXTEND}:
        return OrderType.ADD_EXTEND
    return OrderType.CHANGE if OrderType.CHANGE in kinds else OrderType.NEW


@dataclass(frozen=True, slots=True)
class OrderedItem:
    """What makes an item the same as another: its content and the site that it is for.

    `users` are to be added for ADD_EXTEND; `months` are the extension's there. Add-ons are (code,
    quantity). `site` is the sub-domain of a NEW item, else the membership's id.
    """

    type: OrderType
    plan: str | None
    users: int | None
    months: int | None
    add_ons: tuple[tuple[str, int], ...]
    site: str | None


def order_fingerprint(items: Sequence[OrderedItem]) -> bytes:
    """32 bytes, equal for orders whose items are equal after sorting items and add-ons.

    Site names, administrators, coupon and payment method do not count, the number of items does.
    An add-on of quantity 0 is none. Compare within a company only.
    """
    encoded = sorted(
        json.dumps(
            [
                item.type.value,
                item.plan,
                item.users,
                item.months,
                sorted(pair for pair in item.add_ons if pair[1]),
                item.site,
            ]
        )
        for item in items
    )
    return hashlib.sha256("\n".join(encoded).encode()).digest()
