"""The check digit of a business number."""

import pytest

from app.domain.business_numbers import normalise_business_number
from app.domain.errors import DomainError


@pytest.mark.parametrize("number", ["1248100998", "2208162517", "1208147521"])
def test_a_real_number_is_kept_as_ten_digits(number: str) -> None:
    assert normalise_business_number(number) == number
    assert normalise_business_number(f"{number[:3]}-{number[3:5]}-{number[5:]}") == number


@pytest.mark.parametrize("number", ["1248100999", "0248100998", "124810099", "١٢٣٤٥٦٧٨٩٠", "", "-"])
def test_any_other_text_is_refused(number: str) -> None:
    with pytest.raises(DomainError, match="business_number_invalid"):
        normalise_business_number(number)


@pytest.mark.parametrize("place", range(10))
def test_one_wrong_digit_is_found(place: int) -> None:
    digits = list("1248100998")
    digits[place] = str((int(digits[place]) + 1) % 10)
    with pytest.raises(DomainError):
        normalise_business_number("".join(digits))
