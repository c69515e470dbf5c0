"""Sub-domains."""

import pytest

from app.domain.errors import DomainError
from app.domain.sites import check_subdomain


@pytest.mark.parametrize("subdomain", ["abc", "han-bit", "1st", "a" * 40, "fail-here"])
def test_a_subdomain_of_letters_digits_and_inner_hyphens_is_taken(subdomain: str) -> None:
    check_subdomain(subdomain, "/x")


@pytest.mark.parametrize(
    "subdomain",
    ["", "ab", "a" * 41, "-abc", "abc-", "HanBit", "han_bit", "한빛", "a.b", "xn--abc", "abc\n"],
)
def test_another_form_is_invalid(subdomain: str) -> None:
    with pytest.raises(DomainError, match="subdomain_invalid"):
        check_subdomain(subdomain, "/x")


@pytest.mark.parametrize("subdomain", ["www", "admin", "portal", "daouoffice"])
def test_a_reserved_word_is_refused(subdomain: str) -> None:
    with pytest.raises(DomainError, match="subdomain_reserved"):
        check_subdomain(subdomain, "/x")
