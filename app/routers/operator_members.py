"""회원 조회."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from app.routers.dependencies import DepsDep
from app.routers.models import CODE, NO_NUL, AnswerModel, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageMembers
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.operator_members import MemberView

router = APIRouter(prefix="/v1/operator/members", tags=["members"], route_class=StrictRoute)


class FindMembersRequest(RequestModel):
    """A whole e-mail address, mobile number, login ID or name."""

    query: str = Field(
        min_length=1, max_length=200, pattern=NO_NUL, examples=["hong@hanbit.example"]
    )


class MemberReasonRequest(RequestModel):
    """Why: a code of the operator's own, which is in the log; no words on persons."""

    reason: str = Field(min_length=2, max_length=40, pattern=CODE, examples=["CALLED_US"])


class OperatorMemberBody(AnswerModel):
    """An account. In lists, and after a change, what is of the person is masked."""

    id: UUID
    kind: Literal["CORPORATE", "INDIVIDUAL"]
    status: Literal["ACTIVE", "SUSPENDED", "WITHDRAWN"]
    login_id: str | None
    name: str | None
    phone: str | None
    email: str | None
    email_verified: bool
    created_at: datetime
    last_signed_in_at: datetime | None
    withdrawn_at: datetime | None


class OperatorMembersBody(AnswerModel):
    """The newest first; at most fifty."""

    items: list[OperatorMemberBody]


class MemberCompanyBody(AnswerModel):
    """`as_what`: CORPORATE_ACCOUNT, or the state of a user (관리자)."""

    id: UUID
    legal_name: str
    as_what: Literal["CORPORATE_ACCOUNT", "ACTIVE", "SUSPENDED"]


class OpenedMemberBody(AnswerModel):
    """In clear, with the companies that it acts for."""

    member: OperatorMemberBody
    companies: list[MemberCompanyBody]


@router.post(
    "/search",
    operation_id="operator_find_members",
    summary="Look for a member",
    description=(
        "By a whole e-mail address, mobile number, login ID or name: what is known of a person is"
        " sealed. Masked."
    ),
    responses=problems(*FOR_AN_OPERATOR, body=True),
)
async def find(
    deps: DepsDep, operator: CanManageMembers, body: FindMembersRequest
) -> OperatorMembersBody:
    found = await deps.operator_members.find(body.query)
    return OperatorMembersBody(items=[_body(view) for view in found])


@router.post(
    "/{account_id}/read",
    operation_id="operator_read_member",
    summary="A member in clear",
    description="Who read it and why is in the log.",
    responses=problems(*FOR_AN_OPERATOR, "member_not_found", body=True),
)
async def read(
    deps: DepsDep, operator: CanManageMembers, account_id: UUID, body: MemberReasonRequest
) -> OpenedMemberBody:
    view, companies = await deps.operator_members.read(operator, account_id, body.reason)
    return OpenedMemberBody(
        member=_body(view),
        companies=[
            MemberCompanyBody.model_validate(
                {"id": c.id, "legal_name": c.legal_name, "as_what": c.as_what}
            )
            for c in companies
        ],
    )


@router.post(
    "/{account_id}/suspend",
    operation_id="operator_suspend_member",
    summary="Let a member in no more",
    description="Every session ends with its next request. The person is told. Again is harmless.",
    responses=problems(*FOR_AN_OPERATOR, "member_not_found", body=True),
)
async def suspend(
    deps: DepsDep, operator: CanManageMembers, account_id: UUID, body: MemberReasonRequest
) -> OperatorMemberBody:
    return _body(await deps.operator_members.suspend(operator, account_id, body.reason))


@router.post(
    "/{account_id}/restore",
    operation_id="operator_restore_member",
    summary="Let a suspended member in again",
    description="Signed out everywhere. The person is told. Again is harmless.",
    responses=problems(*FOR_AN_OPERATOR, "member_not_found", body=True),
)
async def restore(
    deps: DepsDep, operator: CanManageMembers, account_id: UUID, body: MemberReasonRequest
) -> OperatorMemberBody:
    return _body(await deps.operator_members.restore(operator, account_id, body.reason))


def _body(view: MemberView) -> OperatorMemberBody:
    return OperatorMemberBody.model_validate(
        {
            "id": view.id,
            "kind": view.kind,
            "status": view.status,
            "login_id": view.login_id,
            "name": view.name,
            "phone": view.phone,
            "email": view.email,
            "email_verified": view.email_verified,
            "created_at": view.created_at,
            "last_signed_in_at": view.last_signed_in_at,
            "withdrawn_at": view.withdrawn_at,
        }
    )
