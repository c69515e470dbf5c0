"""Order and item states: every step of the tables, the derived fields, deadlines, sameness."""

from datetime import UTC, date, datetime
from itertools import product

import pytest

from app.domain.errors import DomainError
from app.domain.orders import (
    FIRST_STATUSES,
    FREE_LABEL,
    ITEM_STATE_LABELS,
    ORDER_STATUS_LABELS,
    ORDER_TYPE_LABELS,
    PAYMENT_METHOD_LABELS,
    PAYMENT_STATUS_LABELS,
    ItemState,
    OrderedItem,
    OrderEnd,
    OrderStatus,
    OrderType,
    PaymentMethod,
    PaymentStatus,
    derive_order_status,
    derive_payment_status,
    order_fingerprint,
    payment_deadline,
    step_item,
    step_order,
)

ALLOWED_ITEM_STEPS = {
    ("PENDING", "PROVISIONING"),
    ("PENDING", "REFUNDED"),
    ("PROVISIONING", "COMPLETED"),
    ("PROVISIONING", "FAILED"),
    ("FAILED", "PROVISIONING"),
    ("FAILED", "REFUNDED"),
    ("COMPLETED", "REFUNDED"),
}
ALLOWED_ORDER_STEPS = {
    ("PENDING_PAYMENT", "PAID"),
    ("PENDING_PAYMENT", "CANCELLED"),
    ("PENDING_PAYMENT", "EXPIRED"),
    ("PAID", "PROVISIONING"),
    ("PAID", "CANCELLED"),
    ("PAID", "REFUNDED"),
    ("PROVISIONING", "COMPLETED"),
    ("PROVISIONING", "PARTIALLY_COMPLETED"),
    ("PROVISIONING", "PROVISIONING_FAILED"),
    ("PROVISIONING", "REFUNDED"),
    ("COMPLETED", "PARTIALLY_COMPLETED"),
    ("COMPLETED", "REFUNDED"),
    ("PARTIALLY_COMPLETED", "PROVISIONING"),
    ("PARTIALLY_COMPLETED", "PROVISIONING_FAILED"),
    ("PARTIALLY_COMPLETED", "REFUNDED"),
    ("PROVISIONING_FAILED", "PROVISIONING"),
    ("PROVISIONING_FAILED", "REFUNDED"),
}


@pytest.mark.parametrize(("current", "to"), list(product(ItemState, ItemState)))
def test_each_item_step_is_allowed_or_refused(current: ItemState, to: ItemState) -> None:
    if (current.value, to.value) in ALLOWED_ITEM_STEPS:
        assert step_item(current, to) is to
        return
    with pytest.raises(DomainError) as refused:
        step_item(current, to)
    assert refused.value.code == "order_state_conflict"
    assert refused.value.facts == {"current": current.value, "wanted": to.value}


@pytest.mark.parametrize(("current", "to"), list(product(OrderStatus, OrderStatus)))
def test_each_order_step_is_allowed_or_refused(current: OrderStatus, to: OrderStatus) -> None:
    if (current.value, to.value) in ALLOWED_ORDER_STEPS:
        assert step_order(current, to) is to
        return
    with pytest.raises(DomainError) as refused:
        step_order(current, to)
    assert refused.value.code == "order_state_conflict"
    assert refused.value.facts == {"current": current.value, "wanted": to.value}


@pytest.mark.parametrize(
    ("items", "status"),
    [
        ("PENDING", "PAID"),
        ("PENDING PENDING", "PAID"),
        ("PROVISIONING", "PROVISIONING"),
        ("PROVISIONING PENDING", "PROVISIONING"),
        ("PROVISIONING COMPLETED FAILED", "PROVISIONING"),
        ("PENDING COMPLETED", "PROVISIONING"),
        ("PENDING FAILED", "PROVISIONING"),
        ("COMPLETED", "COMPLETED"),
        ("COMPLETED COMPLETED", "COMPLETED"),
        ("COMPLETED FAILED", "PARTIALLY_COMPLETED"),
        ("COMPLETED REFUNDED", "PARTIALLY_COMPLETED"),
        ("COMPLETED FAILED REFUNDED", "PARTIALLY_COMPLETED"),
        ("FAILED", "PROVISIONING_FAILED"),
        ("FAILED REFUNDED", "PROVISIONING_FAILED"),
        ("REFUNDED", "REFUNDED"),
        ("REFUNDED REFUNDED", "REFUNDED"),
    ],
)
def test_the_order_status_follows_its_items(items: str, status: str) -> None:
    states = [ItemState(item) for item in items.split()]
    assert derive_order_status(states, None, due_now=False) == status
    assert derive_order_status(states[::-1], None, due_now=False) == status


def test_an_order_with_something_due_waits_for_payment() -> None:
    waiting = [ItemState.PENDING, ItemState.PENDING]
    assert derive_order_status(waiting, None, due_now=True) is OrderStatus.PENDING_PAYMENT


