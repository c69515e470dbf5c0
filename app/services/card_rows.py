"""A company's registered cards as rows: locking them, ranking them, choosing one to charge."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.cards import Card
from app.db.tables.sites import Membership
from app.domain.cards import CardRole, CardState, RankedCard, without
from app.domain.errors import DomainError

MIND_CARD = "mind_card"
_ACTIVE = select(Card).where(
    Card.company_id == bindparam("company"), Card.state == CardState.ACTIVE
)


async def lock_cards(session: AsyncSession, company_id: UUID) -> list[Card]:
    """All of them but those that are gone, the oldest first; always in this order."""
    rows = await session.execute(
        select(Card)
        .where(Card.company_id == company_id, Card.state != CardState.DELETED)
        .order_by(Card.id)
        .with_for_update()
    )
    return list(rows.scalars())


def ranked(cards: Sequence[Card]) -> list[RankedCard]:
    """Those that can be charged."""
    return [RankedCard(c.id, CardRole(c.role)) for c in cards if c.state == CardState.ACTIVE]


async def assign_roles(
    session: AsyncSession, cards: Sequence[Card], roles: Mapping[UUID, CardRole], now: datetime
) -> None:
    """Writes roles that change, by way of none: one company never has two defaults."""
    changed = [card for card in cards if card.id in roles]
    for card in changed:
        card.role = str(CardRole.OTHER)
    await session.flush()
    for card in changed:
        card.role = str(roles[card.id])
        card.updated_at = now
    await session.flush()


async def retire_card(
    session: AsyncSession, cards: Sequence[Card], card: Card, state: CardState, now: datetime
) -> None:
    """It is charged no more; its role goes to the next."""
    roles = without(ranked(cards), card.id)
    card.state, card.role = str(state), str(CardRole.OTHER)
    card.updated_at = now
    await session.flush()
    await assign_roles(session, cards, roles, now)


async def move_memberships(
    session: AsyncSession, company_id: UUID, former: UUID, to: UUID | None, now: datetime
) -> None:
    """What one card paid, another pays from now on; nobody where there is none."""
    await session.execute(
        update(Membership)
        .where(Membership.company_id == company_id, Membership.payment_method_id == former)
        .values(payment_method_id=to, revision=Membership.revision + 1, updated_at=now)
    )


async def usable_card(session: AsyncSession, company_id: UUID, card_id: UUID | None) -> Card:
    """The company's card that can be charged, the default where none is named.

    Raises `payment_method_not_found`, and `payment_method_lost` where the provider has none.
    """
    which = Card.id == card_id if card_id else Card.role == CardRole.DEFAULT
    card = await session.scalar(select(Card).where(Card.company_id == company_id, which))
    if card is None or card.state not in {CardState.ACTIVE, CardState.LOST}:
        raise DomainError("payment_method_not_found", "/payment_method_id")
    if card.state == CardState.LOST:
        raise DomainError("payment_method_lost", "/payment_method_id")
    return card


async def cards_to_charge(
    session: AsyncSession, company_id: UUID, first: UUID | None
) -> Sequence[Card]:
    """Which cards to try, in turn: the membership's own, then the default, then the backup."""
    found = await session.scalars(_ACTIVE, {"company": company_id})
    cards = {card.id: card for card in found}
    wanted = [first] + [
        next((card.id for card in cards.values() if card.role == wanted), None)
        for wanted in (CardRole.DEFAULT, CardRole.BACKUP)
    ]
    return [cards[card] for card in dict.fromkeys(wanted) if card in cards]


def spoken_card(card: Card) -> str:
    """샌드박스카드 (****1234), for mails to its owner."""
    end = f" (****{card.last4})" if card.last4 else ""
    return f"{card.name or card.issuer or '카드'}{end}"
