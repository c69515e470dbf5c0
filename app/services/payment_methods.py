"""Another way to pay an order that is not paid yet (PRODUCT.md sections 10 and 11).

What is in progress at the provider is looked at first, while no transaction is open: money that
came pays the order, what the payer's bank is working on refuses the change, anything else is
closed. A closed payment that is captured all the same a moment later still pays the order, by the
method that really paid it, as long as the order is unpaid.
"""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import contracts_of
from app.db.holidays import extra_holidays
from app.db.ids import new_id
from app.db.order_reads import ORDER, OrderRead
from app.db.tables.orders import Order, OrderEvent, OrderItem, OrderLine, Payment
from app.domain.errors import DomainError
from app.domain.orders import OrderStatus, OrderType, PaymentMethod
from app.domain.payment_methods import changed_deadline, check_method
from app.domain.payments import PaymentState, step_payment
from app.services.korean_holidays import holidays_from
from app.services.order_events import account_actor
from app.services.orders import lock_order
from app.services.payments import Payments
from app.services.principals import Access, Principal, read_within
from app.services.tax_invoice_contacts import TaxInvoiceContacts

_OPEN = (PaymentState.READY, PaymentState.FAILED)
"""A refused card may be tried again in the window that is open."""
_ADDING = frozenset({OrderType.ADD, OrderType.ADD_EXTEND})


class PaymentMethods:
    """Changing how an order is paid."""

    def __init__(self, payments: Payments, tax_contacts: TaxInvoiceContacts) -> None:
        self._payments = payments
        self._tax_contacts = tax_contacts

    async def change(self, access: Access, order_id: UUID, wanted: str) -> OrderRead:
        """The order with the method; naming the one that it has changes nothing.

        Raises `order_not_found`, `order_state_conflict` once it is paid or over,
        `payment_method_not_allowed`, `payment_in_progress`, `tax_invoice_information_required`,
        and ProviderError where what is open cannot be looked at: then nothing was changed.
        """
        async with access.transaction() as (session, principal):
            order = await self._unpaid(session, principal, order_id)
            if order.payment_method == wanted:
                return await _read(session, principal, order_id)
            await self._method(session, order, wanted)
            open_payments = await _open_payments(session, order)
        for payment_id in open_payments:
            await self._payments.look_before_closing(payment_id)
        async with access.transaction() as (session, principal):
            order = await self._unpaid(session, principal, order_id)
            if order.payment_method != wanted:
                await self._write(session, principal, order, wanted, open_payments)
            return await _read(session, principal, order_id)

    async def _unpaid(self, session: AsyncSession, principal: Principal, order_id: UUID) -> Order:
        order = await lock_order(session, principal.company_id, order_id)
        over = order.expires_at is None or order.expires_at <= principal.now
        if order.status != OrderStatus.PENDING_PAYMENT or over:
            raise DomainError("order_state_conflict", current=order.status, wanted="PAID")
        return order

    async def _method(self, session: AsyncSession, order: Order, wanted: str) -> PaymentMethod:
        credit_line = (
            select(OrderLine.id)
            .join(OrderItem, OrderItem.id == OrderLine.item_id)
            .where(OrderItem.order_id == order.id, OrderLine.kind == "CREDIT")
        )
        has_credit = await session.scalar(credit_line.limit(1)) is not None
        offered = self._payments.shop.methods
        method = check_method(wanted, order.to_pay, offered, has_credit=has_credit)
        assert method is not None
        await self._tax_contacts.require_for(session, order.company_id, method)
        return method

    async def _write(
        self,
        session: AsyncSession,
        principal: Principal,
        order: Order,
        wanted: str,
        seen: Collection[UUID],
    ) -> None:
        """Raises `payment_in_progress` where a payment began that nobody has looked at."""
        method = await self._method(session, order, wanted)
        payments = await session.scalars(
            select(Payment)
            .where(Payment.order_id == order.id, Payment.status.in_(_OPEN))
            .with_for_update()
        )
        for payment in payments:
            if payment.id not in seen or _being_charged(payment):
                raise DomainError("payment_in_progress")
            payment.status = str(step_payment(PaymentState(payment.status), PaymentState.CANCELLED))
            payment.updated_at = principal.now
        former, order.payment_method = order.payment_method, str(method)
        assert order.expires_at is not None
        if order.kind != OrderType.RENEWAL:  # that is payable to D+14, however
            order.expires_at = changed_deadline(
                order.created_at,
                principal.now,
                order.expires_at,
                method,
                await _last_days(session, order),
                holidays_from(order.ordered_on) | await extra_holidays(session, order.ordered_on),
            )
        order.updated_at = principal.now
        session.add(
            OrderEvent(
                id=new_id(),
                company_id=order.company_id,
                order_id=order.id,
                status=order.status,
                actor=account_actor(principal.account_id),
                reason=f"payment method {former} to {method}",
                at=principal.now,
            )
        )
        await session.flush()


def _being_charged(payment: Payment) -> bool:
    """A registered card: the provider may have taken the money and not shown it yet. Or a bank

    transfer, of which a part has come.
    """
    begun = payment.charge_begun_at is not None or payment.received > 0
    return payment.status == PaymentState.READY and begun


async def _open_payments(session: AsyncSession, order: Order) -> list[UUID]:
    found = await session.scalars(
        select(Payment.id).where(Payment.order_id == order.id, Payment.status.in_(_OPEN))
    )
    return list(found)


async def _last_days(session: AsyncSession, order: Order) -> list[date]:
    """A change is paid on its day, an addition while its term lasts."""
    items = await session.execute(
        select(OrderItem.type, OrderItem.membership_id).where(
            OrderItem.order_id == order.id, OrderItem.membership_id.is_not(None)
        )
    )
    rows = items.all()
    days = [order.ordered_on] if any(row.type == OrderType.CHANGE for row in rows) else []
    adding = [row.membership_id for row in rows if row.type in _ADDING]
    contracts = await contracts_of(session, order.company_id, adding) if adding else {}
    return days + [held.expires_on for held in contracts.values() if held.expires_on is not None]


async def _read(session: AsyncSession, principal: Principal, order_id: UUID) -> OrderRead:
    order = await read_within(session, principal, ORDER, id=order_id)
    assert order is not None
    return order
