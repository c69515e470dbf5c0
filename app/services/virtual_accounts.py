"""가상계좌: issuing an account for a payment, and closing it when the payment is over unpaid.

Both are repeatable by our payment id. The account is believed as it is read with its payment; a
deposit settles the payment like any other money.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.bank import VirtualAccount
from app.db.tables.orders import Order, Payment
from app.domain.orders import PaymentMethod
from app.domain.payments import PaymentState
from app.domain.provider_errors import ProviderError, ProviderRefused, Refusal
from app.domain.provider_payments import AccountRequest, ReportedStatus
from app.services.payments import Payments
from app.services.ports import VirtualAccountProvider

CLOSE_ACCOUNT = "close_account"
TRY_AGAIN_AFTER = timedelta(minutes=5)
ON_TERMS_FOR = timedelta(days=7)
"""How long an account is open for an order that has no deadline of its own."""
_NOTHING_TO_CLOSE = frozenset({Refusal.NOT_READY, Refusal.NOT_FOUND})


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """At which bank accounts are issued, and in whose name."""

    bank: str
    holder: str


class VirtualAccounts:
    """Issue and close."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        provider: VirtualAccountProvider,
        payments: Payments,
        terms: AccountTerms,
    ) -> None:
        self._database = database
        self._clock = clock
        self._provider = provider
        self._payments = payments
        self._terms = terms

    async def issue(self, payment_id: UUID) -> None:
        """An account for a READY payment that has none; anything else is left alone.

        Raises ProviderError where it is not known whether there is one: a repeat finds out.
        """
        request = await self._wanted(payment_id)
        if request is None:
            return
        try:
            await self._provider.issue_account(request)
        except ProviderRefused as refused:
            if refused.code is not Refusal.ALREADY_DONE:
                raise
        except ProviderError:
            if not await self._is_there(payment_id):
                raise
        await self._payments.settle(payment_id)

    async def close(self, payment_id: UUID) -> None:
        """The job of an account whose payment is over: nothing shall be paid into it any more."""
        if not await self._is_to_be_closed(payment_id):
            return
        try:
            await self._provider.close_account(str(payment_id))
        except ProviderRefused as refused:
            if refused.code not in _NOTHING_TO_CLOSE:
                return  # due again in a while
            await self._payments.check(payment_id)  # it may have been paid just before
        except ProviderError:
            return
        async with self._database.system_session("close account") as session:
            row = await session.get_one(VirtualAccount, payment_id, with_for_update=True)
            row.closed_at = row.closed_at or await self._clock.now(session)
            row.close_due_at = None

    async def _wanted(self, payment_id: UUID) -> AccountRequest | None:
        async with self._database.system_session("issue account") as session:
            found = (
                await session.execute(
                    select(Payment, Order)
                    .join(Order, Order.id == Payment.order_id)
                    .where(Payment.id == payment_id)
                )
            ).one_or_none()
            if found is None or await session.get(VirtualAccount, payment_id) is not None:
                return None
            payment, order = found
            wanted = payment.method == PaymentMethod.VIRTUAL_ACCOUNT
            channel = self._payments.shop.channels.get(PaymentMethod.VIRTUAL_ACCOUNT)
            if not wanted or payment.status != PaymentState.READY or channel is None:
                return None
            now = await self._clock.now(session)
            return AccountRequest(
                payment_id=str(payment.id),
                channel_key=channel,
                bank=self._terms.bank,
                holder=self._terms.holder,
                order_name=order.number,
                amount=payment.amount,
                vat=payment.vat,
                customer_id=str(payment.company_id),
                expires_at=order.expires_at or now + ON_TERMS_FOR,
            )

    async def _is_there(self, payment_id: UUID) -> bool:
        """Whether it was issued although the answer was lost."""
        try:
            reported = await self._payments.read(payment_id)
        except ProviderError:
            return False
        return reported is not None and reported.status is not ReportedStatus.READY

    async def _is_to_be_closed(self, payment_id: UUID) -> bool:
        async with self._database.system_session("close account") as session:
            row = await session.get(VirtualAccount, payment_id, with_for_update=True)
            if row is None or row.closed_at is not None or row.close_due_at is None:
                return False
            now = await self._clock.now(session)
            status = await session.scalar(select(Payment.status).where(Payment.id == payment_id))
            if status == PaymentState.READY or row.close_due_at > now:
                return False
            if status != PaymentState.CANCELLED:
                row.close_due_at = None  # it was paid: the provider closes it by itself
                return False
            row.close_due_at = now + TRY_AGAIN_AFTER  # another worker, or a crash on the way
            return True
