"""공지 and 점검 관리."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from app.routers.dependencies import DepsDep
from app.routers.models import NO_NUL, AnswerModel, Moment, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageNotices
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.notices import NoticeKind, NoticeText, NoticeView

router = APIRouter(prefix="/v1/operator/notices", tags=["notices"], route_class=StrictRoute)
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]
Text = Annotated[str, Field(min_length=1, max_length=5_000, pattern=NO_NUL)]


class NoticeRequest(RequestModel):
    """MAINTENANCE has `starts_at` and `ends_at`, a NOTICE has neither."""

    kind: Annotated[NoticeKind, Field(strict=False)]
    title_ko: Title
    body_ko: Text
    title_en: Title
    body_en: Text
    shown_from: Moment
    shown_until: Moment
    starts_at: Moment | None = None
    ends_at: Moment | None = None

    def to_domain(self) -> NoticeText:
        return NoticeText(
            self.kind,
            self.title_ko,
            self.body_ko,
            self.title_en,
            self.body_en,
            self.shown_from,
            self.shown_until,
            self.starts_at,
            self.ends_at,
        )


class OperatorNoticeBody(AnswerModel):
    id: UUID
    kind: str
    title_ko: str
    body_ko: str
    title_en: str
    body_en: str
    shown_from: datetime
    shown_until: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime


class OperatorNoticeListBody(AnswerModel):
    """The newest first; the last two hundred."""

    items: list[OperatorNoticeBody]


@router.get(
    "",
    operation_id="operator_list_notices",
    summary="Notices and maintenance",
    description="Those that are over, too.",
    responses=problems(*FOR_AN_OPERATOR),
)
async def get_all(deps: DepsDep, operator: CanManageNotices) -> OperatorNoticeListBody:
    return OperatorNoticeListBody(items=[_body(view) for view in await deps.notices.all()])


@router.post(
    "",
    operation_id="operator_create_notice",
    summary="Tell everybody something",
    description="On the home page, from one moment to another. A changed one is another one.",
    status_code=201,
    responses=problems(*FOR_AN_OPERATOR, "notice_times_invalid", body=True),
)
async def create(
    deps: DepsDep, operator: CanManageNotices, body: NoticeRequest
) -> OperatorNoticeBody:
    return _body(await deps.notices.create(operator, body.to_domain()))


@router.post(
    "/{notice_id}/end",
    operation_id="operator_end_notice",
    summary="Nobody sees it from now on",
    description="Again is harmless.",
    responses=problems(*FOR_AN_OPERATOR, "notice_not_found"),
)
async def end(deps: DepsDep, operator: CanManageNotices, notice_id: UUID) -> OperatorNoticeBody:
    return _body(await deps.notices.end(operator, notice_id))


def _body(view: NoticeView) -> OperatorNoticeBody:
    words = view.words
    return OperatorNoticeBody(
        id=view.id,
        kind=words.kind,
        title_ko=words.title_ko,
        body_ko=words.body_ko,
        title_en=words.title_en,
        body_en=words.body_en,
        shown_from=words.shown_from,
        shown_until=words.shown_until,
        starts_at=words.starts_at,
        ends_at=words.ends_at,
        created_at=view.created_at,
    )
