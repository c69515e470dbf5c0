"""What of a payment goes back: never more than came, and its VAT to the won."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import DomainError
from app.domain.payments import PaymentState
from app.domain.refunds import (
    REFUND_STEPS,
    Cancelled,
    Going,
    Money,
    Received,
    RefundState,
    derive_payment_state,
    fulfilled_by,
    part_of,
    split,
    step_refund,
    value_of_item,
)


def test_the_whole_of_a_payment_has_its_whole_vat() -> None:
    assert part_of(Received(583_000, 53_000), 583_000) == Money(583_000, 53_000)


def test_a_termination_takes_its_exact_vat_out_of_the_payment() -> None:
    """360,000 unused and 36,000 VAT less a fee of 36,000, of which no VAT is due."""
    assert part_of(Received(583_000, 53_000), 360_000, 36_000) == Money(360_000, 36_000)


def test_the_last_part_has_what_is_left_of_the_vat() -> None:
    first = part_of(Received(100, 9), 50)
    last = part_of(Received(100, 9, first.amount, first.vat), 50)
    assert (first, last) == (Money(50, 4), Money(50, 5))


@pytest.mark.parametrize("amount", [0, -1, 583_001])
def test_more_than_was_paid_is_refused(amount: int) -> None:
    with pytest.raises(DomainError, match="refund_exceeds_payment"):
        part_of(Received(583_000, 53_000), amount)


def test_more_than_the_rest_is_refused() -> None:
    with pytest.raises(DomainError, match="refund_exceeds_payment") as refused:
        part_of(Received(583_000, 53_000, 500_000, 45_454), 83_001)
    assert refused.value.facts["left"] == 83_000


def test_a_vat_that_does_not_fit_any_more_is_the_nearest_that_does() -> None:
    assert part_of(Received(1_100, 100, 550, 90), 550, 50) == Money(550, 10)
    assert part_of(Received(1_100, 100, 1_000, 0), 100, 0) == Money(100, 100)


received = st.integers(1, 10_000_000).flatmap(
    lambda amount: st.builds(Received, st.just(amount), st.integers(0, amount))
)


@given(received, st.lists(st.integers(1, 3_000_000), max_size=8))
def test_parts_add_up_to_the_payment_and_to_its_vat(whole: Received, wanted: list[int]) -> None:
    back = back_vat = 0
    for amount in [*wanted, whole.amount]:
        left = whole.amount - back
        if left == 0:
            break
        part = part_of(Received(whole.amount, whole.vat, back, back_vat), min(amount, left))
        assert 0 <= part.vat <= part.amount
        back, back_vat = back + part.amount, back_vat + part.vat
    assert (back, back_vat) == (whole.amount, whole.vat)


def test_a_sum_goes_to_the_payment_first_and_then_to_credit() -> None:
    card, credit = Received(400_000, 36_364), Received(183_000, 16_636)
    assert split(Money(583_000, 53_000), [card, credit]) == (
        Money(400_000, 36_364),
        Money(183_000, 16_636),
    )
    assert split(Money(100_000, 9_090), [card, credit]) == (Money(100_000, 9_090), Money(0, 0))


def test_a_sum_larger_than_all_that_was_paid_is_refused() -> None:
    with pytest.raises(DomainError, match="refund_exceeds_payment"):
        split(Money(583_001, 53_000), [Received(400_000, 36_364), Received(183_000, 16_636)])


@given(st.lists(received, min_size=1, max_size=4), st.data())
def test_shares_add_up_to_the_sum(sources: list[Received], data: st.DataObject) -> None:
    amount = data.draw(st.integers(1, sum(source.amount for source in sources)))
    shares = split(Money(amount, amount // 11), sources)
    assert sum(share.amount for share in shares) == amount
    pairs = list(zip(shares, sources, strict=True))
    assert all(share.amount <= source.amount for share, source in pairs)
    assert all(0 <= share.vat <= source.vat for share, source in pairs)


def test_the_items_of_an_order_share_its_vat() -> None:
    assert value_of_item([530_000], 0, 53_000) == Money(583_000, 53_000)
    assert [value_of_item([5, 5, 9], place, 1) for place in range(3)] == [
        Money(5, 0),
        Money(5, 0),
        Money(10, 1),
    ]
    assert value_of_item([0, 100], 0, 10) == Money(0, 0)
    assert value_of_item([-50, 100], 0, 5) == Money(0, 0)


def test_the_state_of_a_payment_follows_its_refunds() -> None:
    done, sent = RefundState.DONE, RefundState.SENT
    cases = {
        (): PaymentState.PAID,
        (Going(RefundState.REQUESTED, 40),): PaymentState.PAID,
        (Going(done, 40),): PaymentState.PARTIALLY_REFUNDED,
        (Going(done, 40), Going(sent, 60)): PaymentState.REFUND_DUE,
        (Going(RefundState.MANUAL_REQUIRED, 100),): PaymentState.REFUND_DUE,
        (Going(done, 40), Going(done, 60)): PaymentState.REFUNDED,
    }
    assert {key: derive_payment_state(100, key) for key in cases} == cases


@pytest.mark.parametrize("current", RefundState)
@pytest.mark.parametrize("to", RefundState)
def test_a_refund_takes_the_steps_of_its_table_only(current: RefundState, to: RefundState) -> None:
    if (current, to) in REFUND_STEPS:
        assert step_refund(current, to) is to
        return
    with pytest.raises(DomainError, match="refund_state_conflict"):
        step_refund(current, to)


def test_what_is_done_stays_done() -> None:
    assert not {to for current, to in REFUND_STEPS if current is RefundState.DONE}


def test_what_was_cancelled_by_hand_fulfils_the_refund_of_that_sum() -> None:
    one, other = uuid4(), uuid4()
    waiting = {one: 300, other: 500}
    assert fulfilled_by(Cancelled("c", 500, 45), waiting) == other
    assert fulfilled_by(Cancelled("c", 400, 36), waiting) is None
