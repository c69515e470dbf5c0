"""로그인: sessions of browsers and of native clients."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.errors import Problem
from app.routers.access import public
from app.routers.dependencies import DepsDep
from app.routers.models import NO_NUL, AnswerModel, RequestModel
from app.routers.permissions import CanUpdateMe
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.sessions import SLIDING, ClientType, Device, Grant

router = APIRouter(prefix="/v1/auth", tags=["accounts"], route_class=StrictRoute)

COOKIE = "__Host-refresh"


class LogInRequest(RequestModel):
    """`client_type` is fixed for the session that begins."""

    login_id: str = Field(min_length=1, max_length=100, pattern=NO_NUL, examples=["hanbit"])
    password: str = Field(min_length=1, max_length=128, pattern=NO_NUL)
    client_type: Annotated[ClientType, Field(strict=False)]


class RefreshRequest(RequestModel):
    """A NATIVE client sends its token here; a BROWSER's is in its cookie and nowhere else."""

    client_type: Annotated[ClientType, Field(strict=False)]
    refresh_token: str | None = Field(default=None, max_length=200, pattern=NO_NUL)


class StepUpRequest(RequestModel):
    """The password, once more."""

    password: str = Field(min_length=1, max_length=128, pattern=NO_NUL)


class SessionBody(AnswerModel):
    """`expires_in` in seconds. `refresh_token` is null for browsers: theirs is a cookie."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str | None


@router.post(
    "/login",
    operation_id="log_in",
    summary="Sign in",
    responses=problems("invalid_credentials", "origin_not_allowed", "rate_limited", body=True),
)
@public("this is how one signs in")
async def log_in(
    deps: DepsDep, request: Request, response: Response, body: LogInRequest
) -> SessionBody:
    check_origin(deps.settings.cors_origins, request, body.client_type)
    grant = await deps.sessions.log_in(
        body.login_id, body.password, device_of(request, body.client_type)
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
    responses=problems("not_authenticated"),
)
async def log_out(deps: DepsDep, access: CanUpdateMe) -> Response:
    async with access.transaction() as (session, principal):
        await deps.sessions.log_out(session, principal.session_id)
    return forget_cookie(Response(status_code=204))


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
    responses=problems("not_authenticated", "invalid_credentials", "rate_limited", body=True),
)
async def step_up(
    deps: DepsDep, request: Request, access: CanUpdateMe, body: StepUpRequest
) -> Response:
    async with access.transaction() as (_, principal):
        pass
    await deps.sessions.step_up(
        principal.account_id,
        principal.session_id,
        principal.login_id or str(principal.account_id),
        body.password,
        address_of(request),
    )
    return Response(status_code=204)


def check_origin(allowed: tuple[str, ...], request: Request, client_type: ClientType) -> None:
    """A browser must come from an allowed origin; a native client has none."""
    origin = request.headers.get("origin")
    fits = origin in allowed if client_type is ClientType.BROWSER else origin is None
    if not fits:
        raise Problem("origin_not_allowed")


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def device_of(request: Request, client_type: ClientType) -> Device:
    return Device(client_type, request.headers.get("user-agent", ""), address_of(request))


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
    return SessionBody(
        access_token=grant.access_token,
        token_type="Bearer",  # noqa: S106 - the scheme's name
        expires_in=grant.expires_in,
        refresh_token=None if browser else grant.refresh_token,
    )
