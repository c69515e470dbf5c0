"""현금영수증: chosen when a payment begins, issued by a job, taken back with what goes back.

A receipt is cancelled as a whole at the provider; what is left of its payment then has another, by
a key of its own. Each key is issued once, whatever is repeated. Decision: docs/decisions/0027.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import Job, enqueue
from app.db.tables.cash_receipts import CashReceipt
from app.db.tables.orders import Order, Payment
from app.db.vault import Vault
from app.domain.cash_receipts import (
    IssuedReceipt,
    ReceiptAmount,
    ReceiptChoice,
    ReceiptState,
    ReceiptToIssue,
    ReceiptType,
    check_allowed,
)
from app.domain.orders import OrderStatus, PaymentMethod
from app.domain.provider_errors import ProviderError, ProviderRefused, Refusal
from app.services.ports import CashReceiptProvider

MIND_CASH_RECEIPT: Final = "mind_cash_receipt"
NUMBER_ERASED: Final = "number_erased"
LEASE: Final = timedelta(minutes=1)
"""Longer than the provider may take to answer."""
LONGEST_PAUSE: Final = timedelta(hours=6)
_NUMBER = "cash_receipts.number"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """What a payment's people see of its receipt; `masked` None once the number is forgotten."""

    type: str
    masked: str | None = field(repr=False)
    state: str


def receipt_view(row: CashReceipt) -> ReceiptView:
    """Of one that is chosen, waits or is issued."""
    return ReceiptView(row.type, row.masked, row.state)


