"""자동결제 카드: registering, ranking and removing the cards of a company (PRODUCT.md section 11).

The window in which a card is typed is the provider's. The issue id and the customer that it is
opened with are ours; what comes back is read from the provider before it is believed.
"""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.card_reads import CARD, CARDS, CardRead
from app.db.ids import new_id
from app.db.queue import Job, enqueue
from app.db.tables.cards import Card
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.billing_keys import ExpectedBillingKey, ReportedBillingKey, check_billing_key
from app.domain.cards import (
    ISSUE_LASTS,
    MOST_CARDS,
    CardRole,
    CardState,
    check_expiry,
    free_role,
    take_role,
)
from app.domain.errors import DomainError
from app.domain.orders import PaymentMethod
from app.domain.periods import seoul_date
from app.services.audit import AuditEntry, record
from app.services.card_rows import (
    MIND_CARD,
    assign_roles,
    lock_cards,
    move_memberships,
    ranked,
    retire_card,
)
from app.services.payments import Payments
from app.services.ports import BillingKeyProvider
from app.services.principals import Access, Principal, read_within

BILLING_KEY_COLUMN = "payment_methods.billing_key"
_SHOWN = frozenset({CardState.ACTIVE, CardState.LOST})


@dataclass(frozen=True, slots=True)
class CardIssue:
    """What the provider's window is opened with."""

    issue_id: UUID
    customer_id: str
    company_name: str
    channel_key: str


@dataclass(frozen=True, slots=True)
class CardRegistration:
    """What came back from the window. `expires`: YYYY-MM; `replaces`: a card that goes with it."""

    issue_id: UUID
    billing_key: str = field(repr=False)
    expires: str | None = None
    replaces: UUID | None = None


@dataclass(frozen=True, slots=True)
class CardChange:
    """None: it stays."""

    role: CardRole | None
    expires: str | None


