"""세금계산서: wanted in the transaction that makes them due, issued by a job, once each.

An invoice is of a payment; a refund of it becomes a correction, never a deletion. Our row's id is
the document key at the provider, so that a repeat issues nothing twice.
"""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import Job, enqueue
from app.db.tables.orders import Order, Payment
from app.db.tables.refunds import Refund
from app.db.tables.tax_invoices import TaxInvoice
from app.domain.evidence import (
    EvidenceKind,
    InvoicePurpose,
    InvoiceState,
    InvoiceToIssue,
    IssuedInvoice,
    ModificationReason,
    Supplied,
    alarm_at,
    corrected_by,
    evidence_of,
    held_by,
    missing_of,
    reason_of,
)
from app.domain.orders import PaymentMethod
from app.domain.periods import seoul_date
from app.domain.provider_errors import ProviderError, ProviderRefused, Refusal
from app.domain.refunds import RefundDestination
from app.services.company_mails import CompanyMails
from app.services.emails import Emails
from app.services.mails import Mails, NewMail
from app.services.ports import BusinessRegistry, TaxInvoiceProvider
from app.services.tax_invoice_contacts import TaxInvoiceContacts

ISSUE_TAX_INVOICE: Final = "issue_tax_invoice"
ALARM_TAX_INVOICE: Final = "alarm_tax_invoice"
LEASE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)
ASK_AGAIN_AFTER: Final = timedelta(days=1)
"""While the recipient is not known whole."""
ITEM: Final = "다우오피스 이용료"
log = structlog.get_logger(__name__)


async def want_tax_invoice(
    session: AsyncSession, payment: Payment, vat: int, on: date, now: datetime
) -> None:
    """For a payment that has come and whose evidence it is; `on`: the day of the money (영수).

    `vat`: as the provider tells it. In the transaction of the capture.
    """
    if evidence_of(PaymentMethod(payment.method)) is not EvidenceKind.TAX_INVOICE:
        return
    if await _original(session, payment.id, payment.order_id) is not None:  # asked for on terms
        return
    supplied = Supplied(payment.amount - vat, vat)
    await _add(session, _row(payment.company_id, payment.order_id, supplied, on, now, payment.id))


async def want_invoice_on_terms(session: AsyncSession, order: Order, now: datetime) -> None:
    """For an order that is delivered first: written on the day it is asked for (청구), once."""
    if await _original(session, None, order.id) is not None:
        return
    supplied = Supplied(order.to_pay - order.vat_to_pay, order.vat_to_pay)
    row = _row(order.company_id, order.id, supplied, seoul_date(now), now)
    row.purpose = str(InvoicePurpose.INVOICE)
    await _add(session, row)


async def has_invoice(session: AsyncSession, payment: Payment) -> bool:
    """Whether it, or its order on terms, has one already."""
    return await _original(session, payment.id, payment.order_id) is not None


async def want_correction(session: AsyncSession, refund: Refund, now: datetime) -> None:
    """For what goes back of a payment, or off a claim, that has an invoice; in the transaction

    that decides it.
    """
    order_id = await _invoiced_order(session, refund)
    if order_id is None or refund.amount == 0:
        return
    original = await _original(session, refund.payment_id, order_id)
    if original is None:
        return
    correction = corrected_by(refund.amount, refund.vat, refund.fee)
    on = seoul_date(now)
    row = _row(refund.company_id, order_id, correction, on, now, refund.payment_id)
    row.purpose = original.purpose
    row.refund_id = refund.id
    row.reason = str(reason_of(Supplied(original.supply, original.vat), correction))
    await _add(session, row)


async def _invoiced_order(session: AsyncSession, refund: Refund) -> UUID | None:
    """Whose invoice it takes back of; None of what had none: credit, or no order's money."""
    if refund.payment_id is not None:
        return (await session.get_one(Payment, refund.payment_id)).order_id
    return refund.order_id if refund.destination == RefundDestination.CLAIM else None


