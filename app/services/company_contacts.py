"""Who else of a company is told when its own account changes hands or keys."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.accounts import Account
from app.db.tables.companies import CompanyMember
from app.db.tables.sites import Site
from app.db.vault import Vault


class CompanyContacts:
    """Opens the addresses of the company's ADMINs and of its open sites' administrators."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def of(self, session: AsyncSession, company_id: UUID) -> Sequence[str]:
        """Each address once, in no order that matters. Empty before the first site is open."""
        sites = await session.scalars(
            select(Site.admin_email).where(
                Site.company_id == company_id, Site.state == "OPEN", Site.admin_email.is_not(None)
            )
        )
        members = await session.scalars(
            select(Account.email)
            .join(CompanyMember, CompanyMember.account_id == Account.id)
            .where(
                CompanyMember.company_id == company_id,
                CompanyMember.state == "ACTIVE",
                Account.email.is_not(None),
            )
        )
        opened = {
            *(self._vault.open("sites.admin_email", sealed) for sealed in sites if sealed),
            *(self._vault.open("accounts.email", sealed) for sealed in members if sealed),
        }
        return sorted(opened)
