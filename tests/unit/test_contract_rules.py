"""What holds for every contract, whatever is added to it, extended, changed or ended."""

import json
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.domain.catalogue import Catalogue, Name, parse_catalogue
from app.domain.catalogues import shipped_catalogues
from app.domain.changes import Usage, check_usage
from app.domain.contract_changes import AppliedItem, BoughtItem, apply_item, open_contract
from app.domain.contracts import Contract, HeldLine, Segment, monthly_fee_on, unused
from app.domain.coupons import Coupon, CouponScope
from app.domain.errors import DomainError
from app.domain.explanations import explain_line
from app.domain.memberships import MembershipStatus
from app.domain.orders import OrderType
from app.domain.periods import boundary, months_of, span
from app.domain.pricing import AddExtendItem, ChangeItem, LineKind, NewItem, OrderWish, price_order
from app.domain.terminations import settle_termination

DATA = Path(__file__).parents[1] / "data" / "tiered.json"
GUIDE = parse_catalogue(shipped_catalogues()[0].document)
TIERED = parse_catalogue(json.loads(DATA.read_text("utf-8")))
UNTIERED = replace(TIERED, tiers=())
"""Accounting costs 300 per user here, so that added users bring something along."""
DAY = timedelta(days=1)
bounded = settings(max_examples=150, deadline=None)

anchors = st.dates(date(2023, 1, 1), date(2025, 12, 31))
plans = st.sampled_from(["SHARED", "DEDICATED"])
terms = st.sampled_from([1, 12, 24])
extras = st.dictionaries(
    st.sampled_from(["STORAGE_GB", "CORPORATE_CARD", "BANK_ACCOUNT", "E_CONTRACT_100"]),
    st.integers(1, 40),
    max_size=2,
)
coupons = st.one_of(
    st.none(),
    st.builds(
        lambda scope, percent: Coupon(
            "C", Name("쿠폰", "Coupon"), scope, percent, None, date.min, date.max
        ),
        st.sampled_from(list(CouponScope)),
        st.integers(1, 100),
    ),
)


def buy(
    catalogue: Catalogue,
    wish: OrderWish,
    coupon: Coupon | None,
    ordered: date,
    effective: date | None = None,
) -> tuple[AppliedItem, int]:
    """Orders, pays and applies; returns what came of it and the supply that was paid."""
    priced = price_order(catalogue, [wish], coupon, ordered)
    item = priced.items[0]
    nets = [line.net for line in item.lines]
    bought = BoughtItem(item, dict(wish.add_ons), nets, effective or ordered)
    if isinstance(wish, NewItem):
        return open_contract(bought), priced.supply
    return apply_item(catalogue, wish.contract, bought), priced.supply


def site(plan: str, users: int, months: int, add_ons: dict[str, int], on: date) -> Contract:
    wish = NewItem(plan, users, months, tuple(add_ons.items()))
    return buy(UNTIERED, wish, None, on)[0].contract


contracts = st.builds(
    lambda plan, users, months, add_ons, on, accounting: site(
        plan, users, months, add_ons | ({"ACCOUNTING": 1} if accounting else {}), on
    ),
    plans,
    st.integers(1, 200),
    terms,
    extras,
    anchors,
    st.booleans(),
)


