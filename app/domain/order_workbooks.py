"""The history as a workbook (XLSX): what a row holds, and the states of one that is being made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from app.domain.catalogue import Name


class WorkbookState(StrEnum):
    WAITING = "WAITING"
    READY = "READY"
    FAILED = "FAILED"


WORKBOOK_STATE_LABELS: Mapping[WorkbookState, Name] = MappingProxyType(
    {
        WorkbookState.WAITING: Name("생성 중", "Being made"),
        WorkbookState.READY: Name("생성 완료", "Ready"),
        WorkbookState.FAILED: Name("생성 실패", "Failed"),
    }
)


@dataclass(frozen=True, slots=True)
class WorkbookRow:
    """The cells of `order_history.COLUMNS`, each of its own type; days are KST, `total` is KRW."""

    number: str
    service_types: str
    plans: str
    kind: str
    ordered_on: date
    paid_on: date | None
    applied_on: date | None
    summary: str
    total: int
    payment_method: str
    status: str
