"""사용자 초대/관리: the list, suspending, removing."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.domain.invitations import ROLE_LABELS, USER_STATE_LABELS, User, UserSort, UserState
from app.language import Language
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.models import NO_NUL, AnswerModel, RequestModel
from app.routers.permissions import FOR_A_COMPANY, CanManageUsers
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.users import UserQuery, find_users, remove_user, set_user_state

router = APIRouter(prefix="/v1/users", tags=["company"], route_class=StrictRoute)


class UserBody(AnswerModel):
    """A user, or somebody who was invited: one of the two ids is there."""

    user_id: UUID | None
    invitation_id: UUID | None
    name: str
    email: str
    role: str = Field(examples=["ADMIN"])
    role_label: str
    state: str = Field(examples=["ACTIVE"])
    state_label: str
    approval_pending: bool
    last_signed_in_at: datetime | None


class UserPageBody(AnswerModel):
    """`page` counts from 1; `total` is of all pages."""

    items: list[UserBody]
    page: int
    size: int
    total: int


class ChangeUserRequest(RequestModel):
    """정지 or 정상."""

    state: Literal["ACTIVE", "SUSPENDED"]


@router.get(
    "",
    operation_id="list_users",
    summary="Users and invitations of the company",
    description="사용자 초대/관리. The company's own account first.",
    responses=problems(*FOR_A_COMPANY),
)
async def get_all(
    deps: DepsDep,
    language: LanguageDep,
    access: CanManageUsers,
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = 10,
    query: Annotated[str | None, Query(max_length=100, pattern=NO_NUL)] = None,
    sort: UserSort | None = None,
) -> UserPageBody:
    async with access.transaction() as (session, principal):
        found = await find_users(session, deps.vault, principal, UserQuery(page, size, query, sort))
    return UserPageBody(
        items=[_body(user, language) for user in found.items],
        page=found.page,
        size=found.size,
        total=found.total,
    )


@router.patch(
    "/{user_id}",
    operation_id="update_user",
    summary="Suspend or restore a user",
    description="Takes effect at once, also for sessions that are open.",
    responses=problems(*FOR_A_COMPANY, "user_not_found", "super_admin_protected", body=True),
)
async def update_one(
    deps: DepsDep,
    language: LanguageDep,
    access: CanManageUsers,
    user_id: UUID,
    body: ChangeUserRequest,
) -> UserBody:
    async with access.transaction() as (session, principal):
        user = await set_user_state(session, deps.vault, principal, user_id, UserState(body.state))
    return _body(user, language)


@router.delete(
    "/{user_id}",
    operation_id="remove_user",
    summary="Remove a user",
    description="The person keeps the account and is no user of this company any more.",
    status_code=204,
    responses=problems(*FOR_A_COMPANY, "user_not_found", "super_admin_protected"),
)
async def remove_one(access: CanManageUsers, user_id: UUID) -> Response:
    async with access.transaction() as (session, principal):
        await remove_user(session, principal, user_id)
    return Response(status_code=204)


def _body(user: User, language: Language) -> UserBody:
    return UserBody(
        user_id=user.user_id,
        invitation_id=user.invitation_id,
        name=user.name,
        email=user.email,
        role=user.role,
        role_label=ROLE_LABELS[user.role],
        state=str(user.state),
        state_label=said(USER_STATE_LABELS[user.state], language),
        approval_pending=user.approval_pending,
        last_signed_in_at=user.last_signed_in_at,
    )
