"""운영자: the operator's roles and what each may do (PRODUCT.md section 16)."""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

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
    GOODWILL_GIVE = "goodwill.give"
    BOOKS_READ = "books.read"
    DEPOSITS_MANAGE = "deposits.manage"
    HOLIDAYS_MANAGE = "holidays.manage"
    TERMS_MANAGE = "payment_terms.manage"
    INVOICES_MANAGE = "tax_invoices.manage"
    FAQ_MANAGE = "faq.manage"
    NOTICES_MANAGE = "notices.manage"
    INQUIRIES_MANAGE = "inquiries.manage"
    CASES_MANAGE = "cases.manage"
    COMPANIES_READ = "companies.read"
    MEMBERS_MANAGE = "members.manage"
    MAILS_MANAGE = "mails.manage"
    CAMPAIGNS_MANAGE = "campaigns.manage"
    JOBS_MANAGE = "jobs.manage"
    REPORTS_READ = "reports.read"
    CONTRACTS_IMPORT = "contracts.import"
    SESSION = "session"
    """What everybody who is signed in may do: look at the own account, end the own session."""


OPERATOR_PERMISSIONS: Mapping[OperatorRole, frozenset[OperatorPermission]] = MappingProxyType(
    {
        OperatorRole.SUPPORT: frozenset(
            {
                OperatorPermission.TERMINATIONS_RECORD,
                OperatorPermission.FAQ_MANAGE,
                OperatorPermission.NOTICES_MANAGE,
                OperatorPermission.INQUIRIES_MANAGE,
                OperatorPermission.CASES_MANAGE,
                OperatorPermission.COMPANIES_READ,
                OperatorPermission.MEMBERS_MANAGE,
                OperatorPermission.MAILS_MANAGE,
                OperatorPermission.CAMPAIGNS_MANAGE,
                OperatorPermission.SESSION,
            }
        ),
        OperatorRole.BILLING: frozenset(
            {
                OperatorPermission.PRICE_AGREEMENTS_MANAGE,
                OperatorPermission.REFUNDS_MANAGE,
                OperatorPermission.GOODWILL_GIVE,
                OperatorPermission.DEPOSITS_MANAGE,
                OperatorPermission.TERMS_MANAGE,
                OperatorPermission.HOLIDAYS_MANAGE,
                OperatorPermission.TERMINATIONS_RECORD,
                OperatorPermission.BOOKS_READ,
                OperatorPermission.INVOICES_MANAGE,
                OperatorPermission.COMPANIES_READ,
                OperatorPermission.REPORTS_READ,
                OperatorPermission.SESSION,
            }
        ),
        OperatorRole.CATALOGUE: frozenset(
            {
                OperatorPermission.CATALOGUE_MANAGE,
                OperatorPermission.COUPONS_MANAGE,
                OperatorPermission.SESSION,
            }
        ),
        OperatorRole.ADMIN: frozenset(OperatorPermission),
    }
)


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody of the operator's staff; `name` is the account's name, not the person's."""

    name: str
    roles: frozenset[OperatorRole]

    @property
    def permissions(self) -> frozenset[OperatorPermission]:
        return frozenset().union(*(OPERATOR_PERMISSIONS[role] for role in self.roles))

    def require(self, permission: OperatorPermission) -> None:
        """Raises `permission_denied`."""
        if permission not in self.permissions:
            raise DomainError("permission_denied")


NAME: Final = r"[a-z][a-z0-9._-]{1,29}"
"""What an account may be called: it is in the audit log for good."""
SESSION_LASTS: Final = timedelta(hours=8)
STEP_SECONDS: Final = 30
"""RFC 6238: how long a code is shown."""
STEPS_AROUND: Final = 1
"""A code of the half minute before or after is taken, too: clocks differ."""


def check_name(name: str) -> str:
    """Raises `operator_name_invalid`."""
    if not re.fullmatch(NAME, name):
        raise DomainError("operator_name_invalid")
    return name


def step_of(
    code: str, now: datetime, last: int | None, code_at: Callable[[int], str]
) -> int | None:
    """The half minute whose code this is, newer than the `last` that was taken; else None.

    `code_at`: the secret's code of a half minute since 1970.
    """
    today = int(now.timestamp()) // STEP_SECONDS
    for step in range(today - STEPS_AROUND, today + STEPS_AROUND + 1):
        if (last is None or step > last) and hmac.compare_digest(code_at(step), code):
            return step
    return None
