"""환불 계좌."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from app.domain.banks import bank_name
from app.language import Language
from app.routers.answers import answer
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.etags import ETAG_HEADER, IfMatch, etag_of, seen_revision
from app.routers.models import AnswerStruct, RequestModel
from app.routers.permissions import FOR_A_COMPANY, CanReadCompany, CanUpdateRefundAccount
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.refund_accounts import RefundAccountView, ShownAccount, WantedAccount

router = APIRouter(prefix="/v1/company", tags=["company"], route_class=StrictRoute)


class RefundAccountRequest(RequestModel):
    """The holder is asked of the bank: it has to be the company or its 대표자."""

    bank: str = Field(min_length=2, max_length=30, pattern=r"^[A-Z_]+$", examples=["SHINHAN"])
    number: Annotated[str, Field(min_length=8, max_length=20, pattern=r"^[0-9]+(-[0-9]+)*$")] = (
        Field(examples=["110-123-456789"])
    )

    def to_domain(self) -> WantedAccount:
        return WantedAccount(self.bank, self.number.replace("-", ""))


class ShownAccountBody(AnswerStruct, frozen=True):
    """Masked. Money goes there from `usable_at` on."""

    bank: str
    bank_label: str
    number_masked: str
    holder_masked: str
    created_at: datetime
    usable_at: datetime


class RefundAccountBody(AnswerStruct, frozen=True):
    """`current` is paid to now; `pending` was set less than 72 hours ago."""

    current: ShownAccountBody | None
    pending: ShownAccountBody | None


@router.get(
    "/refund-account",
    operation_id="get_refund_account",
    summary="Where money goes that cannot go back the way it came",
    responses={
        200: {"model": RefundAccountBody, "headers": ETAG_HEADER},
        **problems(*FOR_A_COMPANY),
    },
)
async def get_one(deps: DepsDep, language: LanguageDep, access: CanReadCompany) -> Response:
    async with access.transaction() as (session, principal):
        view = await deps.refund_accounts.get(session, principal)
    return _answer(view, language)


@router.put(
    "/refund-account",
    operation_id="set_refund_account",
    summary="Another refund account",
    description=(
        "Used after 72 hours; until then the former one is. Everybody of the company is told."
        " Needs the password within the last ten minutes, and the ETag as If-Match."
    ),
    responses={
        200: {"model": RefundAccountBody, "headers": ETAG_HEADER},
        **problems(
            *FOR_A_COMPANY,
            "reauthentication_required",
            "company_unproven",
            "refund_account_unknown",
            "refund_account_holder_mismatch",
            "precondition_required",
            "precondition_failed",
            "provider_unavailable",
            "provider_failed",
            body=True,
        ),
    },
)
async def put_one(
    deps: DepsDep,
    language: LanguageDep,
    access: CanUpdateRefundAccount,
    body: RefundAccountRequest,
    if_match: IfMatch = None,
) -> Response:
    seen = seen_revision(if_match)
    return _answer(await deps.refund_accounts.put(access, body.to_domain(), seen), language)


def _answer(view: RefundAccountView, language: Language) -> Response:
    body = RefundAccountBody(
        shown_account(view.current, language), shown_account(view.pending, language)
    )
    return answer(body, {"ETag": etag_of(view.revision)})


def shown_account(account: ShownAccount | None, language: Language) -> ShownAccountBody | None:
    if account is None:
        return None
    return ShownAccountBody(
        bank=account.bank,
        bank_label=said(bank_name(account.bank), language),
        number_masked=account.number_masked,
        holder_masked=account.holder_masked,
        created_at=account.created_at,
        usable_at=account.usable_at,
    )
