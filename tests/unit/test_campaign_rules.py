"""What a campaign may say and become, and the link in its mails."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from app.domain.campaigns import (
    CampaignAudience,
    CampaignState,
    CampaignWords,
    check_draft,
    one_kind_of_line,
    step_campaign,
)
from app.domain.errors import DomainError
from app.services.marketing_links import MarketingLinks
from app.services.one_time import OneTimeTokens

WORDS = CampaignWords("새 요금제", "본문", "A new plan", "Body", CampaignAudience.ALL)
LINKS = MarketingLinks(OneTimeTokens("k" * 32), "https://spa.example", "https://api.example")
STEPS = {("DRAFT", "SENDING"), ("SENDING", "SENT"), ("SENDING", "STOPPED")}


@pytest.mark.parametrize("to", list(CampaignState))
@pytest.mark.parametrize("state", list(CampaignState))
def test_a_campaign_goes_one_way(state: CampaignState, to: CampaignState) -> None:
    if (str(state), str(to)) in STEPS:
        assert step_campaign(state, to) is to
        return
    with pytest.raises(DomainError) as refused:
        step_campaign(state, to)
    assert refused.value.code == "campaign_state_conflict"


@pytest.mark.parametrize("state", list(CampaignState))
def test_only_a_draft_is_written_anew(state: CampaignState) -> None:
    if state is CampaignState.DRAFT:
        check_draft(state)
        return
    with pytest.raises(DomainError):
        check_draft(state)


@pytest.mark.parametrize(
    "mark", ["(광고)", "(광고) ", " (광 고)", "[광고]", "\uff08광고\uff09", "<광고>"]
)
@pytest.mark.parametrize("name", ["subject_ko", "subject_en"])
def test_the_mark_is_ours_to_put(name: str, mark: str) -> None:
    with pytest.raises(DomainError) as refused:
        replace(WORDS, **{name: f"{mark}새 요금제"}).check()
    assert (refused.value.code, refused.value.pointer) == ("campaign_subject_marked", f"/{name}")


@pytest.mark.parametrize("subject", ["새 요금제", "광고 없는 요금제", "(공지) 광고 안내"])
def test_other_subjects_are_fine(subject: str) -> None:
    replace(WORDS, subject_ko=subject).check()


def test_lines_end_one_way() -> None:
    assert one_kind_of_line("a\r\n\r\nb\rc\n") == "a\n\nb\nc"


def test_a_link_is_of_one_account_and_of_one_key() -> None:
    account = uuid4()
    token = LINKS.token(account)
    assert len(token) == 43
    assert LINKS.account_of(token) == account
    assert LINKS.page(account) == f"https://spa.example/unsubscribe#token={token}"
    assert LINKS.one_click(account) == f"https://api.example/v1/marketing/unsubscribe/{token}"
    other = MarketingLinks(OneTimeTokens("o" * 32), "https://s.example", "https://a.example")
    assert other.account_of(token) is None


def test_no_other_text_is_a_link() -> None:
    """Not one that differs in a bit, those that base64 leaves unused included."""
    account = UUID(int=7)
    token = LINKS.token(account)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for index, character in enumerate(token):
        for bit in range(6):
            other = alphabet[alphabet.index(character) ^ 1 << bit]
            assert LINKS.account_of(token[:index] + other + token[index + 1 :]) is None
    for text in (
        "",
        "=",
        token[:-1],
        token + "=",
        token + "A",
        f"{token} ",
        "가",
        "\x00",
        "A" * 43,
    ):
        assert LINKS.account_of(text) is None, text
