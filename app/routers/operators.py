"""The operator's permissions as types: what an endpoint's signature says is what is checked."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase

from app.domain.errors import DomainError
from app.domain.operators import Operator, OperatorPermission
from app.routers.dependencies import deps_of
from app.services.operator_sessions import SignedIn

FOR_AN_OPERATOR = ("not_authenticated", "permission_denied", "invalid_request")
"""What every operation of the operator can answer besides its own refusals."""


async def _signed_in(request: Request) -> SignedIn:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token.isascii():
        raise DomainError("not_authenticated")
    return await deps_of(request).operator_sessions.find(token)


class RequiresOperator(SecurityBase):
    """A dependency that hands out the operator who has one permission."""

    def __init__(self, permission: OperatorPermission) -> None:
        self.permission = permission
        self.model = HTTPBearerModel()
        self.scheme_name = "operator_token"

    async def __call__(self, request: Request) -> Operator:
        signed_in = await _signed_in(request)
        signed_in.operator.require(self.permission)
        return signed_in.operator


class RequiresOperatorSession(SecurityBase):
    """The same for what an operator does with the own session, whatever their roles are."""

    def __init__(self) -> None:
        self.permission = OperatorPermission.SESSION
        self.model = HTTPBearerModel()
        self.scheme_name = "operator_token"

    async def __call__(self, request: Request) -> SignedIn:
        return await _signed_in(request)


CanUseSession = Annotated[SignedIn, Depends(RequiresOperatorSession())]
CanReadCompanies = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.COMPANIES_READ))]
CanManageMembers = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.MEMBERS_MANAGE))]
CanManageMails = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.MAILS_MANAGE))]
CanManageCampaigns = Annotated[
    Operator, Depends(RequiresOperator(OperatorPermission.CAMPAIGNS_MANAGE))
]
CanManageJobs = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.JOBS_MANAGE))]
CanReadReports = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.REPORTS_READ))]
CanImportContracts = Annotated[
    Operator, Depends(RequiresOperator(OperatorPermission.CONTRACTS_IMPORT))
]
CanManageCases = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.CASES_MANAGE))]
CanManageCatalogue = Annotated[
    Operator, Depends(RequiresOperator(OperatorPermission.CATALOGUE_MANAGE))
]
CanManageCoupons = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.COUPONS_MANAGE))]
CanManageAgreements = Annotated[
    Operator, Depends(RequiresOperator(OperatorPermission.PRICE_AGREEMENTS_MANAGE))
]
CanReadBooks = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.BOOKS_READ))]
CanManageRefunds = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.REFUNDS_MANAGE))]
CanGiveGoodwill = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.GOODWILL_GIVE))]
CanManageDeposits = Annotated[
    Operator, Depends(RequiresOperator(OperatorPermission.DEPOSITS_MANAGE))
]
CanManageHolidays = Annotated[
    Operator, Depends(RequiresOperator(OperatorPermission.HOLIDAYS_MANAGE))
]
CanManageFaq = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.FAQ_MANAGE))]
CanManageNotices = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.NOTICES_MANAGE))]
CanManageInquiries = Annotated[
    Operator, Depends(RequiresOperator(OperatorPermission.INQUIRIES_MANAGE))
]
CanManageInvoices = Annotated[
    Operator, Depends(RequiresOperator(OperatorPermission.INVOICES_MANAGE))
]
CanManageTerms = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.TERMS_MANAGE))]
CanRecordTerminations = Annotated[
    Operator, Depends(RequiresOperator(OperatorPermission.TERMINATIONS_RECORD))
]
