"""Demo data that no request can make yet: a year that passed, an import, an administrator.

Rows are written as the system's role, through the application's own tables.
"""

import asyncio
import time
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_DNS, UUID, uuid5

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.ids import new_id
from app.db.tables.accounts import Account, Consent
from app.db.tables.companies import Company, CompanyMember, GroupwareLink
from app.db.tables.orders import Order, OrderEvent, Payment
from app.db.tables.sites import Membership, Segment, Site
from app.deps import Deps
from app.domain.memberships import split_storage
from app.domain.periods import boundary, expires_on, seoul_date
from app.domain.provisioning import (
    DesiredSite,
    Hosting,
    OpenedSite,
    OperationState,
    SiteAccess,
    SiteAdmin,
)
from tools.visitor import Json, Unexpected, Visitor

PASSWORD = "portal demo 2026"
ISSUER = "http://localhost/groupware"
WAIT_SECONDS = 20.0
DAYS_OVERDUE = 3
_IMPORTED_SITE = "demo-imported"


async def let_a_year_pass(deps: Deps, login_id: str) -> None:
    """Moves the company's only contract back, so that it ended three days ago: 초과 사용중."""
    async with deps.database.system_session("demo data: overdue") as session:
        now = await deps.clock.now(session)
        company = await _company_of(session, login_id)
        membership = (
            await session.execute(select(Membership).where(Membership.company_id == company.id))
        ).scalar_one()
        if membership.status == "OVERDUE":
            return
        first_day = boundary(seoul_date(now) - timedelta(days=DAYS_OVERDUE - 1), -12)
        back = membership.starts_on - first_day
        membership.status = "OVERDUE"
        membership.first_started_on = membership.starts_on = first_day
        membership.expires_on = expires_on(first_day, 12)
        await _move_back(session, company, back)
        site = await session.get_one(Site, membership.site_id)
        site.revision += 1
        desired = _desired(deps, site, membership)
    await _put(deps, desired)
    async with deps.database.system_session("demo data: overdue") as session:
        site = await session.get_one(Site, UUID(desired.external_id))
        site.applied_revision = desired.revision


async def _move_back(session: AsyncSession, company: Company, back: timedelta) -> None:
    """Everything that the company has done was done so much earlier."""
    mine = company.id
    for order in (await session.execute(select(Order).where(Order.company_id == mine))).scalars():
        order.ordered_on -= back
        order.number = f"ORD-{order.ordered_on:%Y%m%d}-{order.number.rpartition('-')[2]}"
        order.created_at -= back
        order.updated_at -= back
        order.paid_at = _earlier(order.paid_at, back)
        order.expires_at = _earlier(order.expires_at, back)
    for event in (
        await session.execute(select(OrderEvent).where(OrderEvent.company_id == mine))
    ).scalars():
        event.at -= back
    for payment in (
        await session.execute(select(Payment).where(Payment.company_id == mine))
    ).scalars():
        payment.created_at -= back
        payment.updated_at -= back
        payment.paid_at = _earlier(payment.paid_at, back)
    for segment in (
        await session.execute(select(Segment).where(Segment.company_id == mine))
    ).scalars():
        segment.starts_on -= back
        if segment.months:
            segment.ends_on = expires_on(segment.starts_on, segment.months)
        segment.created_at -= back
    for site in (await session.execute(select(Site).where(Site.company_id == mine))).scalars():
        site.created_at -= back
        site.opened_at = _earlier(site.opened_at, back)
    for row in (
        await session.execute(select(Membership).where(Membership.company_id == mine))
    ).scalars():
        row.created_at -= back
    company.created_at -= back
    company.verified_at -= back
    company.proven_at = _earlier(company.proven_at, back)
    account = await session.get_one(Account, company.corporate_account_id)
    account.created_at -= back
    for consent in (
        await session.execute(select(Consent).where(Consent.account_id == account.id))
    ).scalars():
        consent.given_at -= back


def _earlier(moment: datetime | None, back: timedelta) -> datetime | None:
    return None if moment is None else moment - back


