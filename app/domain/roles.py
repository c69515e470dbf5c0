"""Who may do what: roles derived from facts, and the table of permissions (PRODUCT.md section 2).

A role is never stored: it follows from the account's kind, its company's sites and its links.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.domain.errors import DomainError


class AccountKind(StrEnum):
    """기업회원 is the company's own account, 개인회원 a person."""

    CORPORATE = "CORPORATE"
    INDIVIDUAL = "INDIVIDUAL"


class Role(StrEnum):
    SUPER_ADMIN = "SUPER_ADMIN"
    ADMIN = "ADMIN"
    PROSPECT = "PROSPECT"
    CLOSED = "CLOSED"
    MEMBER = "MEMBER"


class Permission(StrEnum):
    """`company.update.tax_contacts` is the part of `company.update` that a CLOSED company keeps.

    `orders.create.new` is for NEW items, `orders.create.change` for ADD_EXTEND and CHANGE.
    """

    COMPANY_READ = "company.read"
    COMPANY_UPDATE = "company.update"
    COMPANY_UPDATE_TAX_CONTACTS = "company.update.tax_contacts"
    REFUND_ACCOUNT_UPDATE = "refund_account.update"
    USERS_MANAGE = "users.manage"
    COMPANY_HAND_OVER = "company.hand_over"
    MEMBERSHIPS_READ = "memberships.read"
    MEMBERSHIPS_UPDATE = "memberships.update"
    ORDERS_READ = "orders.read"
    DOCUMENTS_READ = "documents.read"
    ORDERS_CREATE_NEW = "orders.create.new"
    ORDERS_CREATE_CHANGE = "orders.create.change"
    PAYMENTS_MANAGE = "payments.manage"
    TERMINATIONS_REQUEST = "terminations.request"
    SYSTEM_STATUS_READ = "system_status.read"
    SYSTEM_STATUS_UPDATE = "system_status.update"
    QUOTES_CREATE = "quotes.create"
    FAQ_READ = "faq.read"
    INQUIRIES_CREATE = "inquiries.create"
    AUDIT_READ = "audit.read"
    ME_READ = "me.read"
    ME_UPDATE = "me.update"
    ME_WITHDRAW = "me.withdraw"


_S, _A, _P, _C, _M = Role.SUPER_ADMIN, Role.ADMIN, Role.PROSPECT, Role.CLOSED, Role.MEMBER

HOLDERS: Mapping[Permission, frozenset[Role]] = MappingProxyType(
    {
        Permission.COMPANY_READ: frozenset({_S, _A, _P, _C}),
        Permission.COMPANY_UPDATE: frozenset({_S, _A, _P}),
        Permission.COMPANY_UPDATE_TAX_CONTACTS: frozenset({_S, _A, _P, _C}),
        Permission.REFUND_ACCOUNT_UPDATE: frozenset({_S, _P, _C}),
        Permission.USERS_MANAGE: frozenset({_S}),
        Permission.COMPANY_HAND_OVER: frozenset({_S}),
        Permission.MEMBERSHIPS_READ: frozenset({_S, _A}),
        Permission.MEMBERSHIPS_UPDATE: frozenset({_S, _A}),
        Permission.ORDERS_READ: frozenset({_S, _A, _P, _C}),
        Permission.DOCUMENTS_READ: frozenset({_S, _A, _P, _C}),
        Permission.ORDERS_CREATE_NEW: frozenset({_S, _A, _P, _C}),
        Permission.ORDERS_CREATE_CHANGE: frozenset({_S, _A}),
        Permission.PAYMENTS_MANAGE: frozenset({_S, _A, _P, _C}),
        Permission.TERMINATIONS_REQUEST: frozenset({_S}),
        Permission.SYSTEM_STATUS_READ: frozenset({_S, _A, _P}),
        Permission.SYSTEM_STATUS_UPDATE: frozenset({_S, _A}),
        Permission.QUOTES_CREATE: frozenset(Role),
        Permission.FAQ_READ: frozenset(Role),
        Permission.INQUIRIES_CREATE: frozenset(Role),
        Permission.AUDIT_READ: frozenset({_S}),
        Permission.ME_READ: frozenset(Role),
        Permission.ME_UPDATE: frozenset(Role),
        Permission.ME_WITHDRAW: frozenset({_A, _P, _C, _M}),
    }
)

REFUSALS: Mapping[tuple[Role, Permission], str] = MappingProxyType(
    {
        (_M, Permission.ORDERS_CREATE_NEW): "corporate_account_required",
        (_M, Permission.ORDERS_CREATE_CHANGE): "corporate_account_required",
        (_S, Permission.ME_WITHDRAW): "super_admin_cannot_withdraw",
    }
)
"""Refusals that say more than `permission_denied`."""

_PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {role: frozenset(p for p, holders in HOLDERS.items() if role in holders) for role in Role}
)


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What a role follows from.

    `open_sites`: sites of the company that were opened and are not TERMINATED; `closed_sites`:
    TERMINATED ones. `is_company_admin`: an accepted invitation of this company and a live link to
    a groupware administrator of one of its open sites. Where an individual has no company, or
    none is chosen, `has_company` is False.
    """

    kind: AccountKind
    has_company: bool
    open_sites: int = 0
    closed_sites: int = 0
    is_company_admin: bool = False


def derive_role(facts: RoleFacts) -> Role:
    """The role. Raises ValueError for a corporate account without its company: no such thing."""
    if facts.kind is AccountKind.INDIVIDUAL:
        is_admin = facts.has_company and facts.is_company_admin and facts.open_sites > 0
        return Role.ADMIN if is_admin else Role.MEMBER
    if not facts.has_company:
        raise ValueError("a corporate account has a company")
    if facts.open_sites > 0:
        return Role.SUPER_ADMIN
    return Role.CLOSED if facts.closed_sites > 0 else Role.PROSPECT


def permissions_of(role: Role) -> frozenset[Permission]:
    """What the role may do."""
    return _PERMISSIONS[role]


def require(role: Role, permission: Permission) -> None:
    """Raises `permission_denied`, or the refusal that says more, unless the role holds it."""
    if permission not in _PERMISSIONS[role]:
        raise DomainError(REFUSALS.get((role, permission), "permission_denied"))


def check_withdrawal(role: Role, has_open_order: bool, refunds_settled: bool) -> None:
    """May this account leave the portal (고객포털 탈퇴하기)?

    Raises `super_admin_cannot_withdraw`; for a company's own account `open_order_exists`, since
    an order would be delivered to nobody; for a CLOSED company `refunds_not_settled`.
    """
    require(role, Permission.ME_WITHDRAW)
    if role in {Role.PROSPECT, Role.CLOSED} and has_open_order:
        raise DomainError("open_order_exists")
    if role is Role.CLOSED and not refunds_settled:
        raise DomainError("refunds_not_settled")
