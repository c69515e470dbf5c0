"""What goes back becomes a row: in the transaction that decides it, under the order's lock.

A row is sent by its job (`app.services.refund_jobs`). Payments and orders follow from their
refunds; nothing else says that money went back. Decision: docs/decisions/0022-refunds.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.ids import new_id
from app.db.ledger import post
from app.db.queue import Job, enqueue
from app.db.tables.orders import Order, OrderItem, Payment
from app.db.tables.refunds import Refund
from app.domain.credit import CreditKind
from app.domain.disputes import without_taken
from app.domain.ledger import (
    Account,
    JournalEntry,
    Owed,
    adjusted,
    owed,
    sent_back,
)
from app.domain.orders import PaymentMethod, PaymentStatus, derive_payment_status
from app.domain.payments import PaymentState, step_payment
from app.domain.periods import seoul_date
from app.domain.provider_payments import CancelStatus, ReportedPayment
from app.domain.refunds import (
    NEVER_AN_ORDERS,
    Going,
    Money,
    Received,
    RefundDestination,
    RefundReason,
    RefundState,
    derive_payment_state,
    part_of,
    rest_of,
    split,
    step_refund,
)
from app.services.audit import BY_OPERATOR
from app.services.claims import take_off_claim
from app.services.evidence import want_less_evidence
from app.services.order_events import SYSTEM
from app.services.orders import credit_line
from app.services.refund_sources import (
    captured_of,
    credit_used_of,
    received_of,
    taken_of,
)

SEND_REFUND: Final = "send_refund"
NO_ACCOUNT: Final = "refund_account_missing"
BY_HAND: Final = "pay_by_hand"
"""There is an account, and no payment at the provider that could be cancelled to it."""
_TO_ACCOUNT = frozenset(
    {PaymentMethod.TRANSFER, PaymentMethod.VIRTUAL_ACCOUNT, PaymentMethod.BANK_TRANSFER}
)
_KEPT_KINDS = {
    RefundReason.NOT_DELIVERED: CreditKind.NOT_DELIVERED,
    RefundReason.OPENING_FAILED: CreditKind.NOT_DELIVERED,
}


@dataclass(frozen=True, slots=True)
class GivingBack:
    """Why something is given back, by whom, and for which item of its order.

    `before`: former orders of the same membership, whose money a CHANGE took over.
    `rest_to_credit`: what no payment has any more goes to the credit balance instead of being
    refused. `fee`: what the company keeps of the sale, KRW.
    """

    reason: RefundReason
    item: OrderItem | None = None
    requested_by: str = SYSTEM
    before: tuple[Order, ...] = ()
    rest_to_credit: bool = False
    fee: int = 0


async def send_back_whole(
    session: AsyncSession,
    payment: Payment,
    reported: ReportedPayment,
    reason: RefundReason,
    now: datetime,
) -> UUID:
    """Money that never was an order's: all that is left of it goes back the way it came.

    The payment is locked, and is REFUND_DUE from now on. Returns the refund's id, whose job the
    caller may do at once after the transaction; the sweep finds it otherwise.
    """
    payment.status = str(step_payment(PaymentState(payment.status), PaymentState.REFUND_DUE))
    payment.check_due_at = None
    payment.updated_at = now
    gone = [
        cancelled_elsewhere(payment, Money(seen.amount, min(seen.vat, seen.amount)), seen.id, now)
        for seen in reported.cancellations
        if seen.status is CancelStatus.SUCCEEDED
    ]
    captured = reported.cancellable
    vat = part_of(Received(max(payment.amount, captured), payment.vat), captured).vat
    refund = _row(payment.company_id, payment.order_id, Money(captured, vat), reason, SYSTEM, now)
    refund.payment_id = payment.id
    if payment.method == PaymentMethod.VIRTUAL_ACCOUNT:  # nobody knows from which account it came
        refund.destination = str(RefundDestination.ACCOUNT)
    session.add_all([*gone, refund])
    await book(session, [*gone, refund], [payment], now)
    return refund.id


async def send_to_account(
    session: AsyncSession,
    company_id: UUID,
    order_id: UUID | None,
    amount: int,
    reason: RefundReason,
    now: datetime,
    came_to: Account = Account.PROVIDER,
) -> Refund:
    """Money that came through a bank and never was an order's: to the company's refund account.

    It was no supply, so that no VAT is in it.
    """
    refund = _row(company_id, order_id, Money(amount, 0), reason, SYSTEM, now)
    refund.destination, refund.came_to = str(RefundDestination.ACCOUNT), str(came_to)
    session.add(refund)
    await book(session, [refund], [], now)
    await enqueue(session, [Job(SEND_REFUND, refund.id)])
    return refund


async def give_back(
    session: AsyncSession, order: Order, value: Money, why: GivingBack, now: datetime
) -> Sequence[Refund]:
    """A part of what an order asked for: off what it still owes on terms, else to its payment,

    then to the credit balance. The order is locked. Of an order that waits for money before its
    delivery nothing goes back. Raises `refund_exceeds_payment` where more would go back than came.
    """
    if value.amount == 0 or order.payment_status == PaymentStatus.UNPAID:
        return []
    off = await _off_claims(session, [order], value, why, now)
    left = rest_of(value, [Money(refund.amount, refund.vat) for refund in off])
    if why.before:
        short = await _not_held(session, [order, *why.before], left)
        off_former = await _off_claims(session, why.before, short, why, now)
        left = rest_of(left, [Money(refund.amount, refund.vat) for refund in off_former])
        off += off_former
    payments = await captured_of(session, [order, *why.before])
    made = [*off, *await _out_of(session, order, payments, left, why, now)]
    if not made:  # a card company took it before
        return []
    made[0].fee = why.fee
    session.add_all(made)
    await book(session, made, payments, now)
    for payment in payments:
        await derive_payment(session, payment, now)
    await enqueue(session, [Job(SEND_REFUND, refund.id) for refund in made if refund.due_at])
    return made


async def _off_claims(
    session: AsyncSession, orders: Sequence[Order], value: Money, why: GivingBack, now: datetime
) -> list[Refund]:
    """What orders on terms owe no more, in their order."""
    made: list[Refund] = []
    for order in orders:
        share = await take_off_claim(session, order, value, now)
        if share.amount:
            made.append(_done(order, share, why, RefundDestination.CLAIM, now))
            value = rest_of(value, [share])
    return made


async def _not_held(session: AsyncSession, orders: Sequence[Order], value: Money) -> Money:
    """What of a value no payment of these orders has any more."""
    held = await received_of(session, await captured_of(session, orders))
    short = max(value.amount - sum(max(source.left, 0) for source in held), 0)
    return Money(short, value.vat * short // value.amount if short else 0)


async def _out_of(
    session: AsyncSession,
    order: Order,
    payments: Sequence[Payment],
    value: Money,
    why: GivingBack,
    now: datetime,
) -> list[Refund]:
    """To the payments first, then to the credit balance."""
    if value.amount == 0:
        return []
    received = await received_of(session, payments)
    credit = await credit_used_of(session, order)
    held = sum(max(source.left, 0) for source in [*received, credit])
    value = without_taken(value, held, await taken_of(session, payments))
    if value.amount == 0:
        return []
    if why.rest_to_credit:
        short = value.amount - sum(max(source.left, 0) for source in received)
        credit = Received(max(credit.left, short, 0), value.vat)
    shares = split(value, [*received, credit])
    made = [
        _of_payment(payment, share, why, now)
        for payment, share in zip(payments, shares, strict=False)
        if share.amount
    ]
    if shares[-1].amount:
        made.append(_to_credit(session, order, shares[-1], why, now))
    return made


async def owe_former_contract(
    session: AsyncSession,
    company_id: UUID,
    value: Money,
    why: GivingBack,
    now: datetime,
) -> None:
    """What was paid before the portal (docs/decisions/0020): by hand, to the refund account."""
    refund = _row(company_id, None, value, why.reason, why.requested_by, now)
    refund.destination = str(RefundDestination.ACCOUNT)
    refund.fee = why.fee
    session.add(refund)
    await book(session, [refund], [], now)
    await enqueue(session, [Job(SEND_REFUND, refund.id)])


async def refunds_of(session: AsyncSession, payment_id: UUID) -> Sequence[Refund]:
    """A payment's, the oldest first, locked."""
    rows = await session.scalars(
        select(Refund)
        .where(Refund.payment_id == payment_id)
        .order_by(Refund.created_at, Refund.id)
        .with_for_update()
    )
    return rows.all()


