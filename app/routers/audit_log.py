"""The company's audit log."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from app.db.audit_reads import AuditRead
from app.domain.audit import AUDIT_LABELS, AuditAction
from app.language import Language
from app.routers.catalogue import said
from app.routers.dependencies import LanguageDep
from app.routers.models import AnswerModel
from app.routers.permissions import FOR_A_COMPANY, CanReadAuditLog
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.audit import list_audit_log

router = APIRouter(prefix="/v1/company", tags=["company"], route_class=StrictRoute)


class AuditEventBody(AnswerModel):
    """Who did what, when. Accounts are named by id: the log outlives the persons."""

    id: UUID
    at: datetime
    actor: str = Field(
        description="`account:<id>`, `system`, `operator:<name>` or `groupware`.",
        examples=["account:0193f2c8-7a4b-7a5e-9a6a-0a8e6f0b7c1d"],
    )
    action: str = Field(examples=["password.changed"])
    action_label: str
    action_label_ko: str
    action_label_en: str
    account_id: UUID | None = Field(description="Whom it is about.")
    subject: str | None = Field(description="The id of what else it is about.")
    details: dict[str, str | int | bool]


class AuditPageBody(AnswerModel):
    """A page of the log, the newest first."""

    items: list[AuditEventBody]
    next_cursor: str | None


@router.get(
    "/audit-log",
    operation_id="list_audit_log",
    summary="Who did what",
    description="Everything that changed who may do what. Nothing in it can be changed or removed.",
    responses=problems(*FOR_A_COMPANY, "cursor_invalid"),
)
async def get_audit_log(
    language: LanguageDep,
    access: CanReadAuditLog,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> AuditPageBody:
    async with access.transaction() as (session, principal):
        page = await list_audit_log(session, principal, cursor, size)
    return AuditPageBody(
        items=[_body(event, language) for event in page.items], next_cursor=page.next_cursor
    )


def _body(event: AuditRead, language: Language) -> AuditEventBody:
    label = AUDIT_LABELS[AuditAction(event.action)]
    return AuditEventBody(
        id=event.id,
        at=event.at,
        actor=event.actor,
        action=event.action,
        action_label=said(label, language),
        action_label_ko=label.ko,
        action_label_en=label.en,
        account_id=event.account_id,
        subject=event.subject,
        details=event.details,
    )