async def _add(session: AsyncSession, row: TaxInvoice) -> None:
    session.add(row)
    await session.flush()
    await enqueue(session, [Job(ISSUE_TAX_INVOICE, row.id)])


async def _original(
    session: AsyncSession, payment_id: UUID | None, order_id: UUID
) -> TaxInvoice | None:
    """The invoice of a payment, or of its order where that was on terms."""
    found: TaxInvoice | None = await session.scalar(
        select(TaxInvoice).where(
            TaxInvoice.order_id == order_id,
            TaxInvoice.refund_id.is_(None),
            or_(TaxInvoice.payment_id == payment_id, TaxInvoice.payment_id.is_(None)),
        )
    )
    return found


def _row(
    company_id: UUID,
    order_id: UUID,
    supplied: Supplied,
    written_on: date,
    now: datetime,
    payment_id: UUID | None = None,
) -> TaxInvoice:
    return TaxInvoice(
        id=new_id(),
        company_id=company_id,
        order_id=order_id,
        payment_id=payment_id,
        refund_id=None,
        reason=None,
        purpose=str(InvoicePurpose.RECEIPT),
        written_on=written_on,
        supply=supplied.supply,
        vat=supplied.vat,
        state=str(InvoiceState.WAITING),
        provider_id=None,
        approval_number=None,
        attempts=0,
        failure=None,
        overridden_by=None,
        override_reason=None,
        due_at=now,
        alarm_due_at=alarm_at(written_on),
        issued_at=None,
        created_at=now,
        updated_at=now,
    )


