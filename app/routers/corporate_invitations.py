"""기업회원 가입 초대장: what its link shows, and the way to get it again."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.routers.access import public
from app.routers.dependencies import DepsDep, address_of
from app.routers.models import OPAQUE, AnswerModel, RequestModel
from app.routers.problems import problems
from app.routers.strict import StrictRoute

router = APIRouter(prefix="/v1/corporate-invitations", tags=["accounts"], route_class=StrictRoute)

Token = Annotated[str, Field(min_length=20, max_length=100, pattern=OPAQUE)]


class PreviewCorporateInvitationRequest(RequestModel):
    """The token of the mail's link, from its fragment."""

    token: Token


class InvitedCompanyBody(AnswerModel):
    """상호 and 사업자등록번호, shown locked in the sign-up form."""

    company_name: str
    business_number: str
    expires_at: datetime


class ResendCorporateInvitationRequest(RequestModel):
    """Both verifications of the sign-up that was refused; they can be used afterwards still."""

    business_verification_token: Token
    identity_verification_token: Token


@router.post(
    "/preview",
    operation_id="preview_corporate_invitation",
    summary="Which company an invitation is for",
    responses=problems("invitation_invalid", "rate_limited", body=True),
)
@public("the invitation's token is the proof")
async def preview(
    deps: DepsDep, request: Request, body: PreviewCorporateInvitationRequest
) -> InvitedCompanyBody:
    found = await deps.corporate_invitations.preview(body.token, address_of(request))
    return InvitedCompanyBody(
        company_name=found.company_name,
        business_number=found.business_number,
        expires_at=found.expires_at,
    )


@router.post(
    "/resend",
    operation_id="resend_corporate_invitation",
    summary="Send the invitation again",
    description="기업 회원 초대장 다시 받기. It goes to the contact on file; the answer is the same"
    " whether or not there is one.",
    status_code=202,
    responses=problems(
        "business_verification_invalid",
        "identity_verification_invalid",
        "rate_limited",
        body=True,
    ),
)
@public("both verifications are the proof")
async def resend(
    deps: DepsDep, request: Request, body: ResendCorporateInvitationRequest
) -> Response:
    await deps.corporate_invitations.resend(
        body.business_verification_token, body.identity_verification_token, address_of(request)
    )
    return Response(status_code=202)
