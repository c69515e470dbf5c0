"""The groupware's messages as they stand on the wire, and what they mean to us."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from app.domain.provisioning import (
    AccountingFacts,
    DesiredSite,
    Hosting,
    OpenedSite,
    OperationReport,
    OperationState,
    SiteAccess,
    SiteFacts,
    UsageReport,
)

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_Count = Annotated[int, msgspec.Meta(ge=0)]


class Storage(msgspec.Struct):
    account_gb: _Count
    public_gb: _Count


class _Admin(msgspec.Struct):
    login_id: str
    email: str
    name: str


class SiteBody(msgspec.Struct):
    revision: int
    name: str
    subdomain: str
    hosting: Hosting
    users: int
    storage: Storage
    add_ons: dict[str, int]
    starts_on: date
    expires_on: date | None
    access: SiteAccess
    accounting_menu: bool
    business_number: str
    admin: _Admin


def site_body(site: DesiredSite) -> SiteBody:
    return SiteBody(
        revision=site.revision,
        name=site.name,
        subdomain=site.subdomain,
        hosting=site.hosting,
        users=site.users,
        storage=Storage(site.account_gb, site.public_gb),
        add_ons=dict(site.add_ons),
        starts_on=site.starts_on,
        expires_on=site.expires_on,
        access=site.access,
        accounting_menu=site.accounting_menu,
        business_number=site.business_number,
        admin=_Admin(site.admin.login_id, site.admin.email, site.admin.name),
    )


class PutAnswer(msgspec.Struct):
    """200 has the revision that holds; only 202 promises the other two."""

    revision: int
    operation_id: str | None = None
    state: OperationState | None = None


class CloseAnswer(msgspec.Struct):
    """Above the revision sent: a later wish has overtaken the end."""

    revision: int


class _Accounting(msgspec.Struct):
    started_on: date | None = None
    business_number: str | None = None
    admin_login_id: str | None = None


class _Opened(msgspec.Struct):
    site_id: str
    url: str
    domain: str
    admin_login_id: str
    opened_at: _Moment
    admin_setup_url: str | None = None
    accounting: _Accounting | None = None


class OperationAnswer(msgspec.Struct):
    state: OperationState
    error: str | None = None
    site: _Opened | None = None

    def report(self) -> OperationReport:
        site = None
        if self.site is not None:
            found, books = self.site, self.site.accounting
            accounting = None
            if books is not None:
                accounting = AccountingFacts(
                    books.started_on, books.business_number, books.admin_login_id
                )
            site = OpenedSite(
                site_id=found.site_id,
                url=found.url,
                domain=found.domain,
                admin_login_id=found.admin_login_id,
                admin_setup_url=found.admin_setup_url,
                opened_at=found.opened_at,
                accounting=accounting,
            )
        return OperationReport(state=self.state, error=self.error, site=site)


class SiteAnswer(msgspec.Struct):
    revision: int
    name: str
    subdomain: str
    hosting: Hosting
    users: _Count
    storage: Storage
    add_ons: dict[str, _Count]
    access: SiteAccess
    external_id: str | None = None
    site_id: str | None = None
    starts_on: date | None = None
    expires_on: date | None = None
    accounting_menu: bool = False
    business_number: str | None = None

    def facts(self) -> SiteFacts:
        return SiteFacts(
            external_id=self.external_id,
            site_id=self.site_id,
            revision=self.revision,
            name=self.name,
            subdomain=self.subdomain,
            hosting=self.hosting,
            users=self.users,
            account_gb=self.storage.account_gb,
            public_gb=self.storage.public_gb,
            add_ons=self.add_ons,
            starts_on=self.starts_on,
            expires_on=self.expires_on,
            access=self.access,
            accounting_menu=self.accounting_menu,
            business_number=self.business_number,
        )


class SitesAnswer(msgspec.Struct):
    sites: list[SiteAnswer]


class _Users(msgspec.Struct):
    used: _Count
    signed_in_ever: _Count


class _Bytes(msgspec.Struct):
    account: _Count
    public: _Count


class _Option(msgspec.Struct):
    used: _Count


class UsageAnswer(msgspec.Struct):
    measured_at: _Moment
    users: _Users
    storage_bytes: _Bytes
    options: dict[str, _Option]

    def report(self) -> UsageReport:
        return UsageReport(
            measured_at=self.measured_at,
            users_used=self.users.used,
            users_signed_in_ever=self.users.signed_in_ever,
            account_bytes=self.storage_bytes.account,
            public_bytes=self.storage_bytes.public,
            options={code: option.used for code, option in self.options.items()},
        )


class UserAnswer(msgspec.Struct):
    active: bool
    site_admin: bool
