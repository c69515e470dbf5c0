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
from app.db.tables.cards import Card
from app.db.tables.companies import Company
from app.db.tables.orders import Order, OrderItem, Payment
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
    charge_day,
    charge_state,
    is_past,
    next_step,
    next_try,
    status_due,
)
from app.services.card_rows import spoken_card
from app.services.catalogue import Catalogues
from app.services.charges import Charges
from app.services.membership_changes import lines_of
from app.services.membership_ends import end_membership, lock_membership
from app.services.order_events import SYSTEM
from app.services.orders import end_unpaid
from app.services.payments import Payments
from app.services.ports import Groupware
from app.services.renewal_charges import (
    CHARGED_BY_ITSELF,
    can_try_again,
    charge_facts,
    charging_card,
    is_charging,
    is_consented,
    last_declined,
    next_card,
)
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
CHARGING_AGAIN: Final = timedelta(minutes=1)
"""While nobody knows what became of a charge: the payment's own check finds out."""
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
    card: str
    consent_needed: bool
    now: datetime

    @property
    def status(self) -> MembershipStatus:
        return MembershipStatus(self.membership.status)

    @property
    def automatic(self) -> bool:
        """With card and switch."""
        return bool(self.card)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked before the transaction. False: it could not be, or is not to be relied on."""

    usage: bool
    payments: bool


class Renewals:
    """The job of one membership."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        catalogues: Catalogues,
        groupware: Groupware,
        notices: RenewalNotices,
        payments: Payments,
        charges: Charges,
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalogues = catalogues
        self._groupware = groupware
        self._notices = notices
        self._payments = payments
        self._charges = charges

    async def step(self, membership_id: UUID) -> None:
        """Takes the membership one step on, where one is due."""
        payment_id = await self._step(membership_id)
        if payment_id is None:
            return
        try:
            await self._charges.charge(payment_id)
        except ProviderError:
            await self._payments.postpone(payment_id)  # its own check finds out
            return
        async with self._database.system_session("renew membership") as session:
            row = await session.get_one(MembershipSchedule, membership_id, with_for_update=True)
            row.due_at = await self._clock.now(session)

    async def _step(self, membership_id: UUID) -> UUID | None:
        """A payment that is to be charged now, if any."""
        asked = _Asked(
            await self._ask_usage(membership_id), await self._look_at_payments(membership_id)
        )
        async with self._database.system_session("renew membership") as session:
            now = await self._clock.now(session)
            found = await _lock(session, membership_id, now)
            if found is None:
                return None
            membership, schedule, order = found
            read = (await any_contracts(session, [membership_id]))[membership_id]
            owner_id = await _owner(session, membership.company_id)
            term = term_of(read)
            if term is None or not _is_ours(membership):
                await self._close(session, schedule, order, now)
                return None
            if await open_termination(session, membership_id) is not None:
                await self._wait_for_end(session, schedule, order, now)
                return None
            if owner_id is None:  # imported, and nobody signed up: there is nobody to ask
                schedule.due_at = now + timedelta(days=1)
                return None
            card = await charging_card(session, membership)
            said = spoken_card(card) if card else ""
            r = Renewing(membership, schedule, read, owner_id, term, order, said, False, now)
            try:
                payment_id = await self._go_on(session, r, asked)
                await self._show(session, r)
            except DomainError as refused:  # the version of that day does not know what is held
                log.warning("renewal_refused", membership=str(membership_id), code=refused.code)
                schedule.due_at = now + WAITS_AGAIN
                return None
            return payment_id

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

    async def _look_at_payments(self, membership_id: UUID) -> bool:
        """Before a card is charged: what a payer has begun is settled, or is waited for."""
        async with self._database.system_session("renewal's payments") as session:
            now = await self._clock.now(session)
            begun = await session.scalars(
                select(Payment.id)
                .join(MembershipSchedule, MembershipSchedule.order_id == Payment.order_id)
                .where(
                    MembershipSchedule.membership_id == membership_id,
                    MembershipSchedule.due_at <= now,
                    MembershipSchedule.step.startswith(StepKind.CHARGE),
                    Payment.status == "READY",
                    Payment.method != PaymentMethod.BILLING_KEY,
                )
            )
            payments = list(begun)
        try:
            for payment_id in payments:
                await self._payments.look_before_closing(payment_id)
        except (DomainError, ProviderError):
            return False
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
        schedule.step = schedule.due_at = schedule.charge_step = None
        schedule.charge_on = schedule.charge_amount = schedule.charge_state = None

    async def _wait_for_end(
        self,
        session: AsyncSession,
        schedule: MembershipSchedule,
        order: Order | None,
        now: datetime,
    ) -> None:
        """It ends with a day that was asked for: nothing is renewed unless that is undone."""
        if order is not None and order.status == OrderStatus.PENDING_PAYMENT:
            await end_unpaid(session, order, OrderEnd.CANCELLED, SYSTEM, "termination", now)
            schedule.order_id = None
        schedule.due_at = schedule.charge_step = schedule.charge_on = None
        schedule.charge_amount = schedule.charge_state = None

    async def _go_on(self, session: AsyncSession, r: Renewing, asked: _Asked) -> UUID | None:
        """A payment that is to be charged now, if any."""
        schedule = r.schedule
        if schedule.term_ends_on != r.term.last_day:
            await self._begin_anew(session, r)
        if r.order is not None and r.order.status in _OVER:
            r.order = schedule.order_id = schedule.charge_tried_at = None
        if r.order is not None and r.order.status != OrderStatus.PENDING_PAYMENT:
            schedule.due_at = r.now + WAITS_AGAIN  # paid: delivery makes it due
            return None
        if r.read.busy:
            schedule.due_at = r.now + BUSY_AGAIN
            return None
        if r.order is not None and await is_charging(session, r.order):
            schedule.due_at = r.now + CHARGING_AGAIN
            return None
        await self._order(session, r)
        following = next_step(r.term, schedule.taken, r.now)
        step = following.step
        if step is not None and step.at <= r.now:
            _mark(schedule, following)
            if not (asked.usage if step.kind is StepKind.FREE else True):
                schedule.due_at = r.now + ASK_AGAIN
                return None
            if step.kind is StepKind.CHARGE:
                payment_id = await self._try_cards(session, r, step, asked)
                if payment_id is not None or schedule.charge_step is not None:
                    return payment_id
            else:
                await self._take(session, r, step)
            schedule.taken = step.name
            following = next_step(r.term, schedule.taken, r.now)
        _mark(schedule, following)
        return None

    async def _try_cards(
        self, session: AsyncSession, r: Renewing, step: Step, asked: _Asked
    ) -> UUID | None:
        """The payment of the card that comes next. `charge_step` stays while the step is not over.

        A step that comes late is skipped where the cards were tried after its moment.
        """
        schedule, order = r.schedule, r.order
        begun = schedule.charge_step == step.name
        tried = schedule.charge_tried_at
        if order is None or not self._may_charge(r, order):
            schedule.charge_step = None
            return None
        if not begun and tried is not None and tried >= step.at:
            return None
        if not asked.payments:
            schedule.charge_step, schedule.due_at = step.name, r.now + ASK_AGAIN
            return None
        if not begun or tried is None or tried < step.at:
            schedule.charge_step, tried = step.name, r.now
            schedule.charge_tried_at = tried
        card_id = await next_card(session, r.membership, order, tried)
        if card_id is None:
            schedule.charge_step = None
            await self._all_declined(session, r, step, order)
            return None
        order.payment_method = str(PaymentMethod.BILLING_KEY)
        payment = await self._payments.begin(session, order, card_id, r.now)
        schedule.due_at = r.now + CHARGING_AGAIN
        return payment.id

    @staticmethod
    def _may_charge(r: Renewing, order: Order) -> bool:
        return (
            order.status == OrderStatus.PENDING_PAYMENT
            and r.automatic
            and not r.consent_needed
            and order.payment_method in CHARGED_BY_ITSELF
        )

    async def _all_declined(
        self, session: AsyncSession, r: Renewing, step: Step, order: Order
    ) -> None:
        declined = await last_declined(session, order)
        if declined is None:
            return
        card = await session.get_one(Card, declined.payment_method_id)
        again = next_try(r.term, step.name)
        if not await can_try_again(session, r.membership):
            again = None
        await self._notices.charge_failed(session, r, spoken_card(card), again)

    async def _begin_anew(self, session: AsyncSession, r: Renewing) -> None:
        """Another term than the one that was planned for: extended, renewed, changed."""
        if r.order is not None and r.order.status == OrderStatus.PENDING_PAYMENT:
            await end_unpaid(session, r.order, OrderEnd.CANCELLED, SYSTEM, "term changed", r.now)
        r.order = None
        schedule = r.schedule
        schedule.order_id = schedule.taken = None
        schedule.charge_tried_at = schedule.charge_step = None
        schedule.dearer = False
        schedule.term_ends_on = r.term.last_day

    async def _order(self, session: AsyncSession, r: Renewing) -> None:
        """Once its day has come: an order of what the membership asks for now, and no other."""
        expired = r.membership.status == MembershipStatus.EXPIRED
        if expired or not is_past(r.term, StepKind.ORDER, r.schedule.taken):
            return
        wanted = await self._wanted(session, r)
        method = PaymentMethod.BILLING_KEY if r.automatic else PaymentMethod.CARD
        if r.order is not None:
            item = await session.scalar(select(OrderItem).where(OrderItem.order_id == r.order.id))
            assert item is not None
            if is_as_ordered(wanted, r.order, item, await lines_of(session, item)):
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

    async def _show(self, session: AsyncSession, r: Renewing) -> None:
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
                raise AssertionError("charged by _try_cards")
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
