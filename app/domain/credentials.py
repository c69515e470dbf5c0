"""Login IDs and passwords (PRODUCT.md section 3)."""

import re
from functools import cache
from importlib.resources import files
from itertools import pairwise

from app.domain.errors import DomainError

_LOGIN_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{4,29}")
SHORTEST, LONGEST = 10, 128


def normalise_login_id(login_id: str) -> str:
    """Lower case, 5-30 characters, a letter first. Raises `login_id_invalid`."""
    # The form before the lowering: the Kelvin sign's lower case is a plain k.
    if not _LOGIN_ID.fullmatch(login_id):
        raise DomainError("login_id_invalid", "/login_id")
    return login_id.lower()


def mask_login_id(login_id: str) -> str:
    """hanbit → ha***t: enough to remember one's own, too little to use another's."""
    return login_id[:2] + "*" * (len(login_id) - 3) + login_id[-1]


def check_password(password: str, login_id: str) -> None:
    """Length, not common, not the login ID dressed up; nothing about its composition."""
    if len(password) < SHORTEST:
        raise DomainError("password_too_short", "/password", minimum=SHORTEST)
    if len(password) > LONGEST:
        raise DomainError("password_too_long", "/password", maximum=LONGEST)
    lowered = password.lower()
    if login_id.lower() in lowered:
        raise DomainError("password_contains_login_id", "/password")
    if lowered in _common() or _predictable(lowered):
        raise DomainError("password_common", "/password")


@cache
def _common() -> frozenset[str]:
    listed = files("app.domain").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(listed.split())


_ROWS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1234567890",
    "!@#$%^&*()",
    "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ",
    "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ",
)
_LOOKALIKES = str.maketrans("@$0!3", "asoie")
_TAIL = "0123456789!@#$%^&*."


def _predictable(password: str) -> bool:
    """Few characters, a block repeated, runs of keyboard or alphabet, a common word dressed."""
    if len(set(password)) <= 3 or _repeats(password):
        return True
    words = {password.rstrip(_TAIL), password.rstrip(_TAIL).translate(_LOOKALIKES)}
    if any(word in _common() for word in words):
        return True
    return _steps(password) * 4 >= (len(password) - 1) * 3


def _repeats(password: str) -> bool:
    """One block of at most half its length, over and over."""
    return any(password[block:] == password[:-block] for block in range(1, len(password) // 2 + 1))


def _steps(password: str) -> int:
    """How many characters follow their neighbour on the keyboard or in the alphabet."""
    return sum(
        ord(b) - ord(a) in (-1, 1) or any(a + b in row or b + a in row for row in _ROWS)
        for a, b in pairwise(password)
    )
