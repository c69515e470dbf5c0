"""대표 계정 인계."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.routers.access import public
from app.routers.accounts import Email
from app.routers.dependencies import DepsDep, LanguageDep, address_of
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, OnceIfKeyed, answer_of
from app.routers.identity_verifications import ConsentRequest
from app.routers.models import LINE, NO_NUL, OPAQUE, AnswerModel, RequestModel
from app.routers.permissions import FOR_A_COMPANY, CanHandOver
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.handovers import AcceptHandover, NewHandover, OpenHandover
from app.services.idempotency import Answer
from app.services.principals import Principal, TransactionSession

router = APIRouter(prefix="/v1", tags=["company"], route_class=StrictRoute)

Token = Annotated[str, Field(min_length=20, max_length=100, pattern=OPAQUE)]


class BeginHandoverRequest(RequestModel):
    """The successor; the name is what the identity agency knows."""

    name: str = Field(min_length=1, max_length=50, pattern=LINE, examples=["정도현"])
    email: Email
    phone: str = Field(min_length=9, max_length=20, pattern=NO_NUL, examples=["010-1234-5678"])


class HandoverBody(AnswerModel):
    """The open handover; its link went to the address."""

    name: str
    email: str
    phone_masked: str
    created_at: datetime
    expires_at: datetime


class HandoverTokenRequest(RequestModel):
    """The token of the mail's link, from its fragment."""

    token: Token


class HandoverPreviewBody(AnswerModel):
    """What the successor sees before agreeing."""

    company_name: str
    name_masked: str
    expires_at: datetime


class AcceptHandoverRequest(RequestModel):
    """The identity token's purpose is HANDOVER; the consents are those of a sign-up."""

    token: Token
    identity_verification_token: Token
    password: str = Field(min_length=1, max_length=200, pattern=NO_NUL)
    consents: list[ConsentRequest] = Field(max_length=20)


class HandedOverBody(AnswerModel):
    """The login ID stays; sign in with the new password."""

    login_id: str
    company_name: str


@router.post(
    "/company/handover",
    operation_id="begin_handover",
    summary="Hand the company's own account over",
    description="Needs the password within the last ten minutes. The link holds for 24 hours.",
    status_code=201,
    response_model=HandoverBody,
    responses=problems(
        *FOR_A_COMPANY,
        *IDEMPOTENT_IF_ASKED,
        "reauthentication_required",
        "phone_invalid",
        "handover_open",
        body=True,
    ),
)
async def begin(
    deps: DepsDep,
    language: LanguageDep,
    access: CanHandOver,
    once: OnceIfKeyed,
    body: BeginHandoverRequest,
) -> Response:
    command = NewHandover(body.name, body.email, body.phone, str(language))

    async def work(session: TransactionSession, principal: Principal) -> Answer:
        return answer_of(_body(await deps.handovers.begin(session, principal, command)), 201)

    return await once.within(access, work)


@router.get(
    "/company/handover",
    operation_id="get_handover",
    summary="The open handover",
    responses=problems(*FOR_A_COMPANY, "handover_not_found"),
)
async def look(deps: DepsDep, access: CanHandOver) -> HandoverBody:
    async with access.transaction() as (session, principal):
        found = await deps.handovers.look(session, principal)
    return _body(found)


@router.delete(
    "/company/handover",
    operation_id="cancel_handover",
    summary="Take the handover back",
    status_code=204,
    responses=problems(*FOR_A_COMPANY, "handover_not_found"),
)
async def cancel(deps: DepsDep, access: CanHandOver) -> Response:
    async with access.transaction() as (session, principal):
        await deps.handovers.cancel(session, principal)
    return Response(status_code=204)


@router.post(
    "/handovers/preview",
    operation_id="preview_handover",
    summary="Which company's account is handed over",
    responses=problems("handover_invalid", "rate_limited", body=True),
)
@public("the handover's token is the proof")
async def preview(
    deps: DepsDep, request: Request, body: HandoverTokenRequest
) -> HandoverPreviewBody:
    found = await deps.handovers.preview(body.token, address_of(request))
    return HandoverPreviewBody(
        company_name=found.company_name,
        name_masked=found.name_masked,
        expires_at=found.expires_at,
    )


@router.post(
    "/handovers/accept",
    operation_id="accept_handover",
    summary="Take the company's own account over",
    description="All sessions of the account end; sign in with the new password.",
    responses=problems(
        "handover_invalid",
        "handover_name_mismatch",
        "identity_verification_invalid",
        "password_too_short",
        "password_too_long",
        "password_common",
        "password_contains_login_id",
        "consent_required",
        "consent_unknown",
        "rate_limited",
        body=True,
    ),
)
@public("the handover's token and the phone identity are the proof")
async def accept(
    deps: DepsDep, request: Request, language: LanguageDep, body: AcceptHandoverRequest
) -> HandedOverBody:
    done = await deps.handovers.accept(
        AcceptHandover(
            token=body.token,
            identity_token=body.identity_verification_token,
            password=body.password,
            consents=[consent.to_domain() for consent in body.consents],
            language=str(language),
            address=address_of(request),
        )
    )
    return HandedOverBody(login_id=done.login_id, company_name=done.company_name)


def _body(row: OpenHandover) -> HandoverBody:
    return HandoverBody(
        name=row.name,
        email=row.email,
        phone_masked=row.phone_masked,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