@pytest.mark.parametrize("due_now", [True, False])
def test_an_ended_order_says_how(due_now: bool) -> None:
    waiting = [ItemState.PENDING]
    assert derive_order_status(waiting, OrderEnd.CANCELLED, due_now) is OrderStatus.CANCELLED
    assert derive_order_status(waiting, OrderEnd.EXPIRED, due_now) is OrderStatus.EXPIRED


def test_an_order_without_items_is_an_error() -> None:
    with pytest.raises(ValueError, match="has items"):
        derive_order_status([], None, due_now=False)


def test_every_story_of_three_items_keeps_to_the_tables() -> None:
    """From a paid order, whatever item steps come next, the derived status takes allowed steps."""
    start = (ItemState.PENDING,) * 3
    seen, open_ends, statuses = {start}, [start], {OrderStatus.PAID}
    while open_ends:
        items = open_ends.pop()
        before = derive_order_status(items, None, due_now=False)
        for index, to in product(range(3), ItemState):
            if (items[index].value, to.value) not in ALLOWED_ITEM_STEPS:
                continue
            if (items[index], to) == (ItemState.PENDING, ItemState.REFUNDED):
                if items != start:
                    continue  # a waiting order is given back whole
                after_items = (to,) * 3
            else:
                after_items = (*items[:index], to, *items[index + 1 :])
            after = derive_order_status(after_items, None, due_now=False)
            assert before is after or step_order(before, after) is after
            statuses.add(after)
            if after_items not in seen:
                seen.add(after_items)
                open_ends.append(after_items)
    assert statuses == set(OrderStatus) - {
        OrderStatus.PENDING_PAYMENT,
        OrderStatus.CANCELLED,
        OrderStatus.EXPIRED,
    }


def test_an_order_begins_waiting_for_payment_or_paid() -> None:
    assert {"PENDING_PAYMENT", "PAID"} == FIRST_STATUSES


TODAY, DUE_DAY = date(2026, 11, 24), date(2026, 12, 24)


@pytest.mark.parametrize(
    ("due", "paid", "refunded", "terms_due_on", "today", "status"),
    [
        (0, 0, 0, None, TODAY, "NOT_NEEDED"),
        (-1_000, 0, 0, None, TODAY, "NOT_NEEDED"),
        (0, 0, 0, DUE_DAY, date(2026, 12, 25), "NOT_NEEDED"),
        (583_000, 0, 0, None, TODAY, "UNPAID"),
        (583_000, 582_999, 0, None, TODAY, "UNPAID"),
        (583_000, 583_000, 0, None, TODAY, "PAID"),
        (583_000, 0, 0, DUE_DAY, TODAY, "ON_TERMS"),
        (583_000, 0, 0, DUE_DAY, DUE_DAY, "ON_TERMS"),
        (583_000, 0, 0, DUE_DAY, date(2026, 12, 25), "OVERDUE"),
        (583_000, 100_000, 0, DUE_DAY, date(2026, 12, 25), "OVERDUE"),
        (583_000, 583_000, 0, DUE_DAY, date(2026, 12, 25), "PAID"),
        (583_000, 583_000, 1, None, TODAY, "PARTIALLY_REFUNDED"),
        (583_000, 583_000, 582_999, None, TODAY, "PARTIALLY_REFUNDED"),
        (583_000, 583_000, 583_000, None, TODAY, "REFUNDED"),
        (583_000, 100_000, 100_000, None, TODAY, "REFUNDED"),
    ],
)
def test_the_payment_status(
    due: int, paid: int, refunded: int, terms_due_on: date | None, today: date, status: str
) -> None:
    assert derive_payment_status(due, paid, refunded, terms_due_on, today) == PaymentStatus(status)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("method", ["CARD", "TRANSFER", "BILLING_KEY"])
@pytest.mark.parametrize(
    ("placed_at", "deadline"),
    [
        ("2026-11-24T03:00:00", "2026-11-25T15:00:00"),
        ("2026-11-24T14:59:59", "2026-11-25T15:00:00"),
        ("2026-11-24T15:00:00", "2026-11-26T15:00:00"),
        ("2026-11-27T03:00:00", "2026-11-28T15:00:00"),  # ends on a Saturday all the same
    ],
)
def test_cards_and_instant_transfers_are_due_by_the_end_of_the_next_day_in_seoul(
    method: str, placed_at: str, deadline: str
) -> None:
    holidays = frozenset({date(2026, 11, 25)})
    found = payment_deadline(utc(placed_at), PaymentMethod(method), holidays)
    assert found == utc(deadline)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("method", ["VIRTUAL_ACCOUNT", "BANK_TRANSFER"])
