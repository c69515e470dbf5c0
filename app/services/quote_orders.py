"""A quote becomes an order at its price, once (PRODUCT.md section 9)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.quote_reads import WishRead
from app.db.tables.quotes import Quote
from app.domain.errors import DomainError
from app.domain.pricing import NewItem
from app.domain.quotes import QuoteStatus, quote_status
from app.services.principals import Principal


@dataclass(frozen=True, slots=True)
class HeldQuote:
    """A quote that can be ordered now: its items, coupon, and the catalogue that it keeps."""

    id: UUID
    items: tuple[NewItem, ...]
    coupon_code: str | None
    catalogue_code: str
    quoted_on: date


async def hold_quote(
    session: AsyncSession, principal: Principal, quote_id: UUID, sites: int
) -> HeldQuote:
    """The company's quote, locked, so that of two orders at once one is refused.

    Raises `quote_not_found`, `quote_already_ordered` with the order's id, `quote_expired`, and
    `quote_sites_mismatch` where there is not one site for each item.
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
    status = quote_status(ordered=False, expires_at=quote.expires_at, now=principal.now)
    if status is QuoteStatus.EXPIRED:
        raise DomainError("quote_expired", "/quote_id")
    wishes = msgspec.convert(quote.wishes, list[WishRead])
    if len(wishes) != sites:
        raise DomainError("quote_sites_mismatch", "/sites", items=len(wishes))
    return HeldQuote(
        id=quote.id,
        items=tuple(NewItem(w.plan, w.users, w.months, w.add_ons) for w in wishes),
        coupon_code=quote.coupon_code,
        catalogue_code=quote.catalogue_code,
        quoted_on=quote.quoted_on,
    )


async def mark_ordered(
    session: AsyncSession, quote_id: UUID, order_id: UUID, now: datetime
) -> None:
    """In the order's transaction, the quote being locked."""
    await session.execute(
        update(Quote).where(Quote.id == quote_id).values(order_id=order_id, updated_at=now)
    )
