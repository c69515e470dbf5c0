"""Which methods an order takes, and until when it can be paid after another one was chosen."""

from datetime import UTC, date, datetime

import pytest

from app.domain.errors import DomainError
from app.domain.orders import PaymentMethod
from app.domain.payment_methods import changed_deadline, check_method, order_deadline

OFFERED = {PaymentMethod.CARD, PaymentMethod.TRANSFER, PaymentMethod.BANK_TRANSFER}


def kst(day: int, hour: int = 12) -> datetime:
    """A moment of December 2026; the 1st is a Tuesday."""
    return datetime(2026, 12, day, hour - 9, tzinfo=UTC) if hour >= 9 else _night(day, hour)


def _night(day: int, hour: int) -> datetime:
    return datetime(2026, 12, day - 1, hour + 15, tzinfo=UTC)


def midnight_after(day: int) -> datetime:
    return datetime(2026, 12, day, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("named", "total", "has_credit", "taken"),
    [
        ("CARD", 583_000, False, PaymentMethod.CARD),
        ("BANK_TRANSFER", 583_000, False, PaymentMethod.BANK_TRANSFER),
        (None, 0, False, None),
        (None, -1, True, None),
        ("CARD", 1, True, PaymentMethod.CARD),
        ("TRANSFER", 1, True, PaymentMethod.TRANSFER),
    ],
)
def test_a_method_is_named_exactly_where_something_is_due(
    named: str | None, total: int, has_credit: bool, taken: PaymentMethod | None
) -> None:
    assert check_method(named, total, OFFERED, has_credit=has_credit) is taken


@pytest.mark.parametrize(
    ("named", "total", "has_credit"),
    [
        (None, 583_000, False),
        ("CARD", 0, False),
        ("VIRTUAL_ACCOUNT", 583_000, False),  # not offered
        ("GOLD", 583_000, False),
        ("BANK_TRANSFER", 583_000, True),  # a credit is worth less tomorrow
    ],
)
def test_other_methods_are_refused(named: str | None, total: int, has_credit: bool) -> None:
    with pytest.raises(DomainError) as refused:
        check_method(named, total, OFFERED, has_credit=has_credit)
    assert (refused.value.code, refused.value.pointer) == (
        "payment_method_not_allowed",
        "/payment_method",
    )


NONE: frozenset[date] = frozenset()


def test_an_addition_is_paid_before_its_term_ends() -> None:
    placed, method = kst(1), PaymentMethod.BANK_TRANSFER
    assert order_deadline(placed, method, [], NONE) == midnight_after(8)
    assert order_deadline(placed, method, [date(2026, 12, 3)], NONE) == midnight_after(3)
    assert order_deadline(placed, method, [date(2027, 1, 31)], NONE) == midnight_after(8)


CARD, BANK = PaymentMethod.CARD, PaymentMethod.BANK_TRANSFER


@pytest.mark.parametrize(
    ("changed", "former", "method", "until"),
    [
        (kst(1), midnight_after(2), BANK, midnight_after(8)),  # as if it had been the first
        (kst(2, 23), midnight_after(2), BANK, midnight_after(8)),
        (kst(1), midnight_after(8), CARD, midnight_after(2)),
        (kst(4), midnight_after(8), CARD, midnight_after(5)),  # a day to use the card
        (kst(8), midnight_after(8), CARD, midnight_after(8)),  # but not beyond what it had
        (kst(5), midnight_after(5), BANK, midnight_after(8)),  # and back
    ],
)
def test_changing_the_method_neither_loses_the_order_nor_gains_time(
    changed: datetime, former: datetime, method: PaymentMethod, until: datetime
) -> None:
    assert changed_deadline(kst(1), changed, former, method, [], NONE) == until


def test_going_back_and_forth_ends_with_the_longest_time_from_the_order() -> None:
    placed, until = kst(1), midnight_after(2)
    for day in range(1, 9):
        for method in (BANK, CARD, BANK):
            until = changed_deadline(placed, kst(day), until, method, [], NONE)
        assert until == midnight_after(8)


def test_a_limit_of_what_is_ordered_holds_with_every_method() -> None:
    until = midnight_after(3)
    assert changed_deadline(kst(1), kst(2), until, BANK, [date(2026, 12, 3)], NONE) == until
