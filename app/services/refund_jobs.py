"""Sending money back: one job a refund, the provider called while no transaction is open.

Nothing is sent twice, whatever answer is lost: the payment is read first, our cancellation is known
by the refund's id in its reason, and the amount that can be cancelled goes along as a guard.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.orders import Order, OrderItem, Payment
from app.db.tables.refunds import Refund
from app.db.vault import Vault
from app.domain.errors import DomainError
from app.domain.orders import ItemState, PaymentMethod, step_item
from app.domain.payments import PaymentState
from app.domain.provider_errors import ProviderError, ProviderRefused, Refusal
from app.domain.provider_payments import (
    CancelRequest,
    CancelStatus,
    PaidBackTo,
    ReportedCancellation,
    ReportedPayment,
)
from app.domain.refunds import (
    REFUND_DESTINATION_LABELS,
    REFUND_REASON_LABELS,
    RETRIES_PER_LOOK,
    WHOLE,
    Cancelled,
    Money,
    Received,
    RefundDestination,
    RefundReason,
    RefundState,
    fulfilled_by,
    part_of,
)
from app.services.company_mails import CompanyMails
from app.services.emails import Emails
from app.services.mails import Mails
from app.services.order_events import SYSTEM
from app.services.orders import derive_again
from app.services.ports import PaymentProvider
from app.services.refund_accounts import opened_account, usable_account
from app.services.refunds import (
    BY_HAND,
    NO_ACCOUNT,
    book,
    cancelled_elsewhere,
    finish,
    follow,
    needs_a_hand,
    refunds_of,
)

LEASE = timedelta(minutes=1)
"""How long one worker has a refund for itself."""
READ_AGAIN_AFTER = timedelta(minutes=10)
"""When the provider finishes later."""
LONGEST_PAUSE = timedelta(hours=1)
_CAME_BETWEEN = frozenset({Refusal.AMOUNT_CHANGED, Refusal.ALREADY_DONE})
_PASSING = frozenset({Refusal.NOT_ALLOWED, Refusal.TOO_MANY})
"""A key or a limit: the operator's matter, and tried again."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Task:
    refund_id: UUID
    payment_id: UUID
    account: PaidBackTo | None


