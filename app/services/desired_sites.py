"""What a site shall be at the groupware: the whole of it, by whatever is put."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.accounts import Account
from app.db.tables.companies import Company
from app.db.tables.sites import Membership, Site
from app.db.vault import Vault
from app.domain.memberships import split_storage
from app.domain.provisioning import DesiredSite, Hosting, SiteAccess, SiteAdmin


@dataclass(frozen=True, slots=True)
class SiteEntitlement:
    """What a site shall hold; storage in GB, days both inclusive."""

    plan: str
    users: int
    storage_gb: int
    add_ons: Mapping[str, int]
    starts_on: date
    expires_on: date | None

    @classmethod
    def of(cls, membership: Membership) -> "SiteEntitlement":
        return cls(
            plan=membership.plan,
            users=membership.users,
            storage_gb=membership.storage_gb,
            add_ons=dict(membership.add_ons),
            starts_on=membership.starts_on,
            expires_on=membership.expires_on,
        )


async def desired_site(
    session: AsyncSession, vault: Vault, site: Site, held: SiteEntitlement, access: SiteAccess
) -> DesiredSite:
    """As it is put, under the site's revision."""
    storage = split_storage(held.storage_gb)
    return DesiredSite(
        external_id=str(site.id),
        revision=site.revision,
        name=site.name,
        subdomain=site.subdomain,
        hosting=Hosting(held.plan),
        users=held.users,
        account_gb=storage.account_gb,
        public_gb=storage.public_gb,
        add_ons=held.add_ons,
        starts_on=held.starts_on,
        expires_on=held.expires_on,
        access=access,
        accounting_menu=site.accounting_visible,
        business_number=site.business_number,
        admin=await _admin(session, vault, site),
    )


async def _admin(session: AsyncSession, vault: Vault, site: Site) -> SiteAdmin:
    """Of an imported site nobody's address is known: then the company's own account's."""
    login_id = site.admin_login_id or ""
    if site.admin_email is not None and site.admin_name is not None:
        return SiteAdmin(
            login_id=login_id,
            email=vault.open("sites.admin_email", site.admin_email),
            name=vault.open("sites.admin_name", site.admin_name),
        )
    owner = await session.scalar(
        select(Account)
        .join(Company, Company.corporate_account_id == Account.id)
        .where(Company.id == site.company_id)
    )
    email = vault.open("accounts.email", owner.email) if owner and owner.email else ""
    name = vault.open("accounts.name", owner.name) if owner and owner.name else ""
    return SiteAdmin(login_id=login_id, email=email, name=name)
