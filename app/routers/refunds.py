"""환불 내역."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.db.refund_reads import RefundRead
from app.domain.refunds import (
    REFUND_DESTINATION_LABELS,
    REFUND_REASON_LABELS,
    REFUND_STATE_LABELS,
    RefundDestination,
    RefundReason,
    RefundState,
)
from app.language import Language
from app.routers.answers import answer
from app.routers.catalogue import said
from app.routers.dependencies import LanguageDep
from app.routers.models import AnswerStruct, values_of
from app.routers.permissions import FOR_A_COMPANY, CanReadDocuments
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.refund_list import list_refunds

router = APIRouter(prefix="/v1", tags=["payments"], route_class=StrictRoute)


class RefundBody(AnswerStruct, frozen=True):
    """What goes back, in KRW with VAT; `vat` is the part of `amount` that is VAT.

    Of a contract of before the portal there is no order.
    """

    id: UUID
    order_id: UUID | None
    order_number: str | None
    payment_id: UUID | None
    amount: int
    vat: int
    destination: str
    destination_label: str
    reason: str
    reason_label: str
    state: Annotated[str, values_of(RefundState)]
    state_label: str
    created_at: datetime
    done_at: datetime | None


class RefundListBody(AnswerStruct, frozen=True):
    """The newest first."""

    items: list[RefundBody]
    next_cursor: str | None


@router.get(
    "/refunds",
    operation_id="list_refunds",
    summary="What was given back, and what is on its way",
    responses={
        200: {"model": RefundListBody},
        **problems(*FOR_A_COMPANY, "cursor_invalid"),
    },
)
async def get_all(
    language: LanguageDep,
    access: CanReadDocuments,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    page = await list_refunds(access, cursor, size)
    return answer(RefundListBody([_body(row, language) for row in page.items], page.next_cursor))


def _body(row: RefundRead, language: Language) -> RefundBody:
    return RefundBody(
        id=row.id,
        order_id=row.order_id,
        order_number=row.order_number,
        payment_id=row.payment_id,
        amount=row.amount,
        vat=row.vat,
        destination=row.destination,
        destination_label=said(
            REFUND_DESTINATION_LABELS[RefundDestination(row.destination)], language
        ),
        reason=row.reason,
        reason_label=said(REFUND_REASON_LABELS[RefundReason(row.reason)], language),
        state=row.state,
        state_label=said(REFUND_STATE_LABELS[RefundState(row.state)], language),
        created_at=row.created_at,
        done_at=row.done_at,
    )
