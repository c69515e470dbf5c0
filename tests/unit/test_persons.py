"""Age, numbers and masks."""

from datetime import date

import pytest

from app.domain.errors import DomainError
from app.domain.persons import (
    age_on,
    check_age,
    check_gender_digit,
    mask_name,
    mask_phone,
    normalise_mobile,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("01012345678", "01012345678"),
        ("010-1234-5678", "01012345678"),
        ("+82 10-1234-5678", "01012345678"),
        ("011-123-4567", "0111234567"),
    ],
)
def test_a_mobile_number_is_kept_as_digits(typed: str, kept: str) -> None:
    assert normalise_mobile(typed) == kept


@pytest.mark.parametrize("typed", ["", "0212345678", "0101234567890", "010-abcd-5678", "١٠"])
def test_any_other_number_is_refused(typed: str) -> None:
    with pytest.raises(DomainError, match="phone_invalid"):
        normalise_mobile(typed)


def test_a_person_is_fourteen_on_the_birthday_itself() -> None:
    check_age(date(2026, 11, 24), date(2012, 11, 24))
    with pytest.raises(DomainError, match="under_age"):
        check_age(date(2026, 11, 23), date(2012, 11, 24))
    with pytest.raises(DomainError, match="under_age"):
        check_age(date(2026, 11, 23), date(2027, 1, 1))
    assert age_on(date(2026, 2, 28), date(2012, 2, 29)) == 13
    assert age_on(date(2026, 3, 1), date(2012, 2, 29)) == 14


@pytest.mark.parametrize(("year", "digit"), [(1985, "1"), (1985, "6"), (2004, "3"), (2004, "8")])
def test_the_gender_digit_names_the_century(year: int, digit: str) -> None:
    check_gender_digit(date(year, 1, 1), digit)
    with pytest.raises(DomainError, match="birth_date_invalid"):
        check_gender_digit(date(4000 - year - 1, 1, 1), digit)


def test_what_is_shown_of_a_person() -> None:
    assert [mask_name(name) for name in ("홍길동", "김철", "남궁민수", "이")] == [
        "홍*동",
        "김*",
        "남**수",
        "*",
    ]
    assert mask_phone("01012345678") == "010-****-5678"
