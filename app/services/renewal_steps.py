"""The steps of a timetable, and the order and figures that go with them."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.orders import Order
from app.db.tables.scheduled_changes import ScheduledChangeRow
from app.db.tables.sites import Membership, Site
from app.domain.memberships import MembershipStatus, step_membership
from app.domain.orders import OrderEnd, OrderStatus, PaymentMethod
from app.domain.periods import seoul_date
from app.domain.provisioning import SiteAccess
from app.domain.renewals import (
    Step,
    StepKind,
    charge_day,
    charge_state,
    is_past,
    status_due,
)
from app.services.catalogue import Catalogues
from app.services.membership_changes import ordered_lines
from app.services.membership_ends import end_membership
from app.services.order_events import SYSTEM
from app.services.orders import end_unpaid
from app.services.renewal_charges import (
    charge_facts,
    is_consented,
)
from app.services.renewal_notices import RenewalNotices
from app.services.renewal_orders import (
    WantedRenewal,
    is_as_ordered,
    make_renewal,
    wanted_renewal,
)
from app.services.renewing import Renewing
from app.services.scheduled_changes import forget_scheduled_change, has_free_site
from app.services.site_puts import want_access


class RenewalSteps:
    """In the transaction of the step, whose rows are locked."""

    def __init__(self, catalogues: Catalogues, notices: RenewalNotices) -> None:
        self._catalogues = catalogues
        self._notices = notices

    async def begin_anew(self, session: AsyncSession, r: Renewing) -> None:
        """Another term than the one that was planned for: extended, renewed, changed."""
        if r.order is not None and r.order.status == OrderStatus.PENDING_PAYMENT:
            await end_unpaid(session, r.order, OrderEnd.CANCELLED, SYSTEM, "term changed", r.now)
        r.order = None
        schedule = r.schedule
        schedule.order_id = schedule.taken = None
        schedule.charge_tried_at = schedule.charge_step = None
        schedule.dearer = False
        schedule.term_ends_on = r.term.last_day

    async def make_order(self, session: AsyncSession, r: Renewing) -> None:
        """Once its day has come: an order of what the membership asks for now, and no other."""
        expired = r.membership.status == MembershipStatus.EXPIRED
        if expired or not is_past(r.term, StepKind.ORDER, r.schedule.taken):
            return
        wanted = await self._wanted(session, r)
        method = PaymentMethod.BILLING_KEY if r.automatic else PaymentMethod.CARD
        if r.order is not None:
            (ordered,) = await ordered_lines(session, r.order)
            if is_as_ordered(wanted, r.order, ordered.item, ordered.lines):
                await self._ask_consent(session, r, r.order)
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
        await self._ask_consent(session, r, r.order)
        if not wanted.free and seoul_date(r.now) <= r.term.last_day:
            await self._notices.ordered(session, r, wanted)

    async def _ask_consent(self, session: AsyncSession, r: Renewing, order: Order) -> None:
        first_day = r.term.last_day + timedelta(days=1)
        r.consent_needed = r.schedule.dearer and not await is_consented(
            session, r.membership.id, first_day, order.total
        )

    async def show(self, session: AsyncSession, r: Renewing) -> None:
        """Writes what is shown as the next charge."""
        schedule, order = r.schedule, r.order
        over = {MembershipStatus.EXPIRED, MembershipStatus.TERMINATED}
        amount = order.total if order is not None else 0
        if order is None and r.status not in over:
            amount = (await self._wanted(session, r)).order.total
        if amount <= 0 or r.status in over:
            schedule.charge_on = schedule.charge_amount = schedule.charge_state = None
            return
        facts = await charge_facts(
            session, r.membership, r.term, order, dearer=schedule.dearer, automatic=r.automatic
        )
        today = seoul_date(r.now)
        automatic = r.automatic and not facts.consent_needed
        schedule.charge_on = charge_day(r.term, schedule.taken, today, automatic=automatic)
        schedule.charge_amount = amount
        schedule.charge_state = str(charge_state(facts))

    async def _wanted(self, session: AsyncSession, r: Renewing) -> WantedRenewal:
        return await wanted_renewal(
            session, self._catalogues, r.read, r.term, r.membership.monthly_fee
        )

    async def take(self, session: AsyncSession, r: Renewing, step: Step) -> None:
        match step.kind:
            case StepKind.ORDER:
                r.schedule.taken = step.name
                await self.make_order(session, r)
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
                raise AssertionError("cards are tried by RenewalCards")
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
        another = wanted.free and await has_free_site(
            session, r.membership.company_id, plan.code, r.membership.site_id
        )
        if another or wanted.dropped:
            await forget_scheduled_change(session, r.membership.id)
        r.schedule.taken = step.name
        await self.make_order(session, r)

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
