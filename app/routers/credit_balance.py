"""크레딧 잔액."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from app.db.credit_reads import CreditEntryRead
from app.domain.credit import CREDIT_LABELS, CreditKind
from app.language import Language
from app.routers.catalogue import said
from app.routers.dependencies import LanguageDep
from app.routers.models import AnswerModel
from app.routers.permissions import FOR_A_COMPANY, CanReadDocuments
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.credit_balance import get_credit_balance

router = APIRouter(prefix="/v1", tags=["payments"], route_class=StrictRoute)


class CreditEntryBody(AnswerModel):
    """An amount with VAT that was put to the balance or (negative) used, and the order, if any."""

    id: UUID
    kind: str
    kind_label: str
    amount: int
    order_id: UUID | None
    order_number: str | None = Field(examples=["ORD-20261124-000001"])
    created_at: datetime


class CreditBalanceBody(AnswerModel):
    """The balance in KRW with VAT, and a page of what it is made of, the newest first."""

    balance: int
    currency: Literal["KRW"]
    items: list[CreditEntryBody]
    next_cursor: str | None


@router.get(
    "/credit-balance",
    operation_id="get_credit_balance",
    summary="The company's credit",
    description="What changes and late payments left, and what it came from.",
    responses=problems(*FOR_A_COMPANY, "cursor_invalid"),
)
async def get_balance(
    language: LanguageDep,
    access: CanReadDocuments,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> CreditBalanceBody:
    found = await get_credit_balance(access, cursor, size)
    return CreditBalanceBody(
        balance=found.balance,
        currency="KRW",
        items=[_entry(entry, language) for entry in found.items],
        next_cursor=found.next_cursor,
    )


def _entry(entry: CreditEntryRead, language: Language) -> CreditEntryBody:
    return CreditEntryBody(
        id=entry.id,
        kind=entry.kind,
        kind_label=said(CREDIT_LABELS[CreditKind(entry.kind)], language),
        amount=entry.amount,
        order_id=entry.order_id,
        order_number=entry.order_number,
        created_at=entry.created_at,
    )
