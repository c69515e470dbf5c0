"""환불 계좌 by a bank book, for the operator's decision."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.domain.banks import bank_name
from app.domain.cases import STATE_LABELS, CaseState
from app.domain.provider_payments import PaidBackTo
from app.domain.refund_accounts import mask_account, mask_holder
from app.language import Language
from app.routers.answers import answer
from app.routers.business_documents import Note
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.models import LINE, AnswerStruct, RequestModel, values_of
from app.routers.multipart import FORM_PROBLEMS, form_body, form_events, read_form, takes_files
from app.routers.permissions import FOR_A_COMPANY, CanReadCompany, CanUpdateRefundAccount
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.cases import FiledCase

router = APIRouter(prefix="/v1/company", tags=["company"], route_class=StrictRoute)


class RefundAccountForm(RequestModel):
    """As it is in the bank book. `bank`: its code, or its name where it has none."""

    bank: Annotated[str, Field(min_length=2, max_length=30, pattern=LINE, examples=["SHINHAN"])]
    number: Annotated[
        str,
        Field(
            min_length=8,
            max_length=20,
            pattern=r"^[0-9]+(-[0-9]+)*$",
            examples=["110-123-456789"],
        ),
    ]
    holder: Annotated[
        str, Field(min_length=1, max_length=50, pattern=LINE, examples=["주식회사 한빛상사"])
    ]
    note: Note = ""

    def to_domain(self) -> PaidBackTo:
        return PaidBackTo(self.bank, self.number.replace("-", ""), self.holder)


class RefundAccountRequestBody(AnswerStruct, frozen=True):
    """A request, masked. `reason`: what is missing (ON_HOLD), or why not (REFUSED)."""

    id: UUID
    state: Annotated[str, values_of(CaseState)]
    state_label: str
    bank: str
    bank_label: str
    number_masked: str
    holder_masked: str
    reason: str | None
    files: int
    created_at: datetime
    updated_at: datetime


class RefundAccountRequestsBody(AnswerStruct, frozen=True):
    """The newest first; the last twenty."""

    items: list[RefundAccountRequestBody]


@router.post(
    "/refund-account-requests",
    operation_id="create_refund_account_request",
    summary="Another refund account, by its bank book",
    description=(
        "For an account whose bank cannot be asked for the holder, or knows another name: with a"
        " copy of the 통장. The present account stays; an accepted one is used after 72 hours. One"
        " that is on hold is sent again here. Needs the password within the last ten minutes."
    ),
    status_code=201,
    openapi_extra=form_body(RefundAccountForm, files_required=True),
    responses={
        201: {"model": RefundAccountRequestBody},
        **problems(
            *FOR_A_COMPANY,
            "reauthentication_required",
            "company_unproven",
            "file_required",
            "case_open",
            "rate_limited",
            *FORM_PROBLEMS,
        ),
    },
)
@takes_files
async def create_request(
    deps: DepsDep, language: LanguageDep, request: Request, access: CanUpdateRefundAccount
) -> Response:
    await deps.refund_account_requests.admit(access)
    async with deps.uploads.receive(form_events(request)) as form:
        body = read_form(RefundAccountForm, form.words)
        filed = await deps.refund_account_requests.send(
            access, body.to_domain(), form, body.note or None, str(language)
        )
    created = answer(_request(filed, language))
    created.status_code = 201
    return created


@router.get(
    "/refund-account-requests",
    operation_id="list_refund_account_requests",
    summary="What became of bank books",
    description="State and the operator's reason, the newest first.",
    response_model=RefundAccountRequestsBody,
    responses=problems(*FOR_A_COMPANY),
)
async def get_requests(deps: DepsDep, language: LanguageDep, access: CanReadCompany) -> Response:
    found = await deps.refund_account_requests.all(access)
    return answer(RefundAccountRequestsBody([_request(filed, language) for filed in found]))


def _request(filed: FiledCase, language: Language) -> RefundAccountRequestBody:
    account = filed.account
    assert account is not None
    return RefundAccountRequestBody(
        filed.id,
        filed.state,
        said(STATE_LABELS[filed.state], language),
        account.bank,
        said(bank_name(account.bank), language),
        mask_account(account.number),
        mask_holder(account.holder),
        filed.reason,
        filed.files,
        filed.created_at,
        filed.updated_at,
    )
