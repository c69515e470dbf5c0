"""주문/구매내역 as a file for spreadsheets: the guide's columns, as many rows as there are."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.domain.order_workbooks import WORKBOOK_STATE_LABELS
from app.language import Language
from app.routers.answers import answer
from app.routers.attachments import attachment_headers
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.models import AnswerStruct
from app.routers.order_filters import FiltersDep
from app.routers.permissions import FOR_A_COMPANY, CanReadOrders
from app.routers.problems import problems
from app.routers.streams import LimitedStream
from app.routers.strict import StrictRoute
from app.services.order_workbooks import WorkbookView

router = APIRouter(prefix="/v1/orders", tags=["orders"], route_class=StrictRoute)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ExportBody(AnswerStruct, frozen=True):
    """A workbook that is being made, or is there until `expires_at`. `size` in bytes."""

    id: UUID
    format: Literal["xlsx"]
    state: Literal["WAITING", "READY", "FAILED"]
    state_label: str
    rows: int | None
    size: int | None
    created_at: datetime
    expires_at: datetime


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "CSV, as an attachment: UTF-8 with BOM, lines end with CRLF.",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    },
    202: {
        "model": ExportBody,
        "description": "XLSX is being made: `Location` says where it will be.",
    },
}
XLSX_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The workbook, as an attachment.",
        "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get(
    "/export",
    operation_id="export_orders",
    summary="주문/구매내역 as CSV or XLSX",
    description="Every order that the filters name, the newest first: CSV at once, XLSX as a job.",
    response_class=Response,
    responses={**ANSWERS, **problems(*FOR_A_COMPANY, "rate_limited")},
)
async def export(
    deps: DepsDep,
    language: LanguageDep,
    access: CanReadOrders,
    filters: FiltersDep,
    form: Annotated[Literal["csv", "xlsx"], Query(alias="format")] = "csv",
) -> Response:
    if form == "xlsx":
        asked = await deps.order_workbooks.ask(access, filters)
        made = answer(_body(asked, language), {"Location": f"/v1/orders/exports/{asked.id}"})
        made.status_code = 202
        return made
    lines = deps.order_csv.lines(access, filters)
    # Whether the caller may is known before the first byte is sent.
    first = await anext(lines)
    return LimitedStream(
        _after(first, lines),
        silent=deps.settings.export_silent_seconds,
        whole=deps.settings.export_whole_seconds,
        media_type="text/csv; charset=utf-8",
        headers=attachment_headers(f"주문내역.{form}"),
    )


async def _after(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    try:
        yield first
        async for part in rest:
            yield part
    finally:
        await rest.aclose()


@router.get(
    "/exports/{export_id}",
    operation_id="get_order_export",
    summary="How far a workbook is",
    description="Of whoever asked for it. A FAILED one is asked for again.",
    response_model=ExportBody,
    responses=problems(*FOR_A_COMPANY, "export_not_found"),
)
async def get_export(
    deps: DepsDep, language: LanguageDep, access: CanReadOrders, export_id: UUID
) -> Response:
    return answer(_body(await deps.order_workbooks.get(access, export_id), language))


@router.get(
    "/exports/{export_id}/file",
    operation_id="get_order_export_file",
    summary="The workbook",
    description="Of whoever asked for it, for a day.",
    response_class=Response,
    responses={
        **XLSX_ANSWER,
        **problems(*FOR_A_COMPANY, "export_not_found", "export_not_ready"),
    },
)
async def get_export_file(deps: DepsDep, access: CanReadOrders, export_id: UUID) -> Response:
    workbook, parts = await deps.order_workbooks.file(access, export_id)
    headers = attachment_headers("주문내역.xlsx") | {"Content-Length": str(workbook.size)}
    return LimitedStream(
        parts,
        silent=deps.settings.export_silent_seconds,
        whole=deps.settings.export_whole_seconds,
        media_type=XLSX,
        # It is compressed already: named, so that gzip leaves it and its length alone.
        headers=headers | {"Content-Encoding": "identity"},
    )


def _body(workbook: WorkbookView, language: Language) -> ExportBody:
    return ExportBody(
        id=workbook.id,
        format="xlsx",
        state=workbook.state.value,
        state_label=said(WORKBOOK_STATE_LABELS[workbook.state], language),
        rows=workbook.rows,
        size=workbook.size,
        created_at=workbook.created_at,
        expires_at=workbook.expires_at,
    )
