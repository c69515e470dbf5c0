"""갱신: a membership's timetable, one step a job (`app.domain.renewals`, decision 24).

The job locks the renewal's order, the site, the membership and the schedule, in that order. It
first makes the renewal's order what the membership asks for now, then takes the step that is due,
if any, and writes when the next one is. Everything follows from rows, so it may run at any time,
anywhere, twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.contracts import ContractRead, any_contracts
from app.db.engine import Database
from app.db.tables.companies import Company
from app.db.tables.orders import Order, OrderItem
from app.db.tables.renewals import MembershipSchedule
from app.db.tables.scheduled_changes import ScheduledChangeRow
from app.db.tables.sites import Membership, Site
from app.domain.errors import DomainError
from app.domain.memberships import MembershipStatus, step_membership
from app.domain.orders import OrderEnd, OrderStatus, PaymentMethod
from app.domain.periods import seoul_date
from app.domain.provider_errors import ProviderError
from app.domain.provisioning import SiteAccess
from app.domain.renewals import (
    NextStep,
    Step,
    StepKind,
    Term,
    is_past,
    next_step,
    status_due,
)
from app.services.catalogue import Catalogues
from app.services.membership_changes import lines_of
from app.services.membership_ends import end_membership, lock_membership
from app.services.order_events import SYSTEM
from app.services.orders import end_unpaid
from app.services.ports import Groupware
from app.services.renewal_notices import RenewalNotices
from app.services.renewal_orders import (
    WantedRenewal,
    is_as_ordered,
    make_renewal,
    term_of,
    wanted_renewal,
)
from app.services.scheduled_changes import forget_scheduled_change
from app.services.site_puts import want_access
from app.services.system_status import keep_usage
from app.services.terminations import open_termination

RENEW_MEMBERSHIP: Final = "renew_membership"
BUSY_AGAIN: Final = timedelta(seconds=10)
"""While something paid for is being delivered; its end hastens the job as well."""
WAITS_AGAIN: Final = timedelta(hours=1)
"""While nothing but somebody else's doing is waited for."""
ASK_AGAIN: Final = timedelta(minutes=10)
FRESH: Final = timedelta(minutes=5)
_OVER = frozenset({OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REFUNDED})

log = structlog.get_logger("portal.renewals")


@dataclass(slots=True)
class Renewing:
    """What a step is taken with, all of it locked. `order`: the open renewal."""

    membership: Membership
    schedule: MembershipSchedule
    read: ContractRead
    owner_id: UUID
    term: Term
    order: Order | None
    now: datetime
    card: str = ""


