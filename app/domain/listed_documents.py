"""문서함: what papers a company finds in the portal, and their ids (API.md, documents)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from app.domain.catalogue import Name


class ListedKind(StrEnum):
    """Slips, cash receipts and tax invoices are made by others, the rest by the portal."""

    QUOTE = "QUOTE"
    ORDER_CONFIRMATION = "ORDER_CONFIRMATION"
    TRANSACTION_CONFIRMATION = "TRANSACTION_CONFIRMATION"
    TAX_INVOICE = "TAX_INVOICE"
    CARD_SLIP = "CARD_SLIP"
    REFUND_NOTE = "REFUND_NOTE"
    MONTHLY_STATEMENT = "MONTHLY_STATEMENT"
    CASH_RECEIPT = "CASH_RECEIPT"


LISTED_LABELS: Mapping[ListedKind, Name] = MappingProxyType(
    {
        ListedKind.QUOTE: Name("견적서", "Quote"),
        ListedKind.ORDER_CONFIRMATION: Name("주문확인서", "Order confirmation"),
        ListedKind.TRANSACTION_CONFIRMATION: Name("거래확인서", "Transaction confirmation"),
        ListedKind.TAX_INVOICE: Name("세금계산서", "Tax invoice"),
        ListedKind.CARD_SLIP: Name("카드 매출전표", "Card slip"),
        ListedKind.REFUND_NOTE: Name("환불확인서", "Refund note"),
        ListedKind.CASH_RECEIPT: Name("현금영수증", "Cash receipt"),
        ListedKind.MONTHLY_STATEMENT: Name("월 이용내역서", "Monthly statement"),
    }
)
KEPT_ELSEWHERE = frozenset({ListedKind.TAX_INVOICE, ListedKind.CARD_SLIP, ListedKind.CASH_RECEIPT})
_MARKS = {kind: place for place, kind in enumerate(ListedKind)}


def document_id(kind: ListedKind, row_id: UUID) -> UUID:
    """A paper's id: its row's, marked with its kind, since an order has two papers."""
    return UUID(int=row_id.int ^ _MARKS[kind])


def row_of(kind: ListedKind, document: UUID) -> UUID:
    """The row that a paper of this kind would be of."""
    return UUID(int=document.int ^ _MARKS[kind])
