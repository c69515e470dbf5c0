"""로그인 기기와 로그인 기록: signed-in devices and the history of sign-ins."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.domain.devices import device_label
from app.language import Language
from app.routers.auth import forget_cookie
from app.routers.catalogue import said
from app.routers.dependencies import LanguageDep
from app.routers.models import AnswerModel
from app.routers.permissions import SIGNED_IN, CanReadMe, CanUpdateMe
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.session_list import (
    SessionRead,
    end_other_sessions,
    end_session,
    list_sessions,
)
from app.services.sign_in_log import list_sign_ins

router = APIRouter(prefix="/v1", tags=["me"], route_class=StrictRoute)

Cursor = Annotated[str | None, Query(max_length=100)]
PageSize = Annotated[int, Query(ge=1, le=100)]


class SignedInDeviceBody(AnswerModel):
    """A session that is going on. `last_used_at` is right within ten minutes."""

    id: UUID
    client_type: str = Field(examples=["BROWSER"])
    device: str = Field(description="What the client calls itself.")
    device_label: str = Field(examples=["Chrome · Windows"])
    address: str
    company_id: UUID | None = Field(description="From the groupware: reaches this company only.")
    created_at: datetime
    last_used_at: datetime
    current: bool


class SignedInDevicePageBody(AnswerModel):
    """The newest first."""

    items: list[SignedInDeviceBody]
    next_cursor: str | None


class SignInBody(AnswerModel):
    """One try to sign in; kept for three months."""

    id: UUID
    at: datetime
    way: str = Field(examples=["PASSWORD"])
    outcome: str = Field(examples=["SIGNED_IN", "WRONG_PASSWORD", "SUSPENDED"])
    device: str
    device_label: str
    address: str


class SignInPageBody(AnswerModel):
    """The newest first."""

    items: list[SignInBody]
    next_cursor: str | None


@router.get(
    "/auth/sessions",
    operation_id="list_sessions",
    summary="Where I am signed in",
    responses=problems(*SIGNED_IN, "cursor_invalid"),
)
async def get_sessions(
    language: LanguageDep, access: CanReadMe, cursor: Cursor = None, size: PageSize = 20
) -> SignedInDevicePageBody:
    async with access.transaction() as (session, principal):
        page = await list_sessions(session, principal, cursor, size)
    return SignedInDevicePageBody(
        items=[_body(item, language, principal.session_id) for item in page.items],
        next_cursor=page.next_cursor,
    )


@router.delete(
    "/auth/sessions",
    operation_id="end_other_sessions",
    summary="Sign out everywhere else",
    status_code=204,
    responses=problems(*SIGNED_IN),
)
async def end_others(access: CanUpdateMe) -> Response:
    async with access.transaction() as (session, principal):
        await end_other_sessions(session, principal)
    return Response(status_code=204)


@router.delete(
    "/auth/sessions/{session_id}",
    operation_id="end_session",
    summary="Sign a device out",
    description="Also one's own, which is what signing out is.",
    status_code=204,
    responses=problems(*SIGNED_IN, "session_not_found"),
)
async def end_one(access: CanUpdateMe, session_id: UUID) -> Response:
    async with access.transaction() as (session, principal):
        await end_session(session, principal, session_id)
    answer = Response(status_code=204)
    return forget_cookie(answer) if session_id == principal.session_id else answer


@router.get(
    "/me/sign-ins",
    operation_id="list_sign_ins",
    summary="My sign-ins and those that failed",
    responses=problems(*SIGNED_IN, "cursor_invalid"),
)
async def get_sign_ins(
    language: LanguageDep, access: CanReadMe, cursor: Cursor = None, size: PageSize = 20
) -> SignInPageBody:
    async with access.transaction() as (session, principal):
        page = await list_sign_ins(session, principal, cursor, size)
    return SignInPageBody(
        items=[
            SignInBody(
                id=item.id,
                at=item.at,
                way=item.way,
                outcome=item.outcome,
                device=item.device,
                device_label=said(device_label(item.device), language),
                address=item.address,
            )
            for item in page.items
        ],
        next_cursor=page.next_cursor,
    )


def _body(item: SessionRead, language: Language, current: UUID) -> SignedInDeviceBody:
    return SignedInDeviceBody(
        id=item.id,
        client_type=item.client_type,
        device=item.device,
        device_label=said(device_label(item.device), language),
        address=item.address,
        company_id=item.company_id,
        created_at=item.created_at,
        last_used_at=item.last_used_at,
        current=item.id == current,
    )
