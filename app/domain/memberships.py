"""Memberships: their states, fee, notice and storage (PRODUCT.md sections 8, 12 and 13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.domain.catalogue import Name
from app.domain.errors import DomainError
from app.domain.prices import Line

PUBLIC_STORAGE_GB = 2


class MembershipStatus(StrEnum):
    IN_USE = "IN_USE"
    OVERDUE = "OVERDUE"
    EXPIRED = "EXPIRED"
    TERMINATED = "TERMINATED"


MEMBERSHIP_STATUS_LABELS: Mapping[MembershipStatus, Name] = MappingProxyType(
    {
        MembershipStatus.IN_USE: Name("사용 중", "In use"),
        MembershipStatus.OVERDUE: Name("초과 사용중", "Overdue"),
        MembershipStatus.EXPIRED: Name("만료", "Expired"),
        MembershipStatus.TERMINATED: Name("해지", "Terminated"),
    }
)

_M = MembershipStatus

MEMBERSHIP_STEPS: frozenset[tuple[MembershipStatus, MembershipStatus]] = frozenset(
    {
        (_M.IN_USE, _M.OVERDUE),
        (_M.IN_USE, _M.TERMINATED),
        (_M.OVERDUE, _M.IN_USE),
        (_M.OVERDUE, _M.EXPIRED),
        (_M.OVERDUE, _M.TERMINATED),
        (_M.EXPIRED, _M.IN_USE),
        (_M.EXPIRED, _M.TERMINATED),
    }
)


def step_membership(current: MembershipStatus, to: MembershipStatus) -> MembershipStatus:
    """The state stepped to. Raises `membership_state_conflict`; staying is no step."""
    if (current, to) not in MEMBERSHIP_STEPS:
        raise DomainError("membership_state_conflict", current=current.value, wanted=to.value)
    return to


_YEARLY = Name(
    "계약은 30일 전 서면으로 변경/해지 통보가 없을 시 1년 단위로 자동 연장됩니다.",
    "The contract is extended year by year unless changed or ended in writing 30 days before.",
)
_MONTHLY = Name(
    "계약은 만료일까지 변경/해지 통보가 없을 시 1개월 단위로 자동 연장됩니다.",
    "The contract is extended month by month unless changed or ended by its last day.",
)


def contract_notice(months: int | None) -> Name | None:
    """The notice for a segment of `months`; None for the free plan, which has no term."""
    if months is None:
        return None
    return _YEARLY if months >= 12 else _MONTHLY


def monthly_fee(lines: Iterable[Line]) -> int:
    """KRW a month, VAT apart: recurring lines, net of volume but not of prepay or coupon.

    Each line is rounded half up to a won.
    """
    return sum(line.monthly for line in lines)


@dataclass(frozen=True, slots=True)
class StorageSplit:
    """GB of 2³⁰ bytes."""

    account_gb: int
    public_gb: int


def split_storage(total_gb: int) -> StorageSplit:
    """Public storage is half of the total, 2 GB at most; the rest is for accounts."""
    public = min(PUBLIC_STORAGE_GB, total_gb // 2)
    return StorageSplit(account_gb=total_gb - public, public_gb=public)


@dataclass(frozen=True, slots=True)
class UsagePercent:
    """`used` may exceed 100; `left` is never below 0."""

    used: int
    left: int


def usage_percent(used: int, contracted: int) -> UsagePercent | None:
    """Used of contracted, both in one unit, rounded half up; None when nothing is contracted."""
    if contracted <= 0:
        return None
    percent = (used * 200 + contracted) // (contracted * 2)
    return UsagePercent(used=percent, left=max(0, 100 - percent))
