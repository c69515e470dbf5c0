"""사용자 초대/관리: what may be written in mails, and how the list is made."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.domain.errors import DomainError
from app.domain.invitations import (
    Acceptance,
    User,
    UserSort,
    UserState,
    check_no_link,
    list_users,
    outcome_when_linked,
)


def user(
    number: int,
    name: str,
    email: str,
    *,
    role: str = "ADMIN",
    state: UserState = UserState.ACTIVE,
    seen: int | None = None,
) -> User:
    """The `number`th of the company; `seen`: the day of November of the last sign-in."""
    return User(
        user_id=UUID(int=number),
        invitation_id=None,
        name=name,
        email=email,
        role=role,
        state=state,
        approval_pending=False,
        last_signed_in_at=None if seen is None else datetime(2026, 11, seen, tzinfo=UTC),
        since=datetime(2026, 1, number, tzinfo=UTC),
    )


OWNER = user(9, "홍길동", "owner@hanbit.example", role="SUPER_ADMIN", seen=1)
KIM = user(1, "김하나", "Kim@hanbit.example", seen=20)
LEE = user(2, "이둘", "lee@hanbit.example", state=UserState.SUSPENDED)
PARK = user(3, "박셋", "a.park@hanbit.example", state=UserState.INVITED, seen=3)
ALL = [PARK, LEE, KIM, OWNER]


def names(query: str | None = None, sort: UserSort | None = None) -> list[str]:
    return [found.name for found in list_users(ALL, query, sort)]


def test_the_corporate_account_is_first_then_the_longest_users() -> None:
    assert names() == ["홍길동", "김하나", "이둘", "박셋"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (UserSort.NAME, ["홍길동", "김하나", "박셋", "이둘"]),
        (UserSort.NAME_DOWN, ["홍길동", "이둘", "박셋", "김하나"]),
        (UserSort.EMAIL, ["홍길동", "박셋", "김하나", "이둘"]),
        (UserSort.STATE, ["홍길동", "김하나", "박셋", "이둘"]),
        (UserSort.LAST_SIGN_IN_DOWN, ["홍길동", "김하나", "박셋", "이둘"]),
        (UserSort.LAST_SIGN_IN, ["홍길동", "이둘", "박셋", "김하나"]),
    ],
)
def test_sorting_leaves_the_corporate_account_first(sort: UserSort, expected: list[str]) -> None:
    assert names(sort=sort) == expected


def test_a_query_is_a_part_of_name_or_address_in_any_case() -> None:
    assert names("둘") == ["이둘"]
    assert names("KIM@") == ["김하나"]
    assert names("hanbit.example") == ["홍길동", "김하나", "이둘", "박셋"]
    assert names("nobody") == []


@pytest.mark.parametrize(
    "words",
    [
        "https://evil.example/x",
        "HTTP:evil",
        "www.evil",
        "여기로 evil.com 오세요",
        "한국.kr",
        "me@evil.example",
        "javascript.alert",
    ],
)
def test_links_and_addresses_are_no_plain_words(words: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_no_link(words, "/note")
    assert (refused.value.code, refused.value.pointer) == ("text_has_link", "/note")


@pytest.mark.parametrize("words", ["계약 담당자로 초대합니다.", "2.5 버전부터 함께해요", "J. Kim"])
def test_plain_words_are_plain(words: str) -> None:
    check_no_link(words, "/note")


@pytest.mark.parametrize(
    ("verified", "same", "outcome"),
    [
        (True, True, Acceptance.ACCEPTED),
        (True, False, Acceptance.APPROVAL_PENDING),
        (False, True, Acceptance.APPROVAL_PENDING),
        (False, False, Acceptance.APPROVAL_PENDING),
    ],
)
def test_only_the_invited_and_verified_address_needs_no_approval(
    verified: bool, same: bool, outcome: Acceptance
) -> None:
    assert outcome_when_linked(email_verified=verified, same_email=same) is outcome