async def import_company(deps: Deps, visitor: Visitor, number: str, name: str) -> None:
    """A reseller's contract of half a year ago, its site open, nobody signed up for it."""
    async with deps.database.system_session("demo data: import") as session:
        known = await session.scalar(select(Company.id).where(Company.business_number == number))
        now = await deps.clock.now(session)
    if known is not None:
        return
    first_day = boundary(seoul_date(now), -6)
    company = _imported_company(number, name, now)
    site = _imported_site(deps, company, number, now)
    membership = _imported_membership(company, site, first_day, now)
    opened = await _put(deps, _desired(deps, site, membership))
    site.state, site.applied_revision = "OPEN", site.revision
    site.groupware_site_id, site.url, site.domain = opened.site_id, opened.url, opened.domain
    site.opened_at = now
    async with deps.database.system_session("demo data: import") as session:
        session.add(company)
        await session.flush()
        session.add(site)
        await session.flush()
        session.add(membership)
    usage: Json = {
        "users": 19,
        "signed_in_ever": 20,
        "account_bytes": 11 * 2**30,
        "public_bytes": 2**30,
        "options": {},
    }
    await visitor.ask_sandbox("", "POST", f"/sites/{site.id}/usage", body=usage)


def _imported_company(number: str, name: str, now: datetime) -> Company:
    return Company(
        id=new_id(),
        legal_name=name,
        business_number=number,
        representative=None,
        verification_level="STATUS",
        verification_status="ACTIVE",
        verified_at=now,
        proven_at=None,
        corporate_account_id=None,
        withdrawn_at=None,
        revision=1,
        created_at=now,
        updated_at=now,
    )


def _imported_site(deps: Deps, company: Company, number: str, now: datetime) -> Site:
    """Its id is always the same: a try that was interrupted finds its site at the groupware."""
    return Site(
        id=uuid5(NAMESPACE_DNS, _IMPORTED_SITE),
        company_id=company.id,
        name="옛길물산",
        plan="SHARED",
        subdomain=_IMPORTED_SITE,
        state="HELD",
        business_number=number,
        admin_name=deps.vault.seal("sites.admin_name", "정도현"),
        admin_login_id="admin",
        admin_email=deps.vault.seal("sites.admin_email", "admin@demo-imported.example"),
        groupware_site_id=None,
        url=None,
        domain=None,
        opened_at=None,
        revision=1,
        applied_revision=0,
        operation_id=None,
        accounting_visible=False,
        accounting_started_on=None,
        usage=None,
        usage_at=None,
        created_at=now,
        updated_at=now,
    )


def _imported_membership(
    company: Company, site: Site, first_day: date, now: datetime
) -> Membership:
    return Membership(
        id=new_id(),
        company_id=company.id,
        site_id=site.id,
        plan="SHARED",
        status="IN_USE",
        billing_channel="RESELLER",
        reseller_name="다온파트너스",
        reseller_phone="02-555-0100",
        first_started_on=first_day,
        starts_on=first_day,
        expires_on=expires_on(first_day, 12),
        users=20,
        base_users=20,
        complimentary_users=0,
        storage_gb=20,
        base_storage_gb=20,
        add_ons={},
        monthly_fee=80_000,
        term_months=12,
        auto_renew=False,
        revision=1,
        created_at=now,
        updated_at=now,
    )


async def make_admin(
    deps: Deps, visitor: Visitor, login_id: str, corporate_login_id: str, imported_number: str
) -> None:
    """An individual who administers a site of each of two companies.

    An administrator has to be confirmed by the groupware every 72 hours: each start confirms again.
    """
    hashed = await deps.passwords.hash(PASSWORD)
    async with deps.database.system_session("demo data: admin") as session:
        now = await deps.clock.now(session)
        account = (
            await session.execute(select(Account).where(Account.login_id == login_id))
        ).scalar_one_or_none()
        if account is not None:
            links = select(GroupwareLink).where(GroupwareLink.account_id == account.id)
            for link in (await session.execute(links)).scalars():
                link.confirmed_at = link.updated_at = now
            return
        imported = (
            await session.execute(select(Company).where(Company.business_number == imported_number))
        ).scalar_one()
        companies = [await _company_of(session, corporate_login_id), imported]
        account = _individual(deps, login_id, hashed, now)
        session.add(account)
        await session.flush()
        sites = [await _add_member(session, account, company, now) for company in companies]
    for site_id in sites:
        user: Json = {
            "sub": f"sub_{login_id}_{site_id}",
            "login_id": login_id,
            "name": "정도현",
            "site_admin": True,
        }
        await visitor.ask_sandbox("", "POST", f"/sites/{site_id}/users", 201, user)