async def finish(
    session: AsyncSession,
    refund: Refund,
    cancellation_id: str | None,
    done_by: str,
    now: datetime,
) -> None:
    """The money is with the payer: payment and order follow. Order and payment are locked."""
    refund.state = str(step_refund(RefundState(refund.state), RefundState.DONE))
    refund.cancellation_id = cancellation_id or refund.cancellation_id
    refund.done_at, refund.done_by = now, done_by
    refund.due_at, refund.updated_at = None, now
    payment = None
    if refund.payment_id is not None:
        payment = await session.get_one(Payment, refund.payment_id)
    before = _owed(refund, payment)
    after = replace(before, amount=refund.amount, vat=refund.vat)
    differs = adjusted(before, refund.amount, refund.vat)
    await post(session, now, differs, sent_back(after, _account(refund)))
    await session.flush()
    await follow(session, refund, now)


async def book(
    session: AsyncSession, made: Sequence[Refund], payments: Sequence[Payment], now: datetime
) -> None:
    """What new rows owe, in the ledger, and that what is done already has gone."""
    by_id = {payment.id: payment for payment in payments}
    entries: list[JournalEntry | None] = []
    for refund in made:
        what = _owed(refund, by_id.get(refund.payment_id) if refund.payment_id else None)
        entries.append(owed(what))
        if refund.state == RefundState.DONE:
            entries.append(sent_back(what, _account(refund)))
    await post(session, now, *entries)
    for refund in made:
        await want_less_evidence(session, refund, now)


