"""Tax invoices that are not issued yet: what the operator's staff sees of them and does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import Job, enqueue
from app.db.tables.companies import Company
from app.db.tables.orders import Order
from app.db.tables.tax_invoices import TaxInvoice
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.evidence import HELD, InvoiceState, alarm_at, last_day_of_issue
from app.domain.operators import Operator
from app.services.audit import AuditEntry, operator_actor, record
from app.services.cursors import OLDEST, make_cursor, read_cursor
from app.services.tax_invoices import ISSUE_TAX_INVOICE


@dataclass(frozen=True, slots=True)
class WaitingInvoice:
    """KRW. `late`: two days before its last day of issue, or later. `corrects`: a refund's."""

    id: UUID
    company_id: UUID
    company_name: str
    order_number: str
    corrects: bool
    written_on: date
    last_day: date
    late: bool
    supply: int
    vat: int
    failure: str | None
    overridden_by: str | None
    attempts: int
    next_try_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingInvoicePage:
    """`next_cursor` is None on the last page."""

    items: Sequence[WaitingInvoice]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class OperatorInvoices:
    """One use case a method."""

    database: Database
    clock: Clock

    async def waiting(self, cursor: str | None, size: int) -> WaitingInvoicePage:
        """Of all companies, the oldest first. Raises `cursor_invalid`."""
        at, last = read_cursor(cursor) or OLDEST
        async with self.database.system_session("operator: tax invoices") as session:
            now = await self.clock.now(session)
            rows = await session.execute(
                _waiting()
                .where(tuple_(TaxInvoice.created_at, TaxInvoice.id) > tuple_(at, last))
                .order_by(TaxInvoice.created_at, TaxInvoice.id)
                .limit(size + 1)
            )
            found = [_view(row, now) for row in rows]
        page, more = found[:size], len(found) > size
        next_cursor = make_cursor(page[-1].created_at, page[-1].id) if more else None
        return WaitingInvoicePage(page, next_cursor)

    async def retry(self, operator: Operator, invoice_id: UUID) -> WaitingInvoice:
        """Tries it now, after somebody mended what it lacked.

        Raises `tax_invoice_not_found`, also for one that is issued.
        """
        async with self.database.system_session("operator: tax invoice again") as session:
            now = await self.clock.now(session)
            row = await session.get(TaxInvoice, invoice_id, with_for_update=True)
            if row is None or row.state != InvoiceState.WAITING:
                raise DomainError("tax_invoice_not_found")
            row.due_at = row.updated_at = now
            entry = AuditEntry.by_operator(
                operator, AuditAction.TAX_INVOICE_RETRIED, now, row.company_id, str(row.id)
            )
            record(session, entry)
            await session.flush()
            await enqueue(session, [Job(ISSUE_TAX_INVOICE, row.id)])
            found = await session.execute(_waiting().where(TaxInvoice.id == invoice_id))
            return _view(found.one(), now)

    async def issue_anyway(
        self, session: AsyncSession, operator: Operator, invoice_id: UUID, reason: str
    ) -> WaitingInvoice:
        """Issued whatever the recipient's standing at the tax service is.

        For one that is held for that alone. Raises `tax_invoice_not_found`, also for one that is
        issued, and `tax_invoice_not_held`.
        """
        now = await self.clock.now(session)
        row = await session.get(TaxInvoice, invoice_id, with_for_update=True)
        if row is None or row.state != InvoiceState.WAITING:
            raise DomainError("tax_invoice_not_found")
        if row.failure not in HELD or row.overridden_by is not None:
            raise DomainError("tax_invoice_not_held")
        details = {"failure": row.failure}
        row.overridden_by, row.override_reason = operator_actor(operator.name), reason
        row.failure, row.due_at, row.updated_at = None, now, now
        entry = AuditEntry.by_operator(
            operator,
            AuditAction.TAX_INVOICE_OVERRIDDEN,
            now,
            row.company_id,
            str(row.id),
            details=details,
        )
        record(session, entry)
        await session.flush()
        await enqueue(session, [Job(ISSUE_TAX_INVOICE, row.id)])
        found = await session.execute(_waiting().where(TaxInvoice.id == invoice_id))
        return _view(found.one(), now)


def _waiting() -> Select[TaxInvoice, str, str]:
    return (
        select(TaxInvoice, Company.legal_name, Order.number)
        .join(Company, Company.id == TaxInvoice.company_id)
        .join(Order, Order.id == TaxInvoice.order_id)
        .where(TaxInvoice.state == str(InvoiceState.WAITING))
    )


def _view(row: Row[TaxInvoice, str, str], now: datetime) -> WaitingInvoice:
    invoice, company, number = row
    return WaitingInvoice(
        id=invoice.id,
        company_id=invoice.company_id,
        company_name=company,
        order_number=number,
        corrects=invoice.refund_id is not None,
        written_on=invoice.written_on,
        last_day=last_day_of_issue(invoice.written_on),
        late=now >= alarm_at(invoice.written_on),
        supply=invoice.supply,
        vat=invoice.vat,
        failure=invoice.failure,
        overridden_by=invoice.overridden_by,
        attempts=invoice.attempts,
        next_try_at=invoice.due_at,
        created_at=invoice.created_at,
    )
