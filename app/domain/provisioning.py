"""What a site shall be, and what the groupware says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Hosting(StrEnum):
    SHARED_FREE = "SHARED_FREE"
    SHARED = "SHARED"
    DEDICATED = "DEDICATED"


class SiteAccess(StrEnum):
    ON = "ON"
    OFF = "OFF"


class OperationState(StrEnum):
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class AccountingState(StrEnum):
    """Of the switch 경리회계."""

    PENDING = "PENDING"
    APPLIED = "APPLIED"
    FAILED = "FAILED"


def accounting_state(applied: bool, failed: bool) -> AccountingState:
    """`applied`: the groupware has what is wanted; `failed`: it refused the last try."""
    if applied:
        return AccountingState.APPLIED
    return AccountingState.FAILED if failed else AccountingState.PENDING


@dataclass(frozen=True, slots=True)
class SiteAdmin:
    login_id: str = field(repr=False)
    email: str = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DesiredSite:
    """The whole of what a site is entitled to. `revision` grows with every change.

    `add_ons` is code to quantity; dates are business dates, both inclusive.
    """

    external_id: str
    revision: int
    name: str
    subdomain: str
    hosting: Hosting
    users: int
    account_gb: int
    public_gb: int
    add_ons: Mapping[str, int]
    starts_on: date
    expires_on: date | None
    access: SiteAccess
    accounting_menu: bool
    business_number: str
    admin: SiteAdmin


@dataclass(frozen=True, slots=True)
class SiteAccepted:
    """`operation_id` is None when nothing had to change; `revision` is the one that holds now.

    A `revision` above the one sent means that a later wish has overtaken it.
    """

    operation_id: str | None
    revision: int
    state: OperationState


@dataclass(frozen=True, slots=True)
class AccountingFacts:
    started_on: date | None
    business_number: str | None
    admin_login_id: str | None


@dataclass(frozen=True, slots=True)
class OpenedSite:
    """`admin_setup_url` is a secret: it sets the first password, once."""

    site_id: str
    url: str
    domain: str
    admin_login_id: str = field(repr=False)
    admin_setup_url: str | None = field(repr=False)
    opened_at: datetime
    accounting: AccountingFacts | None


@dataclass(frozen=True, slots=True)
class OperationReport:
    """`error` is the groupware's code when FAILED; `site` is there when SUCCEEDED."""

    state: OperationState
    error: str | None
    site: OpenedSite | None


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A site's entitlement as it stands. `site_id` is None while it is being opened."""

    external_id: str | None
    site_id: str | None
    revision: int
    name: str
    subdomain: str
    hosting: Hosting
    users: int
    account_gb: int
    public_gb: int
    add_ons: Mapping[str, int]
    starts_on: date | None
    expires_on: date | None
    access: SiteAccess
    accounting_menu: bool
    business_number: str | None


@dataclass(frozen=True, slots=True)
class UsageReport:
    """`options` is add-on code to what is in use. Sizes are bytes."""

    measured_at: datetime
    users_used: int
    users_signed_in_ever: int
    account_bytes: int
    public_bytes: int
    options: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SiteUser:
    active: bool
    site_admin: bool
