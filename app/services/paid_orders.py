"""An order whose money is there, whichever way it came: items are opened, the customer is told."""

from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.queue import Job, enqueue
from app.db.tables.orders import Order, OrderItem, Payment
from app.domain.orders import OrderStatus, PaymentStatus, opening_time
from app.domain.payments import PaymentState, step_payment
from app.services.emails import Emails
from app.services.mails import Mails, NewMail
from app.services.order_events import PROVISION_ITEM, SYSTEM
from app.services.orders import derive_again

_CLOSE_AND_PROVE = text(
    "WITH closed AS (UPDATE payments SET status = 'CANCELLED', updated_at = :now"
    " WHERE order_id = :order AND id <> :payment AND status = 'READY')"
    " UPDATE companies SET proven_at = :now, updated_at = :now"
    " WHERE id = :company AND proven_at IS NULL"
)
ON_TERMS = frozenset({PaymentStatus.ON_TERMS, PaymentStatus.OVERDUE})


def waits_for_money(order: Order) -> bool:
    """Whether a payment of it is wanted: before delivery, or on terms (후불) after it."""
    return order.status == OrderStatus.PENDING_PAYMENT or order.payment_status in ON_TERMS


async def book_paid(session: AsyncSession, payment: Payment, order: Order, now: datetime) -> None:
    """Payment and order are PAID; both are locked."""
    payment.status = str(step_payment(PaymentState(payment.status), PaymentState.PAID))
    payment.paid_at = payment.updated_at = now
    payment.check_due_at = None
    order.payment_status = "PAID"
    order.paid_at = order.paid_at or now
    order.expires_at = None
    # Whatever else was begun is over: an account that is open is closed by its job.
    values = {"order": order.id, "payment": payment.id, "company": order.company_id, "now": now}
    await session.execute(_CLOSE_AND_PROVE, values)


class PaidOrders:
    """Books a payment as the one that pays its order."""

    def __init__(self, mails: Mails, emails: Emails) -> None:
        self._mails = mails
        self._emails = emails

    async def pay(
        self, session: AsyncSession, payment: Payment, order: Order, now: datetime
    ) -> None:
        """Both are locked, and the order waits for money. The ledger is the caller's to post.

        An order on terms was delivered, or is being delivered, already: it keeps being one.
        """
        on_terms = order.payment_status in ON_TERMS
        jobs: list[Job] = []
        with session.no_autoflush:  # each row is written once, at the end
            if not on_terms:
                order.payment_method = payment.method
                jobs += await self._open_items(session, order, now)
            await book_paid(session, payment, order, now)
            await derive_again(session, order, SYSTEM, "paid", now)
            email = await self._emails.of(session, order.account_id)
        if email is not None:
            facts = {"number": order.number, "total": f"{payment.amount:,}"}
            mail = NewMail(
                "payment_received", email, facts, "ko", order.company_id, order.account_id
            )
            jobs.append(self._mails.queue(session, mail, now))
        await session.flush()
        await enqueue(session, jobs)

    async def _open_items(self, session: AsyncSession, order: Order, now: datetime) -> list[Job]:
        opens_at = opening_time(now, order.starts_on)
        items = await session.scalars(
            update(OrderItem)
            .where(OrderItem.order_id == order.id, OrderItem.state == "PENDING")
            .values(due_at=opens_at)
            .returning(OrderItem.id)
        )
        return [Job(PROVISION_ITEM, item) for item in items if opens_at <= now]
