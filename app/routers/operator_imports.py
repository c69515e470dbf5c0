"""계약 이관: contracts of before the portal, as a file (docs/contract-import.md)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from starlette.requests import ClientDisconnect

from app.domain.contract_imports import MAX_FILE_BYTES, ImportStatus
from app.errors import Problem
from app.routers.dependencies import DepsDep
from app.routers.idempotent import IDEMPOTENT, OncePerOperatorKey, answer_of
from app.routers.models import AnswerModel
from app.routers.multipart import takes_bytes
from app.routers.operators import FOR_AN_OPERATOR, CanImportContracts
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.contract_imports import ImportLine, ImportView
from app.services.idempotency import Answer
from app.services.principals import TransactionSession

router = APIRouter(
    prefix="/v1/operator/contract-imports", tags=["contract imports"], route_class=StrictRoute
)

CSV_BODY: dict[str, Any] = {
    "required": True,
    "content": {"text/csv": {"schema": {"type": "string"}}},
}


class ImportErrorBody(AnswerModel):
    """`line`: where the row begins, the header's is 1; `column` is empty where it is the file's."""

    line: int
    column: str
    reason: str


class ContractImportLineBody(AnswerModel):
    """An import without its errors. A number is null until the file was read to its end.

    With `dry_run` they say what would be. `known`: rows that were imported before. FAILED: the
    groupware could not be asked for long; nothing was imported.
    """

    id: UUID
    object: Literal["contract_import"] = "contract_import"
    status: ImportStatus
    dry_run: bool
    file_sha256: str
    rows: int | None
    imported: int | None
    known: int | None
    invited: int | None
    errors_total: int
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class ContractImportBody(ContractImportLineBody):
    """An import with its errors: the first thousand of `errors_total`, by line.

    REFUSED: with errors nothing is imported. The file itself is gone when the import has ended.
    """

    errors: list[ImportErrorBody]


class ContractImportsBody(AnswerModel):
    """The newest first."""

    items: list[ContractImportLineBody]
    next_cursor: str | None


@router.post(
    "",
    operation_id="operator_import_contracts",
    summary="Import contracts",
    description=(
        "A CSV of 50,000 rows and 20 MiB at the most, in UTF-8 or CP949. It is checked whole, and"
        " imported whole or not at all; then the companies' contacts are invited. `Location` says"
        " where its end is told. Needs an Idempotency-Key."
    ),
    status_code=202,
    openapi_extra={"requestBody": CSV_BODY},
    responses={
        202: {"model": ContractImportBody, "description": "`Location` says where it is told."},
        **problems(
            *FOR_AN_OPERATOR,
            *IDEMPOTENT,
            "payload_too_large",
            "csv_required",
            "upload_broken",
            "import_encoding_unknown",
            "import_columns_unknown",
        ),
    },
)
@takes_bytes(MAX_FILE_BYTES)
async def create(
    deps: DepsDep,
    operator: CanImportContracts,
    once: OncePerOperatorKey,
    request: Request,
    dry_run: Annotated[
        bool, Query(description="Check only; what would be imported is told.")
    ] = True,
) -> Response:
    file = await deps.contract_imports.seal(await _csv(request))

    async def ask(session: TransactionSession) -> Answer:
        asked = await deps.contract_imports.ask(session, operator, file, dry_run=dry_run)
        return answer_of(_body(asked), 202)

    made = await once.within(operator, ask)
    if made.status_code == 202:
        asked = msgspec.json.decode(made.body, type=Asked)
        made.headers["Location"] = f"/v1/operator/contract-imports/{asked.id}"
    return made


class Asked(msgspec.Struct):
    """Of an answer that may have been given before."""

    id: UUID


async def _csv(request: Request) -> bytes:
    """Raises `csv_required`, and `upload_broken` where the body ends before it is whole."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "text/csv":
        raise Problem("csv_required")
    try:
        return await request.body()
    except ClientDisconnect as broken:
        raise Problem("upload_broken") from broken


@router.get(
    "",
    operation_id="operator_list_contract_imports",
    summary="Imports of contracts",
    description="The newest first. Their errors are told one import at a time.",
    responses=problems(*FOR_AN_OPERATOR, "cursor_invalid"),
)
async def get_all(
    deps: DepsDep,
    operator: CanImportContracts,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> ContractImportsBody:
    page = await deps.contract_imports.page(cursor, size)
    return ContractImportsBody(
        items=[ContractImportLineBody(**_facts(line)) for line in page.items],
        next_cursor=page.next_cursor,
    )


@router.get(
    "/{import_id}",
    operation_id="operator_get_contract_import",
    summary="How an import of contracts is",
    description="What was imported, or every error with its line, column and reason.",
    responses=problems(*FOR_AN_OPERATOR, "contract_import_not_found"),
)
async def get_one(
    deps: DepsDep, operator: CanImportContracts, import_id: UUID
) -> ContractImportBody:
    return _body(await deps.contract_imports.get(import_id))


def _facts(line: ImportLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "status": line.status,
        "dry_run": line.dry_run,
        "file_sha256": line.file_sha256,
        "rows": line.rows,
        "imported": line.imported,
        "known": line.known,
        "invited": line.invited,
        "errors_total": line.errors_total,
        "created_by": line.created_by,
        "created_at": line.created_at,
        "finished_at": line.finished_at,
    }


def _body(view: ImportView) -> ContractImportBody:
    errors = [
        ImportErrorBody(line=error.line, column=error.column, reason=error.reason)
        for error in view.errors
    ]
    return ContractImportBody(**_facts(view.line), errors=errors)
