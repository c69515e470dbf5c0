"""Opening sites (개설): the groupware is told what a site shall be, until it says that it is so.

Everything is repeatable: the wish is put whole under a revision, the item's row says how far it
is, and its membership is written in the transaction that confirms it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import Job, enqueue
from app.db.tables.orders import Order, OrderItem
from app.db.tables.sites import Membership, Site
from app.db.vault import Vault
from app.domain.catalogue import Catalogue
from app.domain.changes import STORAGE, storage_of
from app.domain.credit import CreditKind
from app.domain.errors import DomainError
from app.domain.orders import ItemState, OrderStatus, OrderType, step_item
from app.domain.periods import expires_on, seoul_date
from app.domain.provider_errors import ProviderError, ProviderRefused, Refusal
from app.domain.provisioning import (
    DesiredSite,
    OpenedSite,
    OperationReport,
    OperationState,
    SiteAccess,
)
from app.services.catalogue import Catalogues
from app.services.desired_sites import SiteEntitlement, desired_site
from app.services.emails import Emails
from app.services.given_back import UNATTENDED_FOR, give_back_item
from app.services.mails import Mails, NewMail
from app.services.membership_changes import (
    PendingChange,
    change_membership,
    credit,
    lines_of,
    new_membership,
    opened,
    pending_change,
    write_contract,
)
from app.services.membership_schedules import look_at_schedule
from app.services.order_events import PROVISION_ITEM, SYSTEM
from app.services.orders import derive_again
from app.services.ports import Groupware

POLL_AFTER = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=10)
TRIES = 3
"""Failed operations after which an item is FAILED; a groupware that is down does not count."""


_FINAL = frozenset({Refusal.SUBDOMAIN_TAKEN, Refusal.INVALID})
"""Refusals that the customer has to do something about; others are the operator's matter."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an item asks the groupware for, and the operation that works on it already."""

    site: DesiredSite
    operation_id: str | None


