"""주문/구매내역 as a file for spreadsheets: the guide's columns, as many rows as there are."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from app.db.order_reads import OrderSummaryRead
from app.domain.catalogue import Catalogue
from app.domain.periods import seoul_date
from app.language import Language
from app.routers.attachments import attachment_headers
from app.routers.dependencies import DepsDep
from app.routers.order_bodies import order_summary
from app.routers.order_filters import FiltersDep
from app.routers.permissions import FOR_A_COMPANY, CanReadOrders
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.orders import export_orders

router = APIRouter(prefix="/v1/orders", tags=["orders"], route_class=StrictRoute)

COLUMNS = (
    "주문번호",
    "서비스 유형",
    "기본 서비스명",
    "계약(주문) 종류",
    "주문일",
    "계약일",
    "적용시작일",
    "주요 상품정보",
    "계약금(VAT포함)",
    "결제방법",
    "주문상태",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula."""
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
    responses={**CSV_ANSWER, **problems(*FOR_A_COMPANY)},
)
async def export(
    deps: DepsDep,
    access: CanReadOrders,
    filters: FiltersDep,
    form: Annotated[Literal["csv"], Query(alias="format")] = "csv",
) -> Response:
    parts = export_orders(access, deps.catalogues, filters)
    # Whether the caller may is known before the first byte is sent.
    none: list[tuple[OrderSummaryRead, Catalogue]] = []
    first = await anext(parts, none)
    return StreamingResponse(
        _lines(first, parts),
        media_type="text/csv; charset=utf-8",
        headers=attachment_headers(f"주문내역.{form}"),
    )


async def _lines(
    first: list[tuple[OrderSummaryRead, Catalogue]],
    rest: AsyncIterator[list[tuple[OrderSummaryRead, Catalogue]]],
) -> AsyncIterator[bytes]:
    yield b"\xef\xbb\xbf" + _csv([COLUMNS])
    yield _csv([_row(*order) for order in first])
    async for part in rest:
        yield _csv([_row(*order) for order in part])


def _csv(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _row(order: OrderSummaryRead, catalogue: Catalogue) -> tuple[str, ...]:
    """Korean, as the guide's page shows it; days are KST."""
    shown = order_summary(order, catalogue, Language.KO)
    paid_on = seoul_date(order.paid_at) if order.paid_at else None
    texts = (
        shown.number,
        ", ".join(shown.service_type_labels),
        ", ".join(shown.plan_labels),
        shown.type_label,
        shown.ordered_on.isoformat(),
        paid_on.isoformat() if paid_on else "",
        shown.applied_on.isoformat() if shown.applied_on else "",
        shown.summary,
    )
    ends = (shown.payment_method_label, shown.status_label)
    return (*map(cell, texts), str(shown.total), *map(cell, ends))


def cell(text: str) -> str:
    """The text, which no spreadsheet takes for a formula: an apostrophe goes before one."""
    return "'" + text if text.startswith(FORMULA) else text