class Refunds:
    """The job, and what is seen of cancellations when a payment is read."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        provider: PaymentProvider,
        mails: Mails,
        emails: Emails,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._provider = provider
        self._mails = CompanyMails(mails, emails)

    async def send(self, refund_id: UUID) -> None:
        """Takes a refund that is due one step on; safe to repeat, at any time, from anywhere."""
        task = await self._take(refund_id)
        if task is None:
            return
        try:
            await self._pursue(task)
        except ProviderRefused as refused:
            await self._refused(task, refused)
        except ProviderError:
            await self._postpone(task)

    async def observe(
        self, session: AsyncSession, order: Order, payment: Payment, reported: ReportedPayment
    ) -> None:
        """Books what the provider says was cancelled of a payment. Both rows are locked.

        What somebody cancelled there past the portal fulfils a refund of that amount, or becomes
        one of its own.
        """
        now = await self._clock.now(session)
        for seen in reported.cancellations:
            rows = await refunds_of(session, payment.id)
            ours = next((row for row in rows if _is_of(seen, row)), None)
            if ours is not None:
                await self._heard(session, ours, seen, now)
            elif seen.status is CancelStatus.SUCCEEDED:
                await self._book_foreign(session, order, payment, seen, now)

    async def _take(self, refund_id: UUID) -> _Task | None:
        """A lease on a refund that is due; None where there is nothing to do (any more)."""
        async with self._database.system_session("take refund") as session:
            now = await self._clock.now(session)
            refund = await session.get(Refund, refund_id, with_for_update=True)
            if refund is None or refund.due_at is None or refund.due_at > now:
                return None
            account = None
            if refund.destination == RefundDestination.ACCOUNT:
                account = await usable_account(session, refund.company_id, now)
                if account is None:
                    needs_a_hand(refund, NO_ACCOUNT, now)
                    await self._ask_for_account(session, refund, now)
                    return None
            if refund.payment_id is None or await _came_to_our_bank(session, refund.payment_id):
                self._by_hand(refund, BY_HAND, now)
                return None
            refund.attempts += 1
            refund.due_at = now + LEASE
            opened = opened_account(self._vault, account) if account else None
            return _Task(refund.id, refund.payment_id, opened)

    async def _pursue(self, task: _Task) -> None:
        for _ in range(RETRIES_PER_LOOK):
            reported = await self._provider.get(str(task.payment_id))
            request = await self._look(task, reported)
            if request is None:
                return
            try:
                result = await self._provider.cancel(request)
            except ProviderRefused as refused:
                if refused.code not in _CAME_BETWEEN:
                    raise
                continue
            heard = ReportedCancellation(
                result.id, result.status, result.amount, result.vat, request.reason
            )
            async with self._database.system_session("refund answered") as session:
                now = await self._clock.now(session)
                refund = await lock_refund(session, task.refund_id)
                await self._heard(session, refund, heard, now)
            return
        await self._postpone(task)

    async def _look(self, task: _Task, reported: ReportedPayment | None) -> CancelRequest | None:
        """What to ask the provider for, after what it says has happened; None: nothing."""
        async with self._database.system_session("look at refund") as session:
            now = await self._clock.now(session)
            refund = await lock_refund(session, task.refund_id)
            if reported is None:
                needs_a_hand(refund, "payment_unknown", now)
                return None
            payment = await session.get_one(Payment, task.payment_id)
            order = await session.get_one(Order, payment.order_id)
            await self.observe(session, order, payment, reported)
            if refund.state == RefundState.SENT:
                refund.due_at = now + READ_AGAIN_AFTER
            if refund.state != RefundState.REQUESTED:
                return None
            if refund.amount > reported.cancellable:
                if RefundReason(refund.reason) not in WHOLE:
                    needs_a_hand(refund, "cancelled_elsewhere", now)
                    return None
                refund.amount = max(reported.cancellable, 0)
                refund.vat = min(refund.vat, refund.amount)
            if refund.amount == 0:
                await finish(session, refund, None, SYSTEM, now)
                return None
            return CancelRequest(
                payment_id=str(task.payment_id),
                reason=_words(refund),
                cancellable=reported.cancellable,
                amount=refund.amount,
                vat=_vat(refund, reported),
                account=task.account,
            )

    async def _heard(
        self, session: AsyncSession, refund: Refund, seen: ReportedCancellation, now: datetime
    ) -> None:
        """What became of our cancellation. Order, payment and refund are locked."""
        state = RefundState(refund.state)
        if state is RefundState.DONE:
            return
        if seen.status is CancelStatus.SUCCEEDED:
            refund.amount, refund.vat = seen.amount, min(seen.vat, seen.amount)
            await finish(session, refund, seen.id, SYSTEM, now)
            await self.tell(session, refund, now)
        elif seen.status is CancelStatus.REQUESTED and state is RefundState.REQUESTED:
            refund.state = str(RefundState.SENT)
            refund.cancellation_id = seen.id
            refund.due_at, refund.updated_at = now + READ_AGAIN_AFTER, now
        elif seen.status is CancelStatus.FAILED and state is not RefundState.MANUAL_REQUIRED:
            if state is RefundState.REQUESTED and seen.id == refund.cancellation_id:
                return  # of a try before: the operator wants another
            refund.cancellation_id = seen.id
            self._by_hand(refund, "cancellation_failed", now)

    async def _book_foreign(
        self,
        session: AsyncSession,
        order: Order,
        payment: Payment,
        seen: ReportedCancellation,
        now: datetime,
    ) -> None:
        """Somebody gave money back at the provider: what waited for just that is done."""
        rows = await refunds_of(session, payment.id)
        open_ = {row.id: row for row in rows if row.state != RefundState.DONE}
        cancelled = Cancelled(seen.id, seen.amount, min(seen.vat, seen.amount))
        waiting = {key: row.amount for key, row in open_.items() if row.state != RefundState.SENT}
        fulfilled = fulfilled_by(cancelled, waiting)
        log.warning("cancelled_at_the_provider", payment=str(payment.id), amount=seen.amount)
        if fulfilled is not None:
            await finish(session, open_[fulfilled], seen.id, "provider", now)
            return
        money = Money(cancelled.amount, cancelled.vat)
        refund = cancelled_elsewhere(payment, money, seen.id, now)
        session.add(refund)
        await book(session, [refund], [payment], now)
        await session.flush()
        await follow(session, refund, now)
        if payment.status == PaymentState.REFUNDED:
            await _deliver_nothing(session, order, now)

    async def _refused(self, task: _Task, refused: ProviderRefused) -> None:
        """The issuer, or the provider, will not: it takes a hand, unless that passes."""
        if refused.code in _PASSING:
            await self._postpone(task)
            return
        async with self._database.system_session("refund refused") as session:
            now = await self._clock.now(session)
            refund = await lock_refund(session, task.refund_id)
            if refund.state in {RefundState.REQUESTED, RefundState.SENT}:
                self._by_hand(refund, f"refused_{refused.code.lower()}", now)

    async def _postpone(self, task: _Task) -> None:
        """The provider is down: tried again, doubling to an hour, never given up."""
        async with self._database.system_session("postpone refund") as session:
            now = await self._clock.now(session)
            refund = await session.get_one(Refund, task.refund_id, with_for_update=True)
            if refund.due_at is not None:
                pause = LEASE * 2 ** min(refund.attempts, 8)
                refund.due_at = now + min(pause, LONGEST_PAUSE)

    async def tell(self, session: AsyncSession, refund: Refund, now: datetime) -> None:
        """To whoever ordered: how much went back, and by which way."""
        if refund.order_id is None or refund.amount == 0:
            return
        order = await session.get_one(Order, refund.order_id)
        reason = REFUND_REASON_LABELS[RefundReason(refund.reason)]
        way = REFUND_DESTINATION_LABELS[RefundDestination(refund.destination)]
        facts = {
            "number": order.number,
            "amount": f"{refund.amount:,}",
            "reason": reason.ko,
            "way": way.ko,
        }
        await self._mails.tell(
            session, order.company_id, order.account_id, "refund_sent", facts, now
        )

    async def _ask_for_account(self, session: AsyncSession, refund: Refund, now: datetime) -> None:
        """The company's own account: nothing goes back before it names where to."""
        facts = {"amount": f"{refund.amount:,}"}
        await self._mails.tell_owner(
            session, refund.company_id, "refund_account_wanted", facts, now
        )

    def _by_hand(self, refund: Refund, failure: str, now: datetime) -> None:
        needs_a_hand(refund, failure, now)
        log.warning("refund_needs_a_hand", refund=str(refund.id), failure=failure)


