"""The timetable of a term, in literal days and moments (PRODUCT.md section 12)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.domain.catalogue import parse_catalogue
from app.domain.catalogues import shipped_catalogues
from app.domain.contracts import Contract, HeldLine, Segment
from app.domain.memberships import MembershipStatus
from app.domain.renewals import (
    StepKind,
    Term,
    former_prices,
    is_dearer,
    is_past,
    next_step,
    order_step,
    payable_until,
    status_due,
    terminated_on,
    timetable,
)
from app.domain.scheduled_changes import SiteContent, content_of, price_renewal

SEOUL = ZoneInfo("Asia/Seoul")
GUIDE = parse_catalogue(shipped_catalogues()[0].document)
YEARLY = Term(date(2027, 3, 24), 12, 3_600)
MONTHLY = Term(date(2027, 2, 28), 1, 0)


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


def rows(term: Term) -> list[tuple[str, str]]:
    return [(s.name, f"{s.at.astimezone(SEOUL):%Y-%m-%d %H:%M}") for s in timetable(term)]


def test_a_yearly_term() -> None:
    """D is 24 March 2027; charges an hour after ten, by the membership's own number."""
    assert rows(YEARLY) == [
        ("REMIND-60", "2027-01-23 09:00"),
        ("REMIND-40", "2027-02-12 09:00"),
        ("ORDER-30", "2027-02-22 09:00"),
        ("REMIND-7", "2027-03-17 09:00"),
        ("REMIND-1", "2027-03-23 09:00"),
        ("FREE+0", "2027-03-24 09:00"),
        ("CHARGE+0", "2027-03-24 11:00"),
        ("OVERDUE+1", "2027-03-25 00:00"),
        ("REMIND+1", "2027-03-25 09:00"),
        ("CHARGE+1", "2027-03-25 11:00"),
        ("CHARGE+3", "2027-03-27 11:00"),
        ("REMIND+7", "2027-03-31 09:00"),
        ("CHARGE+7", "2027-03-31 11:00"),
        ("REMIND+14", "2027-04-07 09:00"),
        ("EXPIRE+15", "2027-04-08 00:00"),
        ("TERMINATE+45", "2027-05-08 00:00"),
    ]


def test_a_monthly_term_that_ends_with_february() -> None:
    assert rows(MONTHLY) == [
        ("ANNOUNCE-30", "2027-01-29 09:00"),
        ("ORDER-7", "2027-02-21 09:00"),
        ("REMIND-1", "2027-02-27 09:00"),
        ("FREE+0", "2027-02-28 09:00"),
        ("CHARGE+0", "2027-02-28 10:00"),
        ("OVERDUE+1", "2027-03-01 00:00"),
        ("REMIND+1", "2027-03-01 09:00"),
        ("CHARGE+1", "2027-03-01 10:00"),
        ("CHARGE+3", "2027-03-03 10:00"),
        ("REMIND+7", "2027-03-07 09:00"),
        ("CHARGE+7", "2027-03-07 10:00"),
        ("REMIND+14", "2027-03-14 09:00"),
        ("EXPIRE+15", "2027-03-15 00:00"),
        ("TERMINATE+45", "2027-04-14 00:00"),
    ]


@pytest.mark.parametrize(
    ("anchor", "months", "last_day", "ordered"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28), "2025-01-29 09:00"),
        (date(2023, 1, 31), 1, date(2023, 2, 28), "2023-02-21 09:00"),
        (date(2023, 1, 31), 2, date(2023, 3, 30), "2023-03-23 09:00"),
        (date(2023, 1, 31), 3, date(2023, 4, 30), "2023-04-23 09:00"),
        (date(2022, 9, 29), 12, date(2023, 9, 28), "2023-08-29 09:00"),
        (date(2027, 3, 31), 24, date(2029, 3, 30), "2029-02-28 09:00"),
    ],
)
def test_the_order_of_terms_that_end_with_a_month(
    anchor: date, months: int, last_day: date, ordered: str
) -> None:
    segments = (Segment(1),) * months if months < 12 else (Segment(months),)
    contract = Contract("SHARED", 1, anchor, segments)
    assert contract.expires_on == last_day
    term = Term(last_day, 1 if months < 12 else 12, 0)
    assert f"{order_step(term).at.astimezone(SEOUL):%Y-%m-%d %H:%M}" == ordered


