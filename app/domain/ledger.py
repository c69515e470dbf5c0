"""The ledger: every movement of money as a balanced entry (PRODUCT.md section 11).

Amounts are integer KRW, debit positive, credit negative; the postings of an entry add up to zero.
An entry is made by what happened to one subject (an order, a payment, a deposit, a refund, a line
of the credit statement), and by each kind of event once: `kind` and `subject` are its identity.
What each event is booked as: `docs/decisions/0025-ledger.md`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from app.domain.credit import CreditKind


class Account(StrEnum):
    """PROVIDER and BANK: our money there. RECEIVABLE: what orders still owe. SALES: without VAT.

    CREDIT: what companies have as their balance. REFUNDS_PAYABLE: what must go back and has not.
    FEES: kept of what was ended early. GOODWILL: given for nothing. CHARGEBACKS: taken back by a
    card company.
    """

    PROVIDER = "PROVIDER"
    BANK = "BANK"
    RECEIVABLE = "RECEIVABLE"
    SALES = "SALES"
    VAT = "VAT"
    CREDIT = "CREDIT"
    REFUNDS_PAYABLE = "REFUNDS_PAYABLE"
    FEES = "FEES"
    GOODWILL = "GOODWILL"
    CHARGEBACKS = "CHARGEBACKS"


class EntryKind(StrEnum):
    """What happened, and in brackets what to: an entry's subject."""

    PLACED = "PLACED"
    """An order asks for money [order]."""
    ENDED = "ENDED"
    """It was cancelled or expired before it was paid [order]."""
    CAPTURED = "CAPTURED"
    """A payment pays its order [payment]."""
    DEPOSITED = "DEPOSITED"
    """Money on our bank account pays an order, or a part of it [deposit]."""
    UNWANTED = "UNWANTED"
    """Money came that must go back whole [refund]."""
    GIVEN_BACK = "GIVEN_BACK"
    """What was paid for is owed back [refund]."""
    SENT_BACK = "SENT_BACK"
    """What was owed back has gone [refund]."""
    ADJUSTED = "ADJUSTED"
    """Another amount went back than was owed: somebody cancelled a part elsewhere [refund]."""
    CREDITED = "CREDITED"
    """Put to the credit balance [line of the credit statement]."""
    CHARGED_BACK = "CHARGED_BACK"
    """A card company took it [payment, or its decision where one was corrected before]."""
    CHARGE_RESTORED = "CHARGE_RESTORED"
    """That was recorded wrongly [correction]."""


class Period(NamedTuple):
    """The days (KST, inclusive) of the service that is sold; `last` is None without an end."""

    first: date
    last: date | None


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry, and what it is about."""

    account: Account
    amount: int
    order_id: UUID | None = None
    payment_id: UUID | None = None
    item_id: UUID | None = None
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Balanced: ValueError where it is not, or where it says nothing."""

    kind: EntryKind
    subject_id: UUID
    company_id: UUID
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        if sum(posting.amount for posting in self.postings) != 0:
            raise ValueError(f"unbalanced: {self.kind} {self.subject_id}")
        if not self.postings or any(posting.amount == 0 for posting in self.postings):
            raise ValueError(f"empty: {self.kind} {self.subject_id}")


@dataclass(frozen=True, slots=True)
class Sold:
    """What an item brings, without VAT, and the days it is for."""

    item_id: UUID
    supply: int
    period: Period | None


@dataclass(frozen=True, slots=True)
class Sale:
    """An order in figures. `credit_used`: of `total`, what the company's balance pays."""

    order_id: UUID
    company_id: UUID
    items: Sequence[Sold]
    vat: int
    total: int
    credit_used: int = 0


def placed(sale: Sale) -> JournalEntry | None:
    """What the order asks for; None of one that asks for nothing."""
    if sale.total <= 0:
        return None
    order = sale.order_id
    sold = [
        Posting(Account.SALES, -item.supply, order, item_id=item.item_id, period=item.period)
        for item in sale.items
    ]
    postings = (
        Posting(Account.RECEIVABLE, sale.total - sale.credit_used, order),
        Posting(Account.CREDIT, sale.credit_used, order),
        *sold,
        Posting(Account.VAT, -sale.vat, order),
    )
    return _entry(EntryKind.PLACED, order, sale.company_id, postings)


def ended(sale: Sale) -> JournalEntry | None:
    """An unpaid order is over: the reverse of what it was placed with."""
    was = placed(sale)
    if was is None:
        return None
    reverse = [
        Posting(p.account, -p.amount, p.order_id, p.payment_id, p.item_id, p.period)
        for p in was.postings
    ]
    return _entry(EntryKind.ENDED, sale.order_id, sale.company_id, reverse)


def captured(company_id: UUID, order_id: UUID, payment_id: UUID, amount: int) -> JournalEntry:
    """A payment at the provider pays its order."""
    return _entry(
        EntryKind.CAPTURED,
        payment_id,
        company_id,
        (
            Posting(Account.PROVIDER, amount, order_id, payment_id),
            Posting(Account.RECEIVABLE, -amount, order_id, payment_id),
        ),
    )


