"""회원가입: individual members."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.errors import Problem
from app.routers.access import public
from app.routers.accounts import SignUpContactRequest, Token
from app.routers.auth import SessionBody, check_origin, device_of, session_answer
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.identity_verifications import ConsentRequest
from app.routers.invitations import AcceptedBody
from app.routers.models import NO_NUL, AnswerModel, RequestModel
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.acceptances import Accepted
from app.services.individual_sign_up import Credentials, SignUpIndividual
from app.services.sessions import ClientType

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=StrictRoute)


class SignUpIndividualRequest(RequestModel):
    """휴대폰 본인인증, 이메일, 약관 동의, and `login_id` with `password` or `social_ticket`."""

    identity_verification_token: Token
    login_id: str | None = Field(
        default=None, min_length=5, max_length=30, pattern=NO_NUL, examples=["gildong"]
    )
    password: str | None = Field(default=None, min_length=1, max_length=200, pattern=NO_NUL)
    social_ticket: Token | None = None
    sso_ticket: Token | None = Field(
        default=None,
        description="Of whoever came from the groupware: the new account is linked at once.",
    )
    invitation_token: Token | None = Field(
        default=None, description="Of the mail that invited this person: accepted at once."
    )
    contact: SignUpContactRequest
    consents: list[ConsentRequest] = Field(max_length=20)
    client_type: Annotated[ClientType, Field(strict=False)]


class IndividualAccountBody(AnswerModel):
    """The account that was made."""

    id: UUID
    login_id: str | None = Field(description="Null: signs in by a social provider only.")
    kind: Literal["INDIVIDUAL"]
    created_at: datetime


class SignedUpIndividualBody(AnswerModel):
    """Signed up, and signed in."""

    account: IndividualAccountBody
    link_id: UUID | None = Field(description="The groupware link, where one was asked for.")
    invitation: AcceptedBody | None = Field(
        description="What became of the invitation, where one was brought along."
    )
    session: SessionBody


@router.post(
    "/accounts/individual",
    operation_id="sign_up_individual",
    summary="Sign up as an individual member",
    description=(
        "개인회원 가입. The session begins at once. A person has one individual account: "
        "`person_already_registered` names it by `login_id_masked` or `social_provider`."
    ),
    status_code=201,
    responses=problems(
        "origin_not_allowed",
        "identity_verification_invalid",
        "sign_up_way_invalid",
        "social_ticket_invalid",
        "social_account_already_linked",
        "sso_ticket_invalid",
        "invitation_invalid",
        "company_account_missing",
        "groupware_user_already_linked",
        "person_already_registered",
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
async def sign_up_individual(
    deps: DepsDep,
    request: Request,
    response: Response,
    language: LanguageDep,
    body: SignUpIndividualRequest,
) -> SignedUpIndividualBody:
    check_origin(deps.settings.cors_origins, request, body.client_type)
    done = await deps.individual_sign_up.sign_up(
        SignUpIndividual(
            identity_token=body.identity_verification_token,
            credentials=_credentials(body),
            social_ticket=body.social_ticket,
            sso_ticket=body.sso_ticket,
            invitation_token=body.invitation_token,
            email=body.contact.email,
            consents=[consent.to_domain() for consent in body.consents],
            device=device_of(request, body.client_type),
            language=str(language),
        )
    )
    return SignedUpIndividualBody(
        account=IndividualAccountBody(
            id=done.account_id,
            login_id=done.login_id,
            kind="INDIVIDUAL",
            created_at=done.created_at,
        ),
        link_id=done.link_id,
        invitation=_invitation(done.accepted),
        session=session_answer(response, done.grant),
    )


def _credentials(body: SignUpIndividualRequest) -> Credentials | None:
    """Half of them is neither way."""
    if body.login_id is None and body.password is None:
        return None
    if body.login_id is None or body.password is None:
        raise Problem("sign_up_way_invalid")
    return Credentials(body.login_id, body.password)


def _invitation(accepted: Accepted | None) -> AcceptedBody | None:
    """LINK_REQUIRED is no refusal here: the account is there, and the acceptance is remembered."""
    if accepted is None:
        return None
    return AcceptedBody(
        state=str(accepted.outcome),
        company_id=accepted.company_id,
        company_name=accepted.company_name,
    )
