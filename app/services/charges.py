"""자동카드결제: charging a registered card for a payment, once (PRODUCT.md section 11).

A charge is begun in a transaction of its own, then made while none is open, then settled like any
other payment. Whoever is in doubt, because an answer was lost or came too late, reads the payment:
our payment id is charged once, whatever is repeated.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.cards import Card
from app.db.tables.orders import Order, Payment
from app.db.vault import Vault
from app.domain.billing_keys import ChargeRequest, Decline, decline_of
from app.domain.cards import CardState
from app.domain.orders import PaymentMethod
from app.domain.payments import PaymentState, step_payment
from app.domain.provider_errors import (
    ProviderError,
    ProviderRefused,
    Refusal,
)
from app.domain.provider_payments import ReportedStatus
from app.services.card_jobs import CardJobs
from app.services.cards import BILLING_KEY_COLUMN
from app.services.orders import lock_paid_for
from app.services.paid_orders import waits_for_money
from app.services.payment_rows import decline
from app.services.payments import CHECK_AFTER, Payments
from app.services.ports import BillingKeyProvider

_WITH_CARD = (
    select(Payment, Card)
    .outerjoin(Card, Card.id == Payment.payment_method_id)
    .where(Payment.id == bindparam("id"))
    .with_for_update(of=Payment)
)
_GONE = frozenset({Refusal.DELETED, Refusal.NOT_FOUND})


@dataclass(frozen=True, slots=True)
class _Begun:
    """`again`: a charge of it was begun before, and what became of it is not known.

    `request` is None where the card is gone meanwhile.
    """

    request: ChargeRequest | None
    card_id: UUID | None
    again: bool


class Charges:
    """Charging, by our payment id."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        provider: BillingKeyProvider,
        payments: Payments,
        cards: CardJobs,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._provider = provider
        self._payments = payments
        self._cards = cards

    async def charge(self, payment_id: UUID) -> None:
        """Charges a READY payment and settles it; anything else is left alone. Safe to repeat.

        A decline makes it FAILED. Raises ProviderError where nobody can say whether the money was
        taken: the payment stays READY, and its check finds out.
        """
        begun = await self._begin(payment_id)
        if begun is None or (begun.again and await self._came_through(payment_id)):
            return
        if begun.request is None:
            await self._decline(payment_id, Decline.KEY_DELETED, None)
            return
        try:
            await self._provider.charge(begun.request)
        except ProviderRefused as refused:
            await self._refused(payment_id, begun.card_id, refused)
        except ProviderError:
            if not await self._is_known(payment_id):
                raise
        else:
            await self._payments.settle(payment_id)

    async def _begin(self, payment_id: UUID) -> _Begun | None:
        """Under the order's lock: nobody pays it another way from now on."""
        async with self._database.system_session("charge") as session:
            order = await lock_paid_for(session, payment_id)
            if order is None:
                return None
            payment, card = (await session.execute(_WITH_CARD, {"id": payment_id})).one()
            if payment.method != PaymentMethod.BILLING_KEY or payment.status != PaymentState.READY:
                return None
            now = await self._clock.now(session)
            again = payment.charge_begun_at is not None
            payment.check_due_at = now + CHECK_AFTER
            payment.updated_at = now
            if not again and not waits_for_money(order):
                payment.status = str(step_payment(PaymentState.READY, PaymentState.CANCELLED))
                payment.check_due_at = None
                return None
            payment.charge_begun_at = payment.charge_begun_at or now
            return _Begun(self._request(payment, order, card), payment.payment_method_id, again)

    def _request(self, payment: Payment, order: Order, card: Card | None) -> ChargeRequest | None:
        if card is None or card.state != CardState.ACTIVE or card.billing_key is None:
            return None
        return ChargeRequest(
            payment_id=str(payment.id),
            billing_key=self._vault.open(BILLING_KEY_COLUMN, card.billing_key),
            order_name=order.number,
            amount=payment.amount,
            vat=payment.vat,
            customer_id=str(payment.company_id),
        )

    async def _came_through(self, payment_id: UUID) -> bool:
        """What became of a charge that was begun before: settled where the provider knows."""
        reported = await self._payments.read(payment_id)
        if reported is None or reported.status is ReportedStatus.READY:
            return False
        await self._payments.settle_as(payment_id, reported)
        return True

    async def _is_known(self, payment_id: UUID) -> bool:
        """The same at once, after an answer that did not come."""
        try:
            return await self._came_through(payment_id)
        except ProviderError:
            return False

    async def _refused(
        self, payment_id: UUID, card_id: UUID | None, refused: ProviderRefused
    ) -> None:
        """Declined, or paid already; anything else is a matter for the operator and raised."""
        if refused.code in _GONE:
            if card_id is not None:
                await self._cards.lose(card_id)
            await self._decline(payment_id, Decline.KEY_DELETED, refused.detail)
        elif refused.code is Refusal.REJECTED:
            if not await self._is_known(payment_id):
                await self._decline(payment_id, decline_of(refused.detail), refused.detail)
        elif refused.code is Refusal.ALREADY_DONE:
            await self._payments.settle(payment_id)
        else:
            raise refused

    async def _decline(self, payment_id: UUID, reason: Decline, code: str | None) -> None:
        """Where the provider shows no failed payment of it."""
        async with self._database.system_session("charge") as session:
            payment = await session.get_one(Payment, payment_id, with_for_update=True)
            if payment.status == PaymentState.READY:
                payment.updated_at = await self._clock.now(session)
                decline(payment, reason, code)