class Provisioning:
    """The job of one item."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        catalogues: Catalogues,
        groupware: Groupware,
        mails: Mails,
        emails: Emails,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._catalogues = catalogues
        self._groupware = groupware
        self._mails = mails
        self._emails = emails

    async def provision(self, item_id: UUID) -> None:
        """Takes an item one step on; what is left is found by the sweep through `due_at`."""
        try:
            wish = await self._begin(item_id)
        except DomainError as refused:  # another contract than a moment ago
            await self._fail(item_id, refused.code, final=True)
            return
        if wish is None:
            return
        try:
            report = await self._ask(item_id, wish)
        except ProviderRefused as refused:
            if refused.code in _FINAL:
                await self._fail(item_id, refused.code.lower(), final=True)
            else:
                await self._postpone(item_id)
            return
        except ProviderError:
            await self._postpone(item_id)
            return
        if report is None:
            return
        if report.state is OperationState.SUCCEEDED and report.site is not None:
            await self._confirm(item_id, report.site)
        else:
            await self._fail(item_id, report.error or "provisioning_error", final=False)

    async def site_changed(self, site_id: UUID) -> None:
        """The groupware's callback: hastens the items that wait for this site."""
        async with self._database.system_session("groupware callback") as session:
            now = await self._clock.now(session)
            waiting = await session.execute(
                update(OrderItem)
                .where(OrderItem.site_id == site_id, OrderItem.state == "PROVISIONING")
                .values(due_at=now)
                .returning(OrderItem.id)
            )
            await enqueue(session, [Job(PROVISION_ITEM, item) for item in waiting.scalars()])

    async def _begin(self, item_id: UUID) -> Wish | None:
        """Steps a due item to PROVISIONING; None where there is nothing to do (any more)."""
        async with self._database.system_session("begin opening") as session:
            now = await self._clock.now(session)
            item, order, site = await _lock(session, item_id)
            if item.due_at is None or item.due_at > now:
                return None
            if item.state == ItemState.PENDING and not await self._take_up(
                session, item, order, site, now
            ):
                return None
            if item.state != ItemState.PROVISIONING:
                return None
            # Another worker may hold this item: the next look is later, not at once.
            item.due_at = now + POLL_AFTER
            catalogue = await self._catalogues.of(session, order.catalogue_code)
            if item.type == OrderType.NEW:
                content = _new_content(catalogue, item, seoul_date(now))
            else:
                change = await pending_change(session, catalogue, order, item, now)
                content = await _changed_content(session, catalogue, item, change)
            desired = await desired_site(session, self._vault, site, content, SiteAccess.ON)
            return Wish(desired, site.operation_id)

    async def _take_up(
        self, session: AsyncSession, item: OrderItem, order: Order, site: Site, now: datetime
    ) -> bool:
        """A membership takes one change after another, each priced for what it finds."""
        if order.status not in {
            OrderStatus.PAID,
            OrderStatus.PROVISIONING,
            OrderStatus.PARTIALLY_COMPLETED,
        }:
            return False
        if item.type != OrderType.NEW:
            before = await _applied_before(session, item)
            if before is not None:
                item.due_at = max(now, before) + POLL_AFTER
                return False
            catalogue = await self._catalogues.of(session, order.catalogue_code)
            try:
                await pending_change(session, catalogue, order, item, now)
            except DomainError as refused:
                await give_back_item(session, order, item, refused.code, now)
                return False
        item.state = str(step_item(ItemState.PENDING, ItemState.PROVISIONING))
        site.revision += 1
        site.operation_id = None  # of what was put before
        await session.flush()
        await derive_again(session, order, SYSTEM, None, now)
        return True

    async def _ask(self, item_id: UUID, wish: Wish) -> OperationReport | None:
        """None while the groupware is working on it."""
        operation_id = wish.operation_id
        if operation_id is None:
            accepted = await self._groupware.put_site(wish.site)
            operation_id = accepted.operation_id
            if operation_id is None:
                await self._ask_anew(item_id)
                return None
            await self._remember(item_id, operation_id)
        report = await self._groupware.get_operation(operation_id)
        return None if report.state is OperationState.IN_PROGRESS else report

    async def _remember(self, item_id: UUID, operation_id: str) -> None:
        async with self._database.system_session("remember operation") as session:
            item, _, site = await _lock(session, item_id)
            if item.state == ItemState.PROVISIONING:
                site.operation_id = operation_id

    async def _ask_anew(self, item_id: UUID) -> None:
        """The wish holds already but names no operation: a greater revision gets one."""
        async with self._database.system_session("ask anew") as session:
            item, _, site = await _lock(session, item_id)
            if item.state == ItemState.PROVISIONING:
                site.revision += 1

    async def _postpone(self, item_id: UUID) -> None:
        """The groupware is down: tried again, doubling to ten minutes, never given up."""
        async with self._database.system_session("postpone opening") as session:
            now = await self._clock.now(session)
            item, _, _ = await _lock(session, item_id)
            if item.state == ItemState.PROVISIONING:
                item.attempts += 1
                item.due_at = now + min(POLL_AFTER * 2 ** min(item.attempts, 12), LONGEST_PAUSE)

    async def _fail(self, item_id: UUID, reason: str, *, final: bool) -> None:
        """Tries a failed operation again under a new revision, three times in all."""
        async with self._database.system_session("opening failed") as session:
            now = await self._clock.now(session)
            item, order, site = await _lock(session, item_id)
            if item.state != ItemState.PROVISIONING:
                return
            item.attempts += 1
            item.failure = str(reason)
            item.failed_at = item.failed_at or now
            site.operation_id = None
            site.revision += 1
            if not final and item.attempts < TRIES:
                item.due_at = now + POLL_AFTER
                return
            item.state = str(step_item(ItemState.PROVISIONING, ItemState.FAILED))
            item.due_at = max(now, item.failed_at + UNATTENDED_FOR)
            await session.flush()
            await derive_again(session, order, SYSTEM, item.failure, now)

    async def _confirm(self, item_id: UUID, opened_site: OpenedSite) -> None:
        """Membership, contract, site, item and order in one transaction, and the mail."""
        async with self._database.system_session("site opened") as session:
            now = await self._clock.now(session)
            item, order, site = await _lock(session, item_id)
            if item.state != ItemState.PROVISIONING:
                return
            _open_site(site, opened_site, now)
            catalogue = await self._catalogues.of(session, order.catalogue_code)
            if item.type == OrderType.NEW:
                await self._write_new(
                    session, catalogue, item, seoul_date(opened_site.opened_at), now
                )
            else:
                await self._write_change(session, catalogue, order, item, site, now)
            item.state = str(step_item(ItemState.PROVISIONING, ItemState.COMPLETED))
            item.due_at = item.failed_at = item.failure = None
            await session.flush()
            await derive_again(session, order, SYSTEM, None, now)
            if item.membership_id is not None:
                await look_at_schedule(session, item.company_id, item.membership_id, now)
            if order.status == OrderStatus.COMPLETED and order.total < 0:
                await credit(session, order, None, CreditKind.CHANGE, -order.supply, now)
            if item.type == OrderType.NEW:
                await self._tell(session, order, site, opened_site, now)

    async def _write_new(
        self,
        session: AsyncSession,
        catalogue: Catalogue,
        item: OrderItem,
        on: date,
        now: datetime,
    ) -> None:
        lines = await lines_of(session, item)
        applied = opened(catalogue, item, lines, on)
        membership = new_membership(catalogue, item, applied, on, now)
        session.add(membership)
        await session.flush()
        await write_contract(session, item, membership, lines, applied, on, now)
        item.membership_id = membership.id

    async def _write_change(
        self,
        session: AsyncSession,
        catalogue: Catalogue,
        order: Order,
        item: OrderItem,
        site: Site,
        now: datetime,
    ) -> None:
        change = await pending_change(session, catalogue, order, item, now)
        membership = await session.get_one(Membership, item.membership_id, with_for_update=True)
        change_membership(catalogue, membership, item, change)
        membership.updated_at = now
        site.plan = membership.plan
        await write_contract(
            session, item, membership, change.lines, change.applied, change.on, now
        )
        await credit(session, order, item, CreditKind.NOT_SERVED, change.applied.not_served, now)

    async def _tell(
        self,
        session: AsyncSession,
        order: Order,
        site: Site,
        opened: OpenedSite,
        now: datetime,
    ) -> None:
        """To the site's first administrator: the link sets the first password, once."""
        assert site.admin_email is not None
        mail = NewMail(
            "site_opened",
            self._vault.open("sites.admin_email", site.admin_email),
            {
                "site": site.name,
                "url": opened.url,
                "admin_login_id": opened.admin_login_id,
                "setup_url": opened.admin_setup_url or opened.url,
            },
            "ko",
            order.company_id,
        )
        job = self._mails.queue(session, mail, now)
        await session.flush()
        await enqueue(session, [job])