class CashReceipts:
    """The payer's choice, and one job of a row; repeatable. `offered`: there is a channel."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        provider: CashReceiptProvider,
        *,
        offered: bool,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._provider = provider
        self._offered = offered

    async def choose(
        self, session: AsyncSession, payment_id: UUID, choice: ReceiptChoice, now: datetime
    ) -> ReceiptView:
        """Of a payment that waits; its order is locked. Raises `cash_receipt_not_allowed`."""
        payment = await session.get_one(Payment, payment_id)
        order = await session.get_one(Order, payment.order_id)
        check_allowed(
            PaymentMethod(payment.method),
            offered=self._offered,
            on_terms=order.status != OrderStatus.PENDING_PAYMENT,
        )
        row = await _of(session, payment_id)
        if row is None:
            row = CashReceipt(
                id=new_id(),
                company_id=payment.company_id,
                order_id=payment.order_id,
                payment_id=payment.id,
                key=payment.id,
                attempts=0,
                created_at=now,
            )
            session.add(row)
        row.state, row.type = str(ReceiptState.CHOSEN), str(choice.type)
        row.number, row.masked = self._vault.seal(_NUMBER, choice.number), choice.masked
        row.total, row.vat, row.updated_at = payment.amount, payment.vat, now
        await session.flush()
        return receipt_view(row)

    async def forget(self, session: AsyncSession, payment_id: UUID, now: datetime) -> None:
        """A tax invoice after all."""
        row = await _of(session, payment_id)
        if row is not None:
            row.state, row.updated_at = str(ReceiptState.DROPPED), now
            row.number = row.masked = None
            await session.flush()

    async def chosen(self, session: AsyncSession, payment_id: UUID) -> ReceiptView | None:
        """What was chosen before for a payment that goes on."""
        row = await _of(session, payment_id)
        return receipt_view(row) if row and row.state == ReceiptState.CHOSEN else None

    async def mind(self, receipt_id: UUID) -> None:
        """Issues or takes back what is due. What the provider refuses is tried again, and is in

        the operator's list until then.
        """
        row = await self._begin(receipt_id)
        if row is None:
            return
        try:
            if isinstance(row, str):
                await self._provider.cancel(row)
                await self._cancelled(receipt_id)
            else:
                await self._issued(receipt_id, await self._ask(row))
        except ProviderRefused as refused:
            await self._postpone(receipt_id, f"refused_{refused.code.lower()}")
        except ProviderError:
            await self._postpone(receipt_id, None)

    async def _begin(self, receipt_id: UUID) -> ReceiptToIssue | str | None:
        """What to issue, or the key to take back."""
        async with self._database.system_session("mind cash receipt") as session:
            now = await self._clock.now(session)
            row, order = await _lock(session, receipt_id)
            if row is None or order is None or row.due_at is None or row.due_at > now:
                return None
            row.due_at = now + LEASE
            if row.state == ReceiptState.CANCELLING:
                return str(row.key)
            if row.number is None:  # erased after its years: nobody can issue it any more
                row.due_at, row.failure = None, NUMBER_ERASED
                return None
            row.asked_at = now
            number = self._vault.open(_NUMBER, row.number)
            return ReceiptToIssue(
                key=str(row.key),
                choice=ReceiptChoice(ReceiptType(row.type), number),
                amount=ReceiptAmount(row.total, row.vat),
                order_name=order.number,
            )

    async def _ask(self, wanted: ReceiptToIssue) -> IssuedReceipt:
        try:
            return await self._provider.issue(wanted)
        except ProviderRefused as refused:
            if refused.code is not Refusal.ALREADY_DONE:
                raise
            found = await self._provider.get(wanted.key)
            if found is None or found.cancelled or found.total != wanted.amount.total:
                raise
            return found

    async def _issued(self, receipt_id: UUID, issued: IssuedReceipt) -> None:
        async with self._database.system_session("cash receipt issued") as session:
            now = await self._clock.now(session)
            row, _ = await _lock(session, receipt_id)
            if row is None or row.state == ReceiptState.ISSUED:
                return
            row.issue_number, row.url, row.updated_at = issued.number, issued.url, now
            row.issued_at = now
            if row.state == ReceiptState.WAITING:
                row.state, row.failure, row.due_at = str(ReceiptState.ISSUED), None, None
                return
            # Something went back meanwhile.
            row.state, row.due_at, row.cancelled_at = str(ReceiptState.CANCELLING), now, None

    async def _cancelled(self, receipt_id: UUID) -> None:
        """What is left of the payment is issued from now on."""
        async with self._database.system_session("cash receipt cancelled") as session:
            now = await self._clock.now(session)
            row, _ = await _lock(session, receipt_id)
            if row is None or row.state != ReceiptState.CANCELLING:
                return
            row.state, row.failure, row.due_at = str(ReceiptState.CANCELLED), None, None
            row.cancelled_at = row.updated_at = now
            waiting = await session.scalars(
                select(CashReceipt).where(
                    CashReceipt.after_id == row.id, CashReceipt.state == ReceiptState.WAITING
                )
            )
            jobs = []
            for rest in waiting:
                rest.after_id, rest.due_at, rest.updated_at = None, now, now
                jobs.append(Job(MIND_CASH_RECEIPT, rest.id))
            await session.flush()
            await enqueue(session, jobs)

    async def _postpone(self, receipt_id: UUID, failure: str | None) -> None:
        """Doubling from a minute to six hours."""
        async with self._database.system_session("postpone cash receipt") as session:
            now = await self._clock.now(session)
            row, _ = await _lock(session, receipt_id)
            if row is None or row.due_at is None:
                return
            row.attempts += 1
            row.due_at = now + min(LEASE * 2 ** min(row.attempts, 10), LONGEST_PAUSE)
            row.updated_at = now
            if failure is not None and row.failure != failure:
                row.failure = failure
                log.error("cash_receipt_refused", receipt=str(row.id), failure=failure)


async def _lock(session: AsyncSession, receipt_id: UUID) -> tuple[CashReceipt | None, Order | None]:
    """The order first, as everywhere."""
    order_id = await session.scalar(
        select(CashReceipt.order_id).where(CashReceipt.id == receipt_id)
    )
    if order_id is None:
        return None, None
    order = await session.get_one(Order, order_id, with_for_update=True)
    return await session.get(CashReceipt, receipt_id, with_for_update=True), order


async def _of(session: AsyncSession, payment_id: UUID) -> CashReceipt | None:
    """The one by the payment's own key."""
    found: CashReceipt | None = await session.scalar(
        select(CashReceipt).where(CashReceipt.key == payment_id).with_for_update()
    )
    return found