def deposited(
    company_id: UUID, order_id: UUID, payment_id: UUID, deposit_id: UUID, amount: int
) -> JournalEntry:
    """A deposit on our bank account pays an order, or a part of it."""
    return _entry(
        EntryKind.DEPOSITED,
        deposit_id,
        company_id,
        (
            Posting(Account.BANK, amount, order_id, payment_id),
            Posting(Account.RECEIVABLE, -amount, order_id, payment_id),
        ),
    )


@dataclass(frozen=True, slots=True)
class Owed:
    """What must go back, KRW with VAT: `amount` is what is left after the fee is kept.

    `pays_nothing`: the money never was an order's. `came_to`: where it lies.
    """

    refund_id: UUID
    company_id: UUID
    order_id: UUID | None
    payment_id: UUID | None
    amount: int
    vat: int
    fee: int = 0
    pays_nothing: bool = False
    came_to: Account = Account.PROVIDER


def owed(what: Owed) -> JournalEntry | None:
    """Money that pays nothing (another amount, too late, too much), or that was paid for something

    that is not served: both are owed from now on. None of nothing.
    """
    kind = EntryKind.UNWANTED if what.pays_nothing else EntryKind.GIVEN_BACK
    postings = _owed_postings(what, what.amount, what.vat, what.fee)
    return _entry(kind, what.refund_id, what.company_id, postings) if _says(postings) else None


def adjusted(before: Owed, amount: int, vat: int) -> JournalEntry | None:
    """What was owed has become another amount; None where it has not."""
    postings = _owed_postings(before, amount - before.amount, vat - before.vat, 0)
    if not _says(postings):
        return None
    return _entry(EntryKind.ADJUSTED, before.refund_id, before.company_id, postings)


def sent_back(what: Owed, by: Account) -> JournalEntry | None:
    """What was owed has gone back: from PROVIDER, from BANK, to the CREDIT balance, or off what

    the order still owes (RECEIVABLE).
    """
    postings = (
        Posting(Account.REFUNDS_PAYABLE, what.amount, what.order_id, what.payment_id),
        Posting(by, -what.amount, what.order_id, what.payment_id),
    )
    if not _says(postings):
        return None
    return _entry(EntryKind.SENT_BACK, what.refund_id, what.company_id, postings)


def _owed_postings(what: Owed, amount: int, vat: int, fee: int) -> tuple[Posting, ...]:
    about = (what.order_id, what.payment_id)
    back = Posting(Account.REFUNDS_PAYABLE, -amount, *about)
    if what.pays_nothing:
        return (Posting(what.came_to, amount, *about), back)
    return (
        Posting(Account.SALES, amount + fee - vat, *about),
        Posting(Account.VAT, vat, *about),
        back,
        Posting(Account.FEES, -fee, *about),
    )


_CREDITED_FROM: Mapping[CreditKind, Account] = MappingProxyType(
    {
        CreditKind.NOT_SERVED: Account.SALES,
        CreditKind.CHANGE: Account.SALES,
        CreditKind.GOODWILL: Account.GOODWILL,
    }
)


def credited(
    company_id: UUID,
    line_id: UUID,
    kind: CreditKind,
    supply: int,
    vat: int,
    order_id: UUID | None = None,
    item_id: UUID | None = None,
) -> JournalEntry:
    """Something is put to the balance: out of what was sold, or (GOODWILL) for nothing."""
    return _entry(
        EntryKind.CREDITED,
        line_id,
        company_id,
        (
            Posting(_CREDITED_FROM[kind], supply, order_id, item_id=item_id),
            Posting(Account.VAT, vat, order_id, item_id=item_id),
            Posting(Account.CREDIT, -supply - vat, order_id, item_id=item_id),
        ),
    )


def charged_back(
    company_id: UUID,
    order_id: UUID,
    payment_id: UUID,
    amount: int,
    subject_id: UUID | None = None,
    kind: EntryKind = EntryKind.CHARGED_BACK,
) -> JournalEntry:
    """A card company has taken a payment back; CHARGE_RESTORED of a negative amount: it has not."""
    return _entry(
        kind,
        subject_id or payment_id,
        company_id,
        (
            Posting(Account.CHARGEBACKS, amount, order_id, payment_id),
            Posting(Account.PROVIDER, -amount, order_id, payment_id),
        ),
    )


def vat_of_rest(order_vat: int, total: int, credit_used: int) -> int:
    """The VAT of what is left to pay once credit has paid its part of `total` (> 0)."""
    return order_vat - order_vat * credit_used // total


def _says(postings: Sequence[Posting]) -> bool:
    return any(posting.amount for posting in postings)


def _entry(
    kind: EntryKind, subject_id: UUID, company_id: UUID, postings: Sequence[Posting]
) -> JournalEntry:
    """Sides of nothing are left out."""
    return JournalEntry(kind, subject_id, company_id, tuple(p for p in postings if p.amount))