class Cards:
    """What a company does with its cards. Every change needs a step-up."""

    def __init__(self, vault: Vault, provider: BillingKeyProvider, payments: Payments) -> None:
        self._vault = vault
        self._provider = provider
        self._payments = payments

    async def start(self, session: AsyncSession, principal: Principal) -> CardIssue:
        """Raises `payment_method_not_allowed` where no card is charged automatically, and

        `too_many_payment_methods`.
        """
        principal.require_step_up()
        channel = self._channel()
        cards = await lock_cards(session, principal.company_id)
        _check_room(cards, None)
        now = principal.now
        card = Card(
            id=new_id(),
            company_id=principal.company_id,
            account_id=principal.account_id,
            state=str(CardState.PENDING),
            role=str(CardRole.OTHER),
            check_wanted=False,
            due_at=now + ISSUE_LASTS,
            created_at=now,
            updated_at=now,
        )
        session.add(card)
        await session.flush()
        assert principal.company is not None
        return CardIssue(card.id, str(principal.company_id), principal.company.name, channel)

    async def registered(self, access: Access) -> list[CardRead]:
        """The oldest first."""
        _, cards = await access.read(CARDS)
        return cards

    async def register(self, access: Access, wanted: CardRegistration) -> CardRead:
        """The card of a window that was opened. A repeat changes nothing.

        Raises `billing_key_refused` for anything that is not of our issue id and this company,
        `card_expired`, `payment_method_not_found` for a card to replace that is not there, and
        ProviderError: then nothing was changed.
        """
        async with access.transaction() as (session, principal):
            principal.require_step_up()
            card = await self._begun(session, principal, wanted)
            if card.state == CardState.ACTIVE:
                return await _read(session, principal, card.id)
            if wanted.expires is not None:
                check_expiry(wanted.expires, seoul_date(principal.now))
        reported = check_billing_key(
            await self._provider.billing_key(wanted.billing_key),
            ExpectedBillingKey(
                store_id=self._payments.shop.store_id,
                channel_key=self._channel(),
                issue_id=str(wanted.issue_id),
                customer_id=str(principal.company_id),
            ),
            production=self._payments.shop.live_only,
        )
        try:
            async with access.transaction() as (session, principal):
                return await self._keep(session, principal, wanted, reported)
        except IntegrityError as taken:
            if "billing_key_index" not in str(taken.orig):
                raise
            raise DomainError("billing_key_refused", "/billing_key") from taken

    async def change(
        self, session: AsyncSession, principal: Principal, card_id: UUID, wanted: CardChange
    ) -> CardRead:
        """Raises `payment_method_not_found`, `payment_method_is_default`, `card_expired` and,

        for a role of a card that the provider has lost, `payment_method_lost`.
        """
        principal.require_step_up()
        cards = await lock_cards(session, principal.company_id)
        card = _shown(cards, card_id, None)
        now = principal.now
        if wanted.expires is not None:
            card.expires_on = check_expiry(wanted.expires, seoul_date(now))
            card.warned_at = None
            card.due_at = card.updated_at = now
        if wanted.role is not None:
            if card.state == CardState.LOST:
                raise DomainError("payment_method_lost", "/role")
            await assign_roles(session, cards, take_role(ranked(cards), card_id, wanted.role), now)
        _record(session, principal, AuditAction.CARD_CHANGED, card)
        await session.flush()
        if card.due_at is not None and card.due_at <= now:
            await enqueue(session, [Job(MIND_CARD, card.id)])
        return await _read(session, principal, card_id)

    async def remove(self, session: AsyncSession, principal: Principal, card_id: UUID) -> None:
        """Gone at once; a job removes its key at the provider.

        What it paid is paid by the card that is the default then, if there is one. Raises
        `payment_method_not_found`.
        """
        principal.require_step_up()
        cards = await lock_cards(session, principal.company_id)
        card = _shown(cards, card_id, None)
        await self._retire(session, principal, cards, card)
        default = next((c.id for c in ranked(cards) if c.role is CardRole.DEFAULT), None)
        await move_memberships(session, card.company_id, card.id, default, principal.now)

    def _channel(self) -> str:
        channel = self._payments.shop.channels.get(PaymentMethod.BILLING_KEY)
        if channel is None:
            raise DomainError("payment_method_not_allowed")
        return channel

    async def _begun(
        self, session: AsyncSession, principal: Principal, wanted: CardRegistration
    ) -> Card:
        """The card whose window it was: of this company, begun not long ago, or registered with

        this very key. Raises `billing_key_refused`.
        """
        card = await session.scalar(
            select(Card).where(Card.company_id == principal.company_id, Card.id == wanted.issue_id)
        )
        index = self._vault.index(BILLING_KEY_COLUMN, wanted.billing_key)
        if card is not None and card.state == CardState.ACTIVE and card.billing_key_index == index:
            return card
        open_still = card is not None and card.created_at + ISSUE_LASTS > principal.now
        if card is None or card.state != CardState.PENDING or not open_still:
            raise DomainError("billing_key_refused", "/issue_id")
        return card

    async def _keep(
        self,
        session: AsyncSession,
        principal: Principal,
        wanted: CardRegistration,
        reported: ReportedBillingKey,
    ) -> CardRead:
        """The key is written, in the transaction that gives it the place of a former card."""
        cards = await lock_cards(session, principal.company_id)
        card = await self._begun(session, principal, wanted)
        if card.state == CardState.ACTIVE:
            return await _read(session, principal, card.id)
        now = principal.now
        former = _shown(cards, wanted.replaces, "/replaces") if wanted.replaces else None
        _check_room(cards, former)
        role = free_role(ranked(cards))
        if former is not None:
            role = CardRole(former.role) if former.state == CardState.ACTIVE else role
            former.role = str(CardRole.OTHER)
            await session.flush()
        card.state, card.role = str(CardState.ACTIVE), str(role)
        card.billing_key = self._vault.seal(BILLING_KEY_COLUMN, wanted.billing_key)
        card.billing_key_index = self._vault.index(BILLING_KEY_COLUMN, wanted.billing_key)
        card.issuer, card.name = reported.card_issuer, reported.card_name
        card.last4 = reported.card_last4
        if wanted.expires is not None:
            card.expires_on = check_expiry(wanted.expires, seoul_date(now))
        card.due_at = card.updated_at = now
        _record(session, principal, AuditAction.CARD_REGISTERED, card)
        await session.flush()
        if former is not None:
            await self._retire(session, principal, cards, former)
            await move_memberships(session, card.company_id, former.id, card.id, now)
        await enqueue(session, [Job(MIND_CARD, card.id)])
        return await _read(session, principal, card.id)

    async def _retire(
        self, session: AsyncSession, principal: Principal, cards: list[Card], card: Card
    ) -> None:
        card.due_at = principal.now
        await retire_card(session, cards, card, CardState.DELETING, principal.now)
        _record(session, principal, AuditAction.CARD_REMOVED, card)
        await session.flush()
        await enqueue(session, [Job(MIND_CARD, card.id)])


def _check_room(cards: list[Card], former: Card | None) -> None:
    """Raises `too_many_payment_methods`; a card that goes makes room for the one that comes."""
    held = sum(1 for card in cards if card.state in _SHOWN and card is not former)
    if held >= MOST_CARDS:
        raise DomainError("too_many_payment_methods")


def _shown(cards: list[Card], card_id: UUID, pointer: str | None) -> Card:
    """Raises `payment_method_not_found`."""
    card = next((c for c in cards if c.id == card_id and c.state in _SHOWN), None)
    if card is None:
        raise DomainError("payment_method_not_found", pointer)
    return card


def _record(session: AsyncSession, principal: Principal, action: AuditAction, card: Card) -> None:
    record(session, AuditEntry.of_company(principal, action, subject=str(card.id)))


async def _read(session: AsyncSession, principal: Principal, card_id: UUID) -> CardRead:
    await session.flush()
    card = await read_within(session, principal, CARD, id=card_id)
    assert card is not None
    return card
