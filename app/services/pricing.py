"""Prices without an order: the hot path of the order page. Nothing is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.clock import Clock
from app.db.catalogue import find_coupon
from app.db.engine import Database
from app.domain.coupons import Coupon
from app.domain.errors import DomainError
from app.domain.periods import seoul_date
from app.domain.pricing import NewItem, PricedOrder, price_order
from app.services.catalogue import Catalogues


@dataclass(frozen=True, slots=True)
class Preview:
    """A price; `rejected` is the coupon's code of refusal, the price is then without it."""

    priced: PricedOrder
    coupon: Coupon | None
    rejected: str | None


async def preview_price(
    database: Database,
    clock: Clock,
    catalogues: Catalogues,
    items: Sequence[NewItem],
    coupon_code: str | None,
    starts_on: date | None,
) -> Preview:
    """Prices NEW items as if opened today. To strangers every refused coupon is unknown."""
    today = seoul_date(await clock.now_outside(database))
    catalogue = await catalogues.in_force(today)
    if coupon_code is None:
        return Preview(price_order(catalogue, items, None, today, starts_on), None, None)
    async with database.sessions.begin() as session:
        coupon = await find_coupon(session, coupon_code)
    if coupon is not None:
        try:
            priced = price_order(catalogue, items, coupon, today, starts_on)
            return Preview(priced, coupon, None)
        except DomainError as refused:
            if refused.code != "coupon_not_applicable":
                raise
    priced = price_order(catalogue, items, None, today, starts_on)
    return Preview(priced, None, "coupon_unknown")
