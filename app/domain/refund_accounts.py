"""환불 계좌: whose it may be, when it may be used, and how it is shown (PRODUCT.md section 7)."""

import re
from datetime import timedelta

from app.domain.persons import mask_name

USABLE_AFTER = timedelta(hours=72)
"""Time for the company to notice one that it did not ask for."""
_FORMS = re.compile(
    r"주식회사|유한회사|유한책임회사|합자회사|합명회사|재단법인|사단법인|\(.{1,2}\)|㈜"
)
_OTHER = re.compile(r"[\s.,·&()\-]")


def holder_matches(holder: str, legal_name: str, representative: str | None) -> bool:
    """Whether a bank's holder is the company or its 대표자.

    Legal forms, spaces and dots are written in many ways and do not count; banks cut long names
    short, so that ten characters or more of the beginning are enough.
    """
    held, company = _plain(holder), _plain(legal_name)
    if not held:
        return False
    cut = len(held) >= 10 and company.startswith(held)
    return held == company or cut or (representative is not None and held == _plain(representative))


def _plain(name: str) -> str:
    return _OTHER.sub("", _FORMS.sub("", name)).casefold()


def mask_account(number: str) -> str:
    """`110-***-6789` in the manner of banks: the first three and the last four digits."""
    return f"{number[:3]}{'*' * max(len(number) - 7, 3)}{number[-4:]}"


def mask_holder(holder: str) -> str:
    """As persons are masked: a company may bear its owner's name."""
    return mask_name(holder)
