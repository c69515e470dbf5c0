"""갱신: a membership's timetable, one step a job (`app.domain.renewals`, decision 24).

The job locks the renewal's order, the site, the membership and the schedule, in that order. It
first makes the renewal's order what the membership asks for now, then takes the step that is due,
if any, and writes when the next one is. Everything follows from rows, so it may run at any time,
anywhere, twice.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.renewal_reads import read_renewal
from app.domain.errors import DomainError
from app.domain.orders import OrderStatus
from app.domain.provider_errors import ProviderError
from app.domain.renewals import (
    StepKind,
    next_step,
)
from app.services.catalogue import Catalogues
from app.services.charges import Charges
from app.services.payments import Payments
from app.services.ports import Groupware
from app.services.renewal_cards import ASK_AGAIN, CHARGING_AGAIN, RenewalCards, look_before_step
from app.services.renewal_charges import (
    charging_cards,
    is_charging,
)
from app.services.renewal_notices import RenewalNotices
from app.services.renewal_orders import (
    term_of,
)
from app.services.renewal_steps import RenewalSteps
from app.services.renewing import (
    Renewing,
    close,
    is_ours,
    lock_renewal,
    mark_next,
    wait_for_end,
)
from app.services.site_usage import keep_usage

RENEW_MEMBERSHIP: Final = "renew_membership"
BUSY_AGAIN: Final = timedelta(minutes=5)
"""While something paid for is being delivered; its end hastens the job as well."""
WAITS_AGAIN: Final = timedelta(hours=1)
"""While nothing but somebody else's doing is waited for."""
FRESH: Final = timedelta(minutes=5)
_OVER = frozenset({OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REFUNDED})

_DUE_NOW: Final = text(
    "UPDATE membership_schedules SET due_at = :now WHERE membership_id = :membership"
)

log = structlog.get_logger("portal.renewals")


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
        self._groupware = groupware
        self._payments = payments
        self._charges = charges
        self._steps = RenewalSteps(catalogues, notices)
        self._cards = RenewalCards(payments, notices)

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
            now = await self._clock.now(session)
            await session.execute(_DUE_NOW, {"membership": membership_id, "now": now})

    async def _step(self, membership_id: UUID) -> UUID | None:
        """A payment that is to be charged now, if any."""
        asked = await self._look_before(membership_id)
        async with self._database.system_session("renew membership") as session:
            now = await self._clock.now(session)
            found = await lock_renewal(session, membership_id, now)
            if found is None:
                return None
            membership, schedule, order = found
            facts = await read_renewal(session, membership_id)
            read, owner_id = facts.contract, facts.owner_id
            term = term_of(read)
            if term is None or not is_ours(membership):
                await close(session, schedule, order, now)
                return None
            if facts.ending:
                await wait_for_end(session, schedule, order, now)
                return None
            if owner_id is None:  # imported, and nobody signed up: there is nobody to ask
                schedule.due_at = now + timedelta(days=1)
                return None
            cards = await charging_cards(session, membership)
            r = Renewing(membership, schedule, read, owner_id, term, order, cards, False, now)
            try:
                async with session.begin_nested():
                    payment_id = await self._go_on(session, r, asked)
                    await self._steps.show(session, r)
            except DomainError as refused:  # the version of that day does not know what is held
                log.warning("renewal_refused", membership=str(membership_id), code=refused.code)
                schedule.due_at = now + WAITS_AGAIN
                return None
            return payment_id

    async def _look_before(self, membership_id: UUID) -> _Asked:
        """Outside any transaction: what a payer has begun, and what is used, where the step that

        is due depends on them.
        """
        async with self._database.system_session("before a renewal's step") as session:
            now = await self._clock.now(session)
            before = await look_before_step(session, membership_id, now)
        site_id, seen = before.site_id, before.usage_at
        known = site_id is None or (seen is not None and now - seen < FRESH)
        return _Asked(
            usage=known or (site_id is not None and await self._ask_usage(site_id)),
            payments=await self._cards.settle_begun(before.begun),
        )

    async def _ask_usage(self, site_id: UUID) -> bool:
        """False: nobody could be asked."""
        try:
            report = await self._groupware.usage(str(site_id))
        except ProviderError:
            return False
        async with self._database.system_session("renewal's usage") as session:
            await keep_usage(session, site_id, report)
        return True

    async def _go_on(self, session: AsyncSession, r: Renewing, asked: _Asked) -> UUID | None:
        """A payment that is to be charged now, if any."""
        schedule = r.schedule
        if schedule.term_ends_on != r.term.last_day:
            await self._steps.begin_anew(session, r)
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
        await self._steps.make_order(session, r)
        following = next_step(r.term, schedule.taken, r.now)
        step = following.step
        if step is not None and step.at <= r.now:
            mark_next(schedule, following)
            unasked = (step.kind is StepKind.FREE and not asked.usage) or (
                step.kind is StepKind.EXPIRE and not asked.payments
            )
            if unasked:
                schedule.due_at = r.now + ASK_AGAIN
                return None
            if step.kind is StepKind.CHARGE:
                payment_id = await self._cards.try_cards(
                    session, r, step, payments_seen=asked.payments
                )
                if payment_id is not None or schedule.charge_step is not None:
                    return payment_id
            else:
                await self._steps.take(session, r, step)
            schedule.taken = step.name
            following = next_step(r.term, schedule.taken, r.now)
        mark_next(schedule, following)
        return None
