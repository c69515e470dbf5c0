"""Cash receipts that are not issued or taken back yet, as the operator's staff sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import Job, enqueue
from app.db.tables.cash_receipts import CashReceipt
from app.db.tables.companies import Company
from app.db.tables.orders import Order
from app.domain.audit import AuditAction
from app.domain.cash_receipts import ReceiptState
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.services.audit import AuditEntry, record
from app.services.cash_receipts import MIND_CASH_RECEIPT
from app.services.cursors import OLDEST, make_cursor, read_cursor


@dataclass(frozen=True, slots=True)
class WaitingReceipt:
    """KRW with VAT. `state`: WAITING to be issued, or CANCELLING."""

    id: UUID
    company_id: UUID
    company_name: str
    order_number: str
    payment_id: UUID
    type: str
    number: str | None
    state: str
    total: int
    vat: int
    failure: str | None
    attempts: int
    next_try_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingReceiptPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[WaitingReceipt]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class OperatorReceipts:
    """One use case a method."""

    database: Database
    clock: Clock

    async def waiting(self, cursor: str | None, size: int) -> WaitingReceiptPage:
        """Of all companies, the oldest first. Raises `cursor_invalid`."""
        at, last = read_cursor(cursor) or OLDEST
        async with self.database.system_session("operator: cash receipts") as session:
            rows = await session.execute(
                _waiting()
                .where(tuple_(CashReceipt.created_at, CashReceipt.id) > tuple_(at, last))
                .order_by(CashReceipt.created_at, CashReceipt.id)
                .limit(size + 1)
            )
            found = [_view(row) for row in rows]
        page, more = found[:size], len(found) > size
        next_cursor = make_cursor(page[-1].created_at, page[-1].id) if more else None
        return WaitingReceiptPage(page, next_cursor)

    async def retry(
        self, session: AsyncSession, operator: Operator, receipt_id: UUID
    ) -> WaitingReceipt:
        """Tries it now. One whose former receipt is not taken back yet waits for that.

        Raises `cash_receipt_not_found`, also for one that waits for nothing.
        """
        now = await self.clock.now(session)
        row = await session.get(CashReceipt, receipt_id, with_for_update=True)
        if row is None or row.due_at is None:
            raise DomainError("cash_receipt_not_found")
        row.due_at = row.updated_at = now
        entry = AuditEntry.by_operator(
            operator, AuditAction.CASH_RECEIPT_RETRIED, now, row.company_id, str(row.id)
        )
        record(session, entry)
        await session.flush()
        await enqueue(session, [Job(MIND_CASH_RECEIPT, row.id)])
        found = await session.execute(_waiting().where(CashReceipt.id == receipt_id))
        return _view(found.one())


def _waiting() -> Select[CashReceipt, str, str]:
    open_states = [str(ReceiptState.WAITING), str(ReceiptState.CANCELLING)]
    return (
        select(CashReceipt, Company.legal_name, Order.number)
        .join(Company, Company.id == CashReceipt.company_id)
        .join(Order, Order.id == CashReceipt.order_id)
        .where(CashReceipt.state.in_(open_states))
    )


def _view(row: Row[CashReceipt, str, str]) -> WaitingReceipt:
    receipt, company, number = row
    return WaitingReceipt(
        id=receipt.id,
        company_id=receipt.company_id,
        company_name=company,
        order_number=number,
        payment_id=receipt.payment_id,
        type=receipt.type,
        number=receipt.masked,
        state=receipt.state,
        total=receipt.total,
        vat=receipt.vat,
        failure=receipt.failure,
        attempts=receipt.attempts,
        next_try_at=receipt.due_at,
        created_at=receipt.created_at,
    )
