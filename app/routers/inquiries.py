"""문의등록: asked by anybody, read by whoever asked."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app.domain.inquiries import (
    FORMS,
    MAX_TEXT,
    MAX_TITLE,
    STATE_LABELS,
    InquiryAuthor,
    InquiryForm,
    InquiryKind,
    InquiryState,
    InquiryType,
)
from app.domain.terms import DOCUMENTS, TermsUse
from app.domain.uploads import ATTACHMENT_TYPES, MAX_FILE_BYTES, MAX_FILES
from app.language import Language
from app.routers.access import public
from app.routers.accounts import Email, Token
from app.routers.answers import answer
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep, address_of
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, OnceIfKeyed, answer_of
from app.routers.identity_verifications import ConsentRequest
from app.routers.models import LINE, NO_NUL, AnswerStruct, RequestModel, values_of
from app.routers.my_account import Landline
from app.routers.permissions import (
    FOR_A_COMPANY,
    SIGNED_IN,
    CanReadMe,
    CanUpdateMe,
    MayAskAsAccount,
)
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.attachments import SentFile
from app.services.idempotency import Answer
from app.services.inquiries import Asker, AskInquiry, InquiryLine, InquiryView, MessageView
from app.services.principals import Principal, TransactionSession

router = APIRouter(prefix="/v1", tags=["help"], route_class=StrictRoute)

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=NO_NUL)]
AttachmentTokens = Annotated[
    list[Token],
    Field(
        max_length=MAX_FILES, description="Of files that were sent (`POST /v1/attachment-tickets`)."
    ),
]
InquiryNumber = Annotated[
    str, Field(pattern=r"^INQ-[0-9]{8}-[0-9]{6}$", examples=["INQ-20261124-000001"])
]
MESSAGE_PROBLEMS = ("attachment_not_ready", "inquiry_closed", "too_many_messages")


class FormFieldBody(AnswerStruct, frozen=True):
    """`key` is the field's name in the request; `max_length` in characters."""

    key: str
    label: str
    required: bool
    max_length: int
    placeholder: str | None


class FormTypeBody(AnswerStruct, frozen=True):
    """문의 타입; `details_template` is what the page writes into 문의 상세 to begin with."""

    code: str
    code_label: str
    details_template: str


class InquiryFormBody(AnswerStruct, frozen=True):
    """문의할 유형 with what it asks for, in the order of the page."""

    kind: str
    kind_label: str
    types: list[FormTypeBody]
    fields: list[FormFieldBody]


class FormConsentBody(AnswerStruct, frozen=True):
    """A document to agree to; its text is in `GET /v1/terms?use=INQUIRY`."""

    kind: str
    version: str
    required: bool
    title: str


class AttachmentRulesBody(AnswerStruct, frozen=True):
    """What may go with a message; `max_bytes` of each."""

    max_files: int
    max_bytes: int
    endings: list[str]


class InquiryFormsBody(AnswerStruct, frozen=True):
    """In the order of the page."""

    items: list[InquiryFormBody]
    consents: list[FormConsentBody]
    attachments: AttachmentRulesBody


class AskInquiryRequest(RequestModel):
    """What the form of its kind asks for."""

    kind: Annotated[InquiryKind, Field(strict=False)]
    type: Annotated[InquiryType, Field(strict=False)]
    email: Email
    title: Annotated[str, Field(min_length=1, max_length=MAX_TITLE, pattern=LINE)]
    company_name: Annotated[str, Field(min_length=1, max_length=100, pattern=LINE)]
    mobile_phone: Landline | None = None
    landline: Landline | None = None
    details: Text
    consents: list[ConsentRequest] = Field(max_length=5)
    attachments: AttachmentTokens = Field(default_factory=list)

    def to_domain(self, language: Language) -> AskInquiry:
        asker = Asker(self.email, self.company_name, self.mobile_phone, self.landline)
        return AskInquiry(
            self.kind,
            self.type,
            asker,
            self.title,
            self.details,
            [consent.to_domain() for consent in self.consents],
            self.attachments,
            str(language),
        )


class InquiryMessageRequest(RequestModel):
    """More about it."""

    text: Text
    attachments: AttachmentTokens = Field(default_factory=list)


class OpenInquiryRequest(RequestModel):
    """The number and token of the mail's link."""

    number: InquiryNumber
    token: Token


class ReplyToInquiryRequest(RequestModel):
    """The same, and what is added."""

    number: InquiryNumber
    token: Token
    text: Text
    attachments: AttachmentTokens = Field(default_factory=list)


