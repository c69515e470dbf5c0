"""광고 발송: what the operator writes to those who agreed to advertising (decisions/0035)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.domain.errors import DomainError


class CampaignState(StrEnum):
    """SENT: every mail went out, or came to nothing."""

    DRAFT = "DRAFT"
    SENDING = "SENDING"
    SENT = "SENT"
    STOPPED = "STOPPED"


class CampaignAudience(StrEnum):
    """Of those with a consent in force: everybody, accounts of companies with an open site, and
    of companies that use the free plan."""

    ALL = "ALL"
    SUPER_ADMINS = "SUPER_ADMINS"
    FREE_PLAN = "FREE_PLAN"


_NEXT: Final[Mapping[CampaignState, frozenset[CampaignState]]] = MappingProxyType(
    {
        CampaignState.DRAFT: frozenset({CampaignState.SENDING}),
        CampaignState.SENDING: frozenset({CampaignState.SENT, CampaignState.STOPPED}),
        CampaignState.SENT: frozenset(),
        CampaignState.STOPPED: frozenset(),
    }
)
_MARK: Final = re.compile(r"\s*[(\uff08\[\u3010<]\s*광\s*고")


@dataclass(frozen=True, slots=True)
class CampaignWords:
    """Subjects are one line, bodies plain text; paragraphs have an empty line between them."""

    subject_ko: str
    body_ko: str
    subject_en: str
    body_en: str
    audience: CampaignAudience

    def check(self) -> None:
        """Raises `campaign_subject_marked`: the mark is ours to put, once and as law spells it."""
        for name in ("subject_ko", "subject_en"):
            if _MARK.match(getattr(self, name)):
                raise DomainError("campaign_subject_marked", f"/{name}")


def one_kind_of_line(body: str) -> str:
    """Whatever an editor ends its lines with."""
    return body.replace("\r\n", "\n").replace("\r", "\n").strip()


def step_campaign(state: CampaignState, to: CampaignState) -> CampaignState:
    """Raises `campaign_state_conflict`."""
    if to not in _NEXT[state]:
        raise DomainError("campaign_state_conflict")
    return to


def check_draft(state: CampaignState) -> None:
    """What somebody was sent is not written anew. Raises `campaign_state_conflict`."""
    if state is not CampaignState.DRAFT:
        raise DomainError("campaign_state_conflict")
