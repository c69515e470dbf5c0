"""Papers for customers as plain values: 견적서, 주문확인서, 거래확인서, 환불확인서, 이용내역서.

PRODUCT.md 9 to 11. Money is integer KRW, VAT apart; dates are Asia/Seoul. The words are Korean:
these papers go to Korean bookkeeping whatever language the portal was read in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType


class DocumentKind(StrEnum):
    QUOTE = "QUOTE"
    ORDER_CONFIRMATION = "ORDER_CONFIRMATION"
    TRANSACTION_CONFIRMATION = "TRANSACTION_CONFIRMATION"
    REFUND_NOTE = "REFUND_NOTE"
    MONTHLY_STATEMENT = "MONTHLY_STATEMENT"


DOCUMENT_TITLES: Mapping[DocumentKind, str] = MappingProxyType(
    {
        DocumentKind.QUOTE: "견적서",
        DocumentKind.ORDER_CONFIRMATION: "주문확인서",
        DocumentKind.TRANSACTION_CONFIRMATION: "거래확인서",
        DocumentKind.REFUND_NOTE: "환불확인서",
        DocumentKind.MONTHLY_STATEMENT: "월 이용내역서",
    }
)


@dataclass(frozen=True, slots=True)
class Party:
    """Supplier or customer. Empty texts are not printed; `contact` is a person, phone or mail."""

    name: str = field(repr=False)
    business_number: str = ""
    """Ten digits, or empty for a person."""
    representative: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    business_type: str = ""
    """업태 / 종목."""
    contact: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """quantity × unit price (× period) = amount; `period` in words, empty where charged once."""

    name: str
    quantity: int
    unit_price: int
    period: str
    amount: int


@dataclass(frozen=True, slots=True)
class Reduction:
    """A discount, its amount ≥ 0 as it is taken off."""

    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class DocumentItem:
    """What one site gets: `title` names plan and site, `note` its term."""

    title: str
    note: str
    lines: tuple[DocumentLine, ...]
    reductions: tuple[Reduction, ...] = ()


@dataclass(frozen=True, slots=True)
class AgreedTerms:
    """A document that was agreed to, in the version shown."""

    title: str
    version: str
    body: str


@dataclass(frozen=True, slots=True)
class Document:
    """A paper whole. `facts` are label and value, `coupon` what was taken off the order."""

    kind: DocumentKind
    number: str
    issued_at: datetime
    issued_on: date
    supplier: Party
    customer: Party
    statement: str
    items: tuple[DocumentItem, ...]
    coupon: Reduction | None
    amount: int
    discount: int
    supply: int
    vat: int
    total: int
    facts: tuple[tuple[str, str], ...] = ()
    terms: tuple[AgreedTerms, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def filename(self) -> str:
        """What the file is called: `견적서_Q-20261124-000001.pdf`."""
        return f"{DOCUMENT_TITLES[self.kind]}_{self.number}.pdf"
