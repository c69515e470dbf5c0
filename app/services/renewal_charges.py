"""The cards of a renewal: which is charged, whether one is being charged, what has become of it.

One step tries the cards in turn: the membership's own, the company's default, its backup. A card
that was declined for good (lost, stolen, expired) is not tried again.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.cards import Card
from app.db.tables.orders import Order, Payment
from app.db.tables.renewals import PriceConsent
from app.db.tables.sites import Membership
from app.domain.orders import OrderStatus, PaymentMethod
from app.domain.payments import PaymentState
from app.domain.renewals import ChargeFacts, Term
from app.services.card_rows import cards_to_charge

CHARGED_BY_ITSELF: Final = frozenset(
    {PaymentMethod.BILLING_KEY, PaymentMethod.CARD, PaymentMethod.TRANSFER}
)
"""An order for which somebody chose to send the money is not charged beside that."""
_CHARGES: Final = (
    select(Payment.status)
    .where(
        Payment.order_id == bindparam("order"),
        Payment.method == PaymentMethod.BILLING_KEY,
        Payment.status.in_((PaymentState.READY, PaymentState.FAILED)),
    )
    .distinct()
)
_CHARGING: Final = text(
    "SELECT id FROM payments WHERE order_id = :order AND method = 'BILLING_KEY'"
    " AND status = 'READY' LIMIT 1"
)
_TRIED: Final = text(
    "SELECT payment_method_id FROM payments WHERE company_id = :company"
    " AND payment_method_id = ANY(cast(:cards AS uuid[]))"
    " AND (hard_decline OR (order_id = :order AND created_at >= :since))"
)


async def charging_cards(session: AsyncSession, membership: Membership) -> Sequence[Card]:
    """Those that are charged by themselves, in turn; none without one or with the switch off."""
    if not membership.auto_renew or membership.payment_method_id is None:
        return ()
    return await cards_to_charge(session, membership.company_id, membership.payment_method_id)


async def charge_facts(
    session: AsyncSession,
    membership: Membership,
    term: Term,
    order: Order | None,
    *,
    dearer: bool,
    automatic: bool,
) -> ChargeFacts:
    """What the state of the next charge follows from. `order`: the renewal's, if it is made."""
    if order is None:
        return ChargeFacts(False, False, False, False, automatic)
    open_ = order.status == OrderStatus.PENDING_PAYMENT
    first_day = term.last_day + timedelta(days=1)
    agreed = not dearer or await is_consented(session, membership.id, first_day, order.total)
    states = set(await session.scalars(_CHARGES, {"order": order.id}))
    return ChargeFacts(
        paid=not open_,
        charging=PaymentState.READY in states,
        failed=PaymentState.FAILED in states,
        consent_needed=open_ and not agreed,
        automatic=automatic,
    )


async def is_consented(
    session: AsyncSession, membership_id: UUID, term_starts_on: date, total: int
) -> bool:
    """Whether somebody agreed to this price, or to a higher one, for the same term."""
    found = select(PriceConsent.id).where(
        PriceConsent.membership_id == membership_id,
        PriceConsent.term_starts_on == term_starts_on,
        PriceConsent.total >= total,
    )
    return await session.scalar(found.limit(1)) is not None


async def is_charging(session: AsyncSession, order: Order) -> bool:
    """Whether what became of a charge is not known yet."""
    return await session.scalar(_CHARGING, {"order": order.id}) is not None


async def next_card(
    session: AsyncSession, cards: Sequence[Card], order: Order, since: datetime
) -> UUID | None:
    """The card that comes next; None where each was tried since then, or can be tried no more."""
    ids = [card.id for card in cards]
    values = {"company": order.company_id, "cards": ids, "order": order.id, "since": since}
    over = set((await session.execute(_TRIED, values)).scalars())
    return next((card for card in ids if card not in over), None)


async def last_declined(session: AsyncSession, order: Order) -> Payment | None:
    """The charge of the order that was declined last; None where none was."""
    declined: Payment | None = await session.scalar(
        select(Payment)
        .where(
            Payment.order_id == order.id,
            Payment.method == PaymentMethod.BILLING_KEY,
            Payment.status == PaymentState.FAILED,
        )
        .order_by(Payment.created_at.desc(), Payment.id.desc())
        .limit(1)
    )
    return declined


async def can_try_again(session: AsyncSession, company_id: UUID, cards: Sequence[Card]) -> bool:
    """Whether a card is left that was not declined for good."""
    ids = {card.id for card in cards}
    hard = await session.scalars(
        select(Payment.payment_method_id).where(
            Payment.company_id == company_id,
            Payment.payment_method_id.in_(ids),
            Payment.hard_decline,
        )
    )
    return bool(ids - set(hard))
