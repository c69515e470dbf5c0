"""Who may be written to, when, and what advertising must have."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.errors import DomainError
from app.domain.mail_rules import (
    PURPOSES,
    MailPurpose,
    MarketingConsent,
    asked_again_at,
    check_marketing,
    check_renewal,
    may_be_sent,
    next_daytime,
    says_nothing_new,
)

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
TEXTS = Path(__file__).parents[2] / "app" / "services" / "mail_texts"
ALWAYS = ["VERIFICATION", "OWN", "ANSWER", "CONTRACT", "SECURITY", "INVITATION", "OPERATOR"]


def test_every_text_has_a_purpose_and_both_languages() -> None:
    texts = {path.name for path in TEXTS.glob("*.txt")}
    assert texts == {f"{kind}.{language}.txt" for kind in PURPOSES for language in ("ko", "en")}


@pytest.mark.parametrize("purpose", ALWAYS)
def test_what_is_owed_reaches_an_unverified_address(purpose: str) -> None:
    assert may_be_sent(MailPurpose(purpose), verified=False, marketing=None, now=NOW)


@pytest.mark.parametrize("purpose", sorted(set(MailPurpose) - set(ALWAYS)))
def test_nothing_else_does(purpose: str) -> None:
    consent = MarketingConsent(True, NOW)
    assert not may_be_sent(MailPurpose(purpose), verified=False, marketing=consent, now=NOW)


def test_a_notice_needs_no_consent() -> None:
    assert may_be_sent(MailPurpose.NOTICE, verified=True, marketing=None, now=NOW)


@pytest.mark.parametrize(
    ("consent", "allowed"),
    [
        (None, False),
        (MarketingConsent(False, NOW), False),
        (MarketingConsent(True, NOW), True),
        (MarketingConsent(True, NOW - timedelta(days=729)), True),
        (MarketingConsent(True, NOW - timedelta(days=730)), False),
        (MarketingConsent(False, NOW - timedelta(days=1)), False),
    ],
)
def test_advertising_needs_a_consent_not_two_years_old(
    consent: MarketingConsent | None, allowed: bool
) -> None:
    assert may_be_sent(MailPurpose.MARKETING, verified=True, marketing=consent, now=NOW) is allowed


@pytest.mark.parametrize(
    ("subject", "facts", "refused"),
    [
        ("(광고) 새 요금제", {"unsubscribe": "https://portal.example/u#token=x"}, False),
        ("새 요금제", {"unsubscribe": "https://portal.example/u#token=x"}, True),
        ("새 요금제 (광고)", {"unsubscribe": "https://portal.example/u#token=x"}, True),
        ("(광고) 새 요금제", {}, True),
        ("(광고) 새 요금제", {"unsubscribe": ""}, True),
    ],
)
def test_advertising_says_what_it_is_and_how_it_ends(
    subject: str, facts: dict[str, str], refused: bool
) -> None:
    if not refused:
        check_marketing(subject, facts)
        return
    with pytest.raises(ValueError, match="advertising"):
        check_marketing(subject, facts)


@pytest.mark.parametrize(
    ("at", "sent"),
    [
        ("2026-11-24T08:00:00+09:00", "2026-11-24T08:00:00+09:00"),
        ("2026-11-24T20:59:59+09:00", "2026-11-24T20:59:59+09:00"),
        ("2026-11-24T21:00:00+09:00", "2026-11-25T08:00:00+09:00"),
        ("2026-11-25T00:00:00+09:00", "2026-11-25T08:00:00+09:00"),
        ("2026-11-25T07:59:59+09:00", "2026-11-25T08:00:00+09:00"),
        ("2026-12-31T14:30:00+00:00", "2027-01-01T08:00:00+09:00"),
    ],
)
def test_advertising_waits_for_the_day(at: str, sent: str) -> None:
    assert next_daytime(datetime.fromisoformat(at)) == datetime.fromisoformat(sent)


def test_a_consent_is_asked_for_again_thirty_days_before_it_is_over() -> None:
    asked = asked_again_at(True, NOW)
    assert asked == NOW + timedelta(days=700)
    consent = MarketingConsent(True, NOW)
    assert consent.in_force(NOW + timedelta(days=730, microseconds=-1))
    assert not consent.in_force(NOW + timedelta(days=730))
    assert asked_again_at(False, NOW) is None


@pytest.mark.parametrize(
    ("newest", "agreed", "wanted"),
    [
        (None, True, False),
        (None, False, False),
        (MarketingConsent(True, NOW), True, True),
        (MarketingConsent(True, NOW), False, False),
        (MarketingConsent(False, NOW), False, True),
        (MarketingConsent(False, NOW), True, False),
        # NOW is noon in Seoul: half a day either way is another day there.
        (MarketingConsent(True, NOW - timedelta(hours=12)), True, True),
        (MarketingConsent(True, NOW - timedelta(hours=12, seconds=1)), True, False),
        (MarketingConsent(False, NOW - timedelta(days=1)), False, False),
    ],
)
def test_the_same_answer_on_one_day_in_seoul_says_nothing_new(
    newest: MarketingConsent | None, agreed: bool, wanted: bool
) -> None:
    assert says_nothing_new(newest, agreed, NOW) is wanted


@pytest.mark.parametrize(
    "newest",
    [None, MarketingConsent(False, NOW), MarketingConsent(True, NOW - timedelta(days=730))],
)
def test_without_a_consent_in_force_a_link_confirms_none(newest: MarketingConsent | None) -> None:
    with pytest.raises(DomainError) as refused:
        check_renewal(newest, NOW)
    assert (refused.value.code, refused.value.pointer) == (
        "marketing_consent_needs_sign_in",
        "/agreed",
    )
    check_renewal(MarketingConsent(True, NOW - timedelta(days=729)), NOW)
