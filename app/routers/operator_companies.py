"""고객사 조회."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from app.routers.dependencies import DepsDep
from app.routers.models import CODE, NO_NUL, AnswerModel, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanReadCompanies
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.operator_companies import CompanyLine

router = APIRouter(prefix="/v1/operator/companies", tags=["companies"], route_class=StrictRoute)


class ReadCompanyRequest(RequestModel):
    """Why somebody's data are read: it is in the log."""

    reason: str = Field(min_length=2, max_length=40, pattern=CODE, examples=["CALLED_US"])


class OperatorCompanyBody(AnswerModel):
    """A company. `verification_status`: how it stands at the tax service."""

    id: UUID
    legal_name: str
    business_number: str
    verification_status: str
    proven: bool
    open_sites: int
    created_at: datetime
    withdrawn_at: datetime | None


class OperatorCompaniesBody(AnswerModel):
    """The best first; at most fifty."""

    items: list[OperatorCompanyBody]


class CompanyPersonBody(AnswerModel):
    """Who holds the corporate account."""

    account_id: UUID
    login_id: str | None
    name: str | None
    phone: str | None
    email: str | None


class OpenedCompanyBody(AnswerModel):
    """`person` is null where nobody holds its account."""

    company: OperatorCompanyBody
    person: CompanyPersonBody | None


class TimelineEntryBody(AnswerModel):
    """`what`: AUDIT, ORDER, PAYMENT, MAIL, INQUIRY, CASE, REFUND, TERMINATION, SITE or GOODWILL;

    `kind` its action, status, reason or kind, `subject` a number, a name or an id, `detail` an
    actor, a reason, an amount or a state.
    """

    at: datetime
    id: UUID
    what: str
    kind: str
    subject: str | None
    detail: str | None


class TimelineBody(AnswerModel):
    """The newest first."""

    items: list[TimelineEntryBody]
    next_cursor: str | None


@router.get(
    "",
    operation_id="operator_find_companies",
    summary="Look for a company",
    description="By a part of its name (slips, too), its business number, or an e-mail address.",
    responses=problems(*FOR_AN_OPERATOR),
)
async def find(
    deps: DepsDep,
    operator: CanReadCompanies,
    query: Annotated[
        str | None, Query(max_length=200, pattern=NO_NUL, description="What to look for.")
    ] = None,
) -> OperatorCompaniesBody:
    found = await deps.operator_companies.find(query)
    return OperatorCompaniesBody(items=[_line(company) for company in found])


@router.post(
    "/{company_id}/read",
    operation_id="operator_read_company",
    summary="A company with its person",
    description="Who read it and why is in the company's log.",
    responses=problems(*FOR_AN_OPERATOR, "company_not_found", body=True),
)
async def read(
    deps: DepsDep, operator: CanReadCompanies, company_id: UUID, body: ReadCompanyRequest
) -> OpenedCompanyBody:
    line, person = await deps.operator_companies.open(operator, company_id, body.reason)
    return OpenedCompanyBody(
        company=_line(line),
        person=CompanyPersonBody(
            account_id=person.account_id,
            login_id=person.login_id,
            name=person.name,
            phone=person.phone,
            email=person.email,
        )
        if person
        else None,
    )


@router.get(
    "/{company_id}/timeline",
    operation_id="operator_company_timeline",
    summary="What happened to a company",
    description="All that is on record in one order. Names nobody.",
    responses=problems(*FOR_AN_OPERATOR, "company_not_found", "cursor_invalid"),
)
async def timeline(
    deps: DepsDep,
    operator: CanReadCompanies,
    company_id: UUID,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> TimelineBody:
    entries, next_cursor = await deps.operator_companies.timeline(company_id, cursor, size)
    return TimelineBody(
        items=[
            TimelineEntryBody(
                at=entry.at,
                id=entry.id,
                what=entry.what,
                kind=entry.kind,
                subject=entry.subject,
                detail=entry.detail,
            )
            for entry in entries
        ],
        next_cursor=next_cursor,
    )


def _line(company: CompanyLine) -> OperatorCompanyBody:
    return OperatorCompanyBody(
        id=company.id,
        legal_name=company.legal_name,
        business_number=company.business_number,
        verification_status=company.verification_status,
        proven=company.proven,
        open_sites=company.open_sites,
        created_at=company.created_at,
        withdrawn_at=company.withdrawn_at,
    )
