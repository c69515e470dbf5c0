"""Permissions as types: what an endpoint's signature says is what its transaction checks."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.domain.errors import DomainError
from app.domain.roles import Permission
from app.routers.dependencies import DepsDep
from app.services.principals import Access
from app.tokens import InvalidAccessToken

_bearer = HTTPBearer(auto_error=False, scheme_name="access_token", bearerFormat="JWT")
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
_CompanyHeader = Annotated[
    UUID | None,
    Header(
        alias="X-Company-Id",
        description="The company meant, for an individual who is ADMIN of several.",
    ),
]


class Requires:
    """A dependency that hands out access for one permission."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(
        self, deps: DepsDep, credentials: _Credentials, company_id: _CompanyHeader = None
    ) -> Access:
        try:
            claims = deps.access_tokens.verify(credentials.credentials if credentials else "")
        except InvalidAccessToken as refused:
            raise DomainError("not_authenticated") from refused
        return Access(deps.database, claims, company_id, self.permission)


CanReadMe = Annotated[Access, Depends(Requires(Permission.ME_READ))]
CanUpdateMe = Annotated[Access, Depends(Requires(Permission.ME_UPDATE))]
CanWithdraw = Annotated[Access, Depends(Requires(Permission.ME_WITHDRAW))]
CanReadOrders = Annotated[Access, Depends(Requires(Permission.ORDERS_READ))]
CanReadDocuments = Annotated[Access, Depends(Requires(Permission.DOCUMENTS_READ))]
CanCreateOrders = Annotated[Access, Depends(Requires(Permission.ORDERS_CREATE_NEW))]
CanManagePayments = Annotated[Access, Depends(Requires(Permission.PAYMENTS_MANAGE))]
CanReadMemberships = Annotated[Access, Depends(Requires(Permission.MEMBERSHIPS_READ))]
CanUpdateMemberships = Annotated[Access, Depends(Requires(Permission.MEMBERSHIPS_UPDATE))]
CanReadSystemStatus = Annotated[Access, Depends(Requires(Permission.SYSTEM_STATUS_READ))]
CanReadAuditLog = Annotated[Access, Depends(Requires(Permission.AUDIT_READ))]

SIGNED_IN = ("not_authenticated", "invalid_request")
FOR_A_COMPANY = (
    "not_authenticated",
    "permission_denied",
    "company_not_found",
    "company_selection_required",
    "invalid_request",
)
"""What every operation of its kind can answer besides its own refusals."""
