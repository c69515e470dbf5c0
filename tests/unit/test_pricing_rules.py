"""What holds for every price of NEW items, and what cannot be ordered."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.catalogue import Name, parse_catalogue
from app.domain.catalogues import shipped_catalogues
from app.domain.coupons import Coupon, CouponScope
from app.domain.errors import DomainError
from app.domain.explanations import explain_coupon, explain_discount, explain_line
from app.domain.pricing import LineKind, NewItem, price_order

TODAY = date(2026, 11, 24)
GUIDE = parse_catalogue(shipped_catalogues()[0].document)
TIERED = parse_catalogue(
    json.loads((Path(__file__).parents[1] / "data" / "tiered.json").read_text("utf-8"))
)
CODES = [add_on.code for add_on in GUIDE.add_ons if add_on.max_per_site is None]

add_ons = st.dictionaries(st.sampled_from(CODES), st.integers(1, 500), max_size=4).map(
    lambda chosen: tuple(chosen.items())
)
items = st.builds(
    NewItem,
    plan=st.sampled_from(["SHARED", "DEDICATED"]),
    users=st.integers(1, 6000),
    months=st.sampled_from([1, 12, 24]),
    add_ons=add_ons,
)
orders = st.lists(items, min_size=1, max_size=4)
catalogues = st.sampled_from([GUIDE, TIERED])
coupons = st.builds(
    lambda scope, percent, amount: Coupon(
        "C", Name("쿠폰", "Coupon"), scope, percent, None if percent else amount, TODAY, TODAY
    ),
    st.sampled_from(list(CouponScope)),
    st.one_of(st.none(), st.integers(1, 100)),
    st.integers(0, 10**8),
)
bounded = settings(max_examples=60, deadline=None)


@bounded
@given(catalogues, orders, st.one_of(st.none(), coupons))
def test_no_sum_is_negative_and_lines_add_up(catalogue, order, coupon) -> None:  # type: ignore[no-untyped-def]
    priced = price_order(catalogue, order, coupon, TODAY)
    lines = [line for item in priced.items for line in item.lines]
    assert min(line.net for line in lines) >= 0
    assert sum(line.amount for line in lines) == priced.amount
    assert sum(line.net for line in lines) == priced.supply == priced.amount - priced.discount
    assert priced.total == priced.supply + priced.vat
    assert priced.supply * 10 - 99 <= priced.vat * 100 <= priced.supply * 10


@bounded
@given(catalogues, orders, coupons)
def test_the_coupons_shares_are_the_coupon(catalogue, order, coupon) -> None:  # type: ignore[no-untyped-def]
    priced = price_order(catalogue, order, coupon, TODAY)
    lines = [line for item in priced.items for line in item.lines]
    assert sum(line.coupon for line in lines) == priced.coupon_amount
    if coupon.scope is CouponScope.LICENCE:
        assert all(line.coupon == 0 for line in lines if line.kind is not LineKind.LICENCE)


@bounded
@given(catalogues, orders, st.one_of(st.none(), coupons))
def test_the_order_of_items_changes_no_total(catalogue, order, coupon) -> None:  # type: ignore[no-untyped-def]
    there = price_order(catalogue, order, coupon, TODAY)
    back = price_order(catalogue, order[::-1], coupon, TODAY)
    assert (there.amount, there.discount, there.vat, there.total) == (
        back.amount,
        back.discount,
        back.vat,
        back.total,
    )


@bounded
@given(
    catalogues, st.sampled_from(["SHARED", "DEDICATED"]), st.integers(1, 6000), st.integers(1, 50)
)
def test_more_users_or_months_never_cost_less(catalogue, plan, users, more) -> None:  # type: ignore[no-untyped-def]
    def total(users: int, months: int) -> int:
        return price_order(catalogue, [NewItem(plan, users, months)], None, TODAY).total

    assert total(users, 12) <= total(users + more, 12)
    assert total(users, 1) <= total(users, 12) <= total(users, 24)


def refused(item: NewItem, *more: NewItem, starts_on: date | None = None) -> tuple[str, str | None]:
    with pytest.raises(DomainError) as refusal:
        price_order(GUIDE, [item, *more], None, TODAY, starts_on)
    return refusal.value.code, refusal.value.pointer


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (NewItem("GOLD", 1, 1), ("plan_unknown", "/items/0/plan")),
        (NewItem("SHARED", 0, 1), ("quantity_out_of_range", "/items/0/users")),
        (NewItem("SHARED", -1, 1), ("quantity_out_of_range", "/items/0/users")),
        (NewItem("SHARED", 100_001, 1), ("quantity_out_of_range", "/items/0/users")),
        (NewItem("SHARED", None, 1), ("quantity_out_of_range", "/items/0/users")),
        (NewItem("SHARED", 1, 6), ("term_not_offered", "/items/0/months")),
        (NewItem("SHARED", 1, None), ("term_not_offered", "/items/0/months")),
        (NewItem("SHARED_FREE", 10), ("plan_users_fixed", "/items/0/users")),
        (NewItem("SHARED_FREE", None, 12), ("term_not_offered", "/items/0/months")),
        (
            NewItem("SHARED_FREE", add_ons=(("STORAGE_GB", 1),)),
            ("paid_plan_required", "/items/0/add_ons/0/code"),
        ),
        (
            NewItem("SHARED", 1, 1, (("MOON", 1),)),
            ("add_on_unknown", "/items/0/add_ons/0/code"),
        ),
        (
            NewItem("SHARED", 1, 1, (("STORAGE_GB", 1), ("STORAGE_GB", 1))),
            ("add_on_twice", "/items/0/add_ons/1/code"),
        ),
        (
            NewItem("SHARED", 1, 1, (("STORAGE_GB", 0),)),
            ("quantity_out_of_range", "/items/0/add_ons/0/quantity"),
        ),
        (
            NewItem("SHARED", 1, 1, (("ACCOUNTING", 2),)),
            ("add_on_limit_exceeded", "/items/0/add_ons/0/quantity"),
        ),
    ],
)
def test_what_cannot_be_ordered_is_refused_at_its_place(
    item: NewItem, expected: tuple[str, str]
) -> None:
    assert refused(item) == expected


def test_a_company_orders_one_free_site_at_most() -> None:
    free = NewItem("SHARED_FREE")
    assert refused(free, free) == ("free_site_exists", "/items/1/plan")


def test_a_later_start_lies_within_sixty_days() -> None:
    item = NewItem("SHARED", 1, 1)
    for day in (TODAY - timedelta(days=1), TODAY + timedelta(days=61)):
        assert refused(item, starts_on=day) == ("starts_on_out_of_range", "/starts_on")
    latest = TODAY + timedelta(days=60)
    assert price_order(GUIDE, [item], None, TODAY, latest).items[0].starts_on == latest


def test_accounting_may_stand_on_a_free_site_while_it_costs_nothing() -> None:
    item = NewItem("SHARED_FREE", add_ons=(("ACCOUNTING", 1),))
    assert price_order(GUIDE, [item], None, TODAY).total == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"first_day": TODAY + timedelta(days=1), "last_day": TODAY + timedelta(days=2)},
        {"first_day": TODAY - timedelta(days=2), "last_day": TODAY - timedelta(days=1)},
        {"plans": frozenset({"DEDICATED"})},
        {"order_types": frozenset({"ADD"})},
        {"minimum_amount": 54_001},
    ],
)
def test_a_coupon_outside_its_rules_is_not_applicable(changed: dict[str, object]) -> None:
    rules: dict[str, object] = {"first_day": TODAY, "last_day": TODAY} | changed
    coupon = Coupon("C", Name("쿠폰", "Coupon"), CouponScope.ALL, 10, None, **rules)  # type: ignore[arg-type]
    with pytest.raises(DomainError, match="coupon_not_applicable"):
        price_order(GUIDE, [NewItem("SHARED", 1, 1)], coupon, TODAY)


def test_each_step_is_said_in_korean_and_english() -> None:
    coupon = Coupon("C", Name("쿠폰", "Coupon"), CouponScope.ALL, 10, None, TODAY, TODAY)
    priced = price_order(GUIDE, [NewItem("DEDICATED", 10, 12)], coupon, TODAY)
    item = priced.items[0]
    assert [explain_line(line, korean=True) for line in item.lines] == [
        "10명 × 5,000원 × 12개월 = 600,000원",
        "1개 × 200,000원 × 12개월 = 2,400,000원",
        "1개 × 500,000원 (1회) = 500,000원",
    ]
    assert explain_line(item.lines[0], korean=False) == (
        "10 users × KRW 5,000 × 12 months = KRW 600,000"
    )
    assert explain_discount(item.discounts[0], korean=True) == "600,000원 × 5% = 30,000원 할인"
    assert explain_coupon(coupon, priced.coupon_amount, korean=True) == (
        "주문 전체에서 10%: 347,000원 할인"
    )


def test_a_capped_volume_discount_says_why() -> None:
    priced = price_order(TIERED, [NewItem("SHARED", 30, 1)], None, TODAY)
    assert explain_discount(priced.items[0].discounts[0], korean=True) == (
        "다음 구간의 첫 수량보다 비싸지 않도록 120,000원에서 2,200원 할인"
    )