class TaxInvoices:
    """Two jobs of one row; both repeatable."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        provider: TaxInvoiceProvider,
        registry: BusinessRegistry,
        contacts: TaxInvoiceContacts,
        mails: Mails,
        emails: Emails,
        operator_email: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._provider = provider
        self._registry = registry
        self._contacts = contacts
        self._mails = CompanyMails(mails, emails)
        self._operators_mails = mails
        self._operator_email = operator_email

    async def issue(self, invoice_id: UUID) -> None:
        """Issues what is due. What the provider refuses is tried again until somebody has looked:

        what lacks is on our side, and an invoice may not be left out. None is issued to a business
        that is closed, suspended or unknown at the tax service, unless an operator has looked and
        lets it through.
        """
        wanted = await self._begin(invoice_id)
        if wanted is None:
            return
        try:
            held = await self._held(wanted)
            if held is not None:
                await self._hold(invoice_id, held)
                return
            issued = await self._ask(wanted)
        except ProviderRefused as refused:
            early = refused.code is Refusal.NOT_READY  # the original is not at the tax service yet
            failure = None if early else f"refused_{refused.code.lower()}"
            await self._postpone(invoice_id, failure)
            return
        except ProviderError:
            await self._postpone(invoice_id, None)
            return
        async with self._database.system_session("tax invoice issued") as session:
            now = await self._clock.now(session)
            row = await session.get_one(TaxInvoice, invoice_id, with_for_update=True)
            if row.state == InvoiceState.WAITING:
                row.state = str(InvoiceState.ISSUED)
                row.provider_id, row.approval_number = issued.id, issued.approval_number
                row.failure = row.due_at = row.alarm_due_at = None
                row.issued_at = row.updated_at = now

    async def alarm(self, invoice_id: UUID) -> None:
        """Two days before the last day of issue: somebody of the operator's staff has to look."""
        async with self._database.system_session("tax invoice alarm") as session:
            now = await self._clock.now(session)
            row = await session.get(TaxInvoice, invoice_id, with_for_update=True)
            if row is None or row.alarm_due_at is None or row.alarm_due_at > now:
                return
            row.alarm_due_at = None
            log.error(
                "tax_invoice_late",
                invoice=str(row.id),
                written_on=row.written_on.isoformat(),
                failure=row.failure,
            )

    async def _begin(self, invoice_id: UUID) -> InvoiceToIssue | None:
        async with self._database.system_session("issue tax invoice") as session:
            now = await self._clock.now(session)
            row = await session.get(TaxInvoice, invoice_id, with_for_update=True)
            if row is None or row.due_at is None or row.due_at > now:
                return None
            row.due_at = now + LEASE
            recipient = await self._contacts.recipient(session, row.company_id)
            if missing_of(recipient):
                row.due_at = now + ASK_AGAIN_AFTER
                if row.failure is None:
                    await self._ask_for_contact(session, row, now)
                row.failure = "recipient_incomplete"
                return None
            number = await session.scalar(select(Order.number).where(Order.id == row.order_id))
            return InvoiceToIssue(
                key=str(row.id),
                purpose=InvoicePurpose(row.purpose),
                written_on=row.written_on,
                content=Supplied(row.supply, row.vat),
                item=f"{ITEM} ({number})",
                recipient=recipient,
                reason=ModificationReason(row.reason) if row.reason else None,
                corrects=await _original_key(session, row),
                whatever_standing=row.overridden_by is not None,
            )

    async def _held(self, wanted: InvoiceToIssue) -> str | None:
        if wanted.whatever_standing:
            return None
        business = await self._registry.status(wanted.recipient.business_number)
        return held_by(business, wanted.written_on)

    async def _ask(self, wanted: InvoiceToIssue) -> IssuedInvoice:
        try:
            return await self._provider.issue(wanted)
        except ProviderRefused as refused:
            if refused.code is not Refusal.ALREADY_DONE:
                raise
            found = await self._provider.get(wanted.key)
            if found is None:
                raise
            return found

    async def _postpone(self, invoice_id: UUID, failure: str | None) -> None:
        """Doubling from a minute to six hours."""
        async with self._database.system_session("postpone tax invoice") as session:
            now = await self._clock.now(session)
            row = await session.get_one(TaxInvoice, invoice_id, with_for_update=True)
            if row.due_at is None:
                return
            row.attempts += 1
            row.due_at = now + min(LEASE * 2 ** min(row.attempts, 10), LONGEST_PAUSE)
            if failure is not None:
                row.failure = failure
                log.warning("tax_invoice_refused", invoice=str(row.id), failure=failure)

    async def _hold(self, invoice_id: UUID, why: str) -> None:
        """Looked at again daily; the operator is told of each reason once."""
        async with self._database.system_session("hold tax invoice") as session:
            now = await self._clock.now(session)
            row = await session.get_one(TaxInvoice, invoice_id, with_for_update=True)
            if row.state != InvoiceState.WAITING or row.overridden_by is not None:
                return
            row.due_at = now + ASK_AGAIN_AFTER
            if row.failure == why:
                return
            row.failure, row.updated_at = why, now
            log.error("tax_invoice_held", invoice=str(row.id), failure=why)
            if self._operator_email:
                await self._tell_operator(session, row, why, now)

    async def _tell_operator(
        self, session: AsyncSession, row: TaxInvoice, why: str, now: datetime
    ) -> None:
        number = await session.scalar(select(Order.number).where(Order.id == row.order_id))
        facts = {
            "number": number or "-",
            "invoice": str(row.id),
            "total": f"{row.supply + row.vat:,}",
            "written_on": row.written_on.isoformat(),
            "failure": why,
        }
        mail = NewMail("tax_invoice_held", self._operator_email, facts)
        job = self._operators_mails.queue(session, mail, now)
        await session.flush()
        await enqueue(session, [job])

    async def _ask_for_contact(self, session: AsyncSession, row: TaxInvoice, now: datetime) -> None:
        facts = {"total": f"{row.supply + row.vat:,}"}
        await self._mails.tell_owner(session, row.company_id, "tax_contact_wanted", facts, now)


async def _original_key(session: AsyncSession, row: TaxInvoice) -> str | None:
    if row.refund_id is None:
        return None
    found = await _original(session, row.payment_id, row.order_id)
    return str(found.id) if found else None
