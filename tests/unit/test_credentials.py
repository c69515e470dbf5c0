"""Login IDs and passwords that are taken, and those that are not."""

import pytest

from app.domain.credentials import check_password, normalise_login_id
from app.domain.errors import DomainError


@pytest.mark.parametrize("login_id", ["hanbit", "HanBit", "a-b_c.d1", "abcde", "a" * 30])
def test_a_login_id_is_kept_in_lower_case(login_id: str) -> None:
    assert normalise_login_id(login_id) == login_id.lower()


@pytest.mark.parametrize(
    "login_id",
    [
        "",
        "abcd",
        "1abcde",
        "_abcde",
        "a" * 31,
        "한빛상사요",
        "han bit",
        "hanbit\n",
        "ａbcde",
        "\N{KELVIN SIGN}anbit",
    ],
)
def test_another_form_is_refused(login_id: str) -> None:
    with pytest.raises(DomainError, match="login_id_invalid"):
        normalise_login_id(login_id)


@pytest.mark.parametrize(
    "password", ["correct horse", "비밀번호는열글자이상", "x7!kPq02mZ", "a longer phrase of words"]
)
def test_no_composition_is_asked_for(password: str) -> None:
    check_password(password, "hanbit")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short-one", "password_too_short"),
        ("x7!kPq02mZ" * 13, "password_too_long"),
        ("my-HanBit-pass", "password_contains_login_id"),
        ("qwertyuiop", "password_common"),
        ("Password123", "password_common"),
        ("daouoffice2026!", "password_common"),
        ("aaaaaaaaaaaa", "password_common"),
        ("abababababab", "password_common"),
        ("abcdefghijkl", "password_common"),
        ("9876543210", "password_common"),
        ("qlalfqjsgh1", "password_common"),
        ("qwer1234qwer1234", "password_common"),
        ("p@ssword12345", "password_common"),
        ("0123456789ab", "password_common"),
        ("asdf1234!@#$", "password_common"),
        ("20241124202411242024", "password_common"),
        ("ㅁㄴㅇㄹㅁㄴㅇㄹㅁㄴㅇㄹ", "password_common"),
    ],
)
def test_a_guessable_password_is_refused(password: str, code: str) -> None:
    with pytest.raises(DomainError, match=code):
        check_password(password, "hanbit")
