"""사용자 초대: the company's side and the invited person's."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app.domain.errors import DomainError
from app.domain.invitations import Acceptance
from app.routers.access import public
from app.routers.accounts import Email
from app.routers.dependencies import DepsDep, LanguageDep, address_of
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, NO_CONTENT, OnceIfKeyed, answer_of
from app.routers.models import LINE, OPAQUE, AnswerModel, RequestModel
from app.routers.permissions import FOR_A_COMPANY, SIGNED_IN, CanManageUsers, CanUpdateMe
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.invitations import NewInvitation, OpenInvitation
from app.services.principals import Principal, TransactionSession

router = APIRouter(prefix="/v1/invitations", tags=["company"], route_class=StrictRoute)


class InviteUserRequest(RequestModel):
    """Plain words: no links and no addresses in the name and the note."""

    name: str = Field(min_length=1, max_length=50, pattern=LINE, examples=["정도현"])
    email: Email
    note: str | None = Field(default=None, min_length=1, max_length=200, pattern=LINE)


class InvitationBody(AnswerModel):
    """An open invitation. `applicant_…`: who accepted with another address, masked."""

    id: UUID
    name: str
    email: str
    note: str | None
    state: str = Field(examples=["INVITED"])
    expired: bool
    sends: int
    sent_at: datetime
    resend_at: datetime
    expires_at: datetime
    created_at: datetime
    applicant_name_masked: str | None
    applicant_email_masked: str | None


class InvitationPageBody(AnswerModel):
    """The newest first."""

    items: list[InvitationBody]
    next_cursor: str | None


class InvitationTokenRequest(RequestModel):
    """The token of the mail's link, from its fragment."""

    token: Annotated[str, Field(min_length=20, max_length=100, pattern=OPAQUE)]


class InvitationPreviewBody(AnswerModel):
    """Whose invitation it is, before signing in."""

    company_name: str
    name: str
    email_masked: str
    expires_at: datetime


class AcceptedBody(AnswerModel):
    """`APPROVAL_PENDING`: the address differs or is not verified; the company has to agree."""

    state: str = Field(examples=["ACCEPTED"])
    company_id: UUID
    company_name: str


@router.post(
    "",
    operation_id="invite_user",
    summary="Invite an administrator",
    description="[+사용자 초대]. The link holds for seven days and once.",
    status_code=201,
    response_model=InvitationBody,
    responses=problems(
        *FOR_A_COMPANY,
        *IDEMPOTENT_IF_ASKED,
        "company_unproven",
        "text_has_link",
        "user_exists",
        "invitation_pending",
        "users_limit_reached",
        "rate_limited",
        body=True,
    ),
)
async def invite(
    deps: DepsDep,
    language: LanguageDep,
    access: CanManageUsers,
    once: OnceIfKeyed,
    body: InviteUserRequest,
) -> Response:
    command = NewInvitation(body.name, body.email, body.note, str(language))

    async def work(session: TransactionSession, principal: Principal) -> Answer:
        made = await deps.invitations.invite(session, principal, command)
        return answer_of(_body(made, principal.now), 201)

    return await once.within(access, work)


