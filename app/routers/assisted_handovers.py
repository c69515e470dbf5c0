"""대표 계정 인계 where the present person is gone: asked with papers, answered by the holder."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request

from app.domain.cases import HolderAnswer
from app.routers.access import public
from app.routers.accounts import Email
from app.routers.business_documents import BusinessNumber, CaseBody, Note, case_body
from app.routers.dependencies import DepsDep, LanguageDep, address_of
from app.routers.handovers import Token
from app.routers.models import AnswerModel, RequestModel, values_of
from app.routers.multipart import FORM_PROBLEMS, form_body, form_events, read_form, takes_files
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.assisted_handovers import AskedHandover, AskForHandover

router = APIRouter(prefix="/v1/assisted-handovers", route_class=StrictRoute)
_ANSWER_PROBLEMS = ("objection_invalid", "case_decided", "rate_limited")


class AskForHandoverRequest(RequestModel):
    """Who takes over: the identity token's purpose is HANDOVER; the link goes to the address."""

    business_number: BusinessNumber
    identity_verification_token: Token
    email: Email
    note: Note = ""


class ObjectionTokenRequest(RequestModel):
    """The token of the mail's link, from its fragment."""

    token: Token


class AskedHandoverBody(AnswerModel):
    """What the account's present person may agree or object to, and what they said.

    It is not approved before `waits_until`, unless they agree.
    """

    company_name: str
    name_masked: str
    asked_at: datetime
    waits_until: datetime
    answer: Annotated[str, values_of(HolderAnswer)] | None


@router.post(
    "",
    operation_id="ask_for_assisted_handover",
    summary="Take over the account of a company whose person has left",
    description=(
        "For who follows somebody that cannot hand the account over: with papers (재직증명서,"
        " 위임장). The present holder is told and may object; after 72 hours, or when the holder"
        " agreed, two operators decide; then the link to take it over comes by mail. One that is"
        " on hold is sent again here."
    ),
    tags=["accounts"],
    status_code=201,
    openapi_extra=form_body(AskForHandoverRequest, files_required=True),
    responses=problems(
        "business_number_invalid",
        "identity_verification_invalid",
        "company_not_registered",
        "corporate_invitation_required",
        "company_yours",
        "claim_instead",
        "file_required",
        "case_open",
        "rate_limited",
        *FORM_PROBLEMS,
    ),
)
@public("whoever comes has no account; a verified phone answers for it")
@takes_files
async def ask(deps: DepsDep, language: LanguageDep, request: Request) -> CaseBody:
    await deps.assisted_handovers.admit(address_of(request))
    async with deps.uploads.receive(form_events(request)) as form:
        body = read_form(AskForHandoverRequest, form.words)
        command = AskForHandover(
            body.business_number,
            body.identity_verification_token,
            body.email,
            body.note or None,
            str(language),
        )
        return case_body(await deps.assisted_handovers.ask(command, form), language)


@router.post(
    "/preview",
    operation_id="preview_assisted_handover",
    summary="Who asks for the account",
    tags=["company"],
    responses=problems(*_ANSWER_PROBLEMS, body=True),
)
@public("the token of the holder's mail is the proof")
async def preview(
    deps: DepsDep, request: Request, body: ObjectionTokenRequest
) -> AskedHandoverBody:
    return _body(await deps.assisted_handovers.preview(body.token, address_of(request)))


@router.post(
    "/agree",
    operation_id="agree_to_assisted_handover",
    summary="Agree to it",
    description="Two operators may approve it without waiting. Objecting is possible until then.",
    tags=["company"],
    responses=problems(*_ANSWER_PROBLEMS, body=True),
)
@public("the token of the holder's mail is the proof")
async def agree(deps: DepsDep, request: Request, body: ObjectionTokenRequest) -> AskedHandoverBody:
    return _body(await deps.assisted_handovers.agree(body.token, address_of(request)))


@router.post(
    "/object",
    operation_id="object_to_assisted_handover",
    summary="Object to it",
    description="The request is refused at once, and who asked is told.",
    tags=["company"],
    responses=problems(*_ANSWER_PROBLEMS, body=True),
)
@public("the token of the holder's mail is the proof")
async def object_to(
    deps: DepsDep, request: Request, body: ObjectionTokenRequest
) -> AskedHandoverBody:
    return _body(await deps.assisted_handovers.object_to(body.token, address_of(request)))


def _body(asked: AskedHandover) -> AskedHandoverBody:
    return AskedHandoverBody(
        company_name=asked.company_name,
        name_masked=asked.name_masked,
        asked_at=asked.asked_at,
        waits_until=asked.waits_until,
        answer=asked.answer.value if asked.answer else None,
    )
