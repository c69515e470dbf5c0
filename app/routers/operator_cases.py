"""심사 요청: the one queue of what customers wait for an operator's decision on."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from app.domain.banks import bank_name
from app.domain.cases import CaseKind, CaseState, HolderAnswer
from app.routers.dependencies import DepsDep
from app.routers.inquiry_attachments import FILE_ANSWER, file_answer
from app.routers.models import CODE, LINE, AnswerModel, RequestModel, values_of
from app.routers.multipart import STORAGE_PROBLEMS
from app.routers.operators import FOR_AN_OPERATOR, CanManageCases
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.attachments import SentFile
from app.services.case_decisions import Decided
from app.services.case_queue import CaseFacts, QueuedCase

router = APIRouter(prefix="/v1/operator/cases", tags=["cases"], route_class=StrictRoute)


class ReadCaseRequest(RequestModel):
    """Why somebody's data are read: it is in the log."""

    reason: str = Field(min_length=2, max_length=40, pattern=CODE, examples=["DECIDING"])


class DecideCaseRequest(RequestModel):
    """Mailed to the sender."""

    reason: str = Field(min_length=1, max_length=500, pattern=LINE, examples=["사진이 흐립니다."])


class QueuedCaseBody(AnswerModel):
    """`approved_by`: the first of two operators, where two are needed.

    `waits_until`: an ASSISTED_HANDOVER is not approved before, unless the `holder_answer` of the
    account's present person is AGREED.
    """

    id: UUID
    kind: Annotated[str, values_of(CaseKind)]
    state: Annotated[str, values_of(CaseState)]
    business_number: str
    company_name: str
    approved_by: str | None
    created_at: datetime
    waits_until: datetime | None
    holder_answer: Annotated[str, values_of(HolderAnswer)] | None


class QueuedCasesBody(AnswerModel):
    """What waits, the oldest first; at most two hundred."""

    items: list[QueuedCaseBody]


class CaseFileBody(AnswerModel):
    """`filename` as its sender called it; `size` in bytes."""

    id: UUID
    filename: str
    media_type: str
    size: int


class WantedChangeBody(AnswerModel):
    """What a COMPANY_CHANGE asks for; null where it stays."""

    legal_name: str | None
    representative_name: str | None
    business_number: str | None
    effective_on: date | None


class AskedAccountBody(AnswerModel):
    """환불 계좌 that a BANK_ACCOUNT_CHANGE asks for, in clear."""

    bank: str
    bank_label: str
    number: str
    holder: str


class OpenedCaseBody(AnswerModel):
    """All of it. `level`: what the sender's business verification showed. `note`: their words."""

    case: QueuedCaseBody
    name: str | None
    phone: str | None
    email: str | None
    level: str | None
    note: str | None
    reason: str | None
    decided_by: str | None
    files: list[CaseFileBody]
    wanted: WantedChangeBody | None
    account: AskedAccountBody | None


class DecidedCaseBody(AnswerModel):
    """`waits`: one operator approved it, and another one has to."""

    state: Annotated[str, values_of(CaseState)]
    waits: bool


@router.get(
    "",
    operation_id="operator_list_cases",
    summary="What waits for a decision",
    description="The oldest first. Names no person.",
    responses=problems(*FOR_AN_OPERATOR),
)
async def get_all(deps: DepsDep, operator: CanManageCases) -> QueuedCasesBody:
    return QueuedCasesBody(items=[_line(case) for case in await deps.case_queue.list_open()])


@router.post(
    "/{case_id}/read",
    operation_id="operator_read_case",
    summary="A case with its sender",
    description="Who read it and why is in the log.",
    responses=problems(*FOR_AN_OPERATOR, "case_not_found", body=True),
)
async def read(
    deps: DepsDep, operator: CanManageCases, case_id: UUID, body: ReadCaseRequest
) -> OpenedCaseBody:
    return _opened(await deps.case_queue.open(case_id, operator.name, body.reason))


