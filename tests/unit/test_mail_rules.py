"""Who may be written to, when, and what advertising must have."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.mail_rules import (
    PURPOSES,
    MailPurpose,
    MarketingConsent,
    check_marketing,
    may_be_sent,
    next_daytime,
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
