"""무통장입금: the statement of our own bank account, and which payments its lines are for.

The operator adds lines (one, or the bank's file) and says what each is for. Parts add up to their
payment; what is too much, too late or for an order that has ended goes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.ledger import post
from app.db.tables.bank import BankDeposit
from app.db.tables.companies import Company
from app.db.tables.orders import Order, Payment
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.bank_deposits import (
    DepositFact,
    DepositState,
    LineError,
    Proposal,
    WaitingPayment,
    deposit_time,
    portion,
    propose,
    read_statement,
)
from app.domain.errors import DomainError
from app.domain.ledger import Account, deposited
from app.domain.operators import Operator
from app.domain.orders import PaymentMethod
from app.domain.payments import PaymentState
from app.domain.periods import seoul_date
from app.domain.refunds import RefundReason
from app.services.audit import AuditEntry, operator_actor, record
from app.services.company_mails import CompanyMails
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.emails import Emails
from app.services.evidence import want_evidence
from app.services.mails import Mails
from app.services.paid_orders import PaidOrders, waits_for_money
from app.services.refunds import send_to_account

RETURN_DEPOSITS = "return_deposits"
_NAME = "bank_deposits.name"
_REFERENCE = "bank_deposits.reference"
MOST_WAITING = 5000


@dataclass(frozen=True, slots=True)
class ProposedPayment:
    """A payment that a deposit may be for."""

    proposal: Proposal
    order_number: str
    company_name: str
    remaining: int


@dataclass(frozen=True, slots=True)
class DepositView:
    """As the operator sees it, in KRW. `paid`: what of it pays its payment."""

    id: UUID
    amount: int
    name: str | None = field(repr=False)
    at: datetime
    source: str
    state: str
    payment_id: UUID | None
    paid: int
    note: str | None
    added_by: str
    decided_by: str | None
    decided_at: datetime | None
    proposals: Sequence[ProposedPayment] = ()


@dataclass(frozen=True, slots=True)
class NewDeposit:
    """A line as the operator types it: KRW, Korean time."""

    amount: int
    name: str = field(repr=False)
    day: date
    time_of_day: time
    reference: str | None


@dataclass(frozen=True, slots=True)
class DepositPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[DepositView]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class StatementReport:
    """How many lines were new, how many known. With errors nothing was added."""

    added: int = 0
    known: int = 0
    errors: Sequence[LineError] = ()


class BankDeposits:
    """What the operator does, and the job that gives back what an ended order had received."""

    def __init__(
        self, database: Database, clock: Clock, vault: Vault, mails: Mails, emails: Emails
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._mails = CompanyMails(mails, emails)
        self._paid = PaidOrders(mails, emails)

    async def add(self, operator: Operator, line: NewDeposit) -> DepositView:
        """One line. Raises `bank_deposit_known` for a reference that is there already, and

        `deposit_day_invalid`.
        """
        async with self._database.system_session("operator: bank deposit") as session:
            now = await self._clock.now(session)
            at = deposit_time(line.day, line.time_of_day, seoul_date(now))
            fact = DepositFact(line.amount, line.name, at, line.reference)
            added = await self._write(session, [fact], "OPERATOR", operator, now)
            if not added:
                raise DomainError("bank_deposit_known", "/reference")
            deposit = await session.get_one(BankDeposit, added[0])
            return await self._shown(session, deposit)

    async def add_statement(self, operator: Operator, text: str) -> StatementReport:
        """The bank's file, all lines or none; what is known already is left alone."""
        facts, errors = read_statement(text)
        if errors:
            return StatementReport(errors=errors)
        async with self._database.system_session("operator: bank statement") as session:
            now = await self._clock.now(session)
            added = await self._write(session, facts, "STATEMENT", operator, now)
            return StatementReport(len(added), len(facts) - len(added))

    async def find(self, state: DepositState, cursor: str | None, size: int) -> DepositPage:
        """The newest first, each open one with what it may be for. Raises `cursor_invalid`."""
        at, last = read_cursor(cursor) or NEWEST
        async with self._database.system_session("operator: bank deposits") as session:
            rows = await session.scalars(
                select(BankDeposit)
                .where(
                    BankDeposit.state == str(state),
                    tuple_(BankDeposit.at, BankDeposit.id) < tuple_(at, last),
                )
                .order_by(BankDeposit.at.desc(), BankDeposit.id.desc())
                .limit(size + 1)
            )
            found = list(rows)
            page, more = found[:size], len(found) > size
            waiting = await _waiting(session) if state is DepositState.OPEN else {}
            views = [self._view(row, waiting) for row in page]
        return DepositPage(views, make_cursor(page[-1].at, page[-1].id) if more else None)

    async def confirm(self, operator: Operator, deposit_id: UUID, payment_id: UUID) -> DepositView:
        """It is for this payment. Raises `bank_deposit_not_found`, `payment_not_found`,

        `bank_deposit_state_conflict` and, for a payment by another way,
        `payment_method_not_allowed`.
        """
        async with self._database.system_session("operator: confirm deposit") as session:
            now = await self._clock.now(session)
            order, payment = await _locked(session, payment_id)
            deposit = await _open(session, deposit_id)
            deposit.payment_id = payment.id
            self._decide(deposit, DepositState.MATCHED, operator, now)
            await self._match(session, deposit, payment, order, now)
            self._record(
                session, operator, AuditAction.DEPOSIT_CONFIRMED, deposit, order.company_id, now
            )
            await session.flush()
            return await self._shown(session, deposit)

    async def reject(self, operator: Operator, deposit_id: UUID, note: str) -> DepositView:
        """It is for no order of ours. Raises `bank_deposit_not_found`, …`_state_conflict`."""
        async with self._database.system_session("operator: reject deposit") as session:
            now = await self._clock.now(session)
            deposit = await _open(session, deposit_id)
            deposit.note = note
            self._decide(deposit, DepositState.REJECTED, operator, now)
            self._record(session, operator, AuditAction.DEPOSIT_REJECTED, deposit, None, now)
            await session.flush()
            return await self._shown(session, deposit)

    async def give_back_parts(self, payment_id: UUID) -> None:
        """The job of a payment that is over although parts of it had come: they go back."""
        async with self._database.system_session("return deposits") as session:
            now = await self._clock.now(session)
            order, payment = await _locked(session, payment_id)
            if payment.received == 0 or payment.status != PaymentState.CANCELLED:
                return
            came, payment.received = payment.received, 0
            payment.updated_at = now
            await send_to_account(
                session,
                payment.company_id,
                order.id,
                came,
                RefundReason.ORDER_CLOSED,
                now,
                Account.RECEIVABLE,
            )

    async def _match(
        self,
        session: AsyncSession,
        deposit: BankDeposit,
        payment: Payment,
        order: Order,
        now: datetime,
    ) -> None:
        """What of it pays, pays; the rest is owed back. Order, payment and deposit are locked."""
        open_ = payment.status == PaymentState.READY and waits_for_money(order)
        parts = portion(deposit.amount, payment.amount - payment.received if open_ else 0)
        deposit.paid = parts.pays
        if parts.pays:
            payment.received += parts.pays
            payment.updated_at = now
            entry = deposited(order.company_id, order.id, payment.id, deposit.id, parts.pays)
            await post(session, now, entry)
        if parts.surplus:
            paid_already = payment.status == PaymentState.PAID or parts.pays
            reason = RefundReason.OVERPAID if paid_already else RefundReason.ORDER_CLOSED
            await send_to_account(
                session, order.company_id, order.id, parts.surplus, reason, now, Account.BANK
            )
        if parts.pays and payment.received == payment.amount:
            await want_evidence(session, payment, payment.vat, seoul_date(deposit.at), now)
            await self._paid.pay(session, payment, order, now)
        elif parts.pays:
            await self._tell_what_is_missing(session, payment, order, now)

    async def _tell_what_is_missing(
        self, session: AsyncSession, payment: Payment, order: Order, now: datetime
    ) -> None:
        facts = {
            "number": order.number,
            "received": f"{payment.received:,}",
            "missing": f"{payment.amount - payment.received:,}",
        }
        await self._mails.tell(
            session, order.company_id, order.account_id, "deposit_in_part", facts, now
        )

    async def _write(
        self,
        session: AsyncSession,
        facts: Sequence[DepositFact],
        source: str,
        operator: Operator,
        now: datetime,
    ) -> Sequence[UUID]:
        """The new ones' ids, by one statement."""
        rows = [
            {
                "id": new_id(),
                "amount": fact.amount,
                "name": self._vault.seal(_NAME, fact.name),
                "at": fact.at,
                "source": source,
                "reference": self._vault.index(_REFERENCE, fact.reference)
                if fact.reference
                else None,
                "state": str(DepositState.OPEN),
                "paid": 0,
                "added_by": operator_actor(operator.name),
                "created_at": now,
            }
            for fact in facts
        ]
        if not rows:
            return []
        added = await session.scalars(
            insert(BankDeposit).values(rows).on_conflict_do_nothing().returning(BankDeposit.id)
        )
        ids = list(added)
        record(
            session,
            AuditEntry.by_operator(
                operator,
                AuditAction.DEPOSITS_ADDED,
                now,
                details={"lines": len(ids), "source": source},
            ),
        )
        return ids

    def _decide(
        self, deposit: BankDeposit, state: DepositState, operator: Operator, now: datetime
    ) -> None:
        deposit.state = str(state)
        deposit.decided_by, deposit.decided_at = operator_actor(operator.name), now

    def _record(
        self,
        session: AsyncSession,
        operator: Operator,
        action: AuditAction,
        deposit: BankDeposit,
        company_id: UUID | None,
        now: datetime,
    ) -> None:
        record(
            session,
            AuditEntry.by_operator(
                operator,
                action,
                now,
                company_id=company_id,
                subject=str(deposit.id),
                details={"amount": deposit.amount},
            ),
        )

    async def _shown(self, session: AsyncSession, deposit: BankDeposit) -> DepositView:
        open_ = deposit.state == DepositState.OPEN
        return self._view(deposit, await _waiting(session) if open_ else {})

    def _view(
        self, row: BankDeposit, waiting: "dict[UUID, tuple[str, WaitingPayment]]"
    ) -> DepositView:
        name = self._vault.open(_NAME, row.name) if row.name else None
        proposals = propose(name or "", row.amount, [found for _, found in waiting.values()])
        return DepositView(
            id=row.id,
            amount=row.amount,
            name=name,
            at=row.at,
            source=row.source,
            state=row.state,
            payment_id=row.payment_id,
            paid=row.paid,
            note=row.note,
            added_by=row.added_by,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            proposals=[
                ProposedPayment(
                    proposal,
                    waiting[proposal.payment_id][0],
                    waiting[proposal.payment_id][1].company_name,
                    waiting[proposal.payment_id][1].remaining,
                )
                for proposal in proposals[:10]
            ],
        )


