"""알림."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.routers.answers import answer
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, NO_CONTENT, OnceIfKeyed
from app.routers.models import AnswerStruct
from app.routers.permissions import SIGNED_IN, CanReadMe, CanUpdateMe
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.principals import Principal, TransactionSession

router = APIRouter(prefix="/v1/notifications", tags=["me"], route_class=StrictRoute)


class NotificationBody(AnswerStruct, frozen=True):
    """`kind` never changes; `body` is plain text with line breaks. `company_id`: whose business."""

    id: UUID
    company_id: UUID | None
    kind: str
    title: str
    body: str
    created_at: datetime
    read_at: datetime | None


class NotificationPageBody(AnswerStruct, frozen=True):
    """The newest first; `unread` counts all pages."""

    unread: int
    items: list[NotificationBody]
    next_cursor: str | None


@router.get(
    "",
    operation_id="list_notifications",
    summary="What I was told",
    description="알림, the newest first: what was mailed about orders, payments and contracts.",
    responses={
        200: {"model": NotificationPageBody},
        **problems(*SIGNED_IN, "cursor_invalid"),
    },
)
async def get_all(
    deps: DepsDep,
    language: LanguageDep,
    access: CanReadMe,
    unread_only: Annotated[bool, Query(description="Leave out what was read.")] = False,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    page = await deps.notifications.page(access, str(language), cursor, size, unread_only)
    items = [
        NotificationBody(
            view.id,
            view.company_id,
            view.kind,
            view.title,
            view.body,
            view.created_at,
            view.read_at,
        )
        for view in page.items
    ]
    return answer(NotificationPageBody(page.unread, items, page.next_cursor))


@router.post(
    "/{notification_id}/read",
    operation_id="read_notification",
    summary="Mark it as read",
    description="Again is harmless.",
    status_code=204,
    responses=problems(*SIGNED_IN, *IDEMPOTENT_IF_ASKED, "notification_not_found"),
)
async def mark_read(
    deps: DepsDep, access: CanUpdateMe, notification_id: UUID, once: OnceIfKeyed
) -> Response:
    async def work(session: TransactionSession, principal: Principal) -> Answer:
        await deps.notifications.mark_read(session, principal, notification_id)
        return NO_CONTENT

    return await once.within(access, work)
