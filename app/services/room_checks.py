"""무료 전환 확인: whether the free plan has room for a site that goes to it (PRODUCT.md section 8).

Looked at 14 and 3 days before the term's last; who does not fit is told. On the last day the
renewal looks itself (`domain.scheduled_changes.renewal_content`).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.contracts import any_contracts
from app.db.engine import Database
from app.db.queue import enqueue
from app.db.tables.companies import Company
from app.db.tables.scheduled_changes import ScheduledChangeRow
from app.db.tables.sites import Membership, Site
from app.domain.changes import STORAGE, Usage, storage_of
from app.domain.periods import seoul_date
from app.domain.provider_errors import ProviderError
from app.domain.scheduled_changes import (
    content_at_renewal,
    content_of,
    fits,
    next_room_check,
    room_is_due,
)
from app.services.catalogue import Catalogues
from app.services.emails import Emails
from app.services.mails import Mails, NewMail
from app.services.ports import Groupware
from app.services.scheduled_changes import as_scheduled

CHECK_ROOM: Final = "check_room"
TRY_AGAIN_AFTER: Final = timedelta(minutes=10)
GIB: Final = 2**30


@dataclass(frozen=True, slots=True)
class RoomChecks:
    """The job of one scheduled change. Repeatable: the row says when it is due."""

    database: Database
    clock: Clock
    catalogues: Catalogues
    groupware: Groupware
    mails: Mails
    emails: Emails

    async def check(self, change_id: UUID) -> None:
        """Asks how much is used where it is due; what was undone or put off is left alone."""
        site_id = await self._begin(change_id)
        if site_id is None:
            return
        try:
            report = await self.groupware.usage(str(site_id))
        except ProviderError:
            return  # due again in ten minutes
        usage = Usage(report.users_used, report.account_bytes + report.public_bytes)
        await self._keep(change_id, usage)

    async def _begin(self, change_id: UUID) -> UUID | None:
        async with self.database.system_session("room check") as session:
            now = await self.clock.now(session)
            row, last_day = await _lock(session, change_id)
            if row is None or row.check_due_at is None or row.check_due_at > now:
                return None
            if last_day is None or not room_is_due(last_day, now):
                row.check_due_at = next_room_check(last_day, now)  # extended meanwhile
                return None
            row.check_due_at = now + TRY_AGAIN_AFTER  # another worker, or a crash on the way
            membership = await session.get_one(Membership, row.membership_id)
            return membership.site_id

    async def _keep(self, change_id: UUID, usage: Usage) -> None:
        async with self.database.system_session("room check") as session:
            now = await self.clock.now(session)
            row, last_day = await _lock(session, change_id)
            if row is None or last_day is None:
                return
            row.check_due_at = next_room_check(last_day, now)
            catalogue = await self.catalogues.in_force(session, seoul_date(now))
            contract = (await any_contracts(session, [row.membership_id]))[
                row.membership_id
            ].contract
            held = content_of(catalogue, contract)
            content = content_at_renewal(catalogue, held, as_scheduled(row))
            if fits(catalogue, content, usage):
                return
            plan = catalogue.plan(content.plan)
            assert plan is not None
            storage = storage_of(plan, content.users, content.add_ons.get(STORAGE, 0))
            facts = {
                "last_day": last_day.isoformat(),
                "users_used": f"{usage.users:,}",
                "users": f"{content.users:,}",
                "storage_used": f"{usage.storage_bytes / GIB:,.1f}",
                "storage": f"{storage:,}",
            }
            await self._tell(session, row, facts, now)

    async def _tell(
        self,
        session: AsyncSession,
        row: ScheduledChangeRow,
        facts: dict[str, str],
        now: datetime,
    ) -> None:
        company = await session.get_one(Company, row.company_id)
        account_id = company.corporate_account_id
        email = await self.emails.of(session, account_id) if account_id else None
        if email is None:
            return
        membership = await session.get_one(Membership, row.membership_id)
        site = await session.get_one(Site, membership.site_id)
        mail = NewMail(
            "free_plan_has_no_room",
            email,
            facts | {"site": site.name},
            "ko",
            row.company_id,
            account_id,
        )
        job = self.mails.queue(session, mail, now)
        await session.flush()
        await enqueue(session, [job])


async def _lock(
    session: AsyncSession, change_id: UUID
) -> tuple[ScheduledChangeRow | None, date | None]:
    """The row, and the last day of its membership's term."""
    row = await session.get(ScheduledChangeRow, change_id, with_for_update=True)
    if row is None:
        return None, None
    membership = await session.get_one(Membership, row.membership_id)
    return row, membership.expires_on
