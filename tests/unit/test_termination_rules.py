"""How the end of a service is settled, and on which days it may be asked for."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.contracts import Contract, Segment
from app.domain.errors import DomainError
from app.domain.memberships import MembershipStatus
from app.domain.money import vat_of
from app.domain.refunds import Money
from app.domain.terminations import (
    OrderShare,
    Termination,
    check_last_day,
    is_unused,
    may_withdraw,
    shares_of,
)

ONE, TWO = uuid4(), uuid4()
TODAY = date(2031, 3, 31)
RUNNING = Contract("SHARED", 10, date(2031, 1, 1), (Segment(12),))
FREE = Contract("SHARED_FREE", 9, date(2031, 1, 1))


def settled(*by_line: int, percent: int = 10) -> Termination:
    unused = sum(by_line)
    vat, fee = vat_of(unused), unused * percent // 100
    return Termination(by_line, unused, vat, fee, unused + vat - fee)


def test_each_line_goes_back_to_the_order_that_sold_it() -> None:
    """Of 5,896,671: VAT 589,667 and fee 589,667 once, shared out to the won."""
    shares = shares_of(settled(126_300, 10_371, 5_760_000), [ONE, TWO, ONE])
    assert shares == (
        OrderShare(ONE, Money(5_886_300, 588_630), 5_886_300, 588_630),
        OrderShare(TWO, Money(10_371, 1_037), 10_371, 1_037),
    )


def test_an_order_of_which_nothing_is_unused_gives_nothing_back() -> None:
    assert shares_of(settled(0, 100), [ONE, TWO]) == (OrderShare(TWO, Money(100, 10), 100, 10),)
    assert shares_of(settled(0), [None]) == ()


orders = st.sampled_from([ONE, TWO, None])


@given(st.lists(st.tuples(orders, st.integers(0, 10**7)), max_size=9), st.integers(0, 100))
def test_shares_add_up_to_the_settlement(
    lines: list[tuple[UUID | None, int]], percent: int
) -> None:
    whole = settled(*(value for _, value in lines), percent=percent)
    shares = shares_of(whole, [order for order, _ in lines])
    assert sum(share.value.amount for share in shares) == whole.refund
    assert sum(share.value.vat for share in shares) == whole.vat
    assert sum(share.fee for share in shares) == whole.fee


@pytest.mark.parametrize(
    ("contract", "last_day"),
    [
        (RUNNING, TODAY),
        (RUNNING, date(2031, 12, 31)),
        (FREE, TODAY),
        (FREE, TODAY + timedelta(days=366)),
    ],
)
def test_a_day_from_today_to_the_end_of_the_term(contract: Contract, last_day: date) -> None:
    check_last_day(contract, last_day, TODAY)


@pytest.mark.parametrize(
    ("contract", "last_day"),
    [
        (RUNNING, TODAY - timedelta(days=1)),
        (RUNNING, date(2032, 1, 1)),
        (FREE, TODAY + timedelta(days=367)),
    ],
)
def test_no_day_that_is_gone_or_not_contracted(contract: Contract, last_day: date) -> None:
    with pytest.raises(DomainError, match="termination_day_invalid"):
        check_last_day(contract, last_day, TODAY)


def test_an_overdue_term_ends_on_the_day_it_is_asked_for() -> None:
    overdue = date(2032, 1, 5)
    check_last_day(RUNNING, overdue, overdue)
    with pytest.raises(DomainError, match="termination_day_invalid"):
        check_last_day(RUNNING, overdue + timedelta(days=1), overdue)


def test_what_has_ended_does_not_end_again() -> None:
    ended = Contract("SHARED_FREE", 9, TODAY, status=MembershipStatus.TERMINATED)
    with pytest.raises(DomainError, match="membership_state_conflict"):
        check_last_day(ended, TODAY, TODAY)


def test_seven_days_after_the_payment_whose_day_is_not_counted() -> None:
    paid_on = date(2031, 3, 1)
    assert may_withdraw(paid_on, date(2031, 3, 8))
    assert not may_withdraw(paid_on, date(2031, 3, 9))
    assert not may_withdraw(None, paid_on)


def test_a_site_is_unused_while_only_its_first_administrator_has_signed_in() -> None:
    assert [is_unused(people) for people in (0, 1, 2)] == [True, True, False]
