"""소셜 로그인: Kakao, Naver and Google."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app.domain.social import SocialProvider
from app.routers.access import public
from app.routers.auth import (
    COOKIE,
    DeviceToken,
    SessionBody,
    check_origin,
    device_of,
    session_answer,
)
from app.routers.dependencies import DepsDep, address_of
from app.routers.identity_verifications import PROVIDER, Secret
from app.routers.models import NO_NUL, OPAQUE, AnswerModel, RequestModel
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.sessions import ClientType
from app.services.social import LiveSession, SocialCallback
from app.tokens import InvalidAccessToken

router = APIRouter(prefix="/v1/auth/social", tags=["accounts"], route_class=StrictRoute)

State = Annotated[str, Field(min_length=1, max_length=100, pattern=OPAQUE)]
Code = Annotated[str, Field(min_length=1, max_length=2000, pattern=NO_NUL)]

ATTEMPT = (
    "social_state_unknown",
    "social_state_foreign",
    "social_state_expired",
    "social_code_refused",
    "social_token_refused",
    *PROVIDER,
)
"""What can be wrong with what came back."""


class StartedSocialBody(AnswerModel):
    """Send the browser to `authorization_url`; keep `client_secret` for the callback."""

    authorization_url: str
    client_secret: str


class CompleteSocialRequest(RequestModel):
    """What came back to the redirect URI, and the secret of the start."""

    code: Code
    state: State
    client_secret: Secret
    client_type: Annotated[ClientType, Field(strict=False)]
    replace_session: bool = Field(
        default=False,
        description="Whoever is signed in here was asked, and wants the other account.",
    )
    device_token: DeviceToken = None


class CompletedSocialBody(AnswerModel):
    """SIGNED_IN has a session. SIGN_UP_REQUIRED has a ticket of ten minutes, and what the provider
    knows, to fill in the form with."""

    state: Literal["SIGNED_IN", "SIGN_UP_REQUIRED"]
    session: SessionBody | None
    social_ticket: str | None
    email: str | None
    name: str | None


@router.get(
    "/{provider}",
    operation_id="start_social",
    summary="Begin a social sign-in",
    description="An attempt is used once, within ten minutes, by the client that began it.",
    responses=problems("redirect_uri_not_allowed", "rate_limited", "invalid_request", *PROVIDER),
)
@public("this is how one signs in")
async def start_social(
    deps: DepsDep,
    request: Request,
    response: Response,
    provider: SocialProvider,
    client_type: ClientType = ClientType.BROWSER,
    redirect_uri: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=500,
            description="One of the client type's list; the first of it where none is given.",
        ),
    ] = None,
) -> StartedSocialBody:
    started = await deps.social.start(provider, client_type, redirect_uri, address_of(request))
    response.headers["Cache-Control"] = "no-store"
    return StartedSocialBody(
        authorization_url=started.authorization_url, client_secret=started.client_secret
    )


@router.post(
    "/{provider}/callback",
    operation_id="complete_social",
    summary="Complete a social sign-in",
    description=(
        "Where somebody is signed in already, by the request's access token or cookie, the answer "
        "is `already_signed_in` and nothing is used up: ask, then repeat with `replace_session`."
    ),
    responses=problems(
        "origin_not_allowed", "already_signed_in", "account_suspended", *ATTEMPT, body=True
    ),
)
@public("this is how one signs in")
async def complete_social(
    deps: DepsDep,
    request: Request,
    response: Response,
    provider: SocialProvider,
    body: CompleteSocialRequest,
) -> CompletedSocialBody:
    check_origin(deps.settings.cors_origins, request, body.client_type)
    outcome = await deps.social.complete(
        SocialCallback(provider, body.code, body.state, body.client_secret),
        device_of(request, body.client_type, body.device_token),
        _live(deps, request, replace=body.replace_session),
    )
    response.headers["Cache-Control"] = "no-store"
    signed_in = outcome.grant is not None
    return CompletedSocialBody(
        state="SIGNED_IN" if signed_in else "SIGN_UP_REQUIRED",
        session=session_answer(response, outcome.grant) if outcome.grant else None,
        social_ticket=outcome.ticket,
        email=outcome.email,
        name=outcome.name,
    )


def _live(deps: DepsDep, request: Request, *, replace: bool) -> LiveSession:
    """Whose session this client has; a token that is none is no sign of one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    session_id = None
    if scheme.lower() == "bearer":
        try:
            session_id = deps.access_tokens.verify(token).session_id
        except InvalidAccessToken:
            session_id = None
    return LiveSession(session_id, request.cookies.get(COOKIE), replace)
