"""A renewal beside an extension: of one term, one of the two is bought (PRODUCT.md section 12)."""

from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import ContractRead
from app.db.tables.orders import Order, OrderItem
from app.db.tables.sites import Segment
from app.domain.catalogue import Catalogue
from app.domain.errors import DomainError
from app.domain.memberships import MembershipStatus
from app.domain.orders import OrderType
from app.services.scheduled_changes import has_free_site

EXTENDING: Final = frozenset({OrderType.EXTEND, OrderType.ADD_EXTEND})
_LOCK: Final = text(
    "SELECT id FROM memberships WHERE id = ANY(cast(:memberships AS uuid[])) ORDER BY id FOR UPDATE"
)
_WAITING: Final = text(
    "SELECT membership_id, type FROM order_items"
    " WHERE membership_id = ANY(cast(:memberships AS uuid[]))"
    " AND id <> ALL(cast(:items AS uuid[]))"
    " AND (state = 'PROVISIONING' OR (state = 'PENDING' AND due_at IS NOT NULL))"
)


async def check_renewal(
    session: AsyncSession, catalogue: Catalogue, item: OrderItem, held: ContractRead
) -> None:
    """It renews the term that it was ordered for, and nothing that is over.

    Raises what the state refuses, `renewed` after an extension, and `free_site_exists`.
    """
    if held.contract.status is MembershipStatus.TERMINATED:
        raise DomainError("membership_state_conflict", current=held.status)
    if held.contract.status is MembershipStatus.EXPIRED:
        raise DomainError("membership_expired")
    if not held.contract.segments or held.contract.ends_at != item.applied_on:
        raise DomainError("renewed")
    plan = catalogue.plan(item.plan)
    if (
        plan is not None
        and plan.free
        and await has_free_site(session, item.company_id, plan.code, item.site_id)
    ):
        raise DomainError("free_site_exists")


async def check_not_renewed(session: AsyncSession, order: Order, item: OrderItem) -> None:
    """An extension is not bought on top of a renewal that came between.

    Raises `renewed`.
    """
    if item.type not in EXTENDING or not item.months:
        return
    renewed = select(Segment.id).where(
        Segment.membership_id == item.membership_id,
        Segment.kind == "RENEWAL",
        Segment.order_item_id.is_not(None),
        Segment.created_at > order.created_at,
    )
    if await session.scalar(renewed.limit(1)) is not None:
        raise DomainError("renewed")


async def check_nothing_waits(session: AsyncSession, items: list[OrderItem]) -> None:
    """A renewal is not paid beside anything that was, nor an extension beside a paid renewal."""
    memberships = [item.membership_id for item in items]
    await session.execute(_LOCK, {"memberships": memberships})
    waiting = await session.execute(
        _WAITING, {"memberships": memberships, "items": [item.id for item in items]}
    )
    paid = {(row.membership_id, row.type) for row in waiting}
    busy = {membership for membership, _ in paid}
    for item in items:
        renewed = (item.membership_id, OrderType.RENEWAL.value) in paid
        if (item.type == OrderType.RENEWAL and item.membership_id in busy) or (
            item.type in EXTENDING and item.months and renewed
        ):
            raise DomainError("membership_changed", reason="membership_change_in_progress")
