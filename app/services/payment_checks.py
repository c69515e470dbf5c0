"""The jobs of open payments and of orders whose time is over: by the way in which they are paid."""

from uuid import UUID

from sqlalchemy import select, update

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.bank import VirtualAccount
from app.db.tables.orders import Order, Payment
from app.domain.orders import PaymentMethod
from app.domain.payments import PaymentState
from app.domain.provider_errors import ProviderError
from app.services.account_rows import open_accounts
from app.services.charges import Charges
from app.services.orders import OrderJobs
from app.services.payments import CHECK_AFTER, Payments
from app.services.virtual_accounts import VirtualAccounts


class PaymentChecks:
    """What is open is taken one step on."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        payments: Payments,
        charges: Charges,
        accounts: VirtualAccounts,
        orders: OrderJobs,
    ) -> None:
        self._database = database
        self._clock = clock
        self._payments = payments
        self._charges = charges
        self._accounts = accounts
        self._orders = orders

    async def check(self, payment_id: UUID) -> None:
        """Reads it; a card is charged and an account issued where that was not done yet."""
        async with self._database.system_session("check payment") as session:
            row = (
                await session.execute(
                    select(Payment.method, Payment.status, VirtualAccount.issued_at)
                    .outerjoin(VirtualAccount, VirtualAccount.payment_id == Payment.id)
                    .where(Payment.id == payment_id)
                )
            ).one_or_none()
        if row is None or row.method == PaymentMethod.BANK_TRANSFER:
            return
        ready = row.status == PaymentState.READY
        try:
            if ready and row.method == PaymentMethod.BILLING_KEY:
                await self._charges.charge(payment_id)
            elif ready and row.method == PaymentMethod.VIRTUAL_ACCOUNT and row.issued_at is None:
                await self._accounts.issue(payment_id)
            else:
                await self._payments.settle(payment_id)
        except ProviderError:
            await self._payments.postpone(payment_id)

    async def expire_order(self, order_id: UUID) -> None:
        """Ends an unpaid order whose time is over, once nothing has come into its account.

        While the provider cannot be asked the order stays: money may have come in time. It is
        looked at again after a minute.
        """
        async with self._database.system_session("check payment") as session:
            accounts = await open_accounts(session, order_id)
        try:
            for payment_id in accounts:
                await self._payments.settle(payment_id)
        except ProviderError:
            await self._look_again(order_id)
            return
        await self._orders.expire(order_id)

    async def _look_again(self, order_id: UUID) -> None:
        async with self._database.system_session("check payment") as session:
            now = await self._clock.now(session)
            await session.execute(
                update(Order).where(Order.id == order_id).values(expiry_due_at=now + CHECK_AFTER)
            )
