"""시스템현황."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.domain.catalogue import Catalogue
from app.domain.memberships import split_storage, usage_percent
from app.domain.provisioning import AccountingState, accounting_state
from app.language import Language
from app.routers.answers import answer
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.models import AnswerStruct, IsoDate, RequestModel, values_of
from app.routers.permissions import FOR_A_COMPANY, CanReadSystemStatus, CanUpdateSystemStatus
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.system_status import (
    SiteStatus,
    get_status,
    list_statuses,
    switch_accounting,
    usage_history,
)

router = APIRouter(prefix="/v1/system-status", tags=["system status"], route_class=StrictRoute)

GB = 2**30
OPTIONS: tuple[tuple[str, str, str, str | None, str | None], ...] = (
    ("CORPORATE_CARD", "법인카드", "Corporate cards", "CORPORATE_CARD", None),
    ("PERSONAL_CARD_USER", "개인카드 사용자", "Personal card users", "PERSONAL_CARD_USER", None),
    ("TAX_INVOICE", "세금계산서 발행", "Tax invoices", None, "TAX_INVOICE_100"),
    ("BANK_ACCOUNT", "은행계좌 즉시조회", "Bank accounts", "BANK_ACCOUNT", None),
    ("E_CONTRACT", "전자계약", "Electronic contracts", None, "E_CONTRACT_100"),
)
"""The guide's five options: code, names, the add-on of single units, the pack of a hundred."""


class UsedBody(AnswerStruct, frozen=True):
    """Used of contracted (무료제공 포함); percents are null when nothing is contracted."""

    used: int | None
    contracted: int
    used_percent: int | None
    left_percent: int | None


class StorageBody(AnswerStruct, frozen=True):
    """Bytes; 1 GB is 2³⁰ of them."""

    used_bytes: int | None
    contracted_bytes: int
    used_percent: int | None
    left_percent: int | None
    account_used_bytes: int | None
    account_contracted_bytes: int
    public_used_bytes: int | None
    public_contracted_bytes: int


class OptionBody(AnswerStruct, frozen=True):
    """An option of 경리회계 and the like."""

    code: str
    name: str
    used: int | None
    contracted: int


class AccountingBody(AnswerStruct, frozen=True):
    """경영지원-경리회계 of the site. `visible`: whether its menu is wanted in the channel GNB.

    `state`: PENDING until the groupware has it so, then APPLIED. FAILED: it refused, and is asked
    again by itself.
    """

    visible: bool
    state: Annotated[str, values_of(AccountingState)]
    started_on: date | None
    business_number: str
    admin_login_id: str


class SwitchAccountingRequest(RequestModel):
    """Whether the menu is shown."""

    visible: bool


class UsageDayBody(AnswerStruct, frozen=True):
    """A day (KST). Bytes; 1 GB is 2³⁰ of them."""

    day: date
    users: int
    users_contracted: int
    storage_bytes: int
    account_bytes: int
    public_bytes: int
    storage_contracted_bytes: int


class UsageHistoryBody(AnswerStruct, frozen=True):
    """From `first_day` to `last_day`, both included."""

    first_day: date
    last_day: date
    items: list[UsageDayBody]


class StatusSiteBody(AnswerStruct, frozen=True):
    """The site."""

    id: UUID
    name: str
    domain: str | None
    url: str | None


class SystemStatusBody(AnswerStruct, frozen=True):
    """A site's usage. `stale`: the groupware could not be asked, `as_of` says how old it is."""

    site: StatusSiteBody
    membership_id: UUID
    as_of: datetime | None
    stale: bool
    users: UsedBody
    storage: StorageBody
    options: list[OptionBody]
    accounting: AccountingBody | None
    groupware_admin_login_id: str
    starts_on: date
    expires_on: date | None


class SystemStatusListBody(AnswerStruct, frozen=True):
    """Every site, from what is cached."""

    items: list[SystemStatusBody]


@router.get(
    "",
    operation_id="list_system_status",
    summary="Usage of every site",
    description="시스템현황. From the cache; a prospect has none.",
    response_model=SystemStatusListBody,
    responses=problems(*FOR_A_COMPANY),
)
async def get_all(deps: DepsDep, language: LanguageDep, access: CanReadSystemStatus) -> Response:
    found, today = await list_statuses(access)
    catalogue = await deps.catalogues.in_force_outside(today)
    items = [_body(status, catalogue, language) for status in found]
    return answer(SystemStatusListBody(items=items))


@router.get(
    "/{site_id}",
    operation_id="get_system_status",
    summary="Usage of a site",
    description="사이트 상세 현황. Asked of the groupware when the cache is older than 5 minutes.",
    response_model=SystemStatusBody,
    responses=problems(*FOR_A_COMPANY, "site_not_found", "invalid_request"),
)
async def get_one(
    deps: DepsDep, language: LanguageDep, access: CanReadSystemStatus, site_id: UUID
) -> Response:
    found, today = await get_status(deps.groupware, access, site_id)
    return answer(_body(found, await deps.catalogues.in_force_outside(today), language))