@pytest.mark.parametrize("spread", [0, 1, 28_799, 28_800, 2**127 + 12_345])
def test_charges_lie_between_ten_and_six(spread: int) -> None:
    charges = [s for s in timetable(replace(YEARLY, spread=spread)) if s.kind is StepKind.CHARGE]
    times = {s.at.astimezone(SEOUL).time() for s in charges}
    assert len(times) == 1
    assert 10 <= times.pop().hour < 18


def test_a_thousand_memberships_are_not_charged_in_one_minute() -> None:
    moments = {
        s.at
        for number in range(1_000)
        for s in timetable(replace(YEARLY, spread=number * 2_654_435_761))
        if s.name == "CHARGE+0"
    }
    assert len(moments) > 900


@pytest.mark.parametrize(
    ("taken", "now", "wanted"),
    [
        (None, "2026-04-01T12:00", "REMIND-60"),  # it lies ahead
        (None, "2027-01-23T09:00", "REMIND-60"),
        ("REMIND-60", "2027-01-23T09:00", "REMIND-40"),
        ("ORDER-30", "2027-02-22T10:00", "REMIND-7"),
        ("CHARGE+0", "2027-03-24T12:00", "OVERDUE+1"),
        ("REMIND+14", "2027-04-08T00:00", "EXPIRE+15"),
        ("EXPIRE+15", "2027-04-08T00:00", "TERMINATE+45"),
    ],
)
def test_step_by_step(taken: str | None, now: str, wanted: str) -> None:
    found = next_step(YEARLY, taken, seoul(now))
    assert found.step is not None
    assert (found.step.name, found.late) == (wanted, ())


def test_the_last_step_is_the_last() -> None:
    assert next_step(YEARLY, "TERMINATE+45", seoul("2028-01-01T00:00")).step is None


@pytest.mark.parametrize(
    ("taken", "now", "late", "wanted"),
    [
        # A weekend of downtime: the mail of the day before yesterday is still sent.
        ("ORDER-30", "2027-03-19T08:59", [], "REMIND-7"),
        ("ORDER-30", "2027-03-19T09:01", ["REMIND-7"], "REMIND-1"),
        # A week over D: tomorrow's news and yesterday's are not both told, and money comes first.
        ("ORDER-30", "2027-03-25T10:00", ["REMIND-7", "REMIND-1"], "FREE+0"),
        ("FREE+0", "2027-03-31T12:00", [], "CHARGE+0"),
        ("OVERDUE+1", "2027-03-31T12:00", ["REMIND+1"], "CHARGE+1"),
        # An import ten days before the end: the order is made at once, older mails are not sent.
        (None, "2027-03-14T12:00", ["REMIND-60", "REMIND-40"], "ORDER-30"),
        # A year later: nothing that ends something is left out.
        ("OVERDUE+1", "2028-03-31T12:00", ["REMIND+1"], "CHARGE+1"),
        ("CHARGE+7", "2028-03-31T12:00", ["REMIND+14"], "EXPIRE+15"),
    ],
)
def test_reminders_whose_day_is_long_past_are_left_out_and_nothing_else_is(
    taken: str | None, now: str, late: list[str], wanted: str
) -> None:
    found = next_step(YEARLY, taken, seoul(now))
    assert found.step is not None
    assert ([s.name for s in found.late], found.step.name) == (late, wanted)


def test_a_jump_over_the_whole_of_a_term_takes_its_steps_in_their_order() -> None:
    now, taken, took = seoul("2028-01-01T12:00"), None, []
    while (step := next_step(YEARLY, taken, now).step) is not None:
        taken = step.name
        took.append(taken)
    assert took == [
        "ORDER-30",
        "FREE+0",
        "CHARGE+0",
        "OVERDUE+1",
        "CHARGE+1",
        "CHARGE+3",
        "CHARGE+7",
        "EXPIRE+15",
        "TERMINATE+45",
    ]


