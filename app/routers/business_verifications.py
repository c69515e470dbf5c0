"""사업자 진위 확인."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field

from app.routers.access import public
from app.routers.dependencies import DepsDep, address_of
from app.routers.models import LINE, AnswerModel, IsoDate, RequestModel
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.business_verifications import VerifyBusiness

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=StrictRoute)

Words = Annotated[str, Field(min_length=1, max_length=100, pattern=LINE)]


class VerifyBusinessRequest(RequestModel):
    """상호 and 사업자등록번호; with representative and opening date the level is IDENTITY."""

    business_number: str = Field(
        pattern=r"^[0-9]{3}-?[0-9]{2}-?[0-9]{5}$", examples=["124-81-00998"]
    )
    company_name: Words = Field(examples=["한빛상사"])
    representative_name: Words | None = None
    opened_on: IsoDate | None = None


class VerifyBusinessBody(AnswerModel):
    """The number is in business. `verification_token` is used once, within 30 minutes."""

    id: UUID
    level: Literal["STATUS", "IDENTITY"]
    status: Literal["ACTIVE"]
    company_name: str
    business_number: str
    tax_type: str | None
    verification_token: str
    expires_at: datetime


@router.post(
    "/business-verifications",
    operation_id="verify_business",
    summary="Verify a business",
    description="회원가입의 [사업자 진위 확인]. Asks the tax service; nothing is guessed.",
    status_code=201,
    responses=problems(
        "business_number_invalid",
        "business_suspended",
        "business_closed",
        "business_unknown",
        "business_identity_mismatch",
        "rate_limited",
        "business_registry_unavailable",
        body=True,
    ),
)
@public("comes before there is an account")
async def verify_business(
    deps: DepsDep, request: Request, body: VerifyBusinessRequest
) -> VerifyBusinessBody:
    verified = await deps.business_verifications.verify(
        VerifyBusiness(
            business_number=body.business_number,
            company_name=body.company_name,
            representative=body.representative_name,
            opened_on=body.opened_on,
            address=address_of(request),
        )
    )
    return VerifyBusinessBody(
        id=verified.id,
        level="IDENTITY" if verified.level == "IDENTITY" else "STATUS",
        status="ACTIVE",
        company_name=verified.company_name,
        business_number=verified.status.number,
        tax_type=verified.status.tax_type,
        verification_token=verified.token,
        expires_at=verified.expires_at,
    )
