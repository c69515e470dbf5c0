"""Facts about persons: age on a business date, Korean mobile numbers, what may be shown of them."""

import re
import unicodedata
from datetime import date

from app.domain.errors import DomainError

MINIMUM_AGE = 14
_MOBILE = re.compile(r"01[016789][0-9]{7,8}")
_CENTURY = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "5": 1900, "6": 1900}
_CENTURY |= {"3": 2000, "4": 2000, "7": 2000, "8": 2000}


def normalise_mobile(phone: str) -> str:
    """Digits of a Korean mobile number, typed with or without hyphens. Raises `phone_invalid`."""
    digits = phone.replace("-", "").replace(" ", "")
    if digits.startswith("+82"):
        digits = "0" + digits.removeprefix("+82").removeprefix("0")
    if not _MOBILE.fullmatch(digits):
        raise DomainError("phone_invalid", "/phone")
    return digits


def check_gender_digit(birth_date: date, gender_digit: str) -> None:
    """The resident number's seventh digit names the century. Raises `birth_date_invalid`."""
    century = _CENTURY.get(gender_digit)
    if century is None or not century <= birth_date.year < century + 100:
        raise DomainError("birth_date_invalid", "/birth_date")


def age_on(day: date, birth_date: date) -> int:
    """Full years; somebody born on 29 February turns older on 1 March of other years."""
    before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before_birthday


def check_age(day: date, birth_date: date) -> None:
    """Raises `under_age` below 14 on the business date, and for a date that is yet to come."""
    if birth_date > day or age_on(day, birth_date) < MINIMUM_AGE:
        raise DomainError("under_age", "/birth_date")


def name_key(name: str) -> str:
    """What two ways of writing one name have in common: width, case and spaces do not count."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def mask_name(name: str) -> str:
    """홍길동 → 홍*동, 김철 → 김*."""
    if len(name) < 3:
        return name[0] + "*" if len(name) == 2 else "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]


def mask_phone(phone: str) -> str:
    """01012345678 → 010-****-5678."""
    return f"{phone[:3]}-****-{phone[-4:]}"


def mask_email(email: str) -> str:
    """hong@hanbit.example → h***@hanbit.example."""
    local, _, domain = email.partition("@")
    return f"{local[:1]}***@{domain}"
