"""문의 관리."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.domain.inquiries import InquiryState
from app.language import Language
from app.routers.answers import answer
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.inquiries import (
    MESSAGE_PROBLEMS,
    InquiryBody,
    InquiryMessageRequest,
    InquiryPageBody,
    inquiry_body,
    summary_body,
)
from app.routers.inquiry_attachments import FILE_ANSWER, file_answer
from app.routers.models import CODE, RequestModel
from app.routers.multipart import STORAGE_PROBLEMS
from app.routers.operators import FOR_AN_OPERATOR, CanManageInquiries
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.inquiries import InquiryView

router = APIRouter(prefix="/v1/operator/inquiries", tags=["inquiries"], route_class=StrictRoute)


class ReadInquiryRequest(RequestModel):
    """Why somebody's address and words are read: it is in the log."""

    reason: str = Field(min_length=2, max_length=40, pattern=CODE, examples=["ANSWERING"])


@router.get(
    "",
    operation_id="operator_list_inquiries",
    summary="Inquiries in one state",
    description="The longest without a word first. Names nobody.",
    response_model=InquiryPageBody,
    responses=problems(*FOR_AN_OPERATOR, "cursor_invalid"),
)
async def get_page(
    deps: DepsDep,
    language: LanguageDep,
    operator: CanManageInquiries,
    state: InquiryState = InquiryState.RECEIVED,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    page = await deps.operator_inquiries.page(state, cursor, size)
    items = [summary_body(line, language) for line in page.items]
    return answer(InquiryPageBody(items, page.next_cursor))


@router.post(
    "/{inquiry_id}/read",
    operation_id="operator_read_inquiry",
    summary="An inquiry with its thread and who asked",
    description="Who read it and why is in the log.",
    response_model=InquiryBody,
    responses=problems(*FOR_AN_OPERATOR, "inquiry_not_found", body=True),
)
async def read(
    deps: DepsDep,
    language: LanguageDep,
    operator: CanManageInquiries,
    inquiry_id: UUID,
    body: ReadInquiryRequest,
) -> Response:
    view = await deps.operator_inquiries.open(operator, inquiry_id, body.reason)
    return _answer(view, language)


@router.post(
    "/{inquiry_id}/messages",
    operation_id="operator_answer_inquiry",
    summary="Answer an inquiry",
    description="Goes to the asker by mail, and into the portal where they have an account.",
    response_model=InquiryBody,
    responses=problems(*FOR_AN_OPERATOR, "inquiry_not_found", *MESSAGE_PROBLEMS, body=True),
)
async def write(
    deps: DepsDep,
    language: LanguageDep,
    operator: CanManageInquiries,
    inquiry_id: UUID,
    body: InquiryMessageRequest,
) -> Response:
    view = await deps.operator_inquiries.answer(operator, inquiry_id, body.text, body.attachments)
    return _answer(view, language)


@router.post(
    "/{inquiry_id}/close",
    operation_id="operator_close_inquiry",
    summary="Nothing more is written to it",
    description="Again is harmless.",
    response_model=InquiryBody,
    responses=problems(*FOR_AN_OPERATOR, "inquiry_not_found"),
)
async def close(
    deps: DepsDep, language: LanguageDep, operator: CanManageInquiries, inquiry_id: UUID
) -> Response:
    return _answer(await deps.operator_inquiries.close(operator, inquiry_id), language)


@router.post(
    "/{inquiry_id}/attachments/{attachment_id}/read",
    operation_id="operator_read_inquiry_attachment",
    summary="A file of an inquiry",
    description="Who read it and why is in the log. Always an attachment, never shown inline.",
    response_class=Response,
    responses={
        **FILE_ANSWER,
        **problems(
            *FOR_AN_OPERATOR,
            "inquiry_not_found",
            "attachment_not_found",
            *STORAGE_PROBLEMS,
            body=True,
        ),
    },
)
async def read_file(
    deps: DepsDep,
    operator: CanManageInquiries,
    inquiry_id: UUID,
    attachment_id: UUID,
    body: ReadInquiryRequest,
) -> Response:
    file, content = await deps.operator_inquiries.file(
        operator, inquiry_id, attachment_id, body.reason
    )
    settings = deps.settings
    return file_answer(file, content, settings.export_silent_seconds, settings.export_whole_seconds)


def _answer(view: InquiryView, language: Language) -> Response:
    return answer(inquiry_body(view, language), {"Cache-Control": "no-store"})