async def _waiting(session: AsyncSession) -> dict[UUID, tuple[str, WaitingPayment]]:
    """Payments by bank transfer that are not complete, with their orders' numbers."""
    rows = await session.execute(
        select(Payment.id, Payment.amount, Payment.received, Order.number, Company.legal_name)
        .join(Order, Order.id == Payment.order_id)
        .join(Company, Company.id == Payment.company_id)
        .where(Payment.method == PaymentMethod.BANK_TRANSFER, Payment.status == "READY")
        .order_by(Payment.id)
        .limit(MOST_WAITING)
    )
    return {
        row.id: (row.number, WaitingPayment(row.id, row.legal_name, row.amount - row.received))
        for row in rows
    }


async def _locked(session: AsyncSession, payment_id: UUID) -> tuple[Order, Payment]:
    """The order first, as everywhere. Raises `payment_not_found`, `payment_method_not_allowed`."""
    found = (
        await session.execute(
            select(Payment.order_id, Payment.method).where(Payment.id == payment_id)
        )
    ).one_or_none()
    if found is None:
        raise DomainError("payment_not_found", "/payment_id")
    if found.method != PaymentMethod.BANK_TRANSFER:
        raise DomainError("payment_method_not_allowed", "/payment_id")
    order = await session.get_one(Order, found.order_id, with_for_update=True)
    return order, await session.get_one(Payment, payment_id, with_for_update=True)


async def _open(session: AsyncSession, deposit_id: UUID) -> BankDeposit:
    deposit = await session.get(BankDeposit, deposit_id, with_for_update=True)
    if deposit is None:
        raise DomainError("bank_deposit_not_found")
    if deposit.state != DepositState.OPEN:
        raise DomainError("bank_deposit_state_conflict", current=deposit.state, wanted="MATCHED")
    return deposit
