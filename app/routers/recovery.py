"""아이디 찾기, 비밀번호 재설정, 이메일 인증."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.routers.access import public
from app.routers.accounts import Token
from app.routers.auth import forget_cookie
from app.routers.dependencies import DepsDep, LanguageDep, address_of
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, NO_CONTENT, OnceIfKeyed
from app.routers.models import NO_NUL, AnswerModel, RequestModel
from app.routers.permissions import SIGNED_IN, CanUpdateMe
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.recovery import ResetPassword

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=StrictRoute)


class FindLoginIdRequest(RequestModel):
    """The token of a FIND_LOGIN_ID phone identity."""

    identity_verification_token: Token


class FoundAccountBody(AnswerModel):
    """An account of the verified person."""

    login_id_masked: str | None = Field(
        description="Null: signs in by a social provider only.", examples=["hanb**"]
    )
    kind: str = Field(examples=["CORPORATE"])
    company_name: str | None
    since: datetime


class FoundAccountsBody(AnswerModel):
    """The oldest first; empty where the person has none."""

    items: list[FoundAccountBody]


class ResetPasswordRequest(RequestModel):
    """The token of a RESET_PASSWORD phone identity that was started for this login ID."""

    login_id: str = Field(min_length=1, max_length=100, pattern=NO_NUL, examples=["hanbit"])
    identity_verification_token: Token
    new_password: str = Field(min_length=1, max_length=200, pattern=NO_NUL)


class ConfirmEmailRequest(RequestModel):
    """What the mailed link has behind `#token=`."""

    token: Token


@router.post(
    "/auth/find-login-id",
    operation_id="find_login_id",
    summary="Find my login ID",
    responses=problems("identity_verification_invalid", body=True),
)
@public("the phone identity is the proof")
async def find_login_id(deps: DepsDep, body: FindLoginIdRequest) -> FoundAccountsBody:
    found = await deps.recovery.find_login_ids(body.identity_verification_token)
    return FoundAccountsBody(
        items=[
            FoundAccountBody(
                login_id_masked=account.login_id_masked,
                kind=account.kind,
                company_name=account.company_name,
                since=account.since,
            )
            for account in found
        ]
    )


@router.post(
    "/auth/password-resets",
    operation_id="reset_password",
    summary="Set another password",
    description="Ends every session. An unknown ID and another person's are answered alike.",
    status_code=204,
    responses=problems(
        "identity_verification_invalid",
        "password_reset_refused",
        "password_too_short",
        "password_too_long",
        "password_common",
        "password_contains_login_id",
        body=True,
    ),
)
@public("the phone identity is the proof")
async def reset_password(
    deps: DepsDep, request: Request, language: LanguageDep, body: ResetPasswordRequest
) -> Response:
    await deps.recovery.reset_password(
        ResetPassword(
            login_id=body.login_id,
            identity_token=body.identity_verification_token,
            password=body.new_password,
            address=address_of(request),
            language=str(language),
        )
    )
    return forget_cookie(Response(status_code=204))


@router.post(
    "/email-verifications",
    operation_id="send_email_verification",
    summary="Mail me another link",
    description="Five an hour. The link works once, for a day, for the present address.",
    status_code=204,
    responses=problems(*SIGNED_IN, *IDEMPOTENT_IF_ASKED, "email_already_verified", "rate_limited"),
)
async def send_email_verification(
    deps: DepsDep, language: LanguageDep, access: CanUpdateMe, once: OnceIfKeyed
) -> Response:
    async def work() -> Answer:
        await deps.email_verifications.send_again(access, str(language))
        return NO_CONTENT

    return await once.around(access, work)


@router.post(
    "/email-verifications/confirm",
    operation_id="confirm_email_verification",
    summary="Verify the e-mail address",
    status_code=204,
    responses=problems("email_verification_invalid", body=True),
)
@public("the link that was mailed is the proof")
async def confirm_email_verification(deps: DepsDep, body: ConfirmEmailRequest) -> Response:
    await deps.email_verifications.confirm(body.token)
    return Response(status_code=204)
