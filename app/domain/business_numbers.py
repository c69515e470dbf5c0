"""사업자등록번호: ten digits, the last of which checks the others."""

import re

from app.domain.errors import DomainError

_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_FORM = re.compile(r"[0-9]{3}-?[0-9]{2}-?[0-9]{5}")


def normalise_business_number(value: str) -> str:
    """Ten digits, from a number with or without hyphens.

    Raises `business_number_invalid` for another form or a check digit that does not hold. The rule
    is the tax service's; `stdnum.kr.brn` checks the form only, so it is written here.
    """
    digits = value.replace("-", "")
    if not _FORM.fullmatch(value) or _check_digit(digits[:9]) != digits[9]:
        raise DomainError("business_number_invalid", "/business_number")
    return digits


def _check_digit(nine: str) -> str:
    weighted = sum(int(d) * w for d, w in zip(nine, _WEIGHTS, strict=True))
    return str((10 - (weighted + int(nine[8]) * 5 // 10) % 10) % 10)
