"""발송 메일과 실패한 작업."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.routers.dependencies import DepsDep
from app.routers.models import AnswerModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageJobs, CanManageMails
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.operator_mails import MailLine

router = APIRouter(prefix="/v1/operator", tags=["operations"], route_class=StrictRoute)


class OperatorMailBody(AnswerModel):
    """A mail. The recipient is masked; UNWANTED: its account is told in the portal only."""

    id: UUID
    kind: str
    state: Literal["QUEUED", "SENT", "FAILED", "UNWANTED"]
    recipient_masked: str
    company_id: UUID | None
    attempts: int
    created_at: datetime
    sent_at: datetime | None


class OperatorMailsBody(AnswerModel):
    """The newest first."""

    items: list[OperatorMailBody]
    next_cursor: str | None


class FailedJobBody(AnswerModel):
    """`row_id`: what it is about; `error`: the kind of its last failure."""

    id: UUID
    job: str
    row_id: UUID
    error: str
    failures: int
    first_failed_at: datetime
    last_failed_at: datetime


class FailedJobsBody(AnswerModel):
    """The newest failure first; at most two hundred."""

    items: list[FailedJobBody]


@router.get(
    "/mails",
    operation_id="operator_list_mails",
    summary="What was mailed",
    description="The newest first; kept for ninety days.",
    responses=problems(*FOR_AN_OPERATOR, "cursor_invalid"),
)
async def get_mails(
    deps: DepsDep,
    operator: CanManageMails,
    state: Literal["QUEUED", "SENT", "FAILED", "UNWANTED"] | None = None,
    company_id: Annotated[UUID | None, Query(description="Only about this company.")] = None,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> OperatorMailsBody:
    page = await deps.operator_mails.page(state, company_id, cursor, size)
    return OperatorMailsBody(
        items=[_mail(mail) for mail in page.items], next_cursor=page.next_cursor
    )


@router.post(
    "/mails/{mail_id}/send-again",
    operation_id="operator_send_mail_again",
    summary="Send a mail again",
    description="To the address that it was for. One that waits just waits.",
    responses=problems(*FOR_AN_OPERATOR, "mail_not_found"),
)
async def send_again(deps: DepsDep, operator: CanManageMails, mail_id: UUID) -> OperatorMailBody:
    return _mail(await deps.operator_mails.send_again(operator, mail_id))


@router.get(
    "/failed-jobs",
    operation_id="operator_list_failed_jobs",
    summary="Jobs that ended by an error",
    description=(
        "Most go on by themselves, since what they are about stays due; one that is here again and"
        " again takes a look."
    ),
    responses=problems(*FOR_AN_OPERATOR),
)
async def get_failed(deps: DepsDep, operator: CanManageJobs) -> FailedJobsBody:
    return FailedJobsBody(
        items=[
            FailedJobBody(
                id=job.id,
                job=job.job,
                row_id=job.row_id,
                error=job.error,
                failures=job.failures,
                first_failed_at=job.first_failed_at,
                last_failed_at=job.last_failed_at,
            )
            for job in await deps.failed_jobs.all()
        ]
    )


@router.post(
    "/failed-jobs/{failed_job_id}/retry",
    operation_id="operator_retry_failed_job",
    summary="Try a job once more",
    description="It leaves the list, and comes back if it fails again.",
    status_code=204,
    responses=problems(*FOR_AN_OPERATOR, "failed_job_not_found"),
)
async def retry(deps: DepsDep, operator: CanManageJobs, failed_job_id: UUID) -> Response:
    await deps.failed_jobs.retry(operator, failed_job_id)
    return Response(status_code=204)


def _mail(line: MailLine) -> OperatorMailBody:
    return OperatorMailBody(
        id=line.id,
        kind=line.kind,
        state=line.state,
        recipient_masked=line.recipient,
        company_id=line.company_id,
        attempts=line.attempts,
        created_at=line.created_at,
        sent_at=line.sent_at,
    )
