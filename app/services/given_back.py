"""Money without goods: what is given back when an item can no longer be delivered."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.orders import Order, OrderItem
from app.db.tables.sites import Site
from app.domain.orders import ItemState, OrderType, step_item
from app.domain.refunds import Money, RefundReason, value_of_item
from app.services.membership_schedules import look_at_schedule
from app.services.order_events import SYSTEM
from app.services.orders import derive_again, nets_of_items
from app.services.refunds import GivingBack, give_back

GIVE_BACK_UNATTENDED: Final = "give_back_unattended"
UNATTENDED_FOR: Final = timedelta(hours=24)
"""PRODUCT.md section 10: how long after the first failed try nobody need have looked."""


async def give_back_item(
    session: AsyncSession,
    order: Order,
    item: OrderItem,
    failure: str,
    now: datetime,
    reason: RefundReason = RefundReason.NOT_DELIVERED,
) -> None:
    """Ends an item before it is delivered: what was paid for it goes back the way it came."""
    item.state = str(step_item(ItemState(item.state), ItemState.REFUNDED))
    item.failure, item.due_at = failure, None
    await session.flush()
    value = await _paid_for(session, order, item)
    await give_back(session, order, value, GivingBack(reason, item), now)
    await session.flush()
    await derive_again(session, order, SYSTEM, failure, now)
    if item.membership_id is not None:
        await look_at_schedule(session, item.company_id, item.membership_id, now)


async def _paid_for(session: AsyncSession, order: Order, item: OrderItem) -> Money:
    nets = await nets_of_items(session, order.id)
    value = value_of_item(list(nets.values()), list(nets).index(item.id), order.vat)
    most = max(order.total, 0)
    return Money(min(value.amount, most), min(value.vat, most))


class UnattendedItems:
    """The job of an item that failed and that nobody has done anything about for a day."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def give_back(self, item_id: UUID) -> None:
        """Under the order's lock, so that a new try and this never cross."""
        async with self._database.system_session("give back unattended") as session:
            now = await self._clock.now(session)
            order_id = await session.scalar(
                select(OrderItem.order_id).where(OrderItem.id == item_id)
            )
            if order_id is None:
                return
            order = await session.get_one(Order, order_id, with_for_update=True)
            item = await session.get_one(OrderItem, item_id, with_for_update=True)
            if item.state != ItemState.FAILED or item.due_at is None or item.due_at > now:
                return
            failure = item.failure or "provisioning_error"
            await give_back_item(session, order, item, failure, now, RefundReason.OPENING_FAILED)
            if item.type == OrderType.NEW:
                site = await session.get_one(Site, item.site_id, with_for_update=True)
                site.state, site.updated_at = "RELEASED", now
