"""변경 신청: what a company may not change by itself (PRODUCT.md section 7)."""

from dataclasses import dataclass, field
from datetime import date

from app.domain.errors import DomainError


@dataclass(frozen=True, slots=True)
class WantedChange:
    """What it shall be; None where it stays. `business_number`: ten digits, from `effective_on`."""

    legal_name: str | None = None
    representative_name: str | None = field(default=None, repr=False)
    business_number: str | None = None
    effective_on: date | None = None


def check_wanted(wanted: WantedChange, present_number: str) -> None:
    """Raises `nothing_to_change`, and `effective_date_required` for a number without its day, or a

    day without a number.
    """
    number = wanted.business_number
    named = wanted.legal_name is not None or wanted.representative_name is not None
    if not named and number in (None, present_number):
        raise DomainError("nothing_to_change")
    if (number is None) is not (wanted.effective_on is None):
        raise DomainError("effective_date_required", "/effective_on")


def is_due(wanted: WantedChange, today: date) -> bool:
    """Whether it may hold now: a number holds from its day on."""
    return wanted.effective_on is None or wanted.effective_on <= today
