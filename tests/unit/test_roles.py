"""Roles from facts, and the permission table of PRODUCT.md section 2, cell by cell."""

from itertools import product

import pytest

from app.domain.errors import DomainError
from app.domain.roles import (
    AccountKind,
    Permission,
    Role,
    RoleFacts,
    check_withdrawal,
    derive_role,
    permissions_of,
    require,
)

CORPORATE, INDIVIDUAL = AccountKind.CORPORATE, AccountKind.INDIVIDUAL
COLUMNS = ("SUPER_ADMIN", "ADMIN", "PROSPECT", "CLOSED", "MEMBER")
TABLE = {
    "company.read": "yyyy-",
    "company.update": "yyy--",
    "company.update.tax_contacts": "yyyy-",
    "refund_account.update": "y-yy-",
    "users.manage": "y----",
    "company.hand_over": "y----",
    "memberships.read": "yy---",
    "memberships.update": "yy---",
    "orders.read": "yyyy-",
    "documents.read": "yyyy-",
    "orders.create.new": "yyyy-",
    "orders.create.change": "yy---",
    "payments.manage": "yyyy-",
    "terminations.request": "y----",
    "system_status.read": "yyy--",
    "system_status.update": "yy---",
    "quotes.create": "yyyyy",
    "faq.read": "yyyyy",
    "inquiries.create": "yyyyy",
    "audit.read": "y----",
    "me.read": "yyyyy",
    "me.update": "yyyyy",
    "me.withdraw": "-yyyy",
}
ALLOWED = {
    (role, permission)
    for permission, cells in TABLE.items()
    for role, cell in zip(COLUMNS, cells, strict=True)
    if cell == "y"
}
OWN_REFUSALS = {
    ("MEMBER", "orders.create.new"): "corporate_account_required",
    ("MEMBER", "orders.create.change"): "corporate_account_required",
    ("SUPER_ADMIN", "me.withdraw"): "super_admin_cannot_withdraw",
}


def test_the_table_names_every_role_and_permission() -> None:
    assert set(TABLE) == set(Permission)
    assert set(COLUMNS) == set(Role)


@pytest.mark.parametrize(("role", "permission"), list(product(Role, Permission)))
def test_each_cell_of_the_permission_table(role: Role, permission: Permission) -> None:
    allowed = (role.value, permission.value) in ALLOWED
    assert (permission in permissions_of(role)) is allowed
    if allowed:
        require(role, permission)
        return
    with pytest.raises(DomainError) as refused:
        require(role, permission)
    expected = OWN_REFUSALS.get((role.value, permission.value), "permission_denied")
    assert refused.value.code == expected


@pytest.mark.parametrize(
    ("open_sites", "closed_sites", "role"),
    [
        (0, 0, Role.PROSPECT),
        (1, 0, Role.SUPER_ADMIN),
        (3, 2, Role.SUPER_ADMIN),
        (0, 1, Role.CLOSED),
        (1, 1, Role.SUPER_ADMIN),
    ],
)
def test_the_corporate_accounts_role_follows_its_sites(
    open_sites: int, closed_sites: int, role: Role
) -> None:
    assert derive_role(RoleFacts(CORPORATE, True, open_sites, closed_sites)) is role


def test_being_a_company_admin_makes_no_corporate_account_an_admin() -> None:
    assert derive_role(RoleFacts(CORPORATE, True, 0, 0, True)) is Role.PROSPECT


def test_a_corporate_account_without_a_company_is_an_error() -> None:
    with pytest.raises(ValueError, match="has a company"):
        derive_role(RoleFacts(CORPORATE, False))


def test_an_individual_is_admin_only_with_the_company_the_grant_and_an_open_site() -> None:
    admins = {
        (has_company, open_sites, grant)
        for has_company, open_sites, grant in product((False, True), (0, 1), (False, True))
        if derive_role(RoleFacts(INDIVIDUAL, has_company, open_sites, 1, grant)) is Role.ADMIN
    }
    assert admins == {(True, 1, True)}


def test_every_other_individual_is_a_member() -> None:
    assert derive_role(RoleFacts(INDIVIDUAL, False)) is Role.MEMBER
    assert derive_role(RoleFacts(INDIVIDUAL, True, 2, 0, False)) is Role.MEMBER


@pytest.mark.parametrize(
    ("role", "has_open_order", "refunds_settled", "code"),
    [
        (Role.SUPER_ADMIN, False, True, "super_admin_cannot_withdraw"),
        (Role.SUPER_ADMIN, True, False, "super_admin_cannot_withdraw"),
        (Role.PROSPECT, True, True, "open_order_exists"),
        (Role.CLOSED, True, True, "open_order_exists"),
        (Role.CLOSED, False, False, "refunds_not_settled"),
    ],
)
def test_who_cannot_withdraw_yet(
    role: Role, has_open_order: bool, refunds_settled: bool, code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        check_withdrawal(role, has_open_order, refunds_settled)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("role", "has_open_order", "refunds_settled"),
    [
        (Role.PROSPECT, False, True),
        (Role.PROSPECT, False, False),
        (Role.CLOSED, False, True),
        (Role.ADMIN, True, False),
        (Role.MEMBER, True, False),
    ],
)
def test_who_can_withdraw(role: Role, has_open_order: bool, refunds_settled: bool) -> None:
    check_withdrawal(role, has_open_order, refunds_settled)
