"""A quote becomes an order at its price, once (PRODUCT.md section 9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import ContractRead
from app.db.quote_reads import WishRead
from app.db.tables.quotes import Quote
from app.domain.errors import DomainError
from app.domain.pricing import NewItem
from app.services.contract_wishes import AddExtendWish, ChangeWish, ItemWish
from app.services.principals import Principal


@dataclass(frozen=True, slots=True)
class HeldQuote:
    """A quote that can be ordered now: its items, coupon, and the catalogue that it keeps.

    `revisions`: of the memberships that it touches, as they were when it was made.
    """

    id: UUID
    items: tuple[ItemWish, ...]
    coupon_code: str | None
    catalogue_code: str
    quoted_on: date
    revisions: Mapping[UUID, int]


async def hold_quote(
    session: AsyncSession, principal: Principal, quote_id: UUID, sites: int
) -> HeldQuote:
    """The company's quote, locked, so that of two orders at once one is refused.

    Raises `quote_not_found`, `quote_already_ordered` with the order's id, `quote_expired`, and
    `quote_sites_mismatch` where there is not one site for each NEW item.
    """
    quote = await session.scalar(
        select(Quote)
        .where(Quote.company_id == principal.company_id, Quote.id == quote_id)
        .with_for_update()
    )
    if quote is None:
        raise DomainError("quote_not_found", "/quote_id")
    if quote.order_id is not None:
        raise DomainError("quote_already_ordered", "/quote_id", order_id=str(quote.order_id))
    if principal.now >= quote.expires_at:
        raise DomainError("quote_expired", "/quote_id")
    wishes = msgspec.convert(quote.wishes, list[WishRead])
    new = sum(wish.membership_id is None for wish in wishes)
    if new != sites:
        raise DomainError("quote_sites_mismatch", "/sites", items=new)
    return HeldQuote(
        id=quote.id,
        items=tuple(_item(wish) for wish in wishes),
        coupon_code=quote.coupon_code,
        catalogue_code=quote.catalogue_code,
        quoted_on=quote.quoted_on,
        revisions={w.membership_id: w.revision or 0 for w in wishes if w.membership_id},
    )


def _item(wish: WishRead) -> ItemWish:
    if wish.membership_id is None:
        return NewItem(wish.plan or "", wish.users, wish.months, wish.add_ons, wish.agreed)
    if wish.plan is None:
        return AddExtendWish(
            wish.membership_id, wish.users or 0, wish.add_ons, wish.months or 0, wish.agreed
        )
    return ChangeWish(
        wish.membership_id, wish.plan, wish.users, wish.months, wish.add_ons, wish.agreed
    )


def check_unchanged(quote: HeldQuote, contracts: Mapping[UUID, ContractRead]) -> None:
    """Raises `quote_membership_changed` where a membership is another than the one quoted for.

    One that is not there any more is `membership_not_found`, as in every order.
    """
    for membership_id, revision in quote.revisions.items():
        if contracts[membership_id].revision != revision:
            raise DomainError("quote_membership_changed", "/quote_id")


async def mark_ordered(
    session: AsyncSession, quote_id: UUID, order_id: UUID, now: datetime
) -> None:
    """In the order's transaction, the quote being locked."""
    await session.execute(
        update(Quote).where(Quote.id == quote_id).values(order_id=order_id, updated_at=now)
    )
