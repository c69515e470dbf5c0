"""광고 발송 관리."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.domain.campaigns import CampaignAudience, CampaignState, CampaignWords
from app.routers.accounts import Email
from app.routers.dependencies import DepsDep
from app.routers.idempotent import IDEMPOTENT, OncePerOperatorKey, answer_of
from app.routers.models import LINE, AnswerModel, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageCampaigns
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.operator_campaigns import CampaignView
from app.services.principals import TransactionSession

router = APIRouter(prefix="/v1/operator/campaigns", tags=["campaigns"], route_class=StrictRoute)
WORDS = r"^[^ \t\r\n\x00][^\x00]*$"
"""It begins with a word, so it is not blank."""
Subject = Annotated[str, Field(min_length=1, max_length=150, pattern=LINE, examples=["새 요금제"])]
Text = Annotated[str, Field(min_length=1, max_length=10_000, pattern=WORDS)]


class CampaignRequest(RequestModel):
    """Subjects without (광고): mark, sender and the way out are added when it is sent."""

    subject_ko: Subject
    body_ko: Text
    subject_en: Subject
    body_en: Text
    audience: Annotated[CampaignAudience, Field(strict=False)]

    def to_domain(self) -> CampaignWords:
        return CampaignWords(
            self.subject_ko, self.body_ko, self.subject_en, self.body_en, self.audience
        )


class CampaignTestRequest(RequestModel):
    """An address of the operator's own."""

    email: Email


class CampaignCountsBody(AnswerModel):
    """`skipped`: queued and not sent, since an answer, an address, the operator or the mail server
    said no; the rest of `queued` waits."""

    queued: int
    sent: int
    skipped: int


class CampaignBody(AnswerModel):
    """A campaign; `counts` are final when `ended_at` is there."""

    id: UUID
    subject_ko: str
    body_ko: str
    subject_en: str
    body_en: str
    audience: CampaignAudience
    state: CampaignState
    counts: CampaignCountsBody
    made_by: str
    created_at: datetime
    sent_by: str | None
    started_at: datetime | None
    stopped_by: str | None
    ended_at: datetime | None


class CampaignListBody(AnswerModel):
    """The newest first."""

    items: list[CampaignBody]
    next_cursor: str | None


@router.get(
    "",
    operation_id="operator_list_campaigns",
    summary="Campaigns",
    description="The newest first, drafts too.",
    responses=problems(*FOR_AN_OPERATOR, "cursor_invalid"),
)
async def get_all(
    deps: DepsDep,
    operator: CanManageCampaigns,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> CampaignListBody:
    page = await deps.operator_campaigns.page(cursor, size)
    return CampaignListBody(items=[_body(row) for row in page.items], next_cursor=page.next_cursor)


@router.post(
    "",
    operation_id="operator_create_campaign",
    summary="Write advertising",
    description="A draft: nobody is sent it yet.",
    status_code=201,
    responses=problems(*FOR_AN_OPERATOR, "campaign_subject_marked", body=True),
)
async def create(
    deps: DepsDep, operator: CanManageCampaigns, body: CampaignRequest
) -> CampaignBody:
    return _body(await deps.operator_campaigns.create(operator, body.to_domain()))


@router.get(
    "/{campaign_id}",
    operation_id="operator_get_campaign",
    summary="A campaign and what became of its mails",
    description="Counts are those of this moment until `ended_at` is there.",
    responses=problems(*FOR_AN_OPERATOR, "campaign_not_found"),
)
async def get_one(deps: DepsDep, operator: CanManageCampaigns, campaign_id: UUID) -> CampaignBody:
    return _body(await deps.operator_campaigns.read(campaign_id))


@router.put(
    "/{campaign_id}",
    operation_id="operator_update_campaign",
    summary="Write it anew",
    description="While it is a draft.",
    responses=problems(
        *FOR_AN_OPERATOR,
        "campaign_not_found",
        "campaign_state_conflict",
        "campaign_subject_marked",
        body=True,
    ),
)
async def update(
    deps: DepsDep, operator: CanManageCampaigns, campaign_id: UUID, body: CampaignRequest
) -> CampaignBody:
    return _body(await deps.operator_campaigns.change(operator, campaign_id, body.to_domain()))


@router.post(
    "/{campaign_id}/test",
    operation_id="operator_test_campaign",
    summary="Mail it to myself",
    description="As it will look, to one address; thirty an hour. Its link has no token.",
    status_code=204,
    responses=problems(*FOR_AN_OPERATOR, "campaign_not_found", "rate_limited", body=True),
)
async def test(
    deps: DepsDep, operator: CanManageCampaigns, campaign_id: UUID, body: CampaignTestRequest
) -> Response:
    await deps.operator_campaigns.test(operator, campaign_id, body.email)
    return Response(status_code=204)


@router.post(
    "/{campaign_id}/send",
    operation_id="operator_send_campaign",
    summary="Send it to everybody who agreed",
    description=(
        "To verified addresses of the audience with a consent in force, from 08:00 to 21:00 KST; by"
        " night it waits for the morning. Once. Needs an Idempotency-Key."
    ),
    responses={
        200: {"model": CampaignBody},
        **problems(*FOR_AN_OPERATOR, *IDEMPOTENT, "campaign_not_found", "campaign_state_conflict"),
    },
)
async def send(
    deps: DepsDep, operator: CanManageCampaigns, once: OncePerOperatorKey, campaign_id: UUID
) -> Response:
    async def work(session: TransactionSession) -> Answer:
        return answer_of(_body(await deps.operator_campaigns.send(session, operator, campaign_id)))

    return await once.within(operator, work)


@router.post(
    "/{campaign_id}/stop",
    operation_id="operator_stop_campaign",
    summary="Send no more of it",
    description="What is queued is not sent either. Again is harmless.",
    responses=problems(*FOR_AN_OPERATOR, "campaign_not_found", "campaign_state_conflict"),
)
async def stop(deps: DepsDep, operator: CanManageCampaigns, campaign_id: UUID) -> CampaignBody:
    return _body(await deps.operator_campaigns.stop(operator, campaign_id))


def _body(view: CampaignView) -> CampaignBody:
    counts = view.counts
    return CampaignBody(
        id=view.id,
        subject_ko=view.words.subject_ko,
        body_ko=view.words.body_ko,
        subject_en=view.words.subject_en,
        body_en=view.words.body_en,
        audience=view.words.audience,
        state=view.state,
        counts=CampaignCountsBody(queued=counts.queued, sent=counts.sent, skipped=counts.skipped),
        made_by=view.made_by,
        created_at=view.created_at,
        sent_by=view.sent_by,
        started_at=view.started_at,
        stopped_by=view.stopped_by,
        ended_at=view.ended_at,
    )
