"""로그인: sessions of browsers and of native clients."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.errors import Problem
from app.language import language_of
from app.routers.access import public
from app.routers.dependencies import DepsDep, address_of
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, NO_CONTENT, OnceIfKeyed
from app.routers.models import NO_NUL, OPAQUE, AnswerModel, RequestModel
from app.routers.permissions import CanUpdateMe
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.known_devices import REMEMBERED
from app.services.principals import Principal, TransactionSession
from app.services.sessions import SLIDING, ClientType, Device, Grant

router = APIRouter(prefix="/v1/auth", tags=["accounts"], route_class=StrictRoute)

COOKIE = "__Host-refresh"
DEVICE_COOKIE = "__Host-device"
DEVICE_TOKEN_LENGTH = 100
DeviceToken = Annotated[
    str | None,
    Field(
        min_length=20,
        max_length=DEVICE_TOKEN_LENGTH,
        pattern=OPAQUE,
        description="What an earlier session of this native client gave it as `device_token`.",
    ),
]


SsoTicket = Annotated[str, Field(min_length=20, max_length=100, pattern=OPAQUE)]


class LogInRequest(RequestModel):
    """`client_type` is fixed for the session that begins."""

    login_id: str = Field(min_length=1, max_length=100, pattern=NO_NUL, examples=["hanbit"])
    password: str = Field(min_length=1, max_length=128, pattern=NO_NUL)
    client_type: Annotated[ClientType, Field(strict=False)]
    device_token: DeviceToken = None
    sso_ticket: SsoTicket | None = Field(
        default=None,
        description="Of whoever came from the groupware: then individuals only. It links nothing.",
    )


class RefreshRequest(RequestModel):
    """A NATIVE client sends its token here; a BROWSER's is in its cookie and nowhere else."""

    client_type: Annotated[ClientType, Field(strict=False)]
    refresh_token: str | None = Field(default=None, max_length=200, pattern=NO_NUL)


class StepUpRequest(RequestModel):
    """One of the two: the password, or the token of a REAUTH phone identity."""

    password: str | None = Field(default=None, min_length=1, max_length=128, pattern=NO_NUL)
    identity_verification_token: str | None = Field(
        default=None, min_length=20, max_length=100, pattern=OPAQUE
    )


class SessionBody(AnswerModel):
    """`expires_in` in seconds. `refresh_token` is null for browsers: theirs is a cookie."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str | None
    device_token: str | None = Field(
        description=(
            "For a native client to keep and to send when it signs in next: a known device is not "
            "locked out by strangers. Null for browsers (a cookie) and where a session goes on."
        )
    )


@router.post(
    "/login",
    operation_id="log_in",
    summary="Sign in",
    responses=problems(
        "invalid_credentials",
        "origin_not_allowed",
        "rate_limited",
        "sso_ticket_invalid",
        "individual_account_required",
        body=True,
    ),
)
@public("this is how one signs in")
async def log_in(
    deps: DepsDep, request: Request, response: Response, body: LogInRequest
) -> SessionBody:
    check_origin(deps.settings.cors_origins, request, body.client_type)
    if body.sso_ticket is not None:
        await deps.sso_tickets.check(body.sso_ticket)
    grant = await deps.sign_in.log_in(
        body.login_id,
        body.password,
        device_of(request, body.client_type, body.device_token),
        individuals_only=body.sso_ticket is not None,
    )
    return session_answer(response, grant)


@router.post(
    "/refresh",
    operation_id="refresh",
    summary="Get the next tokens",
    responses=problems("invalid_refresh_token", "origin_not_allowed", body=True),
)
@public("the refresh token is the proof")
async def refresh(
    deps: DepsDep, request: Request, response: Response, body: RefreshRequest
) -> SessionBody:
    check_origin(deps.settings.cors_origins, request, body.client_type)
    browser = body.client_type is ClientType.BROWSER
    token = request.cookies.get(COOKIE) if browser else body.refresh_token
    grant = await deps.sessions.refresh(token or "", body.client_type)
    return session_answer(response, grant)


@router.post(
    "/logout",
    operation_id="log_out",
    summary="Sign out",
    status_code=204,
    responses=problems("not_authenticated", *IDEMPOTENT_IF_ASKED),
)
async def log_out(deps: DepsDep, access: CanUpdateMe, once: OnceIfKeyed) -> Response:
    async def work(session: TransactionSession, principal: Principal) -> Answer:
        await deps.sessions.log_out(session, principal.session_id)
        return NO_CONTENT

    return forget_cookie(await once.within(access, work))


def forget_cookie(response: Response) -> Response:
    """Tells a browser that its session is over."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return response


@router.post(
    "/step-up",
    operation_id="step_up",
    summary="Confirm that it is you",
    description="Needed within the last ten minutes before what section 4 calls step-up.",
    status_code=204,
    responses=problems(
        "not_authenticated",
        *IDEMPOTENT_IF_ASKED,
        "invalid_credentials",
        "one_proof_required",
        "identity_verification_invalid",
        "identity_of_another_person",
        "rate_limited",
        body=True,
    ),
)
async def step_up(
    deps: DepsDep, access: CanUpdateMe, once: OnceIfKeyed, body: StepUpRequest
) -> Response:
    async def work() -> Answer:
        principal = await access.principal()
        token, password = body.identity_verification_token, body.password
        if (token is None) is (password is None):
            raise Problem("one_proof_required")
        if token is not None:
            await deps.step_up.by_identity(principal, token)
        elif password is not None:
            await deps.step_up.by_password(principal, password)
        return NO_CONTENT

    return await once.around(access, work)


def check_origin(allowed: tuple[str, ...], request: Request, client_type: ClientType) -> None:
    """A browser must come from an allowed origin; a native client has none."""
    origin = request.headers.get("origin")
    fits = origin in allowed if client_type is ClientType.BROWSER else origin is None
    if not fits:
        raise Problem("origin_not_allowed")


def device_of(request: Request, client_type: ClientType, device_token: str | None = None) -> Device:
    """Where a session begins. A native client sends its device token in the body."""
    return Device(
        client_type,
        request.headers.get("user-agent", ""),
        address_of(request),
        _device_token(request, client_type, device_token),
        str(language_of(request)),
    )


def _device_token(request: Request, client_type: ClientType, given: str | None) -> str | None:
    """A browser's is in its cookie and nowhere else; what is no token of ours is none."""
    token = request.cookies.get(DEVICE_COOKIE) if client_type is ClientType.BROWSER else given
    return token if token and len(token) <= DEVICE_TOKEN_LENGTH else None


def session_answer(response: Response, grant: Grant) -> SessionBody:
    response.headers["Cache-Control"] = "no-store"
    browser = grant.client_type is ClientType.BROWSER
    if browser:
        response.set_cookie(
            COOKIE,
            grant.refresh_token,
            max_age=int(SLIDING.total_seconds()),
            path="/",
            secure=True,
            httponly=True,
            samesite="strict",
        )
        if grant.device_token is not None:
            response.set_cookie(
                DEVICE_COOKIE,
                grant.device_token,
                max_age=int(REMEMBERED.total_seconds()),
                path="/",
                secure=True,
                httponly=True,
                samesite="strict",
            )
    return SessionBody(
        access_token=grant.access_token,
        token_type="Bearer",  # noqa: S106 - the scheme's name
        expires_in=grant.expires_in,
        refresh_token=None if browser else grant.refresh_token,
        device_token=None if browser else grant.device_token,
    )
