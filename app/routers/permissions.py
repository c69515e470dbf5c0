"""Permissions as types: what an endpoint's signature says is what its transaction checks."""

from collections.abc import Callable
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase

from app.domain.errors import DomainError
from app.domain.roles import Permission
from app.errors import FieldError, Problem
from app.routers.dependencies import deps_of
from app.services.principals import Access
from app.tokens import InvalidAccessToken

COMPANY_HEADER = "X-Company-Id"


class Requires(SecurityBase):
    """A dependency that hands out access for one permission.

    It reads its two headers itself: a dependency of a dependency costs a third of a statement
    (`docs/performance.md`). `app.openapi` describes the company's header where this is named.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission
        self.model = HTTPBearerModel(bearerFormat="JWT")
        self.scheme_name = "access_token"

    async def __call__(self, request: Request) -> Access:
        return _access(request, self.permission)


def _access(request: Request, permission: Permission) -> Access:
    deps = deps_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        claims = deps.access_tokens.verify(token.strip() if scheme.lower() == "bearer" else "")
    except InvalidAccessToken as refused:
        raise DomainError("not_authenticated") from refused
    return Access(deps.database, claims, _company_of(request), permission)


def _company_of(request: Request) -> UUID | None:
    named = request.headers.get(COMPANY_HEADER)
    if named is None:
        return None
    try:
        return UUID(named)
    except ValueError as malformed:
        error = FieldError(f"/header/{COMPANY_HEADER}", "uuid_parsing", "A UUID is expected.")
        raise Problem("invalid_request", errors=(error,)) from malformed


class MayRequire(SecurityBase):
    """For a public operation of which a part needs a sign-in: access when it is asked for."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission
        self.model = HTTPBearerModel(bearerFormat="JWT")
        self.scheme_name = "access_token"

    async def __call__(self, request: Request) -> Callable[[], Access]:
        _company_of(request)  # what is no id is pointed at, also where nobody is signed in
        return partial(_access, request, self.permission)


class IfSignedIn:
    """For a public operation that tells more to whoever is signed in: None without a token.

    The document names the scheme once, by `MayRequire`.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> Access | None:
        return _access(request, self.permission) if "authorization" in request.headers else None


class WhereSignedIn(SecurityBase):
    """For a public operation that belongs to whoever is signed in: None without a token."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission
        self.model = HTTPBearerModel(bearerFormat="JWT")
        self.scheme_name = "access_token"

    async def __call__(self, request: Request) -> Access | None:
        if "authorization" in request.headers:
            return _access(request, self.permission)
        _company_of(request)
        return None


CanReadMe = Annotated[Access, Depends(Requires(Permission.ME_READ))]
CanUpdateMe = Annotated[Access, Depends(Requires(Permission.ME_UPDATE))]
CanWithdraw = Annotated[Access, Depends(Requires(Permission.ME_WITHDRAW))]
CanReadCompany = Annotated[Access, Depends(Requires(Permission.COMPANY_READ))]
CanUpdateCompany = Annotated[Access, Depends(Requires(Permission.COMPANY_UPDATE))]
CanHandOver = Annotated[Access, Depends(Requires(Permission.COMPANY_HAND_OVER))]
CanManageUsers = Annotated[Access, Depends(Requires(Permission.USERS_MANAGE))]
CanReadOrders = Annotated[Access, Depends(Requires(Permission.ORDERS_READ))]
CanCreateQuotes = Annotated[Access, Depends(Requires(Permission.QUOTES_CREATE))]
CanReadDocuments = Annotated[Access, Depends(Requires(Permission.DOCUMENTS_READ))]
MayChangeMemberships = Annotated[
    Callable[[], Access], Depends(MayRequire(Permission.ORDERS_CREATE_CHANGE))
]
MayHaveAgreedPrices = Annotated[Access | None, Depends(IfSignedIn(Permission.ME_READ))]
MayAskAsAccount = Annotated[Access | None, Depends(WhereSignedIn(Permission.INQUIRIES_CREATE))]
CanCreateOrders = Annotated[Access, Depends(Requires(Permission.ORDERS_CREATE_NEW))]
CanManagePayments = Annotated[Access, Depends(Requires(Permission.PAYMENTS_MANAGE))]
CanReadMemberships = Annotated[Access, Depends(Requires(Permission.MEMBERSHIPS_READ))]
CanUpdateMemberships = Annotated[Access, Depends(Requires(Permission.MEMBERSHIPS_UPDATE))]
CanRequestTermination = Annotated[Access, Depends(Requires(Permission.TERMINATIONS_REQUEST))]
CanUpdateTaxContacts = Annotated[Access, Depends(Requires(Permission.COMPANY_UPDATE_TAX_CONTACTS))]
CanUpdateRefundAccount = Annotated[Access, Depends(Requires(Permission.REFUND_ACCOUNT_UPDATE))]
CanReadSystemStatus = Annotated[Access, Depends(Requires(Permission.SYSTEM_STATUS_READ))]
CanUpdateSystemStatus = Annotated[Access, Depends(Requires(Permission.SYSTEM_STATUS_UPDATE))]
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