def within(contract: Contract, share: int) -> date:
    """A day of the term; `share` of 0 to 1000 is how far on."""
    days = (contract.ends_at - contract.anchor_on).days
    return contract.anchor_on + timedelta(days=share * (days - 1) // 1000)


shares = st.integers(0, 1000)


@bounded
@given(contracts, shares, st.integers(1, 50), st.integers(1, 50), extras)
def test_adding_in_two_orders_on_one_day_costs_what_adding_in_one_does(
    contract: Contract, share: int, first: int, second: int, add_ons: dict[str, int]
) -> None:
    today = within(contract, share)
    at_once = AddExtendItem(contract, first + second, tuple(add_ons.items()))
    one, cost_of_one = buy(UNTIERED, at_once, None, today)
    half, cost = buy(UNTIERED, AddExtendItem(contract, first), None, today)
    rest = AddExtendItem(half.contract, second, tuple(add_ons.items()))
    two, more = buy(UNTIERED, rest, None, today)
    lines = len(half.sold) + len(two.sold)
    assert abs(cost + more - cost_of_one) <= lines
    assert (one.contract.users, one.contract.add_ons) == (two.contract.users, two.contract.add_ons)


@bounded
@given(contracts, shares, st.sampled_from([(12, 12), (1, 1), (24, 12), (1, 12)]))
def test_an_extension_in_two_steps_covers_the_same_days_as_in_one(
    contract: Contract, share: int, steps: tuple[int, int]
) -> None:
    today = within(contract, share)
    first, _ = buy(GUIDE, AddExtendItem(contract, extend_months=steps[0]), None, today)
    assert first.contract.ends_at == boundary(contract.anchor_on, contract.months + steps[0])
    both, _ = buy(GUIDE, AddExtendItem(first.contract, extend_months=steps[1]), None, today)
    assert both.contract.ends_at == boundary(contract.anchor_on, contract.months + sum(steps))
    if steps == (12, 12):
        one, _ = buy(GUIDE, AddExtendItem(contract, extend_months=24), None, today)
        assert one.contract.ends_at == both.contract.ends_at


def used_day_by_day(line: HeldLine, anchor: date, last: date) -> Fraction:
    """What was used of a line up to a day: each day is worth its share of its contract month."""

    def worth(day: date) -> Fraction:
        month = 0
        while boundary(anchor, month + 1) <= day:
            month += 1
        return Fraction(1, (boundary(anchor, month + 1) - boundary(anchor, month)).days)

    days = [
        line.first_day + timedelta(days=n) for n in range((line.last_day - line.first_day).days + 1)
    ]
    sold = sum((worth(day) for day in days), Fraction(0))
    used = sum((worth(day) for day in days if day <= last), Fraction(0))
    return line.net * used / sold


@settings(max_examples=40, deadline=None)
@given(contracts, shares, shares, st.integers(1, 30), coupons)
def test_what_was_used_and_what_is_credited_is_what_was_paid(
    contract: Contract, added_at: int, ended_at: int, users: int, coupon: Coupon | None
) -> None:
    added = within(contract, min(added_at, ended_at))
    ended = within(contract, max(added_at, ended_at))
    after, _ = buy(UNTIERED, AddExtendItem(contract, users), coupon, added)
    held, anchor = after.contract.held, contract.anchor_on
    for line in held:
        credited = unused([line], anchor, ended)
        used = used_day_by_day(line, anchor, ended - DAY)
        assert abs(used + credited - line.net) <= Fraction(1, 2)
    settled = settle_termination(held, anchor, ended - DAY)
    assert settled.unused == unused(held, anchor, ended)
    assert 0 <= settled.unused <= sum(line.net for line in held)


@bounded
@given(contracts, shares, shares, st.integers(1, 30), coupons)
def test_an_addition_paid_late_gives_back_the_days_that_it_was_not_there(
    contract: Contract, ordered_at: int, paid_at: int, users: int, coupon: Coupon | None
) -> None:
    ordered = within(contract, min(ordered_at, paid_at))
    paid = within(contract, max(ordered_at, paid_at))
    wish = AddExtendItem(contract, users)
    applied, cost = buy(UNTIERED, wish, coupon, ordered, paid)
    brought = [line for _, line in applied.sold]
    assert applied.not_served + sum(line.net for line in brought) == cost
    assert all(line.first_day >= paid for line in brought)
    assert (applied.not_served == 0) or paid > ordered


steps = st.lists(
    st.tuples(
        st.sampled_from(["ADD", "EXTEND", "CHANGE"]), shares, st.integers(1, 20), terms, coupons
    ),
    max_size=5,
)


@bounded
@given(st.integers(1, 60), terms, anchors, coupons, steps)
def test_no_path_of_orders_takes_out_more_than_was_paid_in(  # type: ignore[no-untyped-def]
    users: int, months: int, on: date, coupon: Coupon | None, path
) -> None:
    """With a termination at any point of it, and without a gap or an overlap in days."""
    applied, paid_in = buy(UNTIERED, NewItem("SHARED", users, months), coupon, on)
    contract, today, taken_out = applied.contract, on, 0
    for kind, share, quantity, term, discount in path:
        today = max(today, within(contract, share))
        if kind == "CHANGE" and contract.plan == "DEDICATED":
            continue
        wish: OrderWish = AddExtendItem(contract, quantity)
        if kind == "EXTEND":
            wish = AddExtendItem(contract, extend_months=term)
        if kind == "CHANGE":
            wish = ChangeItem(contract, "DEDICATED", quantity, term)
        applied, supply = buy(UNTIERED, wish, discount, today)
        paid_in += max(0, supply)
        taken_out += max(0, -supply) + applied.not_served
        contract = applied.contract
        refund = settle_termination(contract.held, contract.anchor_on, today - DAY).unused
        assert taken_out + refund <= paid_in
        assert months_covered(contract, today) == contract.months - passed(contract, today)


def passed(contract: Contract, today: date) -> Fraction:
    return months_of(contract.anchor_on, contract.anchor_on, today - DAY)


def months_covered(contract: Contract, today: date) -> Fraction:
    """Contract months, from today on, in which every user has exactly one licence line."""
    anchor, covered = contract.anchor_on, Fraction(0)
    licences = [line for line in contract.held if line.code.endswith("_USER")]
    edges = sorted({today, *(d for x in licences for d in (x.first_day, x.last_day + DAY))})
    edges = [edge for edge in edges if edge >= today]
    for first, after in pairwise(edges):
        users = sum(x.quantity for x in licences if x.first_day <= first <= x.last_day)
        assert users == contract.users, "an overlap or a gap"
        covered += months_of(anchor, first, after - DAY)
    return covered


@bounded
@given(anchors, st.integers(0, 400), st.integers(1, 24))
def test_a_span_is_as_long_as_its_days(anchor: date, offset: int, months: int) -> None:
    first, last = anchor + timedelta(days=offset), boundary(anchor, months) - DAY
    assume(first <= last)
    assert span(anchor, first, months).months == months_of(anchor, first, last)


# Rules as examples, with the guide's contract: 120 users from 2022-09-29 for 12 months.
GUIDES = Contract(
    plan="SHARED",
    users=120,
    anchor_on=date(2022, 9, 29),
    segments=(Segment(12, {"SHARED_USER": 4000}),),
    held=(
        HeldLine(
            "SHARED_USER", 120, 4000, 5_760_000, date(2022, 9, 29), date(2023, 9, 28), 480_000
        ),
    ),
    setup_paid=50_000,
)
TODAY = date(2023, 9, 21)


def refusal(
    wish: OrderWish, on: date = TODAY, starts_on: date | None = None
) -> tuple[str, str | None]:
    with pytest.raises(DomainError) as refused:
        price_order(GUIDE, [wish], None, on, starts_on)
    return refused.value.code, refused.value.pointer


def test_what_is_overdue_or_expired_can_only_be_extended() -> None:
    overdue, expired = date(2023, 10, 12), date(2023, 10, 13)
    assert GUIDES.status_on(date(2023, 9, 28)) is MembershipStatus.IN_USE
    assert GUIDES.status_on(overdue) is MembershipStatus.OVERDUE
    assert GUIDES.status_on(expired) is MembershipStatus.EXPIRED
    assert refusal(AddExtendItem(GUIDES, 1), overdue) == ("membership_overdue", "/items/0")
    assert refusal(AddExtendItem(GUIDES, 1, (), 12), overdue) == ("membership_overdue", "/items/0")
    assert refusal(AddExtendItem(GUIDES, 1, (), 12), expired) == ("membership_expired", "/items/0")
    change = ChangeItem(GUIDES, "DEDICATED", 120, 12)
    assert refusal(change, overdue) == ("membership_overdue", "/items/0")
    assert refusal(change, expired) == ("membership_expired", "/items/0")
    ended = replace(GUIDES, status=MembershipStatus.TERMINATED)
    assert refusal(AddExtendItem(ended, 1)) == ("membership_state_conflict", "/items/0")


def test_an_overdue_term_goes_on_from_its_end_and_an_expired_one_anew() -> None:
    late, _ = buy(GUIDE, AddExtendItem(GUIDES, extend_months=12), None, date(2023, 10, 12))
    assert (late.contract.anchor_on, late.contract.expires_on) == (
        date(2022, 9, 29),
        date(2024, 9, 28),
    )
    anew, cost = buy(GUIDE, AddExtendItem(GUIDES, extend_months=12), None, date(2023, 10, 13))
    assert cost == 5_760_000
    assert (anew.contract.anchor_on, anew.contract.expires_on) == (
        date(2023, 10, 13),
        date(2024, 10, 12),
    )


def test_an_overdue_term_was_served_and_nothing_of_its_extension_is_given_back() -> None:
    late, cost = buy(GUIDE, AddExtendItem(GUIDES, extend_months=12), None, date(2023, 10, 12))
    ((_, line),) = late.sold
    assert (late.not_served, line.net) == (0, cost)
    assert (line.first_day, line.last_day) == (date(2023, 9, 29), date(2024, 9, 28))


def test_a_change_goes_up_the_list_of_plans_only() -> None:
    assert refusal(ChangeItem(GUIDES, "SHARED", 10, 12)) == ("change_not_offered", "/items/0/plan")
    assert refusal(ChangeItem(GUIDES, "SHARED_FREE")) == ("change_not_offered", "/items/0/plan")
    assert refusal(ChangeItem(GUIDES, "DEDICATED", 10, 6)) == (
        "term_not_offered",
        "/items/0/months",
    )


def test_a_free_site_takes_accounting_for_nothing_and_everything_else_by_an_upgrade() -> None:
    free, _ = buy(GUIDE, NewItem("SHARED_FREE"), None, TODAY)
    contract = free.contract
    accounting, cost = buy(GUIDE, AddExtendItem(contract, 0, (("ACCOUNTING", 1),)), None, TODAY)
    assert (cost, accounting.contract.add_ons) == (0, {"ACCOUNTING": 1})
    assert refusal(AddExtendItem(contract, 1)) == ("paid_plan_required", "/items/0/add_users")
    assert refusal(AddExtendItem(contract, 0, (("STORAGE_GB", 1),))) == (
        "paid_plan_required",
        "/items/0/add_ons/0/code",
    )
    assert refusal(AddExtendItem(contract, extend_months=12)) == (
        "term_not_offered",
        "/items/0/extend_months",
    )
    upgraded, paid = buy(GUIDE, ChangeItem(contract, "SHARED", 12, 12), None, TODAY)
    assert (paid, upgraded.contract.setup_paid, upgraded.contract.anchor_on) == (
        626_000,
        50_000,
        TODAY,
    )


def test_a_site_has_one_accounting_also_when_it_is_added_later() -> None:
    held = replace(GUIDES, add_ons={"ACCOUNTING": 1})
    assert refusal(AddExtendItem(held, 0, (("ACCOUNTING", 1),))) == (
        "add_on_limit_exceeded",
        "/items/0/add_ons/0/quantity",
    )


def test_once_packs_carry_over_and_what_is_not_named_ends() -> None:
    held = replace(GUIDES, add_ons={"CORPORATE_CARD": 4, "STORAGE_GB": 5, "TAX_INVOICE_100": 2})
    wish = ChangeItem(held, "DEDICATED", 120, 12, (("STORAGE_GB", 5), ("TAX_INVOICE_100", 1)))
    priced = price_order(GUIDE, [wish], None, TODAY).items[0]
    assert [(name.ko, quantity) for name, quantity in priced.ends] == [("법인카드", 4)]
    changed, _ = buy(GUIDE, wish, None, TODAY)
    assert changed.contract.add_ons == {"STORAGE_GB": 5, "TAX_INVOICE_100": 3}


def test_nobody_changes_to_less_than_is_in_use() -> None:
    usage = Usage(users=9, storage_bytes=10 * 2**30)
    check_usage(usage, 9, 10, "/items/0")
    for users, storage_gb, pointer in ((8, 10, "/items/0/users"), (9, 9, "/items/0/add_ons")):
        with pytest.raises(DomainError) as refused:
            check_usage(usage, users, storage_gb, "/items/0")
        assert (refused.value.code, refused.value.pointer) == ("below_present_use", pointer)
        assert refused.value.facts["users_used"] == 9


def test_only_new_sites_can_start_later() -> None:
    wish = AddExtendItem(GUIDES, 1)
    assert refusal(wish, TODAY, TODAY + DAY) == ("starts_on_for_new_only", "/starts_on")


def test_the_label_says_what_is_chosen() -> None:
    assert AddExtendItem(GUIDES, 1).type is OrderType.ADD
    assert AddExtendItem(GUIDES, 0, (("STORAGE_GB", 1),)).type is OrderType.ADD
    assert AddExtendItem(GUIDES, extend_months=1).type is OrderType.EXTEND
    assert AddExtendItem(GUIDES, 1, (), 1).type is OrderType.ADD_EXTEND


def test_the_monthly_fee_grows_with_what_is_added_and_not_with_what_is_coming() -> None:
    assert monthly_fee_on(GUIDES.held, TODAY) == 480_000
    after, _ = buy(GUIDE, AddExtendItem(GUIDES, 1, (), 12), None, TODAY)
    assert monthly_fee_on(after.contract.held, TODAY) == 484_000
    assert monthly_fee_on(after.contract.held, date(2023, 9, 29)) == 484_000


def test_a_coupon_for_extensions_leaves_additions_alone() -> None:
    coupon = Coupon(
        code="C",
        name=Name("쿠폰", "Coupon"),
        scope=CouponScope.ALL,
        percent=10,
        amount=None,
        first_day=TODAY,
        last_day=TODAY,
        order_types=frozenset({"EXTEND"}),
    )
    priced = price_order(GUIDE, [AddExtendItem(GUIDES, 120, (), 1)], coupon, TODAY)
    assert priced.coupon_amount == 96_000  # of 240 × 4,000 for the month, not of the 123,871
    with pytest.raises(DomainError, match="coupon_not_applicable"):
        price_order(GUIDE, [AddExtendItem(GUIDES, 120)], coupon, TODAY)


def test_every_new_kind_of_line_is_said_in_korean_and_english() -> None:
    priced = price_order(GUIDE, [AddExtendItem(GUIDES, 120, (), 1)], None, TODAY).items[0]
    added, extended = priced.lines
    assert explain_line(added, korean=True) == (
        "120명 × 4,000원 × 8/31개월 = 123,871원 (추가, 2023-09-21~2023-09-28)"
    )
    assert explain_line(added, korean=False) == (
        "120 users × KRW 4,000 × 8/31 months = KRW 123,871 (added, 2023-09-21~2023-09-28)"
    )
    assert explain_line(extended, korean=True) == (
        "240명 × 4,000원 × 1개월 = 960,000원 (연장, 2023-09-29~2023-10-28)"
    )
    change = ChangeItem(GUIDES, "DEDICATED", 120, 12)
    lines = price_order(GUIDE, [change], None, date(2023, 3, 10)).items[0].lines
    setup = next(line for line in lines if line.kind is LineKind.SETUP)
    credit = next(line for line in lines if line.kind is LineKind.CREDIT)
    assert explain_line(setup, korean=True) == (
        "500,000원 - 이미 결제한 50,000원 = 450,000원 (1회)"
    )
    assert explain_line(setup, korean=False) == (
        "KRW 500,000 - KRW 50,000 paid before = KRW 450,000 (once)"
    )
    assert explain_line(credit, korean=True) == (
        "결제한 5,760,000원 × 남은 (6개월 + 19/28개월) ÷ 12개월 = 3,205,714원 차감"
    )
    assert explain_line(credit, korean=False) == (
        "KRW 5,760,000 paid × (6 months + 19/28 months) left ÷ 12 months = KRW 3,205,714 off"
    )
