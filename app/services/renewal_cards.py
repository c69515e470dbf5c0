"""Which card is charged for a step, and what is done when none takes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.cards import Card
from app.db.tables.orders import Order, Payment
from app.db.tables.renewals import MembershipSchedule
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


async def begun_payments(
    session: AsyncSession, membership_id: UUID, now: datetime
) -> list[BegunPayment]:
    """Those of the open renewal, where the step that is due asks for money or ends asking."""
    rows = await session.execute(
        select(Payment.id, MembershipSchedule.step)
        .join(MembershipSchedule, MembershipSchedule.order_id == Payment.order_id)
        .where(
            MembershipSchedule.membership_id == membership_id,
            MembershipSchedule.due_at <= now,
            MembershipSchedule.step.op("~")(_MONEY),
            Payment.status == "READY",
            Payment.method != PaymentMethod.BILLING_KEY,
        )
    )
    return [BegunPayment(row.id, row.step) for row in rows]


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
        card_id = await next_card(session, r.membership, order, tried)
        if card_id is None:
            schedule.charge_step = None
            await self._all_declined(session, r, step, order)
            return None
        order.payment_method = str(PaymentMethod.BILLING_KEY)
        payment = await self._payments.begin(session, order, card_id, r.now)
        schedule.due_at = r.now + CHARGING_AGAIN
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
        if not await can_try_again(session, r.membership):
            again = None
        await self._notices.charge_failed(session, r, spoken_card(card), again)
