"""Login IDs and passwords (PRODUCT.md section 3)."""

import itertools
import re
from functools import cache
from importlib.resources import files

from app.domain.errors import DomainError

_LOGIN_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{4,29}")
SHORTEST, LONGEST = 10, 128


def normalise_login_id(login_id: str) -> str:
    """Lower case, 5-30 characters, a letter first. Raises `login_id_invalid`."""
    # The form before the lowering: the Kelvin sign's lower case is a plain k.
    if not _LOGIN_ID.fullmatch(login_id):
        raise DomainError("login_id_invalid", "/login_id")
    return login_id.lower()


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


def _predictable(password: str) -> bool:
    """Few characters repeated, a run of alphabet or keyboard, or a common word and digits."""
    if len(set(password)) <= 3:
        return True
    steps = {ord(b) - ord(a) for a, b in itertools.pairwise(password)}
    if len(steps) == 1:
        return True
    word = password.rstrip("0123456789!@#$%^&*.")
    return (bool(word) and word in _common()) or any(
        row.find(password) >= 0 for row in ("qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb")
    )