@pytest.mark.parametrize(
    ("placed_at", "holidays", "deadline"),
    [
        ("2026-11-24T03:00:00", [], "2026-12-01T15:00:00"),
        ("2026-11-24T15:00:00", [], "2026-12-02T15:00:00"),
        ("2026-11-28T03:00:00", [], "2026-12-07T15:00:00"),  # a Saturday: until Monday
        ("2026-11-29T03:00:00", [], "2026-12-07T15:00:00"),  # a Sunday: until Monday
        ("2026-12-18T03:00:00", [date(2026, 12, 25)], "2026-12-28T15:00:00"),  # Friday, Christmas
        ("2026-12-25T03:00:00", [date(2027, 1, 1)], "2027-01-04T15:00:00"),
        ("2026-11-24T03:00:00", [date(2026, 11, 26)], "2026-12-01T15:00:00"),  # not the last day
    ],
)
def test_deposits_are_due_by_the_end_of_the_seventh_day_or_the_next_working_day(
    method: str, placed_at: str, holidays: list[date], deadline: str
) -> None:
    found = payment_deadline(utc(placed_at), PaymentMethod(method), frozenset(holidays))
    assert found == utc(deadline)


def test_an_order_on_terms_has_no_deadline() -> None:
    with pytest.raises(ValueError, match="on terms"):
        payment_deadline(utc("2026-11-24T03:00:00"), PaymentMethod.TERMS, frozenset())


ONE = OrderedItem(OrderType.NEW, "SHARED", 10, 12, (("STORAGE_GB", 20), ("ACCOUNTING", 1)), "hana")
OTHER = OrderedItem(OrderType.ADD_EXTEND, None, 5, 12, (), "0198-membership")


def test_the_order_of_items_and_add_ons_makes_no_other_order() -> None:
    turned = OrderedItem(
        OrderType.NEW, "SHARED", 10, 12, (("ACCOUNTING", 1), ("STORAGE_GB", 20)), "hana"
    )
    assert order_fingerprint([ONE, OTHER]) == order_fingerprint([OTHER, turned])
    assert len(order_fingerprint([ONE])) == 32


def test_an_add_on_of_quantity_zero_is_none() -> None:
    with_zero = OrderedItem(
        OrderType.ADD_EXTEND, None, 5, 12, (("STORAGE_GB", 0),), "0198-membership"
    )
    assert order_fingerprint([with_zero]) == order_fingerprint([OTHER])


@pytest.mark.parametrize(
    "changed",
    [
        OrderedItem(OrderType.CHANGE, "SHARED", 10, 12, ONE.add_ons, "hana"),
        OrderedItem(OrderType.NEW, "DEDICATED", 10, 12, ONE.add_ons, "hana"),
        OrderedItem(OrderType.NEW, "SHARED", 11, 12, ONE.add_ons, "hana"),
        OrderedItem(OrderType.NEW, "SHARED", 10, 24, ONE.add_ons, "hana"),
        OrderedItem(OrderType.NEW, "SHARED", 12, 10, ONE.add_ons, "hana"),
        OrderedItem(OrderType.NEW, "SHARED", 10, None, ONE.add_ons, "hana"),
        OrderedItem(OrderType.NEW, "SHARED", 10, 12, (("STORAGE_GB", 20),), "hana"),
        OrderedItem(OrderType.NEW, "SHARED", 10, 12, ONE.add_ons, "dul"),
    ],
)
def test_another_content_or_site_is_another_order(changed: OrderedItem) -> None:
    assert order_fingerprint([changed]) != order_fingerprint([ONE])


def test_the_number_of_items_counts() -> None:
    assert order_fingerprint([ONE, ONE]) != order_fingerprint([ONE])


def test_the_labels_are_the_guides() -> None:
    assert [ORDER_TYPE_LABELS[each].ko for each in OrderType] == [
        "신규",
        "추가",
        "연장",
        "추가+연장",
        "변경",
        "갱신",
    ]
    assert [ORDER_STATUS_LABELS[each].ko for each in OrderStatus][:6] == [
        "결제 대기",
        "결제 완료",
        "개설 중",
        "완료",
        "일부 완료",
        "개설 실패",
    ]
    assert [PAYMENT_METHOD_LABELS[each].ko for each in PaymentMethod] == [
        "신용카드",
        "실시간 계좌이체",
        "가상계좌",
        "무통장입금",
        "자동카드결제",
        "후불",
    ]
    assert FREE_LABEL.ko == "무료"


def test_every_code_has_a_label() -> None:
    assert set(ORDER_TYPE_LABELS) == set(OrderType)
    assert set(ITEM_STATE_LABELS) == set(ItemState)
    assert set(ORDER_STATUS_LABELS) == set(OrderStatus)
    assert set(PAYMENT_STATUS_LABELS) == set(PaymentStatus)
    assert set(PAYMENT_METHOD_LABELS) == set(PaymentMethod)