@router.get(
    "/{site_id}/history",
    operation_id="get_usage_history",
    summary="Usage of a site by day",
    description=(
        "A series for charts: each day's last measurement and what was contracted then, the oldest"
        " first. Kept for a year; days on which nothing was measured are left out."
    ),
    response_model=UsageHistoryBody,
    responses=problems(*FOR_A_COMPANY, "site_not_found", "period_invalid"),
)
async def get_history(
    access: CanReadSystemStatus,
    site_id: UUID,
    first_day: Annotated[
        IsoDate | None, Query(alias="from", description="The first day; 30 days unless it is said.")
    ] = None,
    last_day: Annotated[
        IsoDate | None, Query(alias="to", description="The last day; today unless it is said.")
    ] = None,
) -> Response:
    found = await usage_history(access, site_id, first_day, last_day)
    items = [
        UsageDayBody(
            day.day,
            day.users,
            day.users_contracted,
            day.account_bytes + day.public_bytes,
            day.account_bytes,
            day.public_bytes,
            day.storage_contracted_bytes,
        )
        for day in found.days
    ]
    return answer(UsageHistoryBody(found.first_day, found.last_day, items))


@router.put(
    "/{site_id}/accounting",
    operation_id="switch_accounting",
    summary="경리회계 on or off",
    description=(
        "Off hides the menu in the groupware's channel GNB. Done when the groupware confirms:"
        " `state` says so."
    ),
    status_code=202,
    response_model=AccountingBody,
    responses=problems(
        *FOR_A_COMPANY,
        "site_not_found",
        "accounting_not_contracted",
        "membership_state_conflict",
        body=True,
    ),
)
async def put_accounting(
    access: CanUpdateSystemStatus, site_id: UUID, body: SwitchAccountingRequest
) -> Response:
    async with access.transaction() as (session, principal):
        site, _ = await switch_accounting(session, principal, site_id, body.visible)
        wanted = AccountingBody(
            site.accounting_visible,
            accounting_state(site.applied_revision >= site.revision, site.put_failed),
            site.accounting_started_on,
            site.business_number,
            site.admin_login_id or "",
        )
    accepted = answer(wanted)
    accepted.status_code = 202
    return accepted


def _body(status: SiteStatus, catalogue: Catalogue, language: Language) -> SystemStatusBody:
    membership, usage = status.membership, status.usage
    return SystemStatusBody(
        site=StatusSiteBody(
            id=membership.site_id,
            name=membership.site_name,
            domain=membership.site_domain,
            url=membership.site_url,
        ),
        membership_id=membership.id,
        as_of=status.as_of,
        stale=status.stale,
        users=_users(usage.users if usage else None, membership.users),
        storage=_storage(status),
        options=_options(status, catalogue, language),
        accounting=_accounting(status),
        groupware_admin_login_id=membership.admin_login_id,
        starts_on=membership.starts_on,
        expires_on=membership.expires_on,
    )


def _users(used: int | None, contracted: int) -> UsedBody:
    percent = usage_percent(used, contracted) if used is not None else None
    return UsedBody(
        used=used,
        contracted=contracted,
        used_percent=percent.used if percent else None,
        left_percent=percent.left if percent else None,
    )


def _storage(status: SiteStatus) -> StorageBody:
    usage, total_gb = status.usage, status.membership.storage_gb
    split = split_storage(total_gb)
    used = usage.account_bytes + usage.public_bytes if usage else None
    percent = usage_percent(used, total_gb * GB) if used is not None else None
    return StorageBody(
        used_bytes=used,
        contracted_bytes=total_gb * GB,
        used_percent=percent.used if percent else None,
        left_percent=percent.left if percent else None,
        account_used_bytes=usage.account_bytes if usage else None,
        account_contracted_bytes=split.account_gb * GB,
        public_used_bytes=usage.public_bytes if usage else None,
        public_contracted_bytes=split.public_gb * GB,
    )


def _options(status: SiteStatus, catalogue: Catalogue, language: Language) -> list[OptionBody]:
    """Contracted: what was ordered, and what other add-ons include."""
    held = status.membership.add_ons
    included: dict[str, int] = {}
    for code in held:
        add_on = catalogue.add_on(code)
        for part in add_on.included if add_on else ():
            included[part.code] = included.get(part.code, 0) + part.quantity
    used = status.usage.options if status.usage else None
    return [
        OptionBody(
            code=code,
            name=ko if language is Language.KO else en,
            used=None if used is None else used.get(code, 0),
            contracted=included.get(code, 0)
            + held.get(unit or "", 0)
            + 100 * held.get(pack or "", 0),
        )
        for code, ko, en, unit, pack in OPTIONS
    ]


def _accounting(status: SiteStatus) -> AccountingBody | None:
    membership = status.membership
    if "ACCOUNTING" not in membership.add_ons:
        return None
    return AccountingBody(
        visible=membership.accounting_visible,
        state=accounting_state(membership.revision_applied, membership.put_failed),
        started_on=membership.accounting_started_on,
        business_number=membership.business_number,
        admin_login_id=membership.admin_login_id,
    )
