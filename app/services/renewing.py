"""A membership whose timetable is taken one step on: its rows, locked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import ContractRead
from app.db.tables.companies import Company
from app.db.tables.orders import Order
from app.db.tables.renewals import MembershipSchedule
from app.db.tables.sites import Membership
from app.domain.memberships import MembershipStatus
from app.domain.orders import OrderEnd, OrderStatus
from app.domain.renewals import (
    NextStep,
    Term,
)
from app.services.membership_ends import lock_membership
from app.services.order_events import SYSTEM
from app.services.orders import end_unpaid


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


async def lock_renewal(
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


async def owner_of(session: AsyncSession, company_id: UUID) -> UUID | None:
    """The company's own account; None while nobody has signed up for it."""
    owner: UUID | None = await session.scalar(
        select(Company.corporate_account_id).where(Company.id == company_id)
    )
    return owner


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