def _owed(refund: Refund, payment: Payment | None) -> Owed:
    """As it was decided. What never paid an order was no sale."""
    unpaired = payment is None and RefundReason(refund.reason) in NEVER_AN_ORDERS
    by_bank = payment is not None and payment.method == PaymentMethod.BANK_TRANSFER
    lies = Account(refund.came_to) if payment is None else Account.PROVIDER
    return Owed(
        refund.id,
        refund.company_id,
        refund.order_id,
        refund.payment_id,
        refund.owed_amount,
        refund.owed_vat,
        refund.fee,
        pays_nothing=(payment is not None and payment.paid_at is None) or unpaired,
        came_to=Account.BANK if by_bank else lies,
    )


def _account(refund: Refund) -> Account:
    """Where it leaves from: what a hand pays comes from our bank account."""
    if refund.destination == RefundDestination.CREDIT:
        return Account.CREDIT
    if refund.destination == RefundDestination.CLAIM:
        return Account.RECEIVABLE
    by_hand = (refund.done_by or "").startswith(BY_OPERATOR)
    return Account.BANK if by_hand else Account.PROVIDER


async def follow(session: AsyncSession, refund: Refund, now: datetime) -> None:
    """Derives what hangs on a refund: its payment and its order."""
    if refund.payment_id is not None:
        payment = await session.get_one(Payment, refund.payment_id)
        await derive_payment(session, payment, now)
    if refund.order_id is not None:
        await _derive_order(session, await session.get_one(Order, refund.order_id), now)


