"""A company's registered cards (자동카드결제): states, default and backup, and when one expires.

Source: PRODUCT.md section 11. One card is the default, one the backup; there is no gap between a
card and the one that takes its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from app.domain.catalogue import Name
from app.domain.errors import DomainError
from app.domain.orders import beginning_of

MOST_CARDS = 10
ISSUE_LASTS = timedelta(hours=1)
"""How long after its start a card can be registered."""
WARN_DAYS = 30
"""So long before its last day the owner of a card is told that it expires."""


class CardState(StrEnum):
    PENDING = "PENDING"
    """Begun: the window for typing it was opened."""
    ACTIVE = "ACTIVE"
    LOST = "LOST"
    """Its billing key is not at the provider any more."""
    DELETING = "DELETING"
    """Removed by the customer, and not yet at the provider."""
    DELETED = "DELETED"


class CardRole(StrEnum):
    DEFAULT = "DEFAULT"
    BACKUP = "BACKUP"
    OTHER = "OTHER"


CARD_STATE_LABELS: Mapping[CardState, Name] = MappingProxyType(
    {
        CardState.PENDING: Name("등록 중", "Being registered"),
        CardState.ACTIVE: Name("사용 중", "In use"),
        CardState.LOST: Name("카드사 해지", "Removed at the provider"),
        CardState.DELETING: Name("삭제 중", "Being removed"),
        CardState.DELETED: Name("삭제됨", "Removed"),
    }
)
CARD_ROLE_LABELS: Mapping[CardRole, Name] = MappingProxyType(
    {
        CardRole.DEFAULT: Name("기본 카드", "Default"),
        CardRole.BACKUP: Name("예비 카드", "Backup"),
        CardRole.OTHER: Name("등록 카드", "Registered"),
    }
)


@dataclass(frozen=True, slots=True)
class RankedCard:
    """A card that can be charged; the list that it is in has the oldest first."""

    id: UUID
    role: CardRole


def _holder(cards: Sequence[RankedCard], role: CardRole) -> RankedCard | None:
    return next((card for card in cards if card.role is role), None)


def free_role(cards: Sequence[RankedCard]) -> CardRole:
    """What a new card is: the first the default, the second the backup."""
    for role in (CardRole.DEFAULT, CardRole.BACKUP):
        if _holder(cards, role) is None:
            return role
    return CardRole.OTHER


def take_role(
    cards: Sequence[RankedCard], card_id: UUID, role: CardRole
) -> Mapping[UUID, CardRole]:
    """Who has which role, where it changes, when one of them takes `role`.

    Whoever had it gets what the other leaves. Raises `payment_method_is_default` where the default
    would leave without one that takes its place.
    """
    card = next(card for card in cards if card.id == card_id)
    if card.role is role:
        return {}
    former = _holder(cards, role) if role is not CardRole.OTHER else None
    if card.role is CardRole.DEFAULT and former is None:
        raise DomainError("payment_method_is_default", "/role")
    changed = {card_id: role}
    if former is not None:
        changed[former.id] = card.role
    return changed


def without(cards: Sequence[RankedCard], card_id: UUID) -> Mapping[UUID, CardRole]:
    """Who has which role, where it changes, when a card goes: the next ones move up."""
    left = [card for card in cards if card.id != card_id]
    order = {CardRole.DEFAULT: 0, CardRole.BACKUP: 1, CardRole.OTHER: 2}
    ranked = sorted(left, key=lambda card: order[card.role])  # stable: the oldest first
    places = zip(ranked, (CardRole.DEFAULT, CardRole.BACKUP), strict=False)
    return {card.id: role for card, role in places if card.role is not role}


def last_day_of(month: str) -> date:
    """The last day of `YYYY-MM`, on which a card of that month can still be charged."""
    year, number = int(month[:4]), int(month[5:])
    first = date(year + number // 12, number % 12 + 1, 1)
    return first - timedelta(days=1)


def check_expiry(month: str, today: date) -> date:
    """Its last day. Raises `card_expired` for a month that is over."""
    last_day = last_day_of(month)
    if last_day < today:
        raise DomainError("card_expired", "/expires")
    return last_day


def warning_time(last_day: date) -> datetime:
    """When (UTC) its owner is told that it expires."""
    return beginning_of(last_day - timedelta(days=WARN_DAYS))
