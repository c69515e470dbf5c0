"""A membership whose timetable is taken one step on: its rows, locked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import ContractRead
from app.db.tables.cards import Card
from app.db.tables.orders import Order
from app.db.tables.renewals import MembershipSchedule
from app.db.tables.sites import Membership
from app.domain.memberships import MembershipStatus
from app.domain.orders import OrderEnd, OrderStatus
from app.domain.renewals import (
    NextStep,
    Term,
)
from app.services.card_rows import spoken_card
from app.services.membership_ends import lock_with_site
from app.services.order_events import SYSTEM
from app.services.orders import end_unpaid

_DUE = text(
    "SELECT s.order_id, m.site_id FROM membership_schedules s"
    " JOIN memberships m ON m.id = s.membership_id"
    " WHERE s.membership_id = :membership AND s.due_at <= :now"
)


@dataclass(slots=True)
class Renewing:
    """What a step is taken with, all of it locked. `order`: the open renewal."""

    membership: Membership
    schedule: MembershipSchedule
    read: ContractRead
    owner_id: UUID
    term: Term
    order: Order | None
    cards: Sequence[Card]
    """Those that are charged by themselves, in turn; none without one or with the switch off."""
    consent_needed: bool
    now: datetime

    @property
    def status(self) -> MembershipStatus:
        return MembershipStatus(self.membership.status)

    @property
    def automatic(self) -> bool:
        """With card and switch."""
        return bool(self.cards)

    @property
    def card(self) -> str:
        """The first of them, as people know it; "" where none is."""
        return spoken_card(self.cards[0]) if self.cards else ""


async def lock_renewal(
    session: AsyncSession, membership_id: UUID, now: datetime
) -> tuple[Membership, MembershipSchedule, Order | None] | None:
    """None where nothing is due, or the renewal is another one than a moment ago.

    What is read before the locks is read as columns: an entity would keep what it was then.
    """
    seen = (await session.execute(_DUE, {"membership": membership_id, "now": now})).one_or_none()
    if seen is None:
        return None
    order_id = seen.order_id
    order = await session.get(Order, order_id, with_for_update=True) if order_id else None
    membership = await lock_with_site(session, seen.site_id, membership_id)
    schedule = await session.get_one(MembershipSchedule, membership_id, with_for_update=True)
    if schedule.order_id != order_id:
        return None
    if schedule.due_at is None or schedule.due_at > now:
        return None
    return membership, schedule, order


def is_ours(membership: Membership) -> bool:
    """Whether it is the portal that renews it."""
    return (
        membership.billing_channel == "DIRECT" and membership.status != MembershipStatus.TERMINATED
    )


def mark_next(schedule: MembershipSchedule, following: NextStep) -> None:
    """Reminders that are late count as taken; what is next is written down."""
    if following.late:
        schedule.taken = following.late[-1].name
    step = following.step
    schedule.step, schedule.due_at = (step.name, step.at) if step else (None, None)


async def close(
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
    _charge_nothing(schedule)


async def wait_for_end(
    session: AsyncSession,
    schedule: MembershipSchedule,
    order: Order | None,
    now: datetime,
) -> None:
    """It ends with a day that was asked for: nothing is renewed unless that is undone."""
    if order is not None and order.status == OrderStatus.PENDING_PAYMENT:
        await end_unpaid(session, order, OrderEnd.CANCELLED, SYSTEM, "termination", now)
        schedule.order_id = None
    schedule.due_at = None
    _charge_nothing(schedule)


def _charge_nothing(schedule: MembershipSchedule) -> None:
    schedule.charge_step = schedule.charge_on = None
    schedule.charge_amount = schedule.charge_state = None
