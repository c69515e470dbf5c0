"""운영자 로그인."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.domain.operators import Operator, OperatorPermission, OperatorRole
from app.routers.access import public
from app.routers.dependencies import DepsDep, address_of
from app.routers.models import NO_NUL, AnswerModel, RequestModel, values_of
from app.routers.operators import FOR_AN_OPERATOR, CanUseSession
from app.routers.problems import problems
from app.routers.strict import StrictRoute

router = APIRouter(prefix="/v1/operator", tags=["session"], route_class=StrictRoute)

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=NO_NUL, examples=["kim"])]
Password = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]
Code = Annotated[str, Field(pattern="^[0-9]{6}$", examples=["123456"])]
Role = Annotated[str, values_of(OperatorRole)]
Allowed = Annotated[str, values_of(OperatorPermission)]


class SignInOperatorRequest(RequestModel):
    """`totp_code`: six digits of the authenticator, each taken once."""

    name: Name
    password: Password
    totp_code: Code


class ChangeOperatorPasswordRequest(RequestModel):
    password: Password
    totp_code: Code
    new_password: Password


class OperatorBody(AnswerModel):
    """Who is signed in, and what they may do."""

    name: str
    roles: list[Role]
    permissions: list[Allowed]
    expires_at: datetime


class OperatorSessionBody(AnswerModel):
    """`token` is the bearer token of every other operation; it is shown this once."""

    token: str
    operator: OperatorBody


@router.post(
    "/sessions",
    operation_id="operator_sign_in",
    summary="Sign in",
    description="For eight hours. The same answer whatever is wrong; a code is taken once.",
    status_code=201,
    responses=problems("invalid_credentials", "rate_limited", body=True),
)
@public("comes before there is a session")
async def sign_in(
    deps: DepsDep, request: Request, response: Response, body: SignInOperatorRequest
) -> OperatorSessionBody:
    grant = await deps.operator_sessions.sign_in(
        body.name, body.password, body.totp_code, address_of(request)
    )
    response.headers["Cache-Control"] = "no-store"
    return OperatorSessionBody(token=grant.token, operator=_body(grant.operator, grant.expires_at))


@router.get(
    "/me",
    operation_id="operator_get_me",
    summary="Who is signed in",
    description="Name, roles, permissions, and when the session ends.",
    responses=problems(*FOR_AN_OPERATOR),
)
async def me(session: CanUseSession) -> OperatorBody:
    return _body(session.operator, session.expires_at)


@router.post(
    "/sign-out",
    operation_id="operator_sign_out",
    summary="Sign out",
    description="The token is of no use any more.",
    status_code=204,
    responses=problems(*FOR_AN_OPERATOR),
)
async def sign_out(deps: DepsDep, session: CanUseSession) -> Response:
    await deps.operator_sessions.end(session)
    return Response(status_code=204)


@router.put(
    "/me/password",
    operation_id="operator_change_password",
    summary="Change the own password",
    description="Ends the other sessions.",
    status_code=204,
    responses=problems(
        *FOR_AN_OPERATOR,
        "invalid_credentials",
        "password_too_short",
        "password_too_long",
        "password_common",
        "password_contains_login_id",
        "rate_limited",
        body=True,
    ),
)
async def change_password(
    deps: DepsDep, request: Request, session: CanUseSession, body: ChangeOperatorPasswordRequest
) -> Response:
    await deps.operator_sessions.change_password(
        session, body.password, body.totp_code, body.new_password, address_of(request)
    )
    return Response(status_code=204)


def _body(operator: Operator, expires_at: datetime) -> OperatorBody:
    return OperatorBody(
        name=operator.name,
        roles=sorted(map(str, operator.roles)),
        permissions=sorted(map(str, operator.permissions)),
        expires_at=expires_at,
    )
