"""The operator's one queue of cases (PRODUCT.md section 16): kinds, states, and steps between."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.domain.catalogue import Name
from app.domain.errors import DomainError
from app.domain.four_eyes import is_first


class CaseKind(StrEnum):
    """BUSINESS_DOCUMENT: 사업자등록증 shows that a company is real and the sender acts for it.

    COMPANY_CLAIM: somebody else registered the claimant's business number. COMPANY_CHANGE: a
    company's name, 대표자 or number shall be another. ASSISTED_HANDOVER: who is behind a proven
    company's account is gone and cannot hand it over. BANK_ACCOUNT_CHANGE: 환불 계좌 whose holder
    the bank cannot be asked for.
    """

    BUSINESS_DOCUMENT = "BUSINESS_DOCUMENT"
    COMPANY_CLAIM = "COMPANY_CLAIM"
    COMPANY_CHANGE = "COMPANY_CHANGE"
    BANK_ACCOUNT_CHANGE = "BANK_ACCOUNT_CHANGE"
    ASSISTED_HANDOVER = "ASSISTED_HANDOVER"


class HolderAnswer(StrEnum):
    """What the present holder of an account said to its handover."""

    AGREED = "AGREED"
    OBJECTED = "OBJECTED"


class CaseState(StrEnum):
    """ON_HOLD waits for the sender, with the operator's reason."""

    IN_PROGRESS = "IN_PROGRESS"
    ON_HOLD = "ON_HOLD"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


STATE_LABELS: Mapping[CaseState, Name] = MappingProxyType(
    {
        CaseState.IN_PROGRESS: Name("확인 중", "In progress"),
        CaseState.ON_HOLD: Name("보완 요청", "On hold"),
        CaseState.APPROVED: Name("승인", "Approved"),
        CaseState.REFUSED: Name("반려", "Refused"),
    }
)
OPEN = frozenset({CaseState.IN_PROGRESS, CaseState.ON_HOLD})
FOUR_EYES = frozenset({CaseKind.COMPANY_CLAIM, CaseKind.ASSISTED_HANDOVER})
"""Approved by two operators, one after the other."""
OBJECTION_TIME: Final = timedelta(hours=72)
"""How long the present holder of an account may object to its handover (PRODUCT.md section 6)."""


def step_case(state: CaseState, wanted: CaseState) -> CaseState:
    """The state it is then. Raises `case_decided` for one that is approved or refused."""
    if state not in OPEN:
        raise DomainError("case_decided", state=str(state))
    return wanted


def needs_another_operator(kind: CaseKind, approved_by: str | None, operator: str) -> bool:
    """Whether this approval is the first of two.

    Raises `second_operator_required` where the same operator approves twice.
    """
    return kind in FOUR_EYES and is_first(approved_by, operator)


def check_objection_time(
    waits_until: datetime | None, answer: HolderAnswer | None, now: datetime
) -> None:
    """Raises `objection_time_running` while the holder may still object and has not agreed."""
    if waits_until is None or answer is HolderAnswer.AGREED or now >= waits_until:
        return
    raise DomainError("objection_time_running", until=waits_until.isoformat())