@router.post(
    "/{case_id}/files/{file_id}/read",
    operation_id="operator_read_case_file",
    summary="A file of a case",
    description="Who read it and why is in the log. Always an attachment, never shown inline.",
    response_class=Response,
    responses={
        **FILE_ANSWER,
        **problems(
            *FOR_AN_OPERATOR,
            "case_not_found",
            "attachment_not_found",
            *STORAGE_PROBLEMS,
            body=True,
        ),
    },
)
async def read_file(
    deps: DepsDep, operator: CanManageCases, case_id: UUID, file_id: UUID, body: ReadCaseRequest
) -> Response:
    file = await deps.case_queue.file(case_id, file_id, operator.name, body.reason)
    sent = SentFile(file.id, file.filename, file.media_type, file.size)
    settings = deps.settings
    return file_answer(
        sent,
        await deps.case_queue.content(file),
        settings.export_silent_seconds,
        settings.export_whole_seconds,
    )


@router.post(
    "/{case_id}/hold",
    operation_id="operator_hold_case",
    summary="Ask the sender for more",
    description="보완 요청. The sender is mailed the reason.",
    responses=problems(*FOR_AN_OPERATOR, "case_not_found", "case_decided", body=True),
)
async def hold(
    deps: DepsDep, operator: CanManageCases, case_id: UUID, body: DecideCaseRequest
) -> DecidedCaseBody:
    return _decided(await deps.case_decisions.hold(case_id, operator.name, body.reason))


@router.post(
    "/{case_id}/approve",
    operation_id="operator_approve_case",
    summary="Approve",
    description=(
        "A claim and an assisted handover need two operators, one after the other; a handover also"
        " the time in which the present holder may object."
    ),
    responses=problems(
        *FOR_AN_OPERATOR,
        "case_not_found",
        "case_decided",
        "second_operator_required",
        "objection_time_running",
        "handover_open",
        "company_yours",
        "account_suspended",
        "company_proven",
        "company_not_registered",
        "company_already_registered",
        "corporate_invitation_required",
    ),
)
async def approve(deps: DepsDep, operator: CanManageCases, case_id: UUID) -> DecidedCaseBody:
    return _decided(await deps.case_decisions.approve(case_id, operator.name))


@router.post(
    "/{case_id}/refuse",
    operation_id="operator_refuse_case",
    summary="Refuse",
    description="반려. The sender is mailed the reason.",
    responses=problems(*FOR_AN_OPERATOR, "case_not_found", "case_decided", body=True),
)
async def refuse(
    deps: DepsDep, operator: CanManageCases, case_id: UUID, body: DecideCaseRequest
) -> DecidedCaseBody:
    return _decided(await deps.case_decisions.refuse(case_id, operator.name, body.reason))


def _decided(decided: Decided) -> DecidedCaseBody:
    return DecidedCaseBody(state=decided.state.value, waits=decided.waits)


def _line(case: QueuedCase) -> QueuedCaseBody:
    return QueuedCaseBody(
        id=case.id,
        kind=case.kind.value,
        state=case.state.value,
        business_number=case.business_number,
        company_name=case.company_name,
        approved_by=case.approved_by,
        created_at=case.created_at,
        waits_until=case.waits_until,
        holder_answer=case.holder_answer.value if case.holder_answer else None,
    )


def _opened(facts: CaseFacts) -> OpenedCaseBody:
    return OpenedCaseBody(
        case=_line(facts.line),
        name=facts.name,
        phone=facts.phone,
        email=facts.email,
        level=facts.level,
        note=facts.note,
        reason=facts.reason,
        decided_by=facts.decided_by,
        files=[
            CaseFileBody(
                id=file.id, filename=file.filename, media_type=file.media_type, size=file.size
            )
            for file in facts.files
        ],
        wanted=WantedChangeBody(
            legal_name=facts.wanted.legal_name,
            representative_name=facts.wanted.representative_name,
            business_number=facts.wanted.business_number,
            effective_on=facts.wanted.effective_on,
        )
        if facts.wanted
        else None,
        account=AskedAccountBody(
            bank=facts.account.bank,
            bank_label=bank_name(facts.account.bank).ko,
            number=facts.account.number,
            holder=facts.account.holder,
        )
        if facts.account
        else None,
    )
