"""다음 갱신의 변경: when, what, at which price, and what becomes of the contract."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.catalogue import parse_catalogue
from app.domain.catalogues import shipped_catalogues
from app.domain.changes import Usage
from app.domain.contract_changes import BoughtItem, apply_renewal
from app.domain.contracts import Contract, HeldLine, Segment, monthly_fee_on
from app.domain.errors import DomainError
from app.domain.memberships import MembershipStatus
from app.domain.orders import OrderType
from app.domain.scheduled_changes import (
    RenewalContent,
    ScheduledChange,
    SiteContent,
    content_at_renewal,
    content_of,
    describe,
    last_day_to_schedule,
    next_room_check,
    price_renewal,
    renewal_content,
    renewal_months,
    renewal_ordered_on,
    room_is_due,
    schedule_change,
)

GUIDE = parse_catalogue(shipped_catalogues()[0].document)
ANCHOR = date(2026, 1, 31)
TODAY = date(2026, 6, 1)
YEAR = Contract(
    "SHARED",
    10,
    ANCHOR,
    (Segment(12, {"SHARED_USER": 4000}),),
    {"STORAGE_GB": 20, "CORPORATE_CARD": 2, "TAX_INVOICE_100": 3},
    (HeldLine("SHARED_USER", 10, 4000, 480_000, ANCHOR, date(2027, 1, 30), 40_000),),
    setup_paid=50_000,
)
"""To 2027-01-30."""
MONTH = replace(YEAR, segments=(Segment(1, {"SHARED_USER": 4000}),))
DEDICATED = replace(YEAR, plan="DEDICATED", setup_paid=500_000)
FREE = Contract("SHARED_FREE", 9, ANCHOR)


def schedule(
    contract: Contract = YEAR,
    plan: str = "SHARED",
    users: int | None = 8,
    today: date = TODAY,
    usage: Usage | None = None,
    **add_ons: int,
) -> ScheduledChange:
    return schedule_change(GUIDE, contract, plan, users, list(add_ons.items()), today, usage)


def refusal(contract: Contract = YEAR, **changed: object) -> tuple[str, str | None]:
    with pytest.raises(DomainError) as refused:
        schedule(contract, **changed)  # type: ignore[arg-type]
    return refused.value.code, refused.value.pointer


def test_less_of_everything_is_scheduled_and_what_is_not_named_ends() -> None:
    scheduled = schedule(users=8, STORAGE_GB=5)
    assert scheduled.wanted == SiteContent("SHARED", 8, {"STORAGE_GB": 5})
    assert scheduled.seen == SiteContent("SHARED", 10, {"STORAGE_GB": 20, "CORPORATE_CARD": 2})
    content = content_at_renewal(GUIDE, scheduled.seen, scheduled)
    assert [name.ko for name in describe(GUIDE, scheduled.seen, content)] == [
        "사용자 10명 → 8명",
        "추가 용량 20 → 5",
        "법인카드 2 → 0",
    ]


def test_another_plan_can_be_scheduled_in_either_direction() -> None:
    assert schedule(plan="DEDICATED", users=10).wanted.plan == "DEDICATED"
    down = schedule(DEDICATED, plan="SHARED", users=10)
    names = describe(GUIDE, down.seen, down.wanted)
    assert names[0].ko == "클라우드 단독형 → 클라우드 공유형"
    assert schedule(plan="SHARED_FREE", users=None).wanted == SiteContent("SHARED_FREE", 9)


def test_a_yearly_term_takes_changes_to_its_notice_day_a_monthly_one_to_its_last() -> None:
    assert last_day_to_schedule(YEAR) == date(2026, 12, 31)  # 30 days before 2027-01-30
    assert last_day_to_schedule(MONTH) == date(2026, 2, 28)
    assert schedule(today=date(2026, 12, 31))
    assert refusal(today=date(2027, 1, 1)) == ("scheduled_change_too_late", None)
    assert schedule(MONTH, today=date(2026, 2, 28))
    assert refusal(MONTH, today=date(2026, 3, 1)) == ("membership_overdue", None)


def test_a_membership_that_has_no_renewal_takes_no_change() -> None:
    assert refusal(FREE, users=9) == ("nothing_to_renew", None)
    late = date(2027, 3, 1)
    assert refusal(today=late) == ("membership_expired", None)
    ended = replace(YEAR, status=MembershipStatus.TERMINATED)
    assert refusal(ended) == ("membership_state_conflict", None)


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"users": 11}, ("scheduled_increase_not_offered", "/users")),
        ({"STORAGE_GB": 21}, ("scheduled_increase_not_offered", "/add_ons/0/quantity")),
        ({"BANK_ACCOUNT": 1}, ("scheduled_increase_not_offered", "/add_ons/0/quantity")),
        ({"TAX_INVOICE_100": 1}, ("change_not_offered", "/add_ons/0/code")),
        ({"MOON": 1}, ("add_on_unknown", "/add_ons/0/code")),
        ({"users": 10, "STORAGE_GB": 20, "CORPORATE_CARD": 2}, ("nothing_to_schedule", None)),
        ({"plan": "GOLD"}, ("plan_unknown", "/plan")),
        ({"users": None}, ("quantity_out_of_range", "/users")),
        ({"plan": "SHARED_FREE", "users": 8}, ("plan_users_fixed", "/users")),
        (
            {"plan": "SHARED_FREE", "users": None, "STORAGE_GB": 1},
            ("paid_plan_required", "/add_ons/0/code"),
        ),
    ],
)
def test_what_cannot_be_scheduled(
    changed: dict[str, object], refused: tuple[str, str | None]
) -> None:
    assert refusal(**changed) == refused


def test_nobody_is_scheduled_out_of_the_site() -> None:
    used = Usage(9, 12 * 2**30)
    assert refusal(users=8, usage=used) == ("below_present_use", "/users")
    assert refusal(users=9, usage=used, STORAGE_GB=2) == ("below_present_use", "/add_ons")
    assert schedule(users=9, usage=used, STORAGE_GB=3)


def test_whether_the_free_plan_has_room_is_a_question_of_its_day() -> None:
    """Scheduled with 30 in use; on the day it is the free plan with 9, and the paid one with 10."""
    scheduled = schedule(plan="SHARED_FREE", users=None, usage=Usage(30, 0))
    fitting = renewal_content(GUIDE, YEAR, scheduled, Usage(9, 9 * 2**30))
    assert fitting == RenewalContent(SiteContent("SHARED_FREE", 9))
    for used in (Usage(10, 0), Usage(1, 9 * 2**30 + 1)):
        dropped = renewal_content(GUIDE, YEAR, scheduled, used)
        assert dropped == RenewalContent(content_of(GUIDE, YEAR), dropped=True)


def test_room_on_the_free_plan_is_looked_at_fourteen_and_three_days_before() -> None:
    """On 2027-01-16 and 01-27 at 09:00 KST, as long as the term lasts."""
    last = date(2027, 1, 30)
    moments = [datetime(2027, 1, 16, tzinfo=UTC), datetime(2027, 1, 27, tzinfo=UTC)]
    assert next_room_check(last, datetime(2026, 6, 1, tzinfo=UTC)) == moments[0]
    assert next_room_check(last, moments[0]) == moments[1]
    assert next_room_check(last, moments[1]) is None
    assert next_room_check(None, moments[0]) is None
    assert not room_is_due(last, moments[0] - timedelta(seconds=1))
    assert room_is_due(last, datetime(2027, 1, 30, 14, 59, 59, tzinfo=UTC))
    assert not room_is_due(last, datetime(2027, 1, 30, 15, tzinfo=UTC))


def test_what_is_used_more_by_then_drops_a_reduction_whole() -> None:
    scheduled = schedule(users=8, STORAGE_GB=5)
    found = renewal_content(GUIDE, YEAR, scheduled, Usage(9, 0))
    assert (found.dropped, found.content.users) == (True, 10)
    assert not renewal_content(GUIDE, YEAR, scheduled, None).dropped


def test_what_is_added_meanwhile_comes_on_top() -> None:
    """10 → 8 was scheduled, 5 were added: 13, and a card more stays beside the storage named."""
    scheduled = schedule(users=8, STORAGE_GB=5)
    more = replace(YEAR, users=15, add_ons=dict(YEAR.add_ons) | {"CORPORATE_CARD": 3})
    content = content_at_renewal(GUIDE, content_of(GUIDE, more), scheduled)
    assert content == SiteContent("SHARED", 13, {"STORAGE_GB": 5, "CORPORATE_CARD": 1})


def test_an_extension_meanwhile_moves_the_renewal_and_its_last_day() -> None:
    longer = replace(YEAR, segments=(*YEAR.segments, Segment(1)))
    assert longer.expires_on == date(2027, 2, 28)
    assert (renewal_months(longer), last_day_to_schedule(longer)) == (1, date(2027, 2, 28))


def test_the_months_of_a_renewal_follow_the_last_segment() -> None:
    assert renewal_months(YEAR) == 12
    assert renewal_months(replace(YEAR, segments=(Segment(24),))) == 12
    assert renewal_months(MONTH) == 1


def test_a_renewal_is_priced_for_the_day_of_its_order() -> None:
    assert renewal_ordered_on(YEAR, TODAY) == date(2026, 12, 31)
    assert renewal_ordered_on(YEAR, date(2027, 1, 15)) == date(2027, 1, 15)
    assert renewal_ordered_on(MONTH, date(2026, 2, 1)) == date(2026, 2, 21)


def test_a_reduced_renewal_costs_the_next_year_of_what_is_left() -> None:
    """8 × 4,000 × 12 = 384,000 and 5 × 500 × 12 = 30,000, from 2027-01-31 to 2028-01-30."""
    scheduled = schedule(users=8, STORAGE_GB=5)
    priced = price_renewal(GUIDE, YEAR, scheduled.wanted, {})
    assert [(x.code, x.amount) for x in priced.lines] == [
        ("SHARED_USER", 384_000),
        ("STORAGE_GB", 30_000),
    ]
    assert (priced.starts_on, priced.expires_on) == (date(2027, 1, 31), date(2028, 1, 30))
    assert [(name.ko, quantity) for name, quantity in priced.ends] == [("법인카드", 2)]
    assert priced.type is OrderType.RENEWAL


def test_a_dedicated_renewal_has_its_prepay() -> None:
    """10 × 5,000 × 12 less 5 % = 570,000; base 2,400,000."""
    priced = price_renewal(GUIDE, DEDICATED, SiteContent("DEDICATED", 10), {})
    assert [d.amount for d in priced.discounts] == [30_000]
    assert sum(line.net for line in priced.lines) == 2_970_000


def test_waiting_for_the_renewal_does_not_save_the_set_up() -> None:
    up = price_renewal(GUIDE, YEAR, SiteContent("DEDICATED", 10), {})
    assert [x.amount for x in up.lines if x.code == "DEDICATED_SETUP"] == [450_000]
    down = price_renewal(GUIDE, DEDICATED, SiteContent("SHARED", 10), {})
    assert not [x for x in down.lines if x.code == "SHARED_SETUP"]


def test_agreed_prices_go_first_at_a_renewal() -> None:
    priced = price_renewal(GUIDE, YEAR, SiteContent("SHARED", 10), {"SHARED_USER": 3000})
    assert [x.amount for x in priced.lines] == [360_000]
    assert [label.ko for label in priced.labels] == ["협약 단가"]


def renewed(contract: Contract, content: SiteContent, on: date) -> Contract:
    priced = price_renewal(GUIDE, contract, content, {})
    nets = [line.net for line in priced.lines]
    return apply_renewal(GUIDE, contract, BoughtItem(priced, content.add_ons, nets, on)).contract


@pytest.mark.parametrize("paid_days_after_the_last", [-30, 0, 10])
def test_a_renewed_contract_goes_on_from_the_day_after_whenever_it_is_paid(
    paid_days_after_the_last: int,
) -> None:
    on = date(2027, 1, 30) + timedelta(days=paid_days_after_the_last)
    after = renewed(YEAR, SiteContent("SHARED", 8, {"STORAGE_GB": 5}), on)
    assert (after.anchor_on, after.expires_on) == (ANCHOR, date(2028, 1, 30))
    assert (after.users, after.add_ons) == (8, {"STORAGE_GB": 5, "TAX_INVOICE_100": 3})
    assert monthly_fee_on(after.held, date(2027, 1, 30)) == 40_000
    assert monthly_fee_on(after.held, date(2027, 1, 31)) == 34_500
    assert [s.months for s in after.segments] == [12, 12]
    assert after.segments[-1].unit_prices == {"SHARED_USER": 4000, "STORAGE_GB": 500}
    assert after.status is MembershipStatus.IN_USE


def test_a_renewal_to_another_plan_remembers_the_set_up_that_was_paid() -> None:
    after = renewed(YEAR, SiteContent("DEDICATED", 10), date(2027, 1, 1))
    assert (after.plan, after.setup_paid) == ("DEDICATED", 500_000)


def test_a_renewal_to_the_free_plan_has_no_end_and_keeps_its_packs() -> None:
    after = renewed(YEAR, SiteContent("SHARED_FREE", 9), date(2027, 1, 30))
    assert (after.plan, after.users, after.expires_on) == ("SHARED_FREE", 9, None)
    assert (after.anchor_on, after.add_ons) == (date(2027, 1, 31), {"TAX_INVOICE_100": 3})
