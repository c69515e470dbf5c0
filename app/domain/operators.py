"""운영자: the operator's roles and what each may do (PRODUCT.md section 16)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.domain.errors import DomainError


class OperatorRole(StrEnum):
    SUPPORT = "SUPPORT"
    BILLING = "BILLING"
    CATALOGUE = "CATALOGUE"
    ADMIN = "ADMIN"


class OperatorPermission(StrEnum):
    CATALOGUE_MANAGE = "catalogue.manage"
    COUPONS_MANAGE = "coupons.manage"
    PRICE_AGREEMENTS_MANAGE = "price_agreements.manage"
    TERMINATIONS_RECORD = "terminations.record"
    REFUNDS_MANAGE = "refunds.manage"
    BOOKS_READ = "books.read"
    DEPOSITS_MANAGE = "deposits.manage"
    TERMS_MANAGE = "payment_terms.manage"
    INVOICES_MANAGE = "tax_invoices.manage"
    FAQ_MANAGE = "faq.manage"
    NOTICES_MANAGE = "notices.manage"
    INQUIRIES_MANAGE = "inquiries.manage"


OPERATOR_PERMISSIONS: Mapping[OperatorRole, frozenset[OperatorPermission]] = MappingProxyType(
    {
        OperatorRole.SUPPORT: frozenset(
            {
                OperatorPermission.TERMINATIONS_RECORD,
                OperatorPermission.FAQ_MANAGE,
                OperatorPermission.NOTICES_MANAGE,
                OperatorPermission.INQUIRIES_MANAGE,
            }
        ),
        OperatorRole.BILLING: frozenset(
            {
                OperatorPermission.PRICE_AGREEMENTS_MANAGE,
                OperatorPermission.REFUNDS_MANAGE,
                OperatorPermission.DEPOSITS_MANAGE,
                OperatorPermission.TERMS_MANAGE,
                OperatorPermission.TERMINATIONS_RECORD,
                OperatorPermission.BOOKS_READ,
                OperatorPermission.INVOICES_MANAGE,
            }
        ),
        OperatorRole.CATALOGUE: frozenset(
            {OperatorPermission.CATALOGUE_MANAGE, OperatorPermission.COUPONS_MANAGE}
        ),
        OperatorRole.ADMIN: frozenset(OperatorPermission),
    }
)


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody of the operator's staff; `name` is the account's name, not the person's."""

    name: str
    roles: frozenset[OperatorRole]

    def require(self, permission: OperatorPermission) -> None:
        """Raises `permission_denied`."""
        if not any(permission in OPERATOR_PERMISSIONS[role] for role in self.roles):
            raise DomainError("permission_denied")


BOOTSTRAP = Operator("bootstrap", frozenset({OperatorRole.ADMIN}))
"""Whoever holds the token of the settings, until operators have accounts of their own."""
