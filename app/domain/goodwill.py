"""보상: what the operator gives for nothing, with reason and end (PRODUCT.md sections 8, 16)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.domain.catalogue import Name
from app.domain.errors import DomainError


class GoodwillKind(StrEnum):
    """CREDIT: KRW to the company's balance. USERS (무료제공): more of one site until a day."""

    CREDIT = "CREDIT"
    USERS = "USERS"


class GoodwillReason(StrEnum):
    """Why it is given; the company is told."""

    SERVICE_INTERRUPTED = "SERVICE_INTERRUPTED"
    OPENED_LATE = "OPENED_LATE"
    BILLING_MISTAKE = "BILLING_MISTAKE"
    PROMOTION = "PROMOTION"
    OTHER = "OTHER"


class GoodwillState(StrEnum):
    """WAITING for another operator; ENDED: its last day is over, or its site's service."""

    WAITING = "WAITING"
    GIVEN = "GIVEN"
    REFUSED = "REFUSED"
    ENDED = "ENDED"


REASON_LABELS: Final[Mapping[GoodwillReason, Name]] = MappingProxyType(
    {
        GoodwillReason.SERVICE_INTERRUPTED: Name("서비스 장애", "Service was interrupted"),
        GoodwillReason.OPENED_LATE: Name("개설 지연", "The service was opened late"),
        GoodwillReason.BILLING_MISTAKE: Name("청구 오류", "A mistake in billing"),
        GoodwillReason.PROMOTION: Name("프로모션", "Promotion"),
        GoodwillReason.OTHER: Name("기타", "Other"),
    }
)
MOST_CREDIT: Final = 100_000_000
MOST_USERS: Final = 10_000
LONGEST: Final = timedelta(days=731)
"""Users for nothing end within two years: what lasts longer is a price agreement."""


@dataclass(frozen=True, slots=True)
class UsersGrant:
    """`last_day` is KST, inclusive."""

    users: int
    last_day: date


def check_last_day(last_day: date, today: date) -> None:
    """Raises `goodwill_days_invalid`."""
    if not today <= last_day <= today + LONGEST:
        raise DomainError("goodwill_days_invalid", "/last_day")


def step_goodwill(state: GoodwillState, wanted: GoodwillState) -> GoodwillState:
    """A decision on one that waits. Raises `goodwill_decided`."""
    if state is not GoodwillState.WAITING:
        raise DomainError("goodwill_decided", state=str(state))
    return wanted
