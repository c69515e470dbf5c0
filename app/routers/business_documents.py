"""사업자등록증 and claims: files for the operator's decision."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field

from app.domain.cases import STATE_LABELS, CaseState
from app.language import Language
from app.routers.access import public
from app.routers.accounts import Email, Token
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep, address_of
from app.routers.models import LINE, NO_NUL, AnswerModel, RequestModel
from app.routers.multipart import FORM_PROBLEMS, form_body, form_events, read_form, takes_files
from app.routers.permissions import FOR_A_COMPANY, CanReadCompany, CanUpdateCompany
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.business_documents import SendDocument
from app.services.cases import FiledCase
from app.services.company_claims import ClaimCompany

router = APIRouter(prefix="/v1", route_class=StrictRoute)

BusinessNumber = Annotated[
    str, Field(pattern=r"^[0-9]{3}-?[0-9]{2}-?[0-9]{5}$", examples=["124-81-00998"])
]
CompanyName = Annotated[
    str, Field(min_length=1, max_length=100, pattern=LINE, examples=["한빛상사"])
]
Note = Annotated[str, Field(max_length=1000, pattern=NO_NUL)]
TokenOrNothing = Annotated[Token, Field(json_schema_extra=lambda schema: schema.pop("default"))]
"""What is left out is no token; the document does not name that as a value."""


class SendDocumentRequest(RequestModel):
    """Who cannot be verified by the register, and where the answer goes."""

    business_number: BusinessNumber
    company_name: CompanyName
    identity_verification_token: Token
    email: Email
    note: Note = ""


class SendOwnDocumentRequest(RequestModel):
    """The company is the caller's own."""

    note: Note = ""


class ClaimCompanyRequest(RequestModel):
    """With a `business_verification_token` of level IDENTITY no file is needed."""

    business_number: BusinessNumber
    company_name: CompanyName
    identity_verification_token: Token
    email: Email
    business_verification_token: TokenOrNothing = ""
    note: Note = ""


class CaseBody(AnswerModel):
    """What the operator looks at. `reason`: what is missing (ON_HOLD), or why not (REFUSED)."""

    id: UUID
    state: Literal["IN_PROGRESS", "ON_HOLD", "APPROVED", "REFUSED"]
    state_label: str
    reason: str | None
    files: int
    created_at: datetime
    updated_at: datetime


class CasesBody(AnswerModel):
    """The newest first."""

    items: list[CaseBody]


@router.post(
    "/business-documents",
    operation_id="send_business_document",
    summary="Send a business registration",
    description=(
        "사업자등록증 upload, for a sign-up that the register cannot verify. The operator looks at"
        " it; the way to the sign-up comes by mail. One that is on hold is sent again here."
    ),
    tags=["accounts"],
    status_code=201,
    openapi_extra=form_body(SendDocumentRequest, files_required=True),
    responses=problems(
        "business_number_invalid",
        "identity_verification_invalid",
        "file_required",
        "company_already_registered",
        "corporate_invitation_required",
        "case_open",
        "rate_limited",
        *FORM_PROBLEMS,
    ),
)
@public("comes before there is an account; a verified phone answers for it")
@takes_files
async def send_business_document(
    deps: DepsDep, language: LanguageDep, request: Request
) -> CaseBody:
    await deps.business_documents.admit(address_of(request))
    async with deps.uploads.receive(form_events(request)) as form:
        body = read_form(SendDocumentRequest, form.words)
        command = SendDocument(
            body.business_number,
            body.company_name,
            body.identity_verification_token,
            body.email,
            body.note or None,
            str(language),
        )
        return case_body(await deps.business_documents.send(command, form), language)


@router.post(
    "/company/business-documents",
    operation_id="send_company_business_document",
    summary="Show that the company is real",
    description=(
        "For a company that was verified by its number alone: until the operator accepts its"
        " 사업자등록증, or it pays, it can neither invite users nor set a refund account."
    ),
    tags=["company"],
    status_code=201,
    openapi_extra=form_body(SendOwnDocumentRequest, files_required=True),
    responses=problems(
        *FOR_A_COMPANY,
        "company_proven",
        "file_required",
        "case_open",
        "rate_limited",
        *FORM_PROBLEMS,
    ),
)
@takes_files
async def send_company_business_document(
    deps: DepsDep, language: LanguageDep, request: Request, access: CanUpdateCompany
) -> CaseBody:
    await deps.business_documents.admit_company(access)
    async with deps.uploads.receive(form_events(request)) as form:
        body = read_form(SendOwnDocumentRequest, form.words)
        filed = await deps.business_documents.send_own(
            access, form, body.note or None, str(language)
        )
        return case_body(filed, language)


@router.get(
    "/company/business-documents",
    operation_id="list_company_business_documents",
    summary="What became of the business registration",
    description="State and the operator's reason, the newest first.",
    tags=["company"],
    responses=problems(*FOR_A_COMPANY),
)
async def list_company_business_documents(
    deps: DepsDep, language: LanguageDep, access: CanReadCompany
) -> CasesBody:
    async with access.transaction() as (session, principal):
        filed = await deps.cases.of_company(session, principal.company_id)
    return CasesBody(items=[case_body(case, language) for case in filed])


@router.post(
    "/company-claims",
    operation_id="claim_company",
    summary="Claim a company that somebody else registered",
    description=(
        "For a number whose company was never shown to be real. Who holds it is told; two operators"
        " decide; then the corporate invitation comes by mail. One that is on hold is sent again"
        " here."
    ),
    tags=["accounts"],
    status_code=201,
    openapi_extra=form_body(ClaimCompanyRequest, files_required=False),
    responses=problems(
        "business_number_invalid",
        "identity_verification_invalid",
        "business_verification_invalid",
        "company_not_registered",
        "corporate_invitation_required",
        "company_yours",
        "company_proven",
        "claim_evidence_required",
        "case_open",
        "rate_limited",
        *FORM_PROBLEMS,
    ),
)
@public("comes before there is an account; a verified phone answers for it")
@takes_files
async def claim_company(deps: DepsDep, language: LanguageDep, request: Request) -> CaseBody:
    await deps.company_claims.admit(address_of(request))
    async with deps.uploads.receive(form_events(request)) as form:
        body = read_form(ClaimCompanyRequest, form.words)
        command = ClaimCompany(
            body.business_number,
            body.company_name,
            body.identity_verification_token,
            body.business_verification_token or None,
            body.email,
            body.note or None,
            str(language),
        )
        return case_body(await deps.company_claims.claim(command, form), language)


def case_body(filed: FiledCase, language: Language) -> CaseBody:
    """What somebody without an account is told of their case."""
    return CaseBody(
        id=filed.id,
        state=filed.state.value,
        state_label=said(STATE_LABELS[CaseState(filed.state)], language),
        reason=filed.reason,
        files=filed.files,
        created_at=filed.created_at,
        updated_at=filed.updated_at,
    )