class AttachmentBody(AnswerStruct, frozen=True):
    """A file that is there; `media_type` is what its content is, `size` in bytes."""

    id: UUID
    filename: str
    media_type: str
    size: int


class InquiryMessageBody(AnswerStruct, frozen=True):
    """What one side wrote; plain text with line breaks."""

    id: UUID
    author: Annotated[str, values_of(InquiryAuthor)]
    text: str
    attachments: list[AttachmentBody]
    created_at: datetime


class InquirySummaryBody(AnswerStruct, frozen=True):
    """An inquiry in a list. `updated_at`: of the newest message, or the closing."""

    id: UUID
    number: str
    kind: str
    kind_label: str
    type: str
    type_label: str
    state: Annotated[str, values_of(InquiryState)]
    state_label: str
    title: str
    created_at: datetime
    updated_at: datetime


class InquiryBody(AnswerStruct, frozen=True):
    """An inquiry with its thread, the oldest message first."""

    id: UUID
    number: str
    kind: str
    kind_label: str
    type: str
    type_label: str
    state: Annotated[str, values_of(InquiryState)]
    state_label: str
    title: str
    email: str
    company_name: str
    mobile_phone: str | None
    landline: str | None
    messages: list[InquiryMessageBody]
    created_at: datetime
    updated_at: datetime


class InquiryPageBody(AnswerStruct, frozen=True):
    """The newest first."""

    items: list[InquirySummaryBody]
    next_cursor: str | None


@router.get(
    "/inquiry-forms",
    operation_id="list_inquiry_forms",
    summary="What an inquiry asks for",
    description="문의 등록: kinds with their types and fields, consents, what may be attached.",
    response_model=InquiryFormsBody,
    responses=problems(),
)
@public("whoever cannot sign in asks, too")
async def get_forms(language: LanguageDep) -> Response:
    consents = [
        FormConsentBody(
            document.kind, document.version, document.required, said(document.title, language)
        )
        for document in DOCUMENTS
        if document.use is TermsUse.INQUIRY
    ]
    endings = [ending for kind in ATTACHMENT_TYPES for ending in kind.endings]
    return answer(
        InquiryFormsBody(
            [_form(kind, form, language) for kind, form in FORMS.items()],
            consents,
            AttachmentRulesBody(MAX_FILES, MAX_FILE_BYTES, endings),
        )
    )


@router.post(
    "/inquiries",
    operation_id="create_inquiry",
    summary="문의 등록",
    description=(
        "The answer comes by mail. Whoever is signed in finds the inquiry in the portal, too;"
        " anybody else by the link of the mail."
    ),
    status_code=201,
    responses={
        201: {"model": InquiryBody},
        **problems(
            *FOR_A_COMPANY,
            *IDEMPOTENT_IF_ASKED,
            "inquiry_type_not_offered",
            "consent_required",
            "consent_unknown",
            "attachment_not_ready",
            "rate_limited",
            body=True,
        ),
    },
)
@public("whoever cannot sign in asks, too")
async def create(
    deps: DepsDep,
    request: Request,
    language: LanguageDep,
    access: MayAskAsAccount,
    once: OnceIfKeyed,
    body: AskInquiryRequest,
) -> Response:
    command = body.to_domain(language)
    if access is None:
        await deps.inquiries.admit(address_of(request))
        made = inquiry_body(await deps.inquiries.ask(command), language)
        created = answer(made)
        created.status_code = 201
        return created

    async def work(session: TransactionSession, principal: Principal) -> Answer:
        view = await deps.inquiries.ask_within(session, principal, command)
        location = f"/v1/inquiries/{view.line.id}"
        return answer_of(inquiry_body(view, language), 201, Location=location)

    await access.principal()
    await deps.inquiries.admit(address_of(request))
    return await once.within(access, work)


