"""회사법인정보관리: a company's record, and requests to change what it may not change itself."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.domain.cases import STATE_LABELS, CaseState
from app.domain.company_changes import WantedChange
from app.domain.registry import BusinessState
from app.language import Language
from app.routers.accounts import Token
from app.routers.answers import answer
from app.routers.business_documents import BusinessNumber, CompanyName, Note
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.etags import ETAG_HEADER, IfMatch, etag_of_all, seen_revisions
from app.routers.models import LINE, AnswerStruct, IsoDate, RequestModel, values_of
from app.routers.multipart import FORM_PROBLEMS, form_body, form_events, read_form, takes_files
from app.routers.permissions import FOR_A_COMPANY, CanReadCompany, CanUpdateCompany
from app.routers.problems import problems
from app.routers.refund_accounts import ShownAccountBody, shown_account
from app.routers.strict import StrictRoute
from app.routers.tax_invoice_contacts import ContactBody
from app.services.cases import FiledCase
from app.services.company_information import DIRECT, CompanyView

router = APIRouter(prefix="/v1/company", tags=["company"], route_class=StrictRoute)


def _line(longest: int, example: str) -> object:
    return Field(min_length=1, max_length=longest, pattern=LINE, examples=[example])


class UpdateCompanyRequest(RequestModel):
    """What is not sent stays; null empties it. With a `business_verification_token` of level

    IDENTITY the company's name and 대표자 become what was verified.
    """

    postcode: Annotated[str, Field(pattern=r"^[0-9]{5}$", examples=["04524"])] | None = None
    road_address: Annotated[str, _line(200, "서울특별시 중구 세종대로 110")] | None = None
    address_detail: Annotated[str, _line(90, "3층")] | None = None
    business_type: Annotated[str, _line(100, "도소매")] | None = None
    business_class: Annotated[str, _line(100, "사무용품")] | None = None
    business_verification_token: Token | None = None

    def direct(self) -> Mapping[str, str | None]:
        return {name: getattr(self, name) for name in DIRECT if name in self.model_fields_set}


class ChangeRequestForm(RequestModel):
    """What it shall be. A `business_number` comes with the day from which it holds."""

    legal_name: CompanyName | None = None
    representative_name: CompanyName | None = None
    business_number: BusinessNumber | None = None
    effective_on: IsoDate | None = None
    note: Note = ""


class VerificationBody(AnswerStruct, frozen=True):
    """`checked_at`: when the tax service was asked last. `proven`: shown to be real."""

    level: Annotated[str, Field(json_schema_extra={"enum": ["STATUS", "IDENTITY", "DOCUMENT"]})]
    status: Annotated[str, values_of(BusinessState)]
    verified_at: datetime
    checked_at: datetime
    proven: bool


class AddressBody(AnswerStruct, frozen=True):
    """사업장 주소."""

    postcode: str | None
    road_address: str | None
    detail: str | None


class ChangeRequestBody(AnswerStruct, frozen=True):
    """A request. `reason`: what is missing (ON_HOLD), or why not (REFUSED)."""

    id: UUID
    state: Annotated[
        str, Field(json_schema_extra={"enum": ["IN_PROGRESS", "ON_HOLD", "DONE", "REFUSED"]})
    ]
    state_label: str
    legal_name: str | None
    representative_name: str | None
    business_number: str | None
    effective_on: date | None
    reason: str | None
    files: int
    created_at: datetime
    updated_at: datetime


class ChangeRequestsBody(AnswerStruct, frozen=True):
    """The newest first; the last twenty."""

    items: list[ChangeRequestBody]


class CompanyBody(AnswerStruct, frozen=True):
    """회사 법인 정보. `change_request`: the one that is not decided yet."""

    id: UUID
    legal_name: str
    representative_name: str | None
    business_number: str
    address: AddressBody
    business_type: str | None
    business_class: str | None
    verification: VerificationBody
    tax_invoice_contacts: list[ContactBody]
    refund_account: ShownAccountBody | None
    pending_refund_account: ShownAccountBody | None
    change_request: ChangeRequestBody | None


WITH_ETAG: dict[int | str, dict[str, Any]] = {200: {"model": CompanyBody, "headers": ETAG_HEADER}}


@router.get(
    "",
    operation_id="get_company",
    summary="회사법인정보관리",
    description="The company's record. Its ETag changes with any part of it.",
    responses={**WITH_ETAG, **problems(*FOR_A_COMPANY)},
)
async def get_one(deps: DepsDep, language: LanguageDep, access: CanReadCompany) -> Response:
    return _answer(await deps.company_information.get(access), language)


@router.patch(
    "",
    operation_id="update_company",
    summary="Change the company's record",
    description=(
        "Address, 업태 and 종목 at once; name and 대표자 by a `business_verification_token` of"
        " level IDENTITY for the company's own number, else by a change request. Takes the ETag as"
        " If-Match."
    ),
    responses={
        **WITH_ETAG,
        **problems(
            *FOR_A_COMPANY,
            "precondition_required",
            "precondition_failed",
            "business_verification_invalid",
            "business_identity_required",
            body=True,
        ),
    },
)
async def update(
    deps: DepsDep,
    language: LanguageDep,
    access: CanUpdateCompany,
    body: UpdateCompanyRequest,
    if_match: IfMatch = None,
) -> Response:
    seen = seen_revisions(if_match, parts=3)
    view = await deps.company_information.update(
        access, body.direct(), body.business_verification_token, seen
    )
    return _answer(view, language)


@router.post(
    "/change-requests",
    operation_id="create_change_request",
    summary="변경 신청",
    description=(
        "For a name, 대표자 or business number that the register does not verify, with documents"
        " (of a number: what shows the transfer). One that is on hold is sent again here. What"
        " became of it is mailed."
    ),
    status_code=201,
    openapi_extra=form_body(ChangeRequestForm, files_required=True),
    responses={
        201: {"model": ChangeRequestBody},
        **problems(
            *FOR_A_COMPANY,
            "business_number_invalid",
            "nothing_to_change",
            "effective_date_required",
            "company_already_registered",
            "corporate_invitation_required",
            "file_required",
            "case_open",
            "rate_limited",
            *FORM_PROBLEMS,
        ),
    },
)
@takes_files
async def create_request(
    deps: DepsDep, language: LanguageDep, request: Request, access: CanUpdateCompany
) -> Response:
    await deps.company_changes.admit(access)
    async with deps.uploads.receive(form_events(request)) as form:
        body = read_form(ChangeRequestForm, form.words)
        wanted = WantedChange(
            body.legal_name, body.representative_name, body.business_number, body.effective_on
        )
        filed = await deps.company_changes.send(
            access, wanted, form, body.note or None, str(language)
        )
    created = answer(_request(filed, language))
    created.status_code = 201
    return created


@router.get(
    "/change-requests",
    operation_id="list_change_requests",
    summary="What became of change requests",
    description="State and the operator's reason, the newest first.",
    response_model=ChangeRequestsBody,
    responses=problems(*FOR_A_COMPANY),
)
async def get_requests(deps: DepsDep, language: LanguageDep, access: CanReadCompany) -> Response:
    found = await deps.company_changes.all(access)
    return answer(ChangeRequestsBody([_request(filed, language) for filed in found]))


def _request(filed: FiledCase, language: Language) -> ChangeRequestBody:
    wanted = filed.wanted or WantedChange()
    done = filed.state is CaseState.APPROVED
    return ChangeRequestBody(
        filed.id,
        "DONE" if done else filed.state,
        said(STATE_LABELS[filed.state], language),
        wanted.legal_name,
        wanted.representative_name,
        wanted.business_number,
        wanted.effective_on,
        filed.reason,
        filed.files,
        filed.created_at,
        filed.updated_at,
    )


def _answer(view: CompanyView, language: Language) -> Response:
    contact, verified = view.contact.contact, view.verification
    body = CompanyBody(
        view.id,
        view.legal_name,
        view.representative,
        view.business_number,
        AddressBody(
            contact.postcode if contact else None,
            contact.road_address if contact else None,
            contact.address_detail if contact else None,
        ),
        contact.business_type if contact else None,
        contact.business_class if contact else None,
        VerificationBody(
            verified.level,
            verified.status,
            verified.verified_at,
            verified.checked_at,
            verified.proven,
        ),
        [
            ContactBody(person.name, person.email, person.phone)
            for person in (contact.contacts if contact else ())
        ],
        shown_account(view.refund_account.current, language),
        shown_account(view.refund_account.pending, language),
        _request(view.open_request, language) if view.open_request else None,
    )
    return answer(body, {"ETag": etag_of_all(*view.revisions)})
