"""What happens to registered cards without anybody's hand: one job, by the card's state.

A card that is being registered is forgotten after an hour. The company's own account is told of a
new one, of one that expires and of one that the provider has lost. A removed one is removed at the
provider, whose errors are tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import Job, enqueue
from app.db.tables.cards import Card
from app.db.tables.sites import Membership, Site
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.billing_keys import BillingKeyStatus, ReportedBillingKey
from app.domain.cards import CardState, warning_time
from app.domain.provider_errors import ProviderError, ProviderRefused, Refusal
from app.services.audit import AuditEntry, record
from app.services.card_rows import MIND_CARD, lock_cards, retire_card, spoken_card
from app.services.cards import BILLING_KEY_COLUMN
from app.services.company_mails import CompanyMails
from app.services.emails import Emails
from app.services.mails import Mails
from app.services.order_events import SYSTEM
from app.services.ports import BillingKeyProvider

TRY_AGAIN_AFTER = timedelta(minutes=5)
_GONE = frozenset({Refusal.DELETED, Refusal.NOT_FOUND})


@dataclass(frozen=True, slots=True)
class _Errand:
    """What the provider is asked about a key."""

    key: str = field(repr=False)
    removes: bool


class CardJobs:
    """The job of one card."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        provider: BillingKeyProvider,
        mails: Mails,
        emails: Emails,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._provider = provider
        self._mails = CompanyMails(mails, emails)

    async def mind(self, card_id: UUID) -> None:
        """Does what is due; safe to repeat."""
        errand = await self._begin(card_id)
        if errand is None:
            return
        try:
            if errand.removes:
                await self._remove(card_id, errand.key)
            else:
                await self._look(card_id, await self._provider.billing_key(errand.key))
        except ProviderError:
            return  # due again in a while

    async def _begin(self, card_id: UUID) -> _Errand | None:
        """What needs no provider, under the lock of the company's cards."""
        async with self._database.system_session("card") as session:
            now = await self._clock.now(session)
            card, _ = await _locked(session, card_id)
            if card is None or card.due_at is None or card.due_at > now:
                return None
            if card.state == CardState.PENDING:
                await session.delete(card)
                return None
            if card.state == CardState.DELETING:
                return self._errand(card, now, removes=True)
            await self._tell_what_is_due(session, card, now)
            if card.state == CardState.ACTIVE and card.check_wanted:
                return self._errand(card, now, removes=False)
            card.due_at = _next_due(card)
            return None

    def _errand(self, card: Card, now: datetime, *, removes: bool) -> _Errand | None:
        card.due_at = now + TRY_AGAIN_AFTER  # another worker, or a crash on the way
        if card.billing_key is None:
            return None
        return _Errand(self._vault.open(BILLING_KEY_COLUMN, card.billing_key), removes)

    async def _remove(self, card_id: UUID, key: str) -> None:
        try:
            await self._provider.delete_billing_key(key)
        except ProviderRefused as refused:
            if refused.code not in _GONE:
                raise
        async with self._database.system_session("card") as session:
            now = await self._clock.now(session)
            card, _ = await _locked(session, card_id)
            if card is None or card.state != CardState.DELETING:
                return
            card.state = str(CardState.DELETED)
            card.billing_key = card.billing_key_index = None
            card.issuer = card.name = card.last4 = card.expires_on = None
            card.due_at, card.updated_at = None, now

    async def _look(self, card_id: UUID, reported: ReportedBillingKey | None) -> None:
        if reported is None or reported.status is BillingKeyStatus.DELETED:
            await self.lose(card_id)
            return
        async with self._database.system_session("card") as session:
            card, _ = await _locked(session, card_id)
            if card is None or card.state != CardState.ACTIVE:
                return
            card.issuer, card.name = reported.card_issuer, reported.card_name
            card.last4 = reported.card_last4
            card.check_wanted = False
            card.due_at = _next_due(card)

    async def lose(self, card_id: UUID) -> None:
        """Its key is not at the provider any more: shown, and the company's account is told."""
        async with self._database.system_session("card") as session:
            now = await self._clock.now(session)
            card, cards = await _locked(session, card_id)
            if card is None or card.state != CardState.ACTIVE:
                return
            card.check_wanted, card.due_at = False, None
            await retire_card(session, cards, card, CardState.LOST, now)
            entry = AuditEntry(
                card.company_id, None, SYSTEM, AuditAction.CARD_LOST, now, subject=str(card.id)
            )
            record(session, entry)
            await self._mail(session, card, "card_lost", now)

    async def _tell_what_is_due(self, session: AsyncSession, card: Card, now: datetime) -> None:
        if card.announced_at is None:
            card.announced_at = now
            await self._mail(session, card, "card_registered", now)
        if card.state != CardState.ACTIVE or card.expires_on is None or card.warned_at is not None:
            return
        if warning_time(card.expires_on) <= now:
            card.warned_at = now
            await self._mail(session, card, "card_expires", now)

    async def _mail(self, session: AsyncSession, card: Card, kind: str, now: datetime) -> None:
        """To the company's own account; one that has none is told nothing."""
        sites = await session.scalars(
            select(Site.name)
            .join(Membership, Membership.site_id == Site.id)
            .where(Membership.payment_method_id == card.id)
            .order_by(Site.name)
        )
        month = f"{card.expires_on:%Y-%m}" if card.expires_on else "-"
        facts = {"card": spoken_card(card), "sites": ", ".join(sites) or "-", "month": month}
        await self._mails.tell_owner(session, card.company_id, kind, facts, now)


async def look_again(session: AsyncSession, billing_key_index: bytes, now: datetime) -> None:
    """The provider says that a key changed: what is true is read by the card's job."""
    found = await session.execute(
        update(Card)
        .where(Card.billing_key_index == billing_key_index, Card.state == CardState.ACTIVE)
        .values(check_wanted=True, due_at=now)
        .returning(Card.id)
    )
    await enqueue(session, [Job(MIND_CARD, card) for card in found.scalars()])


def _next_due(card: Card) -> datetime | None:
    """An ACTIVE card whose last day is known is due when its owner is warned."""
    if card.state != CardState.ACTIVE or card.expires_on is None or card.warned_at is not None:
        return None
    return warning_time(card.expires_on)


async def _locked(session: AsyncSession, card_id: UUID) -> tuple[Card | None, Sequence[Card]]:
    """The card and all of its company's, locked in their one order."""
    company_id = await session.scalar(select(Card.company_id).where(Card.id == card_id))
    cards = await lock_cards(session, company_id) if company_id else []
    return next((card for card in cards if card.id == card_id), None), cards
