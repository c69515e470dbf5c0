"""Whose account a refund may go to."""

import pytest

from app.domain.refund_accounts import holder_matches, mask_account


@pytest.mark.parametrize(
    ("holder", "matches"),
    [
        ("한빛상사", True),
        ("주식회사 한빛상사", True),
        ("(주)한빛상사", True),
        ("㈜ 한 빛 상 사", True),
        ("홍길동", True),
        ("홍길순", False),
        ("한빛상사의친구", False),
        ("한빛", False),
        ("주식회사", False),
        ("", False),
    ],
)
def test_the_company_or_its_representative_however_it_is_written(
    holder: str, matches: bool
) -> None:
    assert holder_matches(holder, "주식회사 한빛상사", "홍길동") is matches


def test_a_long_name_that_a_bank_cut_short_is_the_companys() -> None:
    name = "대한민국산업기술융합연구협동조합"
    assert holder_matches("대한민국산업기술융합연", name, None)
    assert not holder_matches("대한민국산업", name, None)


def test_without_a_known_representative_only_the_company_is() -> None:
    assert not holder_matches("홍길동", "한빛상사", None)


@pytest.mark.parametrize(
    ("number", "masked"), [("110123456789", "110*****6789"), ("12345678", "123***5678")]
)
def test_a_number_is_shown_by_its_ends(number: str, masked: str) -> None:
    assert mask_account(number) == masked
