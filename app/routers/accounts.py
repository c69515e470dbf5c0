"""회원가입: corporate members."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.errors import Problem
from app.routers.access import public
from app.routers.auth import SessionBody, check_origin, device_of, session_answer
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.identity_verifications import ConsentRequest
from app.routers.models import LINE, NO_NUL, OPAQUE, AnswerModel, RequestModel
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.corporate_sign_up import SignUpCorporate
from app.services.sessions import ClientType

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=StrictRoute)

Token = Annotated[str, Field(min_length=20, max_length=100, pattern=OPAQUE)]
Email = Annotated[
    str,
    Field(
        min_length=5,
        max_length=254,
        pattern=r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
        examples=["kim@hanbit.example"],
    ),
]


class SignUpContactRequest(RequestModel):
    """Where the company's mails go."""

    email: Email


class SignUpCorporateRequest(RequestModel):
    """기업정보, 로그인 정보, 담당자 정보, 가입 약관 동의."""

    business_verification_token: Token
    identity_verification_token: Token
    login_id: str = Field(min_length=5, max_length=30, pattern=NO_NUL, examples=["hanbit"])
    password: str = Field(min_length=1, max_length=200, pattern=NO_NUL)
    company_name: str = Field(min_length=1, max_length=100, pattern=LINE, examples=["한빛상사"])
    contact: SignUpContactRequest
    consents: list[ConsentRequest] = Field(max_length=20)
    client_type: Annotated[ClientType, Field(strict=False)]
    sso_ticket: Token | None = Field(
        default=None, description="Whoever has one signs up as an individual (선택불가)."
    )
    invitation_token: Token | None = None


class AccountBody(AnswerModel):
    """The account that was made."""

    id: UUID
    login_id: str
    kind: Literal["CORPORATE"]
    company_id: UUID
    company_name: str
    created_at: datetime


class SignedUpBody(AnswerModel):
    """Signed up, and signed in."""

    account: AccountBody
    session: SessionBody


class CheckLoginIdRequest(RequestModel):
    """Asked with a verified phone, twenty times a verification: IDs cannot be listed."""

    login_id: str = Field(min_length=1, max_length=100, pattern=NO_NUL)
    verification_token: Token


class CheckedLoginIdBody(AnswerModel):
    """`reason` is the code of why it is not available."""

    available: bool
    reason: str | None


@router.post(
    "/login-ids/check",
    operation_id="check_login_id",
    summary="Whether a login ID is free",
    responses=problems("identity_verification_invalid", "login_id_checks_used_up", body=True),
)
@public("the verification token is the proof")
async def check_login_id(deps: DepsDep, body: CheckLoginIdRequest) -> CheckedLoginIdBody:
    reason = await deps.corporate_sign_up.check_login_id(body.login_id, body.verification_token)
    return CheckedLoginIdBody(available=reason is None, reason=reason)


@router.post(
    "/accounts/corporate",
    operation_id="sign_up_corporate",
    summary="Sign up as a corporate member",
    description="기업회원 가입. The session begins at once.",
    status_code=201,
    responses=problems(
        "origin_not_allowed",
        "business_verification_invalid",
        "identity_verification_invalid",
        "company_name_mismatch",
        "corporate_signup_not_allowed_from_groupware",
        "company_already_registered",
        "corporate_invitation_required",
        "invitation_invalid",
        "invitation_number_mismatch",
        "login_id_taken",
        "login_id_invalid",
        "password_too_short",
        "password_too_long",
        "password_common",
        "password_contains_login_id",
        "consent_required",
        "consent_unknown",
        body=True,
    ),
)
@public("this is how an account comes to be")
async def sign_up_corporate(
    deps: DepsDep,
    request: Request,
    response: Response,
    language: LanguageDep,
    body: SignUpCorporateRequest,
) -> SignedUpBody:
    check_origin(deps.settings.cors_origins, request, body.client_type)
    if body.sso_ticket is not None:
        raise Problem("corporate_signup_not_allowed_from_groupware")
    done = await deps.corporate_sign_up.sign_up(
        SignUpCorporate(
            business_token=body.business_verification_token,
            identity_token=body.identity_verification_token,
            login_id=body.login_id,
            password=body.password,
            company_name=body.company_name,
            email=body.contact.email,
            consents=[consent.to_domain() for consent in body.consents],
            device=device_of(request, body.client_type),
            language=str(language),
            invitation_token=body.invitation_token,
        )
    )
    return SignedUpBody(
        account=AccountBody(
            id=done.account_id,
            login_id=done.login_id,
            kind="CORPORATE",
            company_id=done.company_id,
            company_name=done.company_name,
            created_at=done.created_at,
        ),
        session=session_answer(response, done.grant),
    )