@router.get(
    "",
    operation_id="list_invitations",
    summary="Open invitations, the newest first",
    responses=problems(*FOR_A_COMPANY, "cursor_invalid"),
)
async def get_all(
    deps: DepsDep,
    access: CanManageUsers,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> InvitationPageBody:
    async with access.transaction() as (session, principal):
        page = await deps.invitations.page(session, principal, cursor, size)
    return InvitationPageBody(
        items=[_body(row, principal.now) for row in page.items], next_cursor=page.next_cursor
    )


@router.post(
    "/{invitation_id}/resend",
    operation_id="resend_invitation",
    summary="Send an invitation again",
    description="With a new link for seven days; the former one ends.",
    response_model=InvitationBody,
    responses=problems(
        *FOR_A_COMPANY,
        *IDEMPOTENT_IF_ASKED,
        "invitation_not_found",
        "invitation_state_conflict",
        "invitation_resend_too_early",
        "invitation_sends_used_up",
    ),
)
async def resend(
    deps: DepsDep, access: CanManageUsers, once: OnceIfKeyed, invitation_id: UUID
) -> Response:
    async def work(session: TransactionSession, principal: Principal) -> Answer:
        sent = await deps.invitations.resend(session, principal, invitation_id)
        return answer_of(_body(sent, principal.now))

    return await once.within(access, work)


@router.post(
    "/{invitation_id}/approve",
    operation_id="approve_invitation",
    summary="Let in who accepted with another address",
    status_code=204,
    responses=problems(
        *FOR_A_COMPANY,
        *IDEMPOTENT_IF_ASKED,
        "invitation_not_found",
        "invitation_state_conflict",
    ),
)
async def approve(
    deps: DepsDep, access: CanManageUsers, once: OnceIfKeyed, invitation_id: UUID
) -> Response:
    async def work(session: TransactionSession, principal: Principal) -> Answer:
        await deps.invitations.approve(session, principal, invitation_id)
        return NO_CONTENT

    return await once.within(access, work)


@router.delete(
    "/{invitation_id}",
    operation_id="cancel_invitation",
    summary="Take an invitation back",
    status_code=204,
    responses=problems(*FOR_A_COMPANY, "invitation_not_found"),
)
async def cancel(deps: DepsDep, access: CanManageUsers, invitation_id: UUID) -> Response:
    async with access.transaction() as (session, principal):
        await deps.invitations.cancel(session, principal, invitation_id)
    return Response(status_code=204)


@router.post(
    "/preview",
    operation_id="preview_invitation",
    summary="Whose invitation it is",
    responses=problems("invitation_invalid", "rate_limited", body=True),
)
@public("the invitation's token is the proof")
async def preview(
    deps: DepsDep, request: Request, body: InvitationTokenRequest
) -> InvitationPreviewBody:
    found = await deps.acceptances.preview(body.token, address_of(request))
    return InvitationPreviewBody(
        company_name=found.company_name,
        name=found.name,
        email_masked=found.email_masked,
        expires_at=found.expires_at,
    )


@router.post(
    "/accept",
    operation_id="accept_invitation",
    summary="Accept an invitation",
    description="Needs a live link to a site of the company. Without one the answer is 409"
    " `groupware_link_required`, the acceptance is remembered, and linking within the"
    " invitation's time completes it.",
    response_model=AcceptedBody,
    responses=problems(
        *SIGNED_IN,
        *IDEMPOTENT_IF_ASKED,
        "invitation_invalid",
        "individual_account_required",
        "user_exists",
        "groupware_link_required",
        body=True,
    ),
)
async def accept(
    deps: DepsDep, access: CanUpdateMe, once: OnceIfKeyed, body: InvitationTokenRequest
) -> Response:
    async def work() -> Answer:
        principal = await access.principal()
        done = await deps.acceptances.accept(principal.account_id, body.token)
        if done.outcome is Acceptance.LINK_REQUIRED:
            raise DomainError("groupware_link_required", company_name=done.company_name)
        return answer_of(
            AcceptedBody(
                state=str(done.outcome),
                company_id=done.company_id,
                company_name=done.company_name,
            )
        )

    return await once.around(access, work)


def _body(row: OpenInvitation, now: datetime) -> InvitationBody:
    return InvitationBody(
        id=row.id,
        name=row.name,
        email=row.email,
        note=row.note,
        state=str(row.state),
        expired=row.expires_at <= now and row.applicant_name is None,
        sends=row.sends,
        sent_at=row.sent_at,
        resend_at=row.resend_at,
        expires_at=row.expires_at,
        created_at=row.created_at,
        applicant_name_masked=row.applicant_name,
        applicant_email_masked=row.applicant_email,
    )