def needs_a_hand(refund: Refund, failure: str, now: datetime) -> None:
    """MANUAL_REQUIRED: nothing moves it but an operator, or a refund account where that lacks."""
    refund.state = str(step_refund(RefundState(refund.state), RefundState.MANUAL_REQUIRED))
    refund.failure, refund.due_at, refund.updated_at = failure, None, now


def _of_payment(payment: Payment, share: Money, why: GivingBack, now: datetime) -> Refund:
    refund = _row(payment.company_id, payment.order_id, share, why.reason, why.requested_by, now)
    refund.payment_id = payment.id
    if payment.method in _TO_ACCOUNT:
        refund.destination = str(RefundDestination.ACCOUNT)
    return refund


def _to_credit(
    session: AsyncSession, order: Order, share: Money, why: GivingBack, now: datetime
) -> Refund:
    """Done as it is made: the balance is ours to write."""
    kind = _KEPT_KINDS.get(why.reason, CreditKind.REFUNDED)
    item_id = why.item.id if why.item else None
    session.add(credit_line(order, kind, share.amount, share.vat, now, item_id))
    return _done(order, share, why, RefundDestination.CREDIT, now)


def _done(
    order: Order, share: Money, why: GivingBack, to: RefundDestination, now: datetime
) -> Refund:
    """What is ours alone to write: nobody has to be asked to send it."""
    refund = _row(order.company_id, order.id, share, why.reason, why.requested_by, now)
    refund.destination = str(to)
    refund.state, refund.due_at = str(RefundState.DONE), None
    refund.done_at, refund.done_by = now, SYSTEM
    return refund


def _row(
    company_id: UUID,
    order_id: UUID | None,
    money: Money,
    reason: RefundReason,
    requested_by: str,
    now: datetime,
) -> Refund:
    """To be sent at once, the way it came."""
    return Refund(
        id=new_id(),
        company_id=company_id,
        order_id=order_id,
        payment_id=None,
        came_to=str(Account.PROVIDER),
        destination=str(RefundDestination.PROVIDER),
        reason=str(reason),
        state=str(RefundState.REQUESTED),
        amount=money.amount,
        vat=money.vat,
        fee=0,
        owed_amount=money.amount,
        owed_vat=money.vat,
        cancellation_id=None,
        attempts=0,
        failure=None,
        due_at=now,
        requested_by=requested_by,
        done_by=None,
        done_at=None,
        created_at=now,
        updated_at=now,
    )


def cancelled_elsewhere(
    payment: Payment, money: Money, cancellation_id: str, now: datetime
) -> Refund:
    """What somebody has given back at the provider, past the portal."""
    refund = _row(
        payment.company_id, payment.order_id, money, RefundReason.AT_PROVIDER, SYSTEM, now
    )
    refund.payment_id, refund.cancellation_id = payment.id, cancellation_id
    refund.state, refund.due_at = str(RefundState.DONE), None
    refund.done_at, refund.done_by = now, SYSTEM
    return refund


async def derive_payment(session: AsyncSession, payment: Payment, now: datetime) -> None:
    rows = await refunds_of(session, payment.id)
    going = [Going(RefundState(row.state), row.amount) for row in rows]
    kept = payment.paid_at is not None
    captured = payment.amount if kept else sum(refund.amount for refund in going)
    wanted = derive_payment_state(captured, going)
    if wanted != payment.status:
        payment.status = str(step_payment(PaymentState(payment.status), wanted))
        payment.updated_at = now


async def _derive_order(session: AsyncSession, order: Order, now: datetime) -> None:
    """What of the order's kept payments went back; money that never was its own changes nothing."""
    payments = await captured_of(session, [order])
    paid = sum(payment.amount for payment in payments)
    if paid == 0:
        return
    refunded = await session.scalars(
        select(Refund.amount).where(
            Refund.payment_id.in_([payment.id for payment in payments]), Refund.state == "DONE"
        )
    )
    back = sum(refunded)
    if back:
        status = derive_payment_status(order.total, paid, back, None, seoul_date(now))
        order.payment_status = str(status)
        order.updated_at = now
