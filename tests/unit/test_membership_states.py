"""Membership states, notices, the monthly fee, storage and percents."""

from itertools import product

import pytest

from app.domain.catalogue import Name
from app.domain.errors import DomainError
from app.domain.memberships import (
    MEMBERSHIP_STATUS_LABELS,
    MembershipStatus,
    StorageSplit,
    UsagePercent,
    contract_notice,
    monthly_fee,
    split_storage,
    step_membership,
    usage_percent,
)
from app.domain.pricing import Line, LineKind

ALLOWED = {
    ("IN_USE", "OVERDUE"),
    ("IN_USE", "TERMINATED"),
    ("OVERDUE", "IN_USE"),
    ("OVERDUE", "EXPIRED"),
    ("OVERDUE", "TERMINATED"),
    ("EXPIRED", "IN_USE"),
    ("EXPIRED", "TERMINATED"),
}


@pytest.mark.parametrize(("current", "to"), list(product(MembershipStatus, MembershipStatus)))
def test_each_membership_step_is_allowed_or_refused(
    current: MembershipStatus, to: MembershipStatus
) -> None:
    if (current.value, to.value) in ALLOWED:
        assert step_membership(current, to) is to
        return
    with pytest.raises(DomainError) as refused:
        step_membership(current, to)
    assert refused.value.code == "membership_state_conflict"
    assert refused.value.facts == {"current": current.value, "wanted": to.value}


def test_the_labels_are_the_guides() -> None:
    assert {status.value: label.ko for status, label in MEMBERSHIP_STATUS_LABELS.items()} == {
        "IN_USE": "사용 중",
        "OVERDUE": "초과 사용중",
        "EXPIRED": "만료",
        "TERMINATED": "해지",
    }


@pytest.mark.parametrize("months", [12, 24])
def test_a_yearly_contract_carries_the_guides_notice(months: int) -> None:
    notice = contract_notice(months)
    assert notice is not None
    assert (
        notice.ko == "계약은 30일 전 서면으로 변경/해지 통보가 없을 시 1년 단위로 자동 연장됩니다."
    )


def test_a_monthly_contract_has_its_own_notice_and_the_free_plan_none() -> None:
    monthly = contract_notice(1)
    assert monthly is not None
    assert "1개월 단위" in monthly.ko
    assert contract_notice(None) is None


def line(
    kind: LineKind,
    quantity: int,
    unit_price: int,
    months: int | None,
    volume: int = 0,
    prepay: int = 0,
    coupon: int = 0,
) -> Line:
    amount = quantity * unit_price * (months or 1)
    return Line(
        kind=kind,
        code="X",
        name=Name("이름", "name"),
        quantity=quantity,
        unit_price=unit_price,
        months=months,
        amount=amount,
        volume=volume,
        prepay=prepay,
        coupon=coupon,
    )


def test_the_guides_ten_shared_users_cost_40_000_a_month_set_up_apart() -> None:
    lines = [line(LineKind.LICENCE, 10, 4_000, 12), line(LineKind.SETUP, 1, 50_000, None)]
    assert monthly_fee(lines) == 40_000


def test_prepay_and_coupon_leave_the_monthly_fee_as_it_is() -> None:
    lines = [
        line(LineKind.LICENCE, 10, 5_000, 12, prepay=30_000, coupon=10_000),
        line(LineKind.BASE, 1, 200_000, 12, coupon=7),
        line(LineKind.SETUP, 1, 500_000, None),
        line(LineKind.ADD_ON, 20, 500, 12),
        line(LineKind.ADD_ON, 3, 10_000, None),
    ]
    assert monthly_fee(lines) == 260_000


def test_the_monthly_fee_is_net_of_volume() -> None:
    assert monthly_fee([line(LineKind.LICENCE, 100, 4_000, 12, volume=240_000)]) == 380_000


@pytest.mark.parametrize(
    ("volume", "fee"),
    [(0, 100), (1, 100), (6, 100), (7, 99), (12, 99), (18, 99), (19, 98)],
)
def test_each_line_is_rounded_half_up(volume: int, fee: int) -> None:
    assert monthly_fee([line(LineKind.LICENCE, 1, 100, 12, volume=volume)]) == fee
    both = [line(LineKind.LICENCE, 1, 100, 12, volume=volume)] * 2
    assert monthly_fee(both) == 2 * fee


def test_the_free_plan_costs_nothing() -> None:
    assert monthly_fee([line(LineKind.LICENCE, 9, 0, None)]) == 0
    assert monthly_fee([]) == 0


@pytest.mark.parametrize(
    ("total", "account", "public"),
    [(0, 0, 0), (1, 1, 0), (2, 1, 1), (3, 2, 1), (4, 2, 2), (5, 3, 2), (9, 7, 2), (240, 238, 2)],
)
def test_public_storage_is_half_and_two_gb_at_most(total: int, account: int, public: int) -> None:
    assert split_storage(total) == StorageSplit(account_gb=account, public_gb=public)


@pytest.mark.parametrize(
    ("used", "contracted", "percent", "left"),
    [
        (8, 9, 89, 11),
        (39, 90, 43, 57),
        (0, 100, 0, 100),
        (1, 200, 1, 99),
        (1, 201, 0, 100),
        (5, 200, 3, 97),
        (100, 100, 100, 0),
        (11, 10, 110, 0),
        (4_187_593_114, 9_663_676_416, 43, 57),
    ],
)
def test_percents_are_rounded_half_up_and_what_is_left_is_never_negative(
    used: int, contracted: int, percent: int, left: int
) -> None:
    assert usage_percent(used, contracted) == UsagePercent(used=percent, left=left)


@pytest.mark.parametrize("used", [0, 3])
def test_there_is_no_percent_of_nothing(used: int) -> None:
    assert usage_percent(used, 0) is None