async def lock_refund(session: AsyncSession, refund_id: UUID) -> Refund:
    """The order and the payment first, as everywhere, and then the refund.

    Raises `refund_not_found`.
    """
    found = (
        await session.execute(
            select(Refund.order_id, Refund.payment_id).where(Refund.id == refund_id)
        )
    ).one_or_none()
    if found is None:
        raise DomainError("refund_not_found")
    if found.order_id is not None:
        await session.get_one(Order, found.order_id, with_for_update=True)
    if found.payment_id is not None:
        await session.get_one(Payment, found.payment_id, with_for_update=True)
    return await session.get_one(Refund, refund_id, with_for_update=True)


async def _came_to_our_bank(session: AsyncSession, payment_id: UUID) -> bool:
    """Deposits on our own account: the provider knows nothing of them."""
    payment = await session.get_one(Payment, payment_id)
    return payment.method == PaymentMethod.BANK_TRANSFER


async def _deliver_nothing(session: AsyncSession, order: Order, now: datetime) -> None:
    """All that an order was paid is gone: what is not delivered yet will not be."""
    rows = await session.scalars(
        select(OrderItem)
        .where(OrderItem.order_id == order.id, OrderItem.state.in_(("PENDING", "FAILED")))
        .with_for_update()
    )
    for item in rows:
        item.state = str(step_item(ItemState(item.state), ItemState.REFUNDED))
        item.failure, item.due_at = "cancelled_at_provider", None
    await session.flush()
    await derive_again(session, order, SYSTEM, "cancelled_at_provider", now)


def _is_of(seen: ReportedCancellation, refund: Refund) -> bool:
    return seen.id == refund.cancellation_id or refund.id.hex in seen.reason


def _words(refund: Refund) -> str:
    """Why, in the provider's books, and which refund: a lost answer is found by it."""
    return f"{REFUND_REASON_LABELS[RefundReason(refund.reason)].ko} {refund.id.hex}"


def _vat(refund: Refund, reported: ReportedPayment) -> int:
    """The part's VAT in the provider's books, which may know another VAT of the whole."""
    if reported.vat is None:
        return refund.vat
    going = [c for c in reported.cancellations if c.status is not CancelStatus.FAILED]
    whole = Received(
        reported.amount_total, reported.vat, reported.cancelled, sum(c.vat for c in going)
    )
    return part_of(whole, refund.amount, refund.vat).vat
