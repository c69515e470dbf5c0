"""문서함: every paper of a company in one list, and each as a file."""

from dataclasses import dataclass
from uuid import UUID

from app.db.document_reads import (
    DOCUMENT_PAGE,
    ONE_DOCUMENT,
    REFUND_NOTE,
    STATEMENT,
    ListedRead,
)
from app.domain.documents import Document, DocumentItem, DocumentKind, DocumentLine, Party
from app.domain.errors import DomainError
from app.domain.listed_documents import ListedKind, row_of
from app.domain.mails import MailAttachment
from app.domain.periods import seoul_date
from app.domain.refunds import (
    REFUND_DESTINATION_LABELS,
    REFUND_REASON_LABELS,
    RefundDestination,
    RefundReason,
)
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.papers import PDF, OrderPapers
from app.services.ports import DocumentRenderer, TaxInvoiceProvider
from app.services.principals import Access, PaperReader
from app.services.quote_papers import QuotePapers
from app.services.statements import statement


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """`next_cursor` is None on the last page."""

    items: list[ListedRead]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class FileElsewhere:
    """A file that somebody else keeps: the processor's slip, the provider's tax invoice."""

    url: str


async def find_document(reader: PaperReader, document: UUID) -> ListedRead:
    """Which paper of the company it is. Raises `document_not_found`."""
    kinds = list(ListedKind)
    _, found = await reader.read(
        ONE_DOCUMENT,
        kinds=[str(kind) for kind in kinds],
        ids=[row_of(kind, document) for kind in kinds],
    )
    if found is None:
        raise DomainError("document_not_found")
    return found


@dataclass(frozen=True, slots=True)
class ListedDocuments:
    """One use case a method. `supplier`: who sells, as the settings name it."""

    quotes: QuotePapers
    orders: OrderPapers
    tax_invoices: TaxInvoiceProvider
    renderer: DocumentRenderer
    supplier: Party

    async def page(
        self, access: Access, kind: ListedKind | None, cursor: str | None, size: int
    ) -> DocumentPage:
        """The newest first. Raises `cursor_invalid`."""
        at, last = read_cursor(cursor) or NEWEST
        _, rows = await access.read(
            DOCUMENT_PAGE, at=at, id=last, kind=str(kind) if kind else None, size=size + 1
        )
        page, more = rows[:size], len(rows) > size
        return DocumentPage(page, make_cursor(page[-1].at, page[-1].id) if more else None)

    async def file(self, access: Access, document: UUID) -> MailAttachment | FileElsewhere:
        """The paper as it is now. Raises `document_not_found`, and ProviderError for an invoice."""
        found = await find_document(access, document)
        match ListedKind(found.kind):
            case ListedKind.QUOTE:
                return await self.quotes.of(access, found.id)
            case ListedKind.TAX_INVOICE:
                return FileElsewhere(await self.tax_invoices.file_url(str(found.id)))
            case ListedKind.CARD_SLIP | ListedKind.CASH_RECEIPT:
                assert found.url is not None
                return FileElsewhere(found.url)
            case _:
                return await self.made(access, found)

    async def made(self, reader: PaperReader, found: ListedRead) -> MailAttachment:
        """A paper that is made of what the reader sees: any but a quote and what others keep."""
        match ListedKind(found.kind):
            case ListedKind.ORDER_CONFIRMATION:
                return await self.orders.confirmation(reader, found.id)
            case ListedKind.TRANSACTION_CONFIRMATION:
                return await self.orders.transaction_confirmation(reader, found.id)
            case ListedKind.REFUND_NOTE:
                return await self._refund_note(reader, found.id)
            case ListedKind.MONTHLY_STATEMENT:
                _, month = await reader.read(STATEMENT, id=found.id)
                if month is None:
                    raise DomainError("document_not_found")
                return await self._rendered(statement(month, self.supplier))
            case _:
                raise ValueError(found.kind)

    async def _rendered(self, document: Document) -> MailAttachment:
        return MailAttachment(document.filename, PDF, await self.renderer.render(document))

    async def _refund_note(self, reader: PaperReader, refund_id: UUID) -> MailAttachment:
        _, note = await reader.read(REFUND_NOTE, id=refund_id)
        if note is None:
            raise DomainError("document_not_found")
        supply = note.amount - note.vat
        reason = REFUND_REASON_LABELS[RefundReason(note.reason)].ko
        way = REFUND_DESTINATION_LABELS[RefundDestination(note.destination)].ko
        document = Document(
            kind=DocumentKind.REFUND_NOTE,
            number=note.order_number or str(refund_id)[:8],
            issued_at=note.done_at,
            issued_on=seoul_date(note.done_at),
            supplier=self.supplier,
            customer=Party(note.legal_name, note.business_number),
            statement="아래와 같이 환불하였음을 확인합니다.",
            items=(
                DocumentItem(
                    title="환불",
                    note=reason,
                    lines=(DocumentLine(reason, 1, supply, "1회", supply),),
                ),
            ),
            coupon=None,
            amount=supply,
            discount=0,
            supply=supply,
            vat=note.vat,
            total=note.amount,
            facts=(("환불 사유", reason), ("환불 방법", way)),
            notes=("이 환불확인서는 세법상 증빙이 아닙니다.",),
        )
        return await self._rendered(document)
