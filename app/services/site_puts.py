"""Access and end of sites: what a site shall be that no order asks for, put until it is so.

The site's row is the queue: `put_due_at` says that something is left. A groupware that is down is
asked for ever, up to ten minutes apart. While an order's item is put for the site, that is waited
for: it carries the whole of what is wanted as well, under a greater revision.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import Job, enqueue
from app.db.tables.orders import OrderItem
from app.db.tables.sites import Membership, Site
from app.db.vault import Vault
from app.domain.provider_errors import ProviderError
from app.domain.provisioning import DesiredSite, OperationState, SiteAccess
from app.services.desired_sites import SiteEntitlement, desired_site
from app.services.ports import Groupware

PUT_SITE: Final = "put_site"
POLL_AFTER: Final = timedelta(seconds=2)
LONGEST_PAUSE: Final = timedelta(minutes=10)


async def want_access(session: AsyncSession, site: Site, access: SiteAccess, now: datetime) -> None:
    """In the transaction that switches it; the row is locked. Wanting what is so does nothing."""
    if site.access != access:
        site.access = str(access)
        await _want(session, site, now)


async def want_accounting(session: AsyncSession, site: Site, visible: bool, now: datetime) -> None:
    """경리회계 in the channel GNB, shown or not. The row is locked."""
    site.accounting_visible = visible
    await _want(session, site, now)


async def want_again(session: AsyncSession, site: Site, now: datetime) -> None:
    """Something else of it has changed. The row is locked."""
    await _want(session, site, now)


async def want_end(session: AsyncSession, site: Site, now: datetime) -> None:
    """The site is closed at the groupware, which erases its data. The row is locked."""
    site.state = "TERMINATED"
    await _want(session, site, now)


async def _want(session: AsyncSession, site: Site, now: datetime) -> None:
    """A new revision, unless an item has its own on its way: then one after that."""
    if not await _item_under_way(session, site.id):
        site.revision += 1
        site.operation_id = None
    site.put_due_at, site.put_attempts, site.updated_at = now, 0, now
    site.put_failed = False
    await session.flush()
    await enqueue(session, [Job(PUT_SITE, site.id)])


async def _item_under_way(session: AsyncSession, site_id: UUID) -> bool:
    items = select(OrderItem.id).where(
        OrderItem.site_id == site_id, OrderItem.state == "PROVISIONING"
    )
    return await session.scalar(items.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked for: an end where `site` is None."""

    revision: int
    site: DesiredSite | None
    operation_id: str | None


class SitePuts:
    """The job of one site."""

    def __init__(
        self, database: Database, clock: Clock, vault: Vault, groupware: Groupware
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._groupware = groupware

    async def put(self, site_id: UUID) -> None:
        """Takes what is wanted of a site one step on. Repeatable."""
        wish = await self._begin(site_id)
        if wish is None:
            return
        try:
            state = await self._ask(site_id, wish)
        except ProviderError:
            await self._postpone(site_id, wish, anew=False)
            return
        if state is OperationState.SUCCEEDED:
            await self._confirm(site_id, wish)
        elif state is OperationState.FAILED:
            await self._postpone(site_id, wish, anew=True)

    async def _begin(self, site_id: UUID) -> _Wish | None:
        async with self._database.system_session("put site") as session:
            now = await self._clock.now(session)
            site = await session.get(Site, site_id, with_for_update=True)
            if site is None or site.put_due_at is None or site.put_due_at > now:
                return None
            site.put_due_at = now + POLL_AFTER  # another worker, or a crash on the way
            if await _item_under_way(session, site.id):
                return None
            if site.revision <= site.applied_revision:
                site.revision += 1  # wanted while an item was put
            if site.state == "TERMINATED":
                return _Wish(site.revision, None, None)
            membership = await session.scalar(
                select(Membership).where(Membership.site_id == site.id)
            )
            if membership is None:
                site.put_due_at = None
                return None
            held = SiteEntitlement.of(membership)
            access = SiteAccess(site.access)
            desired = await desired_site(session, self._vault, site, held, access)
            return _Wish(site.revision, desired, site.operation_id)

    async def _ask(self, site_id: UUID, wish: _Wish) -> OperationState:
        if wish.site is None:
            await self._groupware.close_site(str(site_id), wish.revision)
            return OperationState.SUCCEEDED
        operation_id = wish.operation_id
        if operation_id is None:
            accepted = await self._groupware.put_site(wish.site)
            operation_id = accepted.operation_id
            if operation_id is None:
                return accepted.state
            await self._remember(site_id, wish, operation_id)
        return (await self._groupware.get_operation(operation_id)).state

    async def _remember(self, site_id: UUID, wish: _Wish, operation_id: str) -> None:
        async with self._database.system_session("put site") as session:
            site = await session.get_one(Site, site_id, with_for_update=True)
            if site.revision == wish.revision and site.put_due_at is not None:
                site.operation_id = operation_id

    async def _confirm(self, site_id: UUID, wish: _Wish) -> None:
        """Nothing is left unless more was wanted meanwhile."""
        async with self._database.system_session("site put") as session:
            now = await self._clock.now(session)
            site = await session.get_one(Site, site_id, with_for_update=True)
            site.applied_revision = max(site.applied_revision, wish.revision)
            if site.revision == wish.revision:
                site.put_due_at = site.operation_id = None
                site.put_attempts = 0
                site.put_failed = False
                site.updated_at = now
                if site.state == "TERMINATED":  # nobody is administrator of what is erased
                    site.admin_name = site.admin_email = None

    async def _postpone(self, site_id: UUID, wish: _Wish, *, anew: bool) -> None:
        """Doubling to ten minutes, never given up. `anew`: a failed operation wants another one."""
        async with self._database.system_session("postpone site") as session:
            now = await self._clock.now(session)
            site = await session.get_one(Site, site_id, with_for_update=True)
            if site.revision != wish.revision or site.put_due_at is None:
                return
            if anew:
                site.revision += 1
                site.operation_id = None
            site.put_failed = anew
            site.put_attempts += 1
            site.put_due_at = now + min(POLL_AFTER * 2 ** min(site.put_attempts, 12), LONGEST_PAUSE)