@router.get(
    "/inquiries",
    operation_id="list_inquiries",
    summary="My inquiries",
    description="What this account asked while it was signed in, the newest first.",
    response_model=InquiryPageBody,
    responses=problems(*SIGNED_IN, "cursor_invalid"),
)
async def get_page(
    deps: DepsDep,
    language: LanguageDep,
    access: CanReadMe,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    page = await deps.inquiries.page(access, cursor, size)
    items = [summary_body(line, language) for line in page.items]
    return answer(InquiryPageBody(items, page.next_cursor))


@router.post(
    "/inquiries/open",
    operation_id="open_inquiry",
    summary="Read an inquiry by its mail's link",
    description="Of whoever asked without signing in.",
    response_model=InquiryBody,
    responses=problems("inquiry_not_found", "rate_limited", body=True),
)
@public("the link's token answers for it")
async def open_by_token(
    deps: DepsDep, request: Request, language: LanguageDep, body: OpenInquiryRequest
) -> Response:
    view = await deps.inquiries.open(body.number, body.token, address_of(request))
    return answer(inquiry_body(view, language), {"Cache-Control": "no-store"})


@router.post(
    "/inquiries/open/messages",
    operation_id="reply_to_inquiry",
    summary="Add to an inquiry by its mail's link",
    description="Of whoever asked without signing in.",
    response_model=InquiryBody,
    responses=problems("inquiry_not_found", *MESSAGE_PROBLEMS, "rate_limited", body=True),
)
@public("the link's token answers for it")
async def write_by_token(
    deps: DepsDep, request: Request, language: LanguageDep, body: ReplyToInquiryRequest
) -> Response:
    view = await deps.inquiries.write_by_token(
        body.number, body.token, body.text, body.attachments, address_of(request)
    )
    return answer(inquiry_body(view, language), {"Cache-Control": "no-store"})


@router.get(
    "/inquiries/{inquiry_id}",
    operation_id="get_inquiry",
    summary="An inquiry with its answers",
    description="The oldest message first.",
    response_model=InquiryBody,
    responses=problems(*SIGNED_IN, "inquiry_not_found"),
)
async def get_one(
    deps: DepsDep, language: LanguageDep, access: CanReadMe, inquiry_id: UUID
) -> Response:
    return answer(inquiry_body(await deps.inquiries.get(access, inquiry_id), language))


@router.post(
    "/inquiries/{inquiry_id}/messages",
    operation_id="add_inquiry_message",
    summary="Add to an inquiry",
    description="It waits for an answer again. A closed one takes no more.",
    response_model=InquiryBody,
    responses=problems(
        *SIGNED_IN, *IDEMPOTENT_IF_ASKED, "inquiry_not_found", *MESSAGE_PROBLEMS, body=True
    ),
)
async def write(
    deps: DepsDep,
    language: LanguageDep,
    access: CanUpdateMe,
    inquiry_id: UUID,
    once: OnceIfKeyed,
    body: InquiryMessageRequest,
) -> Response:
    async def work(session: TransactionSession, principal: Principal) -> Answer:
        view = await deps.inquiries.write(
            session, principal, inquiry_id, body.text, body.attachments
        )
        return answer_of(inquiry_body(view, language))

    return await once.within(access, work)


def _form(kind: InquiryKind, form: InquiryForm, language: Language) -> InquiryFormBody:
    types = [
        FormTypeBody(code, said(words.label, language), said(words.details_template, language))
        for code, words in form.types.items()
    ]
    fields = [
        FormFieldBody(
            field.key,
            said(field.label, language),
            field.required,
            field.longest,
            said(field.placeholder, language) if field.placeholder else None,
        )
        for field in form.fields
    ]
    return InquiryFormBody(kind, said(form.label, language), types, fields)


def summary_body(line: InquiryLine, language: Language) -> InquirySummaryBody:
    form = FORMS[line.kind]
    return InquirySummaryBody(
        line.id,
        line.number,
        line.kind,
        said(form.label, language),
        line.type,
        said(form.types[line.type].label, language),
        line.state,
        said(STATE_LABELS[line.state], language),
        line.title,
        line.created_at,
        line.updated_at,
    )


def inquiry_body(view: InquiryView, language: Language) -> InquiryBody:
    line, asker = summary_body(view.line, language), view.asker
    return InquiryBody(
        line.id,
        line.number,
        line.kind,
        line.kind_label,
        line.type,
        line.type_label,
        line.state,
        line.state_label,
        line.title,
        asker.email,
        asker.company_name,
        asker.mobile_phone,
        asker.landline,
        [_message(message) for message in view.messages],
        line.created_at,
        line.updated_at,
    )


def _message(view: MessageView) -> InquiryMessageBody:
    files = [attachment_body(file) for file in view.attachments]
    return InquiryMessageBody(view.id, view.author, view.text, files, view.created_at)


def attachment_body(file: SentFile) -> AttachmentBody:
    return AttachmentBody(file.id, file.filename, file.media_type, file.size)
