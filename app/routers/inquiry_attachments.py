"""Files of inquiries: a ticket, the file itself, and back to whoever sent it."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from starlette.requests import ClientDisconnect

from app.domain.uploads import MAX_FILE_BYTES
from app.errors import Problem
from app.routers.access import public
from app.routers.answers import answer
from app.routers.attachments import attachment_headers
from app.routers.dependencies import DepsDep, address_of
from app.routers.inquiries import AttachmentBody, attachment_body
from app.routers.models import NO_NUL, AnswerStruct, RequestModel
from app.routers.multipart import STORAGE_PROBLEMS, takes_a_file
from app.routers.permissions import SIGNED_IN, CanReadMe
from app.routers.problems import problems
from app.routers.streams import LimitedStream
from app.routers.strict import StrictRoute
from app.services.attachments import SentFile

router = APIRouter(prefix="/v1", tags=["help"], route_class=StrictRoute)

BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
FILE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, as an attachment.",
        "content": {"application/octet-stream": BINARY},
    }
}


class AttachmentTicketRequest(RequestModel):
    """What is going to be sent."""

    filename: Annotated[
        str, Field(min_length=1, max_length=255, pattern=NO_NUL, examples=["오류 화면.png"])
    ]


class AttachmentTicketBody(AnswerStruct, frozen=True):
    """PUT the file to `upload_url`; `token` is what the message names it by, shown this once."""

    id: UUID
    token: str
    filename: str
    upload_url: str
    max_bytes: int
    expires_at: datetime


@router.post(
    "/attachment-tickets",
    operation_id="create_attachment_ticket",
    summary="Room for a file",
    description=(
        "첨부 파일: a ticket for each, then the file itself. What no message takes is gone after an"
        " hour."
    ),
    status_code=201,
    responses={
        201: {"model": AttachmentTicketBody},
        **problems("file_type_not_allowed", "rate_limited", body=True),
    },
)
@public("whoever cannot sign in asks, too")
async def create_ticket(deps: DepsDep, request: Request, body: AttachmentTicketRequest) -> Response:
    ticket = await deps.attachments.ticket(body.filename, address_of(request))
    url = f"/v1/attachments/{ticket.id}"
    made = answer(
        AttachmentTicketBody(
            ticket.id, ticket.token, ticket.filename, url, MAX_FILE_BYTES, ticket.expires_at
        ),
        {"Cache-Control": "no-store"},
    )
    made.status_code = 201
    return made


@router.put(
    "/attachments/{ticket}",
    operation_id="send_attachment",
    summary="Send a file",
    description=(
        "The file's bytes as the body. One that broke off may be sent again. Its type is told by"
        " its content."
    ),
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/octet-stream": BINARY}}
    },
    response_model=AttachmentBody,
    responses=problems(
        "attachment_ticket_invalid",
        "attachment_already_sent",
        "payload_too_large",
        "file_too_large",
        "file_empty",
        "file_type_not_allowed",
        "file_type_mismatch",
        "upload_broken",
        "upload_timeout",
        "invalid_request",
        *STORAGE_PROBLEMS,
    ),
)
@public("the ticket answers for it")
@takes_a_file
async def send(deps: DepsDep, request: Request, ticket: UUID) -> Response:
    claimed = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return answer(attachment_body(await deps.attachments.send(ticket, _body(request), claimed)))


async def _body(request: Request) -> AsyncGenerator[bytes, None]:
    """Raises `upload_broken` where it ends before it is whole."""
    try:
        async for part in request.stream():
            if part:
                yield part
    except ClientDisconnect as broken:
        raise Problem("upload_broken") from broken


@router.get(
    "/inquiries/{inquiry_id}/attachments/{attachment_id}",
    operation_id="get_inquiry_attachment",
    summary="A file of an inquiry",
    description="Always an attachment, never shown inline.",
    response_class=Response,
    responses={
        **FILE_ANSWER,
        **problems(*SIGNED_IN, "inquiry_not_found", "attachment_not_found", *STORAGE_PROBLEMS),
    },
)
async def get_file(
    deps: DepsDep, access: CanReadMe, inquiry_id: UUID, attachment_id: UUID
) -> Response:
    file, content = await deps.inquiries.file(access, inquiry_id, attachment_id)
    settings = deps.settings
    return file_answer(file, content, settings.export_silent_seconds, settings.export_whole_seconds)


def file_answer(
    file: SentFile, content: AsyncIterator[bytes], silent: float, whole: float
) -> Response:
    """The bytes, never inline, whatever the sender called them."""

    async def parts() -> AsyncGenerator[bytes]:
        async for part in content:
            yield part

    return LimitedStream(
        parts(),
        silent=silent,
        whole=whole,
        media_type="application/octet-stream",
        headers=attachment_headers(file.filename) | {"Content-Length": str(file.size)},
    )