class Renewals:
    """The job of one membership."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        catalogues: Catalogues,
        groupware: Groupware,
        notices: RenewalNotices,
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalogues = catalogues
        self._groupware = groupware
        self._notices = notices

    async def step(self, membership_id: UUID) -> None:
        """Takes the membership one step on, where one is due."""
        asked = await self._ask_usage(membership_id)
        async with self._database.system_session("renew membership") as session:
            now = await self._clock.now(session)
            found = await _lock(session, membership_id, now)
            if found is None:
                return
            membership, schedule, order = found
            read = (await any_contracts(session, [membership_id]))[membership_id]
            owner_id = await _owner(session, membership.company_id)
            term = term_of(read)
            ends = await open_termination(session, membership_id) is not None
            if term is None or ends or not _is_ours(membership):
                await self._close(session, schedule, order, now)
                return
            if owner_id is None:  # imported, and nobody signed up: there is nobody to ask
                schedule.due_at = now + timedelta(days=1)
                return
            renewing = Renewing(membership, schedule, read, owner_id, term, order, now)
            try:
                await self._go_on(session, renewing, asked=asked)
            except DomainError as refused:  # the version of that day does not know what is held
                log.warning("renewal_refused", membership=str(membership_id), code=refused.code)
                schedule.due_at = now + WAITS_AGAIN

    async def _ask_usage(self, membership_id: UUID) -> bool:
        """What is used, where a scheduled change depends on it. False: nobody could be asked."""
        async with self._database.system_session("renewal's usage") as session:
            now = await self._clock.now(session)
            row = (
                await session.execute(
                    select(Site.id, Site.usage_at)
                    .join(Membership, Membership.site_id == Site.id)
                    .join(MembershipSchedule, MembershipSchedule.membership_id == Membership.id)
                    .join(ScheduledChangeRow, ScheduledChangeRow.membership_id == Membership.id)
                    .where(Membership.id == membership_id, MembershipSchedule.due_at <= now)
                )
            ).one_or_none()
        if row is None or (row.usage_at is not None and now - row.usage_at < FRESH):
            return True
        try:
            report = await self._groupware.usage(str(row.id))
        except ProviderError:
            return False
        async with self._database.system_session("renewal's usage") as session:
            await keep_usage(session, row.id, report)
        return True

    async def _close(
        self,
        session: AsyncSession,
        schedule: MembershipSchedule,
        order: Order | None,
        now: datetime,
    ) -> None:
        """Nothing is renewed any more: free, ended or to end, or sold by somebody else."""
        if order is not None and order.status == OrderStatus.PENDING_PAYMENT:
            await end_unpaid(session, order, OrderEnd.CANCELLED, SYSTEM, "nothing to renew", now)
        schedule.order_id = schedule.term_ends_on = schedule.taken = None
        schedule.step = schedule.due_at = None

    async def _go_on(self, session: AsyncSession, r: Renewing, *, asked: bool) -> None:
        schedule = r.schedule
        if schedule.term_ends_on != r.term.last_day:
            await self._begin_anew(session, r)
        if r.order is not None and r.order.status in _OVER:
            r.order = schedule.order_id = schedule.charge_tried_at = None
        if r.order is not None and r.order.status != OrderStatus.PENDING_PAYMENT:
            schedule.due_at = r.now + WAITS_AGAIN  # paid: delivery makes it due
            return
        if r.read.busy:
            schedule.due_at = r.now + BUSY_AGAIN
            return
        await self._order(session, r)
        following = next_step(r.term, schedule.taken, r.now)
        step = following.step
        if step is not None and step.at <= r.now:
            if step.kind is StepKind.FREE and not asked:
                schedule.due_at = r.now + ASK_AGAIN
                return
            _mark(schedule, following)
            await self._take(session, r, step)
            schedule.taken = step.name
            following = next_step(r.term, schedule.taken, r.now)
        _mark(schedule, following)

    async def _begin_anew(self, session: AsyncSession, r: Renewing) -> None:
        """Another term than the one that was planned for: extended, renewed, changed."""
        if r.order is not None and r.order.status == OrderStatus.PENDING_PAYMENT:
            await end_unpaid(session, r.order, OrderEnd.CANCELLED, SYSTEM, "term changed", r.now)
        r.order = None
        schedule = r.schedule
        schedule.order_id = schedule.taken = schedule.charge_tried_at = None
        schedule.dearer = False
        schedule.term_ends_on = r.term.last_day

    async def _order(self, session: AsyncSession, r: Renewing) -> None:
        """Once its day has come: an order of what the membership asks for now, and no other."""
        expired = r.membership.status == MembershipStatus.EXPIRED
        if expired or not is_past(r.term, StepKind.ORDER, r.schedule.taken):
            return
        wanted = await self._wanted(session, r)
        method = PaymentMethod.CARD
        if r.order is not None:
            item = await session.scalar(select(OrderItem).where(OrderItem.order_id == r.order.id))
            assert item is not None
            if is_as_ordered(wanted, r.order, item, await lines_of(session, item)):
                return
            method = PaymentMethod(r.order.payment_method or method)
            await end_unpaid(session, r.order, OrderEnd.CANCELLED, SYSTEM, "priced again", r.now)
            r.order = r.schedule.order_id = None
        if wanted.free and not is_past(r.term, StepKind.FREE, r.schedule.taken):
            return  # the last day decides
        r.order = await make_renewal(session, r.read, wanted, r.owner_id, method, r.now)
        r.schedule.order_id = r.order.id
        r.schedule.dearer = wanted.dearer
        await session.flush()
        if not wanted.free and seoul_date(r.now) <= r.term.last_day:
            await self._notices.ordered(session, r, wanted)

    async def _wanted(self, session: AsyncSession, r: Renewing) -> WantedRenewal:
        return await wanted_renewal(
            session, self._catalogues, r.read, r.term, r.membership.monthly_fee
        )

    async def _take(self, session: AsyncSession, r: Renewing, step: Step) -> None:
        match step.kind:
            case StepKind.ORDER:
                r.schedule.taken = step.name
                await self._order(session, r)
            case StepKind.ANNOUNCE:
                wanted = await self._wanted(session, r)
                if wanted.dearer and seoul_date(r.now) <= r.term.last_day:
                    await self._notices.price_rises(session, r, wanted)
            case StepKind.REMIND if step.offset < 0:
                await self._notices.remind(session, r, await self._wanted(session, r))
            case StepKind.REMIND:
                await self._notices.overdue(session, r)
            case StepKind.FREE:
                await self._decide_free(session, r, step)
            case StepKind.CHARGE:
                pass
            case StepKind.OVERDUE:
                _step_status(r, step)
            case StepKind.EXPIRE:
                await self._expire(session, r, step)
            case StepKind.TERMINATE:
                await self._terminate(session, r, step)

    async def _decide_free(self, session: AsyncSession, r: Renewing, step: Step) -> None:
        """To the free plan where everybody has room on the last day, else as it is."""
        row = await session.scalar(
            select(ScheduledChangeRow).where(ScheduledChangeRow.membership_id == r.membership.id)
        )
        if row is None:
            return
        wanted = await self._wanted(session, r)
        plan = wanted.catalogue.plan(row.plan)
        if plan is None or not plan.free:
            return
        another = wanted.free and await _has_free_site(session, r.membership, plan.code)
        if another or wanted.dropped:
            await forget_scheduled_change(session, r.membership.id)
        r.schedule.taken = step.name
        await self._order(session, r)

    async def _expire(self, session: AsyncSession, r: Renewing, step: Step) -> None:
        """No access any more; the order can be paid no more; who may still act is told."""
        if not _step_status(r, step):
            return
        if r.order is not None:
            await end_unpaid(session, r.order, OrderEnd.EXPIRED, SYSTEM, "unpaid in time", r.now)
            r.order = r.schedule.order_id = None
        site = await session.get_one(Site, r.membership.site_id)
        await want_access(session, site, SiteAccess.OFF, r.now)
        last_site = await _is_last_site(session, r.membership)
        await self._notices.expired(session, r, last_site=last_site)

    async def _terminate(self, session: AsyncSession, r: Renewing, step: Step) -> None:
        if status_due(MembershipStatus(r.membership.status), step.kind) is None:
            return
        await self._notices.ended(session, r)
        await end_membership(session, r.membership, r.term.last_day, "expired", r.now)


def _is_ours(membership: Membership) -> bool:
    return (
        membership.billing_channel == "DIRECT" and membership.status != MembershipStatus.TERMINATED
    )


def _mark(schedule: MembershipSchedule, following: NextStep) -> None:
    """Reminders that are late count as taken; what is next is written down."""
    if following.late:
        schedule.taken = following.late[-1].name
    step = following.step
    schedule.step, schedule.due_at = (step.name, step.at) if step else (None, None)


def _step_status(r: Renewing, step: Step) -> bool:
    """Whether the membership's state is another one now."""
    wanted = status_due(MembershipStatus(r.membership.status), step.kind)
    if wanted is None:
        return False
    membership = r.membership
    membership.status = str(step_membership(MembershipStatus(membership.status), wanted))
    membership.revision += 1
    membership.updated_at = r.now
    return True


