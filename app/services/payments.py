"""Payments in the browser (PRODUCT.md section 11): start, and settling what the provider reports.

Whatever client, provider and webhooks do, an order has one captured payment at most: settling
locks the order, and a unique index repeats it. Nothing is believed but what is read from the
provider; the provider is called while no transaction is open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.ledger import post
from app.db.tables.bank import VirtualAccount
from app.db.tables.cash_receipts import SHOWN, CashReceipt
from app.db.tables.orders import Order, Payment
from app.domain.billing_keys import Decline, decline_of
from app.domain.errors import DomainError
from app.domain.ledger import captured
from app.domain.orders import OrderEnd, OrderStatus, PaymentMethod
from app.domain.payments import (
    ExpectedPayment,
    PaymentFlag,
    PaymentState,
    check_report,
    check_vat,
    step_payment,
)
from app.domain.periods import seoul_date
from app.domain.provider_errors import ProviderError, ProviderRefused, Refusal
from app.domain.provider_payments import ReportedPayment, ReportedStatus
from app.domain.refunds import RefundReason
from app.services.account_rows import AccountRows, AccountView, send_back_surplus
from app.services.card_rows import usable_card
from app.services.cash_receipts import ReceiptView, receipt_view
from app.services.catalogue import Catalogues
from app.services.disputes import Disputes, DisputeView, disputes_of
from app.services.evidence import drop_choice, want_evidence
from app.services.membership_changes import check_still_fits
from app.services.order_events import SYSTEM
from app.services.orders import end_unpaid, lock_order, lock_paid_for
from app.services.paid_orders import PaidOrders, waits_for_money
from app.services.payment_rows import decline, in_doubt, open_payments
from app.services.ports import PaymentProvider
from app.services.principals import Access, Principal
from app.services.refund_jobs import Refunds
from app.services.refunds import send_back_whole

CHECK_AFTER = timedelta(minutes=1)
"""How soon an open payment is read again, should no webhook come."""
GIVE_UP_AFTER = timedelta(days=2)
ACCOUNT_GIVEN_UP_AFTER = timedelta(days=21)
"""A virtual account is open for seven days and whatever holidays follow them."""
_CAPTURED = frozenset({ReportedStatus.PAID, ReportedStatus.PARTIAL_CANCELLED})
_UNDER_WAY = frozenset({ReportedStatus.PENDING})
_SETTLED = frozenset(
    {
        PaymentState.PAID,
        PaymentState.REFUND_DUE,
        PaymentState.PARTIALLY_REFUNDED,
        PaymentState.REFUNDED,
    }
)
ORDER_NOT_OPEN = "order_not_open"
MEMBERSHIP_CHANGED = "membership_changed"


@dataclass(frozen=True, slots=True)
class OurAccount:
    """The operator's own account, as PortOne names its bank."""

    bank: str
    number: str
    holder: str


@dataclass(frozen=True, slots=True)
class Shop:
    """What payments are issued with. `live_only`: a TEST channel's money is no money."""

    store_id: str
    channels: Mapping[PaymentMethod, str]
    """The channel's key of each method that is offered."""
    live_only: bool
    bank_account: OurAccount | None = None
    """Where 무통장입금 goes to; none: it is not offered."""

    @property
    def methods(self) -> frozenset[PaymentMethod]:
        """How an order can be paid."""
        by_hand = {PaymentMethod.BANK_TRANSFER} if self.bank_account else set()
        return frozenset(self.channels) | by_hand


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment as its order's people see it."""

    id: UUID
    order_id: UUID
    order_number: str
    method: str
    status: str
    amount: int
    vat: int
    paid_at: datetime | None
    receipt_url: str | None
    decline: Decline | None = None
    """Why a registered card was not charged."""
    account: AccountView | None = None
    """Where it is paid into, while it can be."""
    received: int = 0
    """Of a bank transfer: what has come by now."""
    disputes: Sequence[DisputeView] = ()
    receipt: ReceiptView | None = None
    """The cash receipt that the payer chose instead of a tax invoice."""