def _individual(deps: Deps, login_id: str, hashed: str, now: datetime) -> Account:
    vault, phone, email = deps.vault, "01091480007", f"{login_id}@portal.example"
    return Account(
        id=new_id(),
        kind="INDIVIDUAL",
        status="ACTIVE",
        login_id=login_id,
        password_hash=hashed,
        name=vault.seal("accounts.name", "정도현"),
        birth_date=vault.seal("accounts.birth_date", "1990-05-02"),
        phone=vault.seal("accounts.phone", phone),
        phone_index=vault.index("phone", phone),
        email=vault.seal("accounts.email", email),
        email_index=vault.index("email", email),
        email_verified_at=now,
        ci_hash=deps.identity_verifications.ci_hash(login_id),
        withdrawn_at=None,
        created_at=now,
        updated_at=now,
    )


async def _add_member(
    session: AsyncSession, account: Account, company: Company, now: datetime
) -> UUID:
    """Member of the company, and linked to its open site, whose id is returned."""
    site_id = (
        await session.execute(
            select(Site.id).where(Site.company_id == company.id, Site.state == "OPEN")
        )
    ).scalar_one()
    session.add(
        CompanyMember(
            id=new_id(),
            company_id=company.id,
            account_id=account.id,
            state="ACTIVE",
            created_at=now,
            updated_at=now,
        )
    )
    session.add(
        GroupwareLink(
            id=new_id(),
            company_id=company.id,
            account_id=account.id,
            site_id=site_id,
            issuer=ISSUER,
            subject=f"sub_{account.login_id}_{site_id}",
            site_admin=True,
            confirmed_at=now,
            created_at=now,
            updated_at=now,
        )
    )
    return site_id


async def _company_of(session: AsyncSession, login_id: str) -> Company:
    rows = await session.execute(
        select(Company)
        .join(Account, Account.id == Company.corporate_account_id)
        .where(Account.login_id == login_id)
    )
    return rows.scalar_one()


def _desired(deps: Deps, site: Site, membership: Membership) -> DesiredSite:
    assert site.admin_name is not None
    assert site.admin_email is not None
    storage = split_storage(membership.storage_gb)
    return DesiredSite(
        external_id=str(site.id),
        revision=site.revision,
        name=site.name,
        subdomain=site.subdomain,
        hosting=Hosting(membership.plan),
        users=membership.users,
        account_gb=storage.account_gb,
        public_gb=storage.public_gb,
        add_ons=membership.add_ons,
        starts_on=membership.starts_on,
        expires_on=membership.expires_on,
        access=SiteAccess.ON,
        accounting_menu=site.accounting_visible,
        business_number=site.business_number,
        admin=SiteAdmin(
            login_id=site.admin_login_id or "",
            email=deps.vault.open("sites.admin_email", site.admin_email),
            name=deps.vault.open("sites.admin_name", site.admin_name),
        ),
    )


async def _put(deps: Deps, desired: DesiredSite) -> OpenedSite:
    """Asks the groupware for the site and waits for it. Raises `Unexpected`."""
    accepted = await deps.groupware.put_site(desired)
    assert accepted.operation_id is not None
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        report = await deps.groupware.get_operation(accepted.operation_id)
        if report.state is OperationState.SUCCEEDED and report.site is not None:
            return report.site
        if report.state is OperationState.FAILED:
            break
        await asyncio.sleep(0.1)
    raise Unexpected(f"the groupware did not open {desired.subdomain}")