async def _lock(
    session: AsyncSession, membership_id: UUID, now: datetime
) -> tuple[Membership, MembershipSchedule, Order | None] | None:
    """None where nothing is due, or the renewal is another one than a moment ago.

    What is read before the locks is read as columns: an entity would keep what it was then.
    """
    seen = (
        await session.execute(
            select(MembershipSchedule.order_id).where(
                MembershipSchedule.membership_id == membership_id, MembershipSchedule.due_at <= now
            )
        )
    ).one_or_none()
    if seen is None:
        return None
    order_id = seen.order_id
    order = await session.get(Order, order_id, with_for_update=True) if order_id else None
    membership = await lock_membership(session, membership_id)
    schedule = await session.get_one(MembershipSchedule, membership_id, with_for_update=True)
    if membership is None or schedule.order_id != order_id:
        return None
    if schedule.due_at is None or schedule.due_at > now:
        return None
    return membership, schedule, order


async def _owner(session: AsyncSession, company_id: UUID) -> UUID | None:
    owner: UUID | None = await session.scalar(
        select(Company.corporate_account_id).where(Company.id == company_id)
    )
    return owner


async def _is_last_site(session: AsyncSession, membership: Membership) -> bool:
    others = await session.scalar(
        select(func.count())
        .select_from(Site)
        .where(
            Site.company_id == membership.company_id,
            Site.id != membership.site_id,
            Site.state == "OPEN",
        )
    )
    return others == 0


async def _has_free_site(session: AsyncSession, membership: Membership, plan: str) -> bool:
    found = select(Site.id).where(
        Site.company_id == membership.company_id,
        Site.id != membership.site_id,
        Site.plan == plan,
        Site.state.in_(("HELD", "OPEN")),
    )
    return await session.scalar(found.limit(1)) is not None
