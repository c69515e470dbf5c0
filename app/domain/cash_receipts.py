"""현금영수증 that the portal has issued: instead of a tax invoice, where the payer chooses one.

Source: PRODUCT.md section 11 (Evidence), docs/decisions/0027. KRW with VAT.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.business_numbers import normalise_business_number
from app.domain.errors import DomainError
from app.domain.orders import PaymentMethod
from app.domain.persons import normalise_mobile

_METHODS = frozenset(
    {PaymentMethod.TRANSFER, PaymentMethod.VIRTUAL_ACCOUNT, PaymentMethod.BANK_TRANSFER}
)


class ReceiptType(StrEnum):
    """CORPORATE (지출증빙): by a business number. PERSONAL (소득공제): by a mobile number."""

    CORPORATE = "CORPORATE"
    PERSONAL = "PERSONAL"


class ReceiptState(StrEnum):
    """CHOSEN: its payment has not come. WAITING: to be issued. CANCELLING: to be taken back.

    DROPPED: it was never asked for at the provider.
    """

    CHOSEN = "CHOSEN"
    WAITING = "WAITING"
    ISSUED = "ISSUED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    DROPPED = "DROPPED"


LIVE = frozenset({ReceiptState.WAITING, ReceiptState.ISSUED})
"""What may be a payment's evidence: one of a payment at most."""


@dataclass(frozen=True, slots=True)
class ReceiptChoice:
    """Whose receipt it shall be. `number`: digits."""

    type: ReceiptType
    number: str = field(repr=False)

    @property
    def masked(self) -> str:
        """What is shown of the number: its ends."""
        return f"{self.number[:3]}{'*' * (len(self.number) - 7)}{self.number[-4:]}"


def receipt_choice(kind: ReceiptType, number: str) -> ReceiptChoice:
    """Raises `cash_receipt_number_invalid`."""
    try:
        if kind is ReceiptType.CORPORATE:
            return ReceiptChoice(kind, normalise_business_number(number))
        return ReceiptChoice(kind, normalise_mobile(number))
    except DomainError as wrong:
        raise DomainError("cash_receipt_number_invalid", "/evidence/number") from wrong


def check_allowed(method: PaymentMethod, *, offered: bool, on_terms: bool) -> None:
    """Of money by a bank, before it is owed on terms, whose tax invoice is written before it comes.

    Raises `cash_receipt_not_allowed`.
    """
    if method not in _METHODS or on_terms or not offered:
        raise DomainError("cash_receipt_not_allowed", "/evidence")


@dataclass(frozen=True, slots=True)
class ReceiptAmount:
    """`vat` is a part of `total`."""

    total: int
    vat: int

    def less(self, amount: int, vat: int, fee: int) -> "ReceiptAmount":
        """What a refund leaves of it: a fee is kept, and is no supply."""
        total = max(self.total - amount - fee, 0)
        return ReceiptAmount(total, min(max(self.vat - vat, 0), total))


@dataclass(frozen=True, slots=True)
class ReceiptToIssue:
    """`key`: which payment it is at the provider; a second one of it is refused."""

    key: str
    choice: ReceiptChoice
    amount: ReceiptAmount
    order_name: str


@dataclass(frozen=True, slots=True)
class IssuedReceipt:
    """As the provider has it. `number`: the tax service's (승인번호)."""

    number: str
    url: str | None
    total: int
    cancelled: bool = False
