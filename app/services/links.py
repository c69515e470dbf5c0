"""연동 관리: the groupware users and social accounts of an individual (PRODUCT.md section 15)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import wire_now
from app.db.engine import Database
from app.db.tables.accounts import Account, Session
from app.db.tables.companies import Company, GroupwareLink
from app.db.tables.sites import Site
from app.db.tables.social import SocialLink
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.social import PROVIDER_NAMES, SocialProvider
from app.services.account_mails import AccountMails
from app.services.audit import AuditEntry, record
from app.services.order_events import account_actor
from app.services.principals import Access, Principal
from app.services.social_links import SocialLinks


class LinkKind(StrEnum):
    GROUPWARE = "GROUPWARE"
    SOCIAL = "SOCIAL"


@dataclass(frozen=True, slots=True)
class Link:
    """A link as its owner sees it; a social one has a provider, a groupware one a site."""

    id: UUID
    kind: LinkKind
    created_at: datetime
    provider: SocialProvider | None = None
    email: str | None = field(default=None, repr=False)
    site_id: UUID | None = None
    site_name: str | None = None
    company_id: UUID | None = None
    company_name: str | None = None
    site_admin: bool | None = None
    confirmed_at: datetime | None = None


class Links:
    """List and remove. An account sees its own links of every company, and nobody else's."""

    def __init__(self, database: Database, social: SocialLinks, mails: AccountMails) -> None:
        self._database = database
        self._mails = mails
        self._social = social

    async def list(self, access: Access) -> Sequence[Link]:
        """The oldest first, social ones before groupware ones."""
        principal = await access.principal()
        async with self._database.system_session("own links") as session:
            social = await session.execute(
                select(SocialLink)
                .where(SocialLink.account_id == principal.account_id)
                .order_by(SocialLink.created_at, SocialLink.id)
            )
            groupware = await session.execute(
                select(GroupwareLink, Site.name, Company.legal_name)
                .join(Site, Site.id == GroupwareLink.site_id)
                .join(Company, Company.id == GroupwareLink.company_id)
                .where(GroupwareLink.account_id == principal.account_id)
                .order_by(GroupwareLink.created_at, GroupwareLink.id)
            )
            return [
                *(self._social_link(row) for row in social.scalars()),
                *(_groupware_link(link, site, company) for link, site, company in groupware),
            ]

    def _social_link(self, row: SocialLink) -> Link:
        return Link(
            id=row.id,
            kind=LinkKind.SOCIAL,
            created_at=row.created_at,
            provider=SocialProvider(row.provider),
            email=self._social.opened(row.email),
        )

    async def remove(self, access: Access, link_id: UUID, language: str) -> None:
        """The owner is told of a way in that is gone.

        Raises `link_not_found`, `last_way_in`, `reauthentication_required`.
        """
        principal = await access.principal()
        principal.require_step_up()
        async with self._database.system_session("unlink") as session:
            # Locked, so that two removals at once do not each leave the other's link as the last.
            account = await session.get_one(Account, principal.account_id, with_for_update=True)
            removed = await self._remove_social(session, account, link_id)
            company_id = None
            if removed is None:
                company_id = await _remove_groupware(session, principal, link_id)
            else:
                facts = {"provider": PROVIDER_NAMES[SocialProvider(removed)]}
                await self._mails.tell(
                    session, account.id, "social_unlinked", principal.now, facts, language
                )
            record(
                session,
                AuditEntry(
                    company_id=company_id,
                    account_id=account.id,
                    actor=account_actor(account.id),
                    action=(
                        AuditAction.GROUPWARE_UNLINKED
                        if company_id
                        else AuditAction.SOCIAL_UNLINKED
                    ),
                    at=principal.now,
                    subject=str(link_id),
                    details={"provider": removed} if removed else {},
                ),
            )

    @staticmethod
    async def _remove_social(session: AsyncSession, account: Account, link_id: UUID) -> str | None:
        """The provider; None where the account has no such social link.

        A groupware link is no way in that counts: the groupware may end it at any time.
        """
        found = await session.execute(
            select(SocialLink.id, SocialLink.provider).where(SocialLink.account_id == account.id)
        )
        providers = {row.id: row.provider for row in found}
        if link_id not in providers:
            return None
        if account.password_hash is None and len(providers) == 1:
            raise DomainError("last_way_in")
        await session.execute(delete(SocialLink).where(SocialLink.id == link_id))
        return str(providers[link_id])


async def _remove_groupware(session: AsyncSession, principal: Principal, link_id: UUID) -> UUID:
    """The company; its sessions that came from the groupware end with the last link to it."""
    removed = await session.execute(
        delete(GroupwareLink)
        .where(GroupwareLink.id == link_id, GroupwareLink.account_id == principal.account_id)
        .returning(GroupwareLink.company_id)
    )
    company_id = removed.scalar_one_or_none()
    if company_id is None:
        raise DomainError("link_not_found")
    others = select(func.count()).where(
        GroupwareLink.account_id == principal.account_id, GroupwareLink.company_id == company_id
    )
    await session.execute(
        update(Session)
        .where(
            Session.account_id == principal.account_id,
            Session.company_id == company_id,
            Session.revoked_at.is_(None),
            others.scalar_subquery() == 0,
        )
        .values(revoked_at=wire_now(), revoked_reason="UNLINKED")
    )
    return UUID(str(company_id))


def _groupware_link(link: GroupwareLink, site: str, company: str) -> Link:
    return Link(
        id=link.id,
        kind=LinkKind.GROUPWARE,
        created_at=link.created_at,
        site_id=link.site_id,
        site_name=site,
        company_id=link.company_id,
        company_name=company,
        site_admin=link.site_admin,
        confirmed_at=link.confirmed_at,
    )