class Payments:
    """Starting, reading and settling."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        provider: PaymentProvider,
        shop: Shop,
        catalogues: Catalogues,
        refunds: Refunds,
        accounts: AccountRows,
        paid: PaidOrders,
        disputes: Disputes,
    ) -> None:
        self._database = database
        self._clock = clock
        self._provider = provider
        self.shop = shop
        self._catalogues = catalogues
        self._refunds = refunds
        self._accounts = accounts
        self._paid = paid
        self._disputes = disputes

    async def start(
        self,
        session: AsyncSession,
        principal: Principal,
        order_id: UUID,
        method: str,
        card_id: UUID | None = None,
    ) -> PaymentView:
        """A new payment in the caller's transaction; it closes the order's former ones.

        `method` is the order's: another one is chosen for the order first. `card_id`: which
        registered card, the default where none is named. Raises `order_not_found`,
        `order_state_conflict`, `payment_method_not_allowed` and what `begin` raises.
        """
        order = await lock_order(session, principal.company_id, order_id)
        if not waits_for_money(order):
            raise DomainError("order_state_conflict", current=order.status, wanted="PAID")
        # An order on terms is paid by any way that there is.
        as_ordered = order.status == OrderStatus.PENDING_PAYMENT
        if method not in ({order.payment_method} if as_ordered else self.shop.methods):
            raise DomainError("payment_method_not_allowed", "/method")
        if card_id is not None and method != PaymentMethod.BILLING_KEY:
            raise DomainError("payment_method_not_allowed", "/payment_method_id")
        return await self.begin(session, order, card_id, principal.now, method)

    async def begin(
        self,
        session: AsyncSession,
        order: Order,
        card_id: UUID | None,
        now: datetime,
        named: str | None = None,
    ) -> PaymentView:
        """A new payment of a locked, unpaid order by its method; whoever begins one by a
        registered card charges it when this transaction is over (`Charges.charge`).

        `named`: by which method an order on terms is paid. A bank transfer that waits goes on.

        Raises `membership_changed`, `payment_in_progress` while a card is being charged,
        `payment_method_not_found` and `payment_method_lost`.
        """
        method = PaymentMethod(named or order.payment_method or "")
        others = await open_payments(session, order)
        waiting = in_doubt(others, method)
        if waiting is not None:
            if waiting.method != PaymentMethod.BANK_TRANSFER or waiting.method != method:
                raise DomainError("payment_in_progress")
            return _view(waiting, order.number)
        if order.status == OrderStatus.PENDING_PAYMENT:
            catalogue = await self._catalogues.of(session, order.catalogue_code)
            await check_still_fits(session, catalogue, order, now)
        card = None
        if method is PaymentMethod.BILLING_KEY:
            card = await usable_card(session, order.company_id, card_id)
        for other in others:
            other.status = str(step_payment(PaymentState.READY, PaymentState.CANCELLED))
            other.updated_at = now
        payment = Payment(
            id=new_id(),
            company_id=order.company_id,
            order_id=order.id,
            method=str(method),
            status="READY",
            amount=order.to_pay,
            vat=order.vat_to_pay,
            flags=[],
            payment_method_id=card.id if card else None,
            hard_decline=False,
            surplus=0,
            received=0,
            disputes=[],
            check_due_at=None if method is PaymentMethod.BANK_TRANSFER else now + CHECK_AFTER,
            created_at=now,
            updated_at=now,
        )
        session.add(payment)
        await session.flush()
        return _view(payment, order.number)

    async def announce(self, payment_id: UUID, amount: int) -> None:
        """Fixes the amount at the provider. Raises ProviderError: repeating is safe."""
        try:
            await self._provider.pre_register(str(payment_id), amount)
        except ProviderRefused as refused:
            if refused.code is not Refusal.ALREADY_DONE:
                raise

    async def get(self, access: Access, payment_id: UUID) -> PaymentView:
        """Raises `payment_not_found`, also for another company's payment."""
        async with access.transaction() as (session, principal):
            row = (
                await session.execute(
                    select(Payment, Order.number, VirtualAccount, CashReceipt)
                    .join(Order, Order.id == Payment.order_id)
                    .outerjoin(VirtualAccount, VirtualAccount.payment_id == Payment.id)
                    .outerjoin(CashReceipt, and_(CashReceipt.payment_id == Payment.id, SHOWN))
                    .where(Payment.company_id == principal.company_id, Payment.id == payment_id)
                )
            ).one_or_none()
            if row is None:
                raise DomainError("payment_not_found")
            view = _view(row.Payment, row.number, self._accounts.seen(row.VirtualAccount))
            shown = row.CashReceipt
            return replace(view, receipt=receipt_view(shown)) if shown else view

    async def complete(self, access: Access, payment_id: UUID) -> PaymentView:
        """The client says that the payer is done: the provider is asked what is true."""
        payment = await self.get(access, payment_id)
        if payment.method == PaymentMethod.BANK_TRANSFER:
            return payment  # the operator says when it has come, and no provider knows of it
        await self.settle(payment_id)
        return await self.get(access, payment_id)

    async def settle(self, payment_id: UUID) -> None:
        """Reads the payment and acts on it; safe to repeat, at any time, from anywhere."""
        await self.settle_as(payment_id, await self.read(payment_id))

    async def read(self, payment_id: UUID) -> ReportedPayment | None:
        """What the provider says. Raises ProviderError."""
        return await self._provider.get(str(payment_id))

    async def settle_as(self, payment_id: UUID, reported: ReportedPayment | None) -> None:
        """Acts on what was read; safe to repeat."""
        async with self._database.system_session("settle payment") as session:
            refund = await self._act(session, payment_id, reported)
        if refund is not None:
            await self._refunds.send(refund)

    async def look_before_closing(self, payment_id: UUID) -> None:
        """Settles what has come; raises `payment_in_progress` where it is at the payer's bank."""
        reported = await self.read(payment_id)
        if reported is not None and reported.status in _UNDER_WAY:
            raise DomainError("payment_in_progress")
        await self.settle_as(payment_id, reported)

    async def check(self, payment_id: UUID) -> None:
        """The job: settles, and comes back later when the provider cannot be asked."""
        try:
            await self.settle(payment_id)
        except ProviderError:
            await self.postpone(payment_id)

    async def postpone(self, payment_id: UUID) -> None:
        """Looked at again in a minute, an ended one as well: a webhook may have told of money."""
        async with self._database.system_session("postpone payment") as session:
            now = await self._clock.now(session)
            await session.execute(
                update(Payment)
                .where(Payment.id == payment_id)
                .values(check_due_at=now + CHECK_AFTER)
            )

    async def _act(
        self, session: AsyncSession, payment_id: UUID, reported: ReportedPayment | None
    ) -> UUID | None:
        """Under the order's lock; returns the refund that has to be sent, if any."""
        order = await lock_paid_for(session, payment_id)
        if order is None:
            return None
        payment = await session.get_one(Payment, payment_id, with_for_update=True)
        now = await self._clock.now(session)
        state = PaymentState(payment.status)
        if state in _SETTLED:
            payment.check_due_at = None
            if reported is not None:
                await self._refunds.observe(session, order, payment, reported)
                await send_back_surplus(session, payment, reported, now)
                await self._disputes.observe(session, order, payment, reported.disputes, now)
            return None
        if reported is not None:
            await self._accounts.keep(session, order, payment, reported.account, now)
        if reported is None or reported.status not in _CAPTURED:
            self._not_captured(payment, reported, now)
            return None
        await send_back_surplus(session, payment, reported, now)
        flags = self._flags(payment, order, reported)
        if not flags and await self._no_longer_fits(session, order, now):
            flags = (MEMBERSHIP_CHANGED,)
        if not flags:
            await self._capture(session, payment, order, reported, now)
            return None
        payment.flags = [*payment.flags, *flags]
        reason = RefundReason.ORDER_CLOSED if _is_late(flags) else RefundReason.NOT_MATCHING
        return await send_back_whole(session, payment, reported, reason, now)

    async def _no_longer_fits(self, session: AsyncSession, order: Order, now: datetime) -> bool:
        """Ends an order whose membership is another now: its money goes back.

        One on terms was delivered before: its money pays for what is there.
        """
        if order.status != OrderStatus.PENDING_PAYMENT:
            return False
        catalogue = await self._catalogues.of(session, order.catalogue_code)
        try:
            await check_still_fits(session, catalogue, order, now)
        except DomainError:
            await end_unpaid(session, order, OrderEnd.CANCELLED, SYSTEM, MEMBERSHIP_CHANGED, now)
            return True
        return False

    def _not_captured(
        self, payment: Payment, reported: ReportedPayment | None, now: datetime
    ) -> None:
        """Waits, fails, or, where somebody cancelled it before it paid anything, is over."""
        state = PaymentState(payment.status)
        cancelled = reported is not None and reported.status is ReportedStatus.CANCELLED
        if cancelled and state in {PaymentState.READY, PaymentState.FAILED}:
            payment.status = str(step_payment(state, PaymentState.CANCELLED))
            payment.check_due_at = None
        elif state is PaymentState.READY and (
            reported is not None and reported.status is ReportedStatus.FAILED
        ):
            if payment.method == PaymentMethod.BILLING_KEY:
                decline(payment, decline_of(reported.failure_code), reported.failure_code)
            else:  # the payer may try another card in the window that is open
                payment.status = str(step_payment(state, PaymentState.FAILED))
                payment.check_due_at = now + CHECK_AFTER
        elif now - payment.created_at > _given_up_after(payment):
            payment.check_due_at = None
        elif payment.check_due_at is not None:
            waited = now - payment.created_at
            payment.check_due_at = now + max(CHECK_AFTER, waited / 4)
        payment.updated_at = now

    def _flags(self, payment: Payment, order: Order, reported: ReportedPayment) -> tuple[str, ...]:
        """Why the money must go back; none where it pays the order."""
        wrong = check_report(
            reported, self._expected(payment, order), production=self.shop.live_only
        )
        flags = tuple(str(flag) for flag in wrong)
        if not waits_for_money(order):
            flags += (ORDER_NOT_OPEN,)
        elif payment.amount != order.to_pay:  # a part is asked for no more since it was begun
            flags += (str(PaymentFlag.AMOUNT_MISMATCH),)
        return flags

    def _expected(self, payment: Payment, order: Order) -> ExpectedPayment:
        return ExpectedPayment(
            payment_id=str(payment.id),
            store_id=self.shop.store_id,
            channel_key=self.shop.channels.get(PaymentMethod(payment.method), ""),
            amount=payment.amount,
            vat=payment.vat,
            ordered_at=order.created_at,
        )

    async def _capture(
        self,
        session: AsyncSession,
        payment: Payment,
        order: Order,
        reported: ReportedPayment,
        now: datetime,
    ) -> None:
        """The money is the order's."""
        another_vat = check_vat(reported, self._expected(payment, order))
        payment.flags = [*payment.flags, *(str(flag) for flag in another_vat)]
        payment.receipt_url = reported.receipt_url
        payment.issuer = reported.card_issuer
        payment.last4 = reported.card_last4
        entry = captured(order.company_id, order.id, payment.id, payment.amount)
        await post(session, now, entry)
        vat = payment.vat if reported.vat is None else reported.vat
        if reported.cash_receipt is not None:  # the payer's choice: no second evidence
            payment.cash_receipt_number = reported.cash_receipt.number
            payment.receipt_url = reported.cash_receipt.url or reported.receipt_url
            await drop_choice(session, payment, now)
            await self._paid.pay(session, payment, order, now)
            return
        with session.no_autoflush:  # the payment is written once, with its order
            await want_evidence(session, payment, vat, seoul_date(reported.paid_at or now), now)
        await self._paid.pay(session, payment, order, now)


def _is_late(flags: tuple[str, ...]) -> bool:
    """Whether it fits and only came when its order was over."""
    return set(flags) <= {ORDER_NOT_OPEN, MEMBERSHIP_CHANGED}


def _given_up_after(payment: Payment) -> timedelta:
    at_the_bank = payment.method == PaymentMethod.VIRTUAL_ACCOUNT
    return ACCOUNT_GIVEN_UP_AFTER if at_the_bank else GIVE_UP_AFTER


def _view(payment: Payment, order_number: str, account: AccountView | None = None) -> PaymentView:
    return PaymentView(
        id=payment.id,
        order_id=payment.order_id,
        order_number=order_number,
        method=payment.method,
        status=payment.status,
        amount=payment.amount,
        vat=payment.vat,
        paid_at=payment.paid_at,
        receipt_url=payment.receipt_url,
        decline=Decline(payment.failure_code) if payment.failure_code else None,
        account=account if payment.status == PaymentState.READY else None,
        received=payment.received,
        disputes=disputes_of(payment),
    )
