"""Prices without an order: the hot path of the order page. Nothing is stored."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from app.clock import Clock
from app.db.catalogue import find_coupon
from app.db.contracts import PRICE_FACTS, ContractRead
from app.db.engine import Database
from app.db.price_agreements import to_agreements
from app.domain.catalogue import Catalogue
from app.domain.coupons import Coupon
from app.domain.errors import DomainError
from app.domain.periods import seoul_date
from app.domain.price_agreements import NONE_AGREED
from app.domain.pricing import NewItem, PricedOrder, price_order
from app.services.catalogue import Catalogues
from app.services.contract_wishes import (
    ItemWish,
    check_present_use,
    memberships_named,
    priceable,
    with_agreements,
)
from app.services.principals import Access
from app.services.rate_limits import RateLimit, count_hit, require_left

UNKNOWN_COUPONS: Final = RateLimit("unknown_coupon", 30, timedelta(hours=1))


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Preview:
    """A price; `rejected` is the coupon's code of refusal, the price is then without it.

    Equal to itself only: what is kept of one is kept by it and goes with it.
    """

    priced: PricedOrder
    coupon: Coupon | None
    rejected: str | None


class KeptPrices:
    """What strangers asked for, as long as the catalogue at hand is the same one.

    A price without memberships, agreements and coupons follows from catalogue, items and day, and a
    few hundred of them are most of what an order page asks for.
    """

    def __init__(self, size: int = 500) -> None:
        self._size = size
        self._catalogue: Catalogue | None = None
        self._kept: dict[Hashable, Preview] = {}

    def of(
        self, catalogue: Catalogue, items: Sequence[ItemWish], today: date, starts_on: date | None
    ) -> Preview:
        """Raises what pricing raises; only prices are kept."""
        if catalogue is not self._catalogue:
            self._catalogue, self._kept = catalogue, {}
        wished = tuple(
            (i.plan, i.users, i.months, i.add_ons) for i in items if isinstance(i, NewItem)
        )
        key = (wished, today, starts_on)
        found = self._kept.get(key)
        if found is None:
            priced = _Pricing(catalogue, items, {}, today, starts_on).price(None)
            found = Preview(priced, None, None)
            if len(self._kept) >= self._size:
                self._kept.clear()
            self._kept[key] = found
        return found


async def preview_price(
    database: Database,
    clock: Clock,
    catalogues: Catalogues,
    kept: KeptPrices,
    access: Callable[[], Access],
    account: Access | None,
    items: Sequence[ItemWish],
    coupon_code: str | None,
    starts_on: date | None,
    address: str,
) -> Preview:
    """Prices items as if opened, paid or changed today.

    What touches memberships opens `access`, anything else `account` where somebody is signed in,
    for the prices that their company has agreed; either raises what opening it raises. To strangers
    every refused coupon is unknown, and an address has thirty of those an hour (PRODUCT.md section
    9): then RateLimited, whatever the next one is.
    """
    named = memberships_named(items)
    contracts: Mapping[UUID, ContractRead] = {}
    agreements = NONE_AGREED
    opened = access() if named else account
    if opened is None:
        now = await clock.now_outside(database)
    else:
        principal, facts = await opened.read(PRICE_FACTS, ids=named)
        assert facts is not None
        contracts = {row.id: row for row in facts.contracts}
        agreements, now = to_agreements(facts.agreements), principal.now
    today = seoul_date(now)
    catalogue = await catalogues.in_force_outside(today)
    if opened is None and coupon_code is None:
        return kept.of(catalogue, items, today, starts_on)
    items = with_agreements(items, agreements, today)
    coupon = None
    if coupon_code is not None:
        await require_left(database, UNKNOWN_COUPONS, address)
        async with database.sessions.begin() as session:
            coupon = await find_coupon(session, coupon_code)
    pricing = _Pricing(catalogue, items, contracts, today, starts_on)
    if coupon is not None:
        try:
            return Preview(pricing.price(coupon), coupon, None)
        except DomainError as refused:
            if refused.code != "coupon_not_applicable":
                raise
    rejected = None
    if coupon_code is not None:
        rejected = "coupon_unknown"
        await count_hit(database, UNKNOWN_COUPONS, address)
    return Preview(pricing.price(None), None, rejected)


@dataclass(frozen=True, slots=True)
class _Pricing:
    """One order page."""

    catalogue: Catalogue
    items: Sequence[ItemWish]
    contracts: Mapping[UUID, ContractRead]
    today: date
    starts_on: date | None

    def price(self, coupon: Coupon | None) -> PricedOrder:
        wishes = priceable(self.items, self.contracts)
        priced = price_order(self.catalogue, wishes, coupon, self.today, self.starts_on)
        check_present_use(self.items, priced, self.contracts)
        return priced
