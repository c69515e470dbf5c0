"""증빙: exactly one kind of evidence for a payment, and when and how it is written.

Source: PRODUCT.md section 11 (Evidence), docs/decisions/0027. Days are Asia/Seoul dates, money is
integer KRW.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from app.domain.catalogue import Name
from app.domain.errors import DomainError
from app.domain.orders import PaymentMethod
from app.domain.periods import SEOUL
from app.domain.registry import BusinessState, BusinessStatus

VAT_ALARM_DAY = 8
"""Of the month after the write date, whose 10th is the last day (부가가치세법 제34조 †)."""


class EvidenceKind(StrEnum):
    """CARD_SLIP: the processor's, which is evidence by itself (부가가치세법 제33조 제2항 †)."""

    CARD_SLIP = "CARD_SLIP"
    TAX_INVOICE = "TAX_INVOICE"
    """Unless the payer asked for a cash receipt in the payment window: that is it then."""


_BY_METHOD: Mapping[PaymentMethod, EvidenceKind] = MappingProxyType(
    {
        PaymentMethod.CARD: EvidenceKind.CARD_SLIP,
        PaymentMethod.BILLING_KEY: EvidenceKind.CARD_SLIP,
        PaymentMethod.TRANSFER: EvidenceKind.TAX_INVOICE,
        PaymentMethod.VIRTUAL_ACCOUNT: EvidenceKind.TAX_INVOICE,
        PaymentMethod.BANK_TRANSFER: EvidenceKind.TAX_INVOICE,
        PaymentMethod.TERMS: EvidenceKind.TAX_INVOICE,
    }
)


def evidence_of(method: PaymentMethod) -> EvidenceKind:
    """The one kind that a payment by this method has. A second one would be deducted twice."""
    return _BY_METHOD[method]


class InvoicePurpose(StrEnum):
    """RECEIPT (영수): the money is here. INVOICE (청구): it is asked for."""

    RECEIPT = "RECEIPT"
    INVOICE = "INVOICE"


class InvoiceState(StrEnum):
    """WAITING: not issued yet, tried until it is."""

    WAITING = "WAITING"
    ISSUED = "ISSUED"


class ModificationReason(StrEnum):
    """수정 사유 of 부가가치세법 시행령 제70조 †."""

    CHANGE_IN_SUPPLY_COST = "CHANGE_IN_SUPPLY_COST"
    CANCELLATION_OF_CONTRACT = "CANCELLATION_OF_CONTRACT"


INVOICE_STATE_LABELS: Mapping[InvoiceState, Name] = MappingProxyType(
    {
        InvoiceState.WAITING: Name("발행 예정", "To be issued"),
        InvoiceState.ISSUED: Name("발행 완료", "Issued"),
    }
)


@dataclass(frozen=True, slots=True)
class Supplied:
    """What an invoice says: supply and VAT, both negative on a correction."""

    supply: int
    vat: int

    @property
    def total(self) -> int:
        return self.supply + self.vat


def corrected_by(amount: int, vat: int, fee: int) -> Supplied:
    """What a refund takes back of its invoice: the fee is kept, and is no supply."""
    return Supplied(-(amount + fee - vat), -vat)


def reason_of(original: Supplied, correction: Supplied) -> ModificationReason:
    """The contract is cancelled where all of it goes back at once, else what it costs changes."""
    whole = original.supply + correction.supply == 0 and original.vat + correction.vat == 0
    if whole:
        return ModificationReason.CANCELLATION_OF_CONTRACT
    return ModificationReason.CHANGE_IN_SUPPLY_COST


def last_day_of_issue(written_on: date) -> date:
    """The 10th of the month after the write date (부가가치세법 제34조 제3항 †)."""
    return (written_on.replace(day=1) + timedelta(days=32)).replace(day=10)


def alarm_at(written_on: date) -> datetime:
    """When somebody has to look at an invoice that is not issued: two days before its last day."""
    next_month = (written_on.replace(day=1) + timedelta(days=32)).replace(day=VAT_ALARM_DAY)
    return datetime.combine(next_month, time(10), tzinfo=SEOUL)


@dataclass(frozen=True, slots=True)
class Contact:
    """Who gets a company's invoices."""

    name: str
    email: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """공급받는자, as far as it is known."""

    business_number: str
    name: str
    representative: str | None
    address: str | None
    business_type: str | None
    business_class: str | None
    contacts: Sequence[Contact] = ()


def missing_of(recipient: Recipient) -> tuple[str, ...]:
    """JSON pointers into the tax-invoice contact of what an invoice cannot be without."""
    wanted = {
        "/representative_name": recipient.representative,
        "/road_address": recipient.address,
        "/business_type": recipient.business_type,
        "/business_class": recipient.business_class,
        "/contacts": recipient.contacts,
    }
    return tuple(pointer for pointer, value in wanted.items() if not value)


def check_complete(recipient: Recipient) -> None:
    """Before an order whose payment will need an invoice: `tax_invoice_information_required`."""
    missing = missing_of(recipient)
    if missing:
        raise DomainError(
            "tax_invoice_information_required",
            "/payment_method",
            missing=[{"pointer": pointer} for pointer in missing],
        )


HELD: frozenset[str] = frozenset(
    f"business_{state.lower()}" for state in BusinessState if state is not BusinessState.ACTIVE
)
"""What `held_by` may say."""


def held_by(status: BusinessStatus, written_on: date) -> str | None:
    """Why an invoice of that day is not issued to a business as it stands now; None: it is.

    One that closed after the day was in business on it. PRODUCT.md section 7.
    """
    if status.state is BusinessState.ACTIVE:
        return None
    if status.closed_on is not None and status.closed_on > written_on:
        return None
    return f"business_{status.state.lower()}"


@dataclass(frozen=True, slots=True)
class InvoiceToIssue:
    """`key` is our id, which makes issuing it twice impossible. `corrects`: the original's key.

    `whatever_standing`: an operator lets it through, so that the tax service is not asked.
    """

    key: str
    purpose: InvoicePurpose
    written_on: date
    content: Supplied
    item: str
    recipient: Recipient
    reason: ModificationReason | None = None
    corrects: str | None = None
    whatever_standing: bool = False


@dataclass(frozen=True, slots=True)
class IssuedInvoice:
    """As the provider has it. `approval_number`: the tax service's."""

    id: str
    approval_number: str | None
