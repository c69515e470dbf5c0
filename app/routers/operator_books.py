"""장부: the ledger's balances, its daily proofs, and the provider's books beside ours."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from app.routers.dependencies import DepsDep
from app.routers.models import AnswerModel
from app.routers.operators import FOR_AN_OPERATOR, CanReadBooks
from app.routers.problems import problems
from app.routers.strict import StrictRoute

router = APIRouter(prefix="/v1/operator/ledger", tags=["books"], route_class=StrictRoute)

Size = Annotated[int, Query(ge=1, le=100)]


class LedgerAccountBody(AnswerModel):
    """KRW, debit positive."""

    account: str = Field(examples=["RECEIVABLE"])
    balance: int


class LedgerAccountsBody(AnswerModel):
    """Every account that anything was posted to; `sum` is 0."""

    items: list[LedgerAccountBody]
    sum: int = Field(examples=[0])


class LedgerDifferenceBody(AnswerModel):
    """What the rows of orders, payments, refunds and credit say, and what the ledger does.

    `what` is the kind of an entry, or ORDER, COMPANY or ENTRY where a balance is wrong.
    """

    what: str
    subject_id: UUID
    account: str
    expected: int
    posted: int


class LedgerProofBody(AnswerModel):
    """Proved when it found no difference."""

    proved_at: datetime
    entries: int
    differences: list[LedgerDifferenceBody]


class LedgerProofsBody(AnswerModel):
    """The newest first."""

    items: list[LedgerProofBody]


class BookDifferenceBody(AnswerModel):
    """KRW that a payment left at the provider."""

    payment_id: str
    theirs: int
    ours: int


class BookComparisonBody(AnswerModel):
    """Payments that began in a time: captured less cancelled, in their books and in ours."""

    since: datetime
    until: datetime
    payments: int
    theirs: int
    ours: int
    differences: list[BookDifferenceBody]


class BookComparisonsBody(AnswerModel):
    """The newest first."""

    items: list[BookComparisonBody]


@router.get(
    "/accounts",
    operation_id="operator_list_ledger_accounts",
    summary="The balance of each account",
    description="Debit positive, credit negative; together they are zero.",
    responses=problems(*FOR_AN_OPERATOR),
)
async def get_accounts(deps: DepsDep, operator: CanReadBooks) -> LedgerAccountsBody:
    totals = await deps.books.totals()
    return LedgerAccountsBody(
        items=[LedgerAccountBody(account=key, balance=value) for key, value in totals.items()],
        sum=sum(totals.values()),
    )


@router.get(
    "/proofs",
    operation_id="operator_list_ledger_proofs",
    summary="The daily proofs of the ledger",
    description="What each day's proof found: missing, doubled, altered or moved entries.",
    responses=problems(*FOR_AN_OPERATOR),
)
async def get_proofs(deps: DepsDep, operator: CanReadBooks, size: Size = 30) -> LedgerProofsBody:
    found = await deps.books.proofs(size)
    return LedgerProofsBody(
        items=[
            LedgerProofBody(
                proved_at=proof.at,
                entries=proof.entries,
                differences=[
                    LedgerDifferenceBody(
                        what=d.what,
                        subject_id=d.subject_id,
                        account=d.account,
                        expected=d.expected,
                        posted=d.posted,
                    )
                    for d in proof.differences
                ],
            )
            for proof in found
        ]
    )


@router.get(
    "/comparisons",
    operation_id="operator_list_book_comparisons",
    summary="The provider's books beside ours, day by day",
    description="Theirs, ours and the difference, payment by payment.",
    responses=problems(*FOR_AN_OPERATOR),
)
async def get_comparisons(
    deps: DepsDep, operator: CanReadBooks, size: Size = 30
) -> BookComparisonsBody:
    found = await deps.books.comparisons(size)
    return BookComparisonsBody(
        items=[
            BookComparisonBody(
                since=row.since,
                until=row.until,
                payments=row.payments,
                theirs=row.theirs,
                ours=row.ours,
                differences=[
                    BookDifferenceBody(payment_id=d.payment_id, theirs=d.theirs, ours=d.ours)
                    for d in row.differences
                ],
            )
            for row in found
        ]
    )
