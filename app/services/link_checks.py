"""Is the groupware user behind a link still a site administrator? (PRODUCT.md section 5.)

Asked daily, and when the groupware calls. `portal_principal` gives no ADMIN for a link that was
denied or not confirmed for 72 hours; here it becomes history, and the person is told.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import enqueue
from app.db.tables.companies import Company, CompanyMember, GroupwareLink
from app.db.tables.sites import Site
from app.domain.audit import AuditAction
from app.domain.provider_errors import ProviderError
from app.services.acceptances import Acceptances
from app.services.account_people import AccountPeople
from app.services.audit import GROUPWARE, AuditEntry, record
from app.services.mails import Mails, NewMail
from app.services.order_events import SYSTEM
from app.services.ports import Groupware
from app.services.sso_exchange import CONFIRM_AGAIN_AFTER

CHECK_LINK: Final = "check_link"
TRY_AGAIN_AFTER: Final = timedelta(hours=1)
SILENCE_ENDS_ROLE: Final = timedelta(hours=72)


class LinkChecks:
    """The job of one link. Repeatable: the row says when it is due, and what was told."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        groupware: Groupware,
        mails: Mails,
        people: AccountPeople,
        acceptances: Acceptances,
    ) -> None:
        self._database = database
        self._clock = clock
        self._groupware = groupware
        self._mails = mails
        self._people = people
        self._acceptances = acceptances

    async def check(self, link_id: UUID) -> None:
        """Asks about a link that is due; one that was removed or asked about just now is left."""
        asked = await self._begin(link_id)
        if asked is None:
            return
        site_id, subject = asked
        try:
            user = await self._groupware.user(str(site_id), subject)
            site_admin = user is not None and user.active and user.site_admin
        except (ProviderError, ValueError):
            await self._keep(link_id, None)
            return
        await self._keep(link_id, site_admin)

    async def _begin(self, link_id: UUID) -> tuple[UUID, str] | None:
        async with self._database.system_session("link check") as session:
            now = await self._clock.now(session)
            link = await session.get(GroupwareLink, link_id, with_for_update=True)
            if link is None:
                return None
            if (link.due_at or link.confirmed_at + CONFIRM_AGAIN_AFTER) > now:
                return None
            link.due_at = now + TRY_AGAIN_AFTER  # another worker, or a crash on the way
            return link.site_id, link.subject

    async def _keep(self, link_id: UUID, site_admin: bool | None) -> None:
        """`site_admin`: None where the groupware did not say."""
        async with self._database.system_session("link check") as session:
            now = await self._clock.now(session)
            link = await session.get(GroupwareLink, link_id, with_for_update=True)
            if link is None:
                return
            if site_admin is not None:
                link.site_admin = site_admin
                link.confirmed_at = now
                link.due_at = now + CONFIRM_AGAIN_AFTER
            link.updated_at = now
            silent = link.confirmed_at <= now - SILENCE_ENDS_ROLE
            if link.site_admin and not silent:
                await self._restore(session, link, now)
            elif link.lapsed_at is None:
                await self._lapse(session, link, "silent" if link.site_admin else "denied", now)

    async def _restore(self, session: AsyncSession, link: GroupwareLink, now: datetime) -> None:
        """The role is back, and an invitation that was accepted meanwhile takes effect."""
        if link.lapsed_at is None:
            return
        link.lapsed_at = None
        record(session, _entry(link, GROUPWARE, AuditAction.GROUPWARE_ADMIN_RESTORED, now))
        await session.flush()
        await self._acceptances.linked(session, link.account_id, link.company_id, now)

    async def _lapse(
        self, session: AsyncSession, link: GroupwareLink, reason: str, now: datetime
    ) -> None:
        """History, and a mail to whoever was ADMIN by this link."""
        link.lapsed_at = now
        actor = GROUPWARE if reason == "denied" else SYSTEM
        record(session, _entry(link, actor, AuditAction.GROUPWARE_ADMIN_LOST, now, reason))
        rows = await session.execute(
            select(
                Site.name,
                Company.legal_name,
                exists()
                .where(
                    CompanyMember.company_id == link.company_id,
                    CompanyMember.account_id == link.account_id,
                    CompanyMember.state == "ACTIVE",
                )
                .label("was_admin"),
            )
            .join(Company, Company.id == Site.company_id)
            .where(Site.id == link.site_id)
        )
        row = rows.one()
        person = await self._people.of(session, link.account_id)
        if not row.was_admin or person.email is None:
            return
        facts = {"site": row.name, "company": row.legal_name}
        mail = NewMail(
            f"admin_lost_{reason}", person.email, facts, "ko", link.company_id, link.account_id
        )
        await enqueue(session, [self._mails.queue(session, mail, now)])


def _entry(
    link: GroupwareLink, actor: str, action: AuditAction, now: datetime, reason: str | None = None
) -> AuditEntry:
    return AuditEntry(
        company_id=link.company_id,
        account_id=link.account_id,
        actor=actor,
        action=action,
        at=now,
        subject=str(link.id),
        details={"reason": reason} if reason else {},
    )
