"""What the state's register says about a business."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class BusinessState(StrEnum):
    ACTIVE = "ACTIVE"  # 계속사업자
    SUSPENDED = "SUSPENDED"  # 휴업자
    CLOSED = "CLOSED"  # 폐업자
    UNKNOWN = "UNKNOWN"  # not registered


class TaxType(StrEnum):
    GENERAL = "GENERAL"  # 일반과세자
    SIMPLIFIED = "SIMPLIFIED"  # 간이과세자
    SPECIAL = "SPECIAL"  # 과세특례자
    EXEMPT = "EXEMPT"  # 면세사업자
    NON_PROFIT_OR_STATE = "NON_PROFIT_OR_STATE"  # 비영리법인, 국가기관
    UNREGISTERED_GROUP = "UNREGISTERED_GROUP"  # 고유번호가 부여된 단체
    SIMPLIFIED_INVOICING = "SIMPLIFIED_INVOICING"  # 간이과세자(세금계산서 발급)


@dataclass(frozen=True, slots=True)
class BusinessStatus:
    """`number` is ten digits. `tax_type` is None when the register names none."""

    number: str
    state: BusinessState
    tax_type: TaxType | None
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class BusinessMatch:
    """Whether number, representative and opening date belong together."""

    matches: bool
    status: BusinessStatus | None
