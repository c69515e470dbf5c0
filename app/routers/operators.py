"""The operator's permissions as types: what an endpoint's signature says is what is checked.

Until operators have accounts there is one, who holds the token of the settings; without a token
in the settings nobody is an operator.
"""

import hashlib
import hmac
from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase

from app.domain.errors import DomainError
from app.domain.operators import BOOTSTRAP, Operator, OperatorPermission
from app.routers.dependencies import deps_of

FOR_AN_OPERATOR = ("not_authenticated", "permission_denied", "invalid_request")
"""What every operation of the operator can answer besides its own refusals."""


class RequiresOperator(SecurityBase):
    """A dependency that hands out the operator who has one permission."""

    def __init__(self, permission: OperatorPermission) -> None:
        self.permission = permission
        self.model = HTTPBearerModel()
        self.scheme_name = "operator_token"

    async def __call__(self, request: Request) -> Operator:
        expected = deps_of(request).settings.operator_token
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else ""
        if expected is None or not _same(given, expected.get_secret_value()):
            raise DomainError("not_authenticated")
        BOOTSTRAP.require(self.permission)
        return BOOTSTRAP


def _same(given: str, expected: str) -> bool:
    """In constant time, whatever the lengths."""
    digests = [
        hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest() for word in (given, expected)
    ]
    return hmac.compare_digest(*digests)


CanManageCatalogue = Annotated[
    Operator, Depends(RequiresOperator(OperatorPermission.CATALOGUE_MANAGE))
]
CanManageCoupons = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.COUPONS_MANAGE))]
CanManageAgreements = Annotated[
    Operator, Depends(RequiresOperator(OperatorPermission.PRICE_AGREEMENTS_MANAGE))
]
CanReadBooks = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.BOOKS_READ))]
CanManageRefunds = Annotated[Operator, Depends(RequiresOperator(OperatorPermission.REFUNDS_MANAGE))]
CanManageDeposits = Annotated[
    Operator, Depends(RequiresOperator(OperatorPermission.DEPOSITS_MANAGE))
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
