"""Which card is charged for a step, and what is done when none takes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.cards import Card
from app.db.tables.orders import Order
from app.domain.errors import DomainError
from app.domain.orders import OrderStatus, PaymentMethod
from app.domain.provider_errors import ProviderError
from app.domain.renewals import (
    Step,
    StepKind,
    next_try,
)
from app.services.card_rows import spoken_card
from app.services.payments import Payments
from app.services.renewal_charges import (
    CHARGED_BY_ITSELF,
    can_try_again,
    last_declined,
    next_card,
)
from app.services.renewal_notices import RenewalNotices
from app.services.renewing import Renewing

ASK_AGAIN: Final = timedelta(minutes=10)
CHARGING_AGAIN: Final = timedelta(minutes=1)
"""While nobody knows what became of a charge: the payment's own check finds out."""

_MONEY: Final = f"^({StepKind.CHARGE}|{StepKind.EXPIRE})"


@dataclass(frozen=True, slots=True)
class BegunPayment:
    """A payment in the payer's hands, and the step that it is looked at for."""

    id: UUID
    step: str


@dataclass(frozen=True, slots=True)
class BeforeStep:
    """`begun`: those of the open renewal, where the step that is due asks for money or ends asking.

    `site_id`: where a scheduled change depends on what is in use, the site, with when it was
    measured.
    """

    begun: Sequence[BegunPayment]
    site_id: UUID | None
    usage_at: datetime | None


_BEFORE: Final = text(
    "SELECT s.step, x.id AS site_id, x.usage_at,"  # noqa: S608 - our own text
    " ARRAY(SELECT p.id FROM payments p WHERE p.order_id = s.order_id AND p.status = 'READY'"
    f"   AND p.method <> 'BILLING_KEY' AND s.step ~ '{_MONEY}') AS begun"
    " FROM membership_schedules s"
    " LEFT JOIN scheduled_changes c ON c.membership_id = s.membership_id"
    " LEFT JOIN memberships m ON m.id = c.membership_id LEFT JOIN sites x ON x.id = m.site_id"
    " WHERE s.membership_id = :membership AND s.due_at <= :now"
)


async def look_before_step(session: AsyncSession, membership_id: UUID, now: datetime) -> BeforeStep:
    """What a step that is due is to know before its transaction; nothing where none is."""
    found = await session.execute(_BEFORE, {"membership": membership_id, "now": now})
    row = found.one_or_none()
    if row is None:
        return BeforeStep((), None, None)
    begun = [BegunPayment(payment_id, row.step) for payment_id in row.begun]
    return BeforeStep(begun, row.site_id, row.usage_at)


class RenewalCards:
    """In the transaction of the step, except for what is looked at before."""

    def __init__(self, payments: Payments, notices: RenewalNotices) -> None:
        self._payments = payments
        self._notices = notices

    async def settle_begun(self, payments: Sequence[BegunPayment]) -> bool:
        """Before a card is charged, and before a renewal can be paid no more: what a payer has

        begun is settled. False: it is to be waited for, or nobody can be asked.
        """
        try:
            for payment in payments:
                if payment.step.startswith(StepKind.CHARGE):
                    await self._payments.look_before_closing(payment.id)
                else:
                    await self._payments.settle(payment.id)
        except (DomainError, ProviderError):
            return False
        return True

    async def try_cards(
        self, session: AsyncSession, r: Renewing, step: Step, *, payments_seen: bool
    ) -> UUID | None:
        """The payment of the card that comes next. `charge_step` stays while the step is not over.

        A step that comes late is skipped where the cards were tried after its moment.
        """
        schedule, order = r.schedule, r.order
        begun = schedule.charge_step == step.name
        tried = schedule.charge_tried_at
        if order is None or not self._may_charge(r, order):
            schedule.charge_step = None
            return None
        if not begun and tried is not None and tried >= step.at:
            return None
        if not payments_seen:
            schedule.charge_step, schedule.due_at = step.name, r.now + ASK_AGAIN
            return None
        if not begun or tried is None or tried < step.at:
            schedule.charge_step, tried = step.name, r.now
            schedule.charge_tried_at = tried
        with session.no_autoflush:  # the row is written once, with the payment
            card_id = await next_card(session, r.cards, order, tried)
        if card_id is None:
            schedule.charge_step = None
            await self._all_declined(session, r, step, order)
            return None
        order.payment_method = str(PaymentMethod.BILLING_KEY)
        schedule.due_at = r.now + CHARGING_AGAIN
        with session.no_autoflush:
            payment = await self._payments.begin(session, order, card_id, r.now)
        return payment.id

    @staticmethod
    def _may_charge(r: Renewing, order: Order) -> bool:
        return (
            order.status == OrderStatus.PENDING_PAYMENT
            and r.automatic
            and not r.consent_needed
            and order.payment_method in CHARGED_BY_ITSELF
        )

    async def _all_declined(
        self, session: AsyncSession, r: Renewing, step: Step, order: Order
    ) -> None:
        """Told where a card was tried for this step."""
        declined, tried = await last_declined(session, order), r.schedule.charge_tried_at
        if declined is None or tried is None or declined.created_at < tried:
            return
        card = await session.get_one(Card, declined.payment_method_id)
        again = next_try(r.term, step.name)
        if not await can_try_again(session, r.membership.company_id, r.cards):
            again = None
        await self._notices.charge_failed(session, r, spoken_card(card), again)
