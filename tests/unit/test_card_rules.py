"""Registered cards: roles without a gap, expiry, and which declines are final."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from app.domain.billing_keys import (
    DECLINE_LABELS,
    HARD,
    BillingKeyStatus,
    Decline,
    ExpectedBillingKey,
    ReportedBillingKey,
    check_billing_key,
    decline_of,
)
from app.domain.cards import (
    CARD_ROLE_LABELS,
    CARD_STATE_LABELS,
    CardRole,
    CardState,
    RankedCard,
    check_expiry,
    free_role,
    last_day_of,
    take_role,
    warning_time,
    without,
)
from app.domain.errors import DomainError
from app.domain.provider_payments import ChannelType

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)
DEFAULT, BACKUP, OTHER = CardRole.DEFAULT, CardRole.BACKUP, CardRole.OTHER


def cards(*roles: CardRole) -> list[RankedCard]:
    return [RankedCard(card, role) for card, role in zip((A, B, C), roles, strict=False)]


def test_the_first_card_is_the_default_the_second_the_backup() -> None:
    assert free_role([]) is DEFAULT
    assert free_role(cards(DEFAULT)) is BACKUP
    assert free_role(cards(BACKUP)) is DEFAULT
    assert free_role(cards(DEFAULT, BACKUP)) is OTHER


def test_default_and_backup_change_places() -> None:
    assert take_role(cards(DEFAULT, BACKUP), B, DEFAULT) == {B: DEFAULT, A: BACKUP}
    assert take_role(cards(DEFAULT, BACKUP), A, BACKUP) == {A: BACKUP, B: DEFAULT}


def test_whoever_had_the_role_gets_what_the_other_leaves() -> None:
    assert take_role(cards(DEFAULT, BACKUP, OTHER), C, BACKUP) == {C: BACKUP, B: OTHER}
    assert take_role(cards(DEFAULT, BACKUP, OTHER), C, DEFAULT) == {C: DEFAULT, A: OTHER}
    assert take_role(cards(DEFAULT, BACKUP), B, OTHER) == {B: OTHER}
    assert take_role(cards(DEFAULT, BACKUP), A, DEFAULT) == {}


@pytest.mark.parametrize("role", [BACKUP, OTHER])
def test_the_default_does_not_leave_without_another_one(role: CardRole) -> None:
    with pytest.raises(DomainError) as refused:
        take_role(cards(DEFAULT), A, role)
    assert (refused.value.code, refused.value.pointer) == ("payment_method_is_default", "/role")


def test_the_default_never_becomes_just_another_card() -> None:
    with pytest.raises(DomainError, match="payment_method_is_default"):
        take_role(cards(DEFAULT, BACKUP), A, OTHER)


def test_the_next_cards_move_up_when_one_goes() -> None:
    assert without(cards(DEFAULT, BACKUP, OTHER), A) == {B: DEFAULT, C: BACKUP}
    assert without(cards(DEFAULT, BACKUP, OTHER), B) == {C: BACKUP}
    assert without(cards(DEFAULT, BACKUP, OTHER), C) == {}
    assert without(cards(DEFAULT), A) == {}


def test_a_card_is_good_until_its_months_last_day() -> None:
    assert last_day_of("2028-02") == date(2028, 2, 29)
    assert last_day_of("2027-12") == date(2027, 12, 31)
    assert check_expiry("2027-12", date(2027, 12, 31)) == date(2027, 12, 31)
    with pytest.raises(DomainError, match="card_expired"):
        check_expiry("2027-12", date(2028, 1, 1))


def test_its_owner_is_warned_thirty_days_before_at_midnight_in_seoul() -> None:
    assert warning_time(date(2027, 12, 31)) == datetime(2027, 11, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "decline", "hard"),
    [
        ("REJECT_CARD_PAYMENT", Decline.INSUFFICIENT_FUNDS, False),
        ("REJECT_CARD_COMPANY", Decline.DECLINED, False),
        ("INVALID_CARD_LOST_OR_STOLEN", Decline.LOST_OR_STOLEN, True),
        ("INVALID_STOPPED_CARD", Decline.CARD_STOPPED, True),
        ("INVALID_CARD_EXPIRATION", Decline.CARD_EXPIRED, True),
        ("SOMETHING_NEW", Decline.DECLINED, False),
        (None, Decline.DECLINED, False),
    ],
)
def test_a_decline_is_final_or_may_be_tried_again(
    code: str | None, decline: Decline, hard: bool
) -> None:
    assert decline_of(code) is decline
    assert (decline in HARD) is hard


OURS = ReportedBillingKey(
    status=BillingKeyStatus.ISSUED,
    store_id="store",
    channels=(("channel", ChannelType.LIVE),),
    issue_id="issue",
    customer_id="company",
    card_issuer="SHINHAN_CARD",
    card_name="카드",
    card_last4="1234",
)
EXPECTED = ExpectedBillingKey("store", "channel", "issue", "company")


def test_a_key_of_ours_is_used() -> None:
    assert check_billing_key(OURS, EXPECTED, production=True) is OURS


@pytest.mark.parametrize(
    "reported",
    [
        None,
        replace(OURS, status=BillingKeyStatus.DELETED),
        replace(OURS, store_id="another"),
        replace(OURS, channels=(("another", ChannelType.LIVE),)),
        replace(OURS, channels=()),
        replace(OURS, channels=(("channel", ChannelType.TEST),)),
        replace(OURS, issue_id="another"),
        replace(OURS, issue_id=None),
        replace(OURS, customer_id="another"),
        replace(OURS, customer_id=None),
    ],
)
def test_a_key_that_is_not_ours_is_refused_in_one_way(reported: ReportedBillingKey | None) -> None:
    with pytest.raises(DomainError) as refused:
        check_billing_key(reported, EXPECTED, production=True)
    assert (refused.value.code, refused.value.pointer) == ("billing_key_refused", "/billing_key")


def test_a_test_channel_is_good_enough_for_the_sandbox() -> None:
    test = replace(OURS, channels=(("channel", ChannelType.TEST),))
    assert check_billing_key(test, EXPECTED, production=False) is test


def test_everything_has_its_words() -> None:
    assert set(DECLINE_LABELS) == set(Decline)
    assert set(CARD_STATE_LABELS) == set(CardState)
    assert set(CARD_ROLE_LABELS) == set(CardRole)
