"""문서함."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.db.document_reads import ListedRead
from app.domain.listed_documents import LISTED_LABELS, ListedKind, document_id
from app.domain.quotes import QuoteRecipient
from app.language import Language
from app.routers.answers import answer
from app.routers.attachments import PDF_ANSWER, attached
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, NO_CONTENT, OnceIfKeyed
from app.routers.models import AnswerStruct, RequestModel, values_of
from app.routers.permissions import FOR_A_COMPANY, CanReadDocuments
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.listed_documents import FileElsewhere

router = APIRouter(prefix="/v1/documents", tags=["documents"], route_class=StrictRoute)


class ListedDocumentBody(AnswerStruct, frozen=True):
    """A paper. `number` is its own or its order's; `total` is KRW with VAT, negative on a

    correction of a tax invoice.
    """

    id: UUID
    kind: Annotated[str, values_of(ListedKind)]
    kind_label: str
    number: Annotated[str, Field(examples=["ORD-20261124-000001"])]
    issued_at: datetime
    total: int


class DocumentListBody(AnswerStruct, frozen=True):
    """The newest first."""

    items: list[ListedDocumentBody]
    next_cursor: str | None


@router.get(
    "",
    operation_id="list_documents",
    summary="All papers of the company",
    description="견적서, 주문확인서, 거래확인서, 세금계산서, 카드 매출전표, 현금영수증, 환불확인서;"
    " 월 이용내역서 for each month that is over.",
    responses={
        200: {"model": DocumentListBody},
        **problems(*FOR_A_COMPANY, "cursor_invalid"),
    },
)
async def get_all(
    deps: DepsDep,
    language: LanguageDep,
    access: CanReadDocuments,
    kind: Annotated[ListedKind | None, Query()] = None,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    page = await deps.listed_documents.page(access, kind, cursor, size)
    return answer(DocumentListBody([_body(row, language) for row in page.items], page.next_cursor))


@router.get(
    "/{document_id}/file",
    operation_id="get_document_file",
    summary="A paper as a file",
    description="What others keep (slips, tax invoices) is a 303 to where it is for a while.",
    response_class=Response,
    responses={
        **PDF_ANSWER,
        303: {
            "description": "The file is at the processor or the tax-invoice provider.",
            "headers": {"Location": {"schema": {"type": "string"}}},
        },
        **problems(*FOR_A_COMPANY, "document_not_found", "provider_unavailable", "provider_failed"),
    },
)
async def get_file(deps: DepsDep, access: CanReadDocuments, document_id: UUID) -> Response:
    file = await deps.listed_documents.file(access, document_id)
    if isinstance(file, FileElsewhere):
        headers = {"Location": file.url, "Cache-Control": "private, no-store"}
        return Response(status_code=303, headers=headers)
    return attached(file)


class SendDocumentToRequest(RequestModel):
    """Each once: whoever asks, and the company's own account."""

    recipients: list[Annotated[QuoteRecipient, Field(strict=False)]] = Field(
        default=[QuoteRecipient.OWN], min_length=1, max_length=2
    )


@router.post(
    "/{document_id}/send",
    operation_id="send_document",
    summary="Mail a paper",
    description="As a PDF; of what others keep (slips, tax invoices) where to open it.",
    status_code=204,
    responses=problems(
        *FOR_A_COMPANY, *IDEMPOTENT_IF_ASKED, "document_not_found", "rate_limited", body=True
    ),
)
async def send(
    deps: DepsDep,
    access: CanReadDocuments,
    document_id: UUID,
    body: SendDocumentToRequest,
    once: OnceIfKeyed,
) -> Response:
    async def work() -> Answer:
        await deps.document_mails.send(access, document_id, body.recipients)
        return NO_CONTENT

    return await once.around(access, work)


def _body(row: ListedRead, language: Language) -> ListedDocumentBody:
    kind = ListedKind(row.kind)
    return ListedDocumentBody(
        id=document_id(kind, row.id),
        kind=kind,
        kind_label=said(LISTED_LABELS[kind], language),
        number=row.number,
        issued_at=row.at,
        total=row.total,
    )
