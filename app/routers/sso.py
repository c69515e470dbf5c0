"""다우오피스 연동: coming by the groupware's waffle menu, and linking."""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app.domain.sso import SsoReason, SsoState
from app.errors import request_id_of
from app.routers.access import public
from app.routers.accounts import Email, Token
from app.routers.auth import (
    DeviceToken,
    SessionBody,
    check_origin,
    device_of,
    session_answer,
)
from app.routers.dependencies import DepsDep, address_of
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, OnceIfKeyed, answer_of
from app.routers.models import LINE, AnswerModel, RequestModel
from app.routers.permissions import SIGNED_IN, CanUpdateMe
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.sessions import ClientType
from app.services.sso_exchange import SsoOutcome
from app.services.sso_logins import LIFETIME, PersonThere, Redirect, SsoReturn, SsoStart

router = APIRouter(prefix="/v1/sso", tags=["accounts"], route_class=StrictRoute)

LEADS_BACK: dict[int | str, dict[str, Any]] = {
    303: {
        "description": (
            "To the groupware, or to the page of the SPA with `code` (60 seconds, this browser) or "
            "with `error` (a problem code) and `request_id`."
        ),
        "headers": {"Location": {"schema": {"type": "string"}}},
    },
    **problems("invalid_request"),
}
Given = Annotated[str | None, Query(max_length=2000)]


class ExchangeRequest(RequestModel):
    """The code of the page's address; the cookie of the start goes along by itself."""

    code: Token
    client_type: Annotated[ClientType, Field(strict=False)]
    device_token: DeviceToken = None


class GroupwareUserBody(AnswerModel):
    """The groupware user who came."""

    login_id: str
    name: str
    email: str
    site_id: UUID
    site_name: str


class SsoCompanyBody(AnswerModel):
    """The company of the site."""

    id: UUID
    name: str


class ResellerBody(AnswerModel):
    """Whom to ask."""

    name: str | None
    phone: str | None


class PendingInvitationBody(AnswerModel):
    """An invitation that waits for this person."""

    id: UUID
    expires_at: datetime
    accepted: bool = Field(description="It waits for the link only.")


class ExchangedBody(AnswerModel):
    """LINKED has a session of this company; `reason` says why it has no role ADMIN, where so.

    LINK_REQUIRED (연동 계정 설정) and COMPANY_ACCOUNT_MISSING (기업회원 계정을 생성해 주세요)
    have a ticket of ten minutes. The others are explained.
    """

    state: SsoState
    session: SessionBody | None
    ticket: str | None
    groupware_user: GroupwareUserBody
    company: SsoCompanyBody | None
    pending_invitations: list[PendingInvitationBody]
    reason: SsoReason | None
    reseller: ResellerBody | None


class LinkRequest(RequestModel):
    """`confirm_link`: both identities were shown, and the person says that both are theirs."""

    ticket: Token
    confirm_link: bool


class PortalAccountBody(AnswerModel):
    """The individual account: how its owner signs in, and their name."""

    sign_in: str
    name: str


class LinkProposalBody(AnswerModel):
    """Show both; ask again with `confirm_link`. `link_id` once it is done."""

    state: Literal["CONFIRMATION_REQUIRED", "LINKED"]
    account: PortalAccountBody
    groupware_user: GroupwareUserBody
    company: SsoCompanyBody
    link_id: UUID | None


class InviteCompanyRequest(RequestModel):
    """기업 회원 초대장 다시 받기."""

    ticket: Token
    name: str = Field(min_length=1, max_length=50, pattern=LINE, examples=["김한빛"])
    email: Email


class InvitedBody(AnswerModel):
    """Where it went; three an hour and site."""

    email_masked: str
    next_resend_at: datetime
    attempts_left: int


@router.get(
    "/groupware/start",
    operation_id="start_groupware_sign_in",
    summary="Come from the groupware",
    description="Third-party initiated login (OpenID Connect Core 1.0, section 4).",
    status_code=303,
    response_class=Response,
    responses=LEADS_BACK,
)
@public("this is how one signs in")
async def start_groupware_sign_in(
    deps: DepsDep,
    request: Request,
    iss: Given = None,
    login_hint: Given = None,
    target_link_uri: Given = None,
) -> Response:
    start = SsoStart(iss, target_link_uri, login_hint, address_of(request))
    return _lead(request, await deps.sso_logins.start(start))


@router.get(
    "/groupware/callback",
    operation_id="return_from_groupware",
    summary="Come back from the groupware",
    description="The redirect URI of the portal at the groupware.",
    status_code=303,
    response_class=Response,
    responses=LEADS_BACK,
)
@public("the cookie of the start is the proof")
async def return_from_groupware(
    deps: DepsDep, request: Request, state: Given = None, code: Given = None, error: Given = None
) -> Response:
    came = SsoReturn(state, code, error, request.cookies)
    return _lead(request, await deps.sso_logins.come_back(came))


