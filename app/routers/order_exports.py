"""주문/구매내역 as a file for spreadsheets: the guide's columns, as many rows as there are."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from app.routers.attachments import attachment_headers
from app.routers.dependencies import DepsDep
from app.routers.order_filters import FiltersDep
from app.routers.permissions import FOR_A_COMPANY, CanReadOrders
from app.routers.problems import problems
from app.routers.streams import LimitedStream
from app.routers.strict import StrictRoute

router = APIRouter(prefix="/v1/orders", tags=["orders"], route_class=StrictRoute)

CSV_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, as an attachment: UTF-8 with BOM, lines end with CRLF.",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/export",
    operation_id="export_orders",
    summary="주문/구매내역 as CSV",
    description="Every order that the filters name, the newest first.",
    response_class=Response,
    responses={**CSV_ANSWER, **problems(*FOR_A_COMPANY, "rate_limited")},
)
async def export(
    deps: DepsDep,
    access: CanReadOrders,
    filters: FiltersDep,
    form: Annotated[Literal["csv"], Query(alias="format")] = "csv",
) -> Response:
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