def test_whether_the_order_is_due_already() -> None:
    assert not is_past(YEARLY, StepKind.ORDER, None)
    assert not is_past(YEARLY, StepKind.ORDER, "REMIND-40")
    assert is_past(YEARLY, StepKind.ORDER, "ORDER-30")
    assert is_past(YEARLY, StepKind.ORDER, "OVERDUE+1")


def test_it_can_be_paid_to_the_end_of_the_fourteenth_day_and_data_are_kept_thirty_more() -> None:
    last_day = date(2027, 3, 24)
    assert payable_until(last_day) == datetime(2027, 4, 7, 15, tzinfo=UTC)  # 8 April, 00:00 KST
    assert terminated_on(last_day) == date(2027, 5, 8)


_M, _K = MembershipStatus, StepKind


@pytest.mark.parametrize(
    ("status", "kind", "after"),
    [
        (_M.IN_USE, _K.OVERDUE, _M.OVERDUE),
        (_M.OVERDUE, _K.OVERDUE, None),
        (_M.OVERDUE, _K.EXPIRE, _M.EXPIRED),
        (_M.EXPIRED, _K.EXPIRE, None),
        (_M.EXPIRED, _K.TERMINATE, _M.TERMINATED),
        (_M.IN_USE, _K.TERMINATE, None),
        (_M.TERMINATED, _K.TERMINATE, None),
    ],
)
def test_states_follow_each_other(
    status: MembershipStatus, kind: StepKind, after: MembershipStatus | None
) -> None:
    assert status_due(status, kind) is after


ANCHOR = date(2026, 3, 25)
HELD = Contract(
    "SHARED",
    10,
    ANCHOR,
    (Segment(12, {"SHARED_USER": 4_000}),),
    {"STORAGE_GB": 20},
    (
        HeldLine("SHARED_USER", 10, 4_000, 480_000, ANCHOR, date(2027, 3, 24), 40_000),
        HeldLine("STORAGE_GB", 20, 450, 99_000, date(2026, 5, 1), date(2027, 3, 24), 9_000),
    ),
)


def dearer(contract: Contract, content: SiteContent | None = None, fee: int = 49_000) -> bool:
    content = content or content_of(GUIDE, contract)
    return is_dearer(contract, price_renewal(GUIDE, contract, content, {}), fee)


def test_a_higher_unit_price_is_a_higher_price() -> None:
    """A GB was added at 450 and is 500 now."""
    assert former_prices(HELD) == {"SHARED_USER": 4_000, "STORAGE_GB": 450}
    assert dearer(HELD)


def test_the_same_prices_or_lower_ones_are_not() -> None:
    held = replace(HELD, held=HELD.held[:1], add_ons={})
    assert not dearer(held)
    assert not dearer(replace(held, segments=(Segment(12, {"SHARED_USER": 4_500}),)))
    assert dearer(replace(held, segments=(Segment(12, {"SHARED_USER": 3_900}),)))


def test_more_users_and_what_was_never_held_have_no_former_price() -> None:
    held = replace(HELD, held=HELD.held[:1], add_ons={})
    assert not dearer(held, SiteContent("SHARED", 30))
    assert not dearer(held, SiteContent("DEDICATED", 10))


def test_a_contract_without_own_prices_is_compared_by_its_fee() -> None:
    imported = Contract("SHARED", 10, ANCHOR, (Segment(12),))
    assert not dearer(imported, fee=40_000)
    assert dearer(imported, fee=39_999)
    assert not dearer(imported, fee=0)  # nobody knows


def test_reminders_are_never_later_than_two_days() -> None:
    for hours in range(0, 24 * 70, 7):
        now = seoul("2027-01-20T00:00") + timedelta(hours=hours)
        step = next_step(YEARLY, None, now).step
        assert step is not None
        if step.kind is StepKind.REMIND and step.at <= now:
            assert now - step.at <= timedelta(days=2)