def _lead(request: Request, redirect: Redirect) -> Response:
    """303 to the groupware, or to a page of ours with what it needs to know."""
    query = {}
    if redirect.code is not None:
        query = {"code": redirect.code}
    elif redirect.error is not None:
        query = {"error": redirect.error, "request_id": request_id_of(request)}
    response = Response(status_code=303)
    response.headers["Location"] = redirect.url + (f"?{urlencode(query)}" if query else "")
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    if redirect.cookie is not None and redirect.value is not None:
        response.set_cookie(
            redirect.cookie,
            redirect.value,
            max_age=int(LIFETIME.total_seconds()),
            path="/",
            secure=True,
            httponly=True,
            samesite="lax",
        )
    elif redirect.cookie is not None:
        _forget(response, redirect.cookie)
    return response


def _forget(response: Response, cookie: str) -> None:
    response.delete_cookie(cookie, path="/", secure=True, httponly=True, samesite="lax")


@router.post(
    "/exchange",
    operation_id="exchange_sso_code",
    summary="Exchange the code of the page's address",
    responses=problems(
        "origin_not_allowed",
        "sso_code_unknown",
        "sso_code_expired",
        "sso_code_used",
        "sso_cookie_missing",
        "sso_cookie_foreign",
        "groupware_user_of_another_company",
        body=True,
    ),
)
@public("code and cookie are the proof")
async def exchange_sso_code(
    deps: DepsDep, request: Request, response: Response, body: ExchangeRequest
) -> ExchangedBody:
    check_origin(deps.settings.cors_origins, request, body.client_type)
    outcome = await deps.sso_exchange.exchange(
        body.code, request.cookies, device_of(request, body.client_type, body.device_token)
    )
    response.headers["Cache-Control"] = "no-store"
    _forget(response, outcome.cookie)
    return _exchanged(response, outcome)


def _exchanged(response: Response, outcome: SsoOutcome) -> ExchangedBody:
    reseller = outcome.reseller
    return ExchangedBody(
        state=outcome.state,
        session=session_answer(response, outcome.grant) if outcome.grant else None,
        ticket=outcome.ticket,
        groupware_user=_user(outcome.person, outcome.site_id, outcome.site_name),
        company=SsoCompanyBody(id=outcome.company_id, name=outcome.company_name),
        pending_invitations=[
            PendingInvitationBody(id=i.id, expires_at=i.expires_at, accepted=i.accepted)
            for i in outcome.invitations
        ],
        reason=outcome.reason,
        reseller=ResellerBody(name=reseller.name, phone=reseller.phone) if reseller else None,
    )


def _user(person: PersonThere, site_id: UUID, site_name: str) -> GroupwareUserBody:
    return GroupwareUserBody(
        login_id=person.login_id,
        name=person.name,
        email=person.email,
        site_id=site_id,
        site_name=site_name,
    )


@router.post(
    "/links",
    operation_id="link_groupware_user",
    summary="Link the groupware user to this individual account",
    description=(
        "연동 계정 설정. Without `confirm_link` it shows both identities and does nothing. "
        "Individuals only; needs step-up. Both sides get a mail."
    ),
    response_model=LinkProposalBody,
    responses=problems(
        *SIGNED_IN,
        *IDEMPOTENT_IF_ASKED,
        "reauthentication_required",
        "individual_account_required",
        "sso_ticket_invalid",
        "company_account_missing",
        "groupware_user_already_linked",
        body=True,
    ),
)
async def link_groupware_user(
    deps: DepsDep, access: CanUpdateMe, once: OnceIfKeyed, body: LinkRequest
) -> Response:
    async def work() -> Answer:
        done = await deps.sso_tickets.propose_or_link(
            access, body.ticket, confirmed=body.confirm_link
        )
        return answer_of(
            LinkProposalBody(
                state="LINKED" if done.link_id else "CONFIRMATION_REQUIRED",
                account=PortalAccountBody(sign_in=done.account.shown, name=done.account.name),
                groupware_user=_user(done.person, done.site_id, done.site_name),
                company=SsoCompanyBody(id=done.company_id, name=done.company_name),
                link_id=done.link_id,
            )
        )

    return await once.around(access, work)


@router.post(
    "/corporate-invitations",
    operation_id="invite_corporate_account",
    summary="Send the corporate invitation to whom the site's administrator names",
    description="초대장 발송 of the popup 기업회원 계정을 생성해 주세요.",
    responses=problems(
        "sso_ticket_invalid", "company_already_registered", "rate_limited", body=True
    ),
)
@public("the ticket is the proof")
async def invite_corporate_account(deps: DepsDep, body: InviteCompanyRequest) -> InvitedBody:
    sent = await deps.sso_tickets.invite_company(body.ticket, body.name, body.email)
    return InvitedBody(
        email_masked=sent.email_masked,
        next_resend_at=sent.next_resend_at,
        attempts_left=sent.attempts_left,
    )