async def _lock(session: AsyncSession, item_id: UUID) -> tuple[OrderItem, Order, Site]:
    """The order first, so that two items of one order do not wait for each other in a circle."""
    order_id = await session.scalar(select(OrderItem.order_id).where(OrderItem.id == item_id))
    if order_id is None:
        raise DomainError("order_item_not_found")
    order = await session.get_one(Order, order_id, with_for_update=True)
    item = await session.get_one(OrderItem, item_id, with_for_update=True)
    site = await session.get_one(Site, item.site_id, with_for_update=True)
    return item, order, site


def _open_site(site: Site, opened: OpenedSite, now: datetime) -> None:
    site.state = "OPEN"
    site.groupware_site_id = opened.site_id
    site.url = opened.url
    site.domain = opened.domain
    site.opened_at = opened.opened_at
    site.applied_revision = site.revision
    site.operation_id = None
    site.access, site.put_due_at, site.put_attempts = str(SiteAccess.ON), None, 0
    site.updated_at = now
    if opened.accounting is not None:
        site.accounting_started_on = opened.accounting.started_on


def _new_content(catalogue: Catalogue, item: OrderItem, today: date) -> SiteEntitlement:
    plan = catalogue.plan(item.plan)
    assert plan is not None
    return SiteEntitlement(
        plan=item.plan,
        users=item.users,
        storage_gb=storage_of(plan, item.users, int(item.add_ons.get(STORAGE, 0))),
        add_ons=dict(item.add_ons),
        starts_on=today,
        expires_on=expires_on(today, item.months) if item.months else None,
    )


async def _changed_content(
    session: AsyncSession, catalogue: Catalogue, item: OrderItem, change: PendingChange
) -> SiteEntitlement:
    """As the membership's row will be; it is written when the groupware has done it."""
    membership = await session.get_one(Membership, item.membership_id)
    session.expunge(membership)
    change_membership(catalogue, membership, item, change)
    return SiteEntitlement.of(membership)


async def _applied_before(session: AsyncSession, item: OrderItem) -> datetime | None:
    """When the item that is being applied to the membership is looked at next; None: there is none.

    Under the membership's lock, so that two items cannot both begin.
    """
    await session.get_one(Membership, item.membership_id, with_for_update=True)
    others = select(OrderItem.due_at).where(
        OrderItem.membership_id == item.membership_id,
        OrderItem.state == "PROVISIONING",
        OrderItem.id != item.id,
    )
    due: datetime | None = await session.scalar(others.limit(1))
    return due
