"""What an order costs: items, coupon, VAT (PRODUCT.md section 8, How an amount is made).

Money is integer KRW, VAT apart. Percents are taken on rounded lines and rounded half up; VAT is
rounded towards zero. Nothing here knows a clock: today is an argument, an Asia/Seoul date.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from app.domain.additions import AddExtendItem, check_state, price_add_extend
from app.domain.catalogue import Catalogue
from app.domain.changes import ChangeItem, price_change
from app.domain.coupons import Coupon, CouponScope, check_coupon
from app.domain.errors import DomainError
from app.domain.money import allot, vat_of
from app.domain.orders import OrderType
from app.domain.periods import Span, expires_on
from app.domain.price_agreements import agreed_labels, with_agreed_prices
from app.domain.price_lines import (
    Service,
    check_add_ons,
    check_term,
    check_users,
    discount_lines,
    find_plan,
    price_labels,
    term_lines,
)
from app.domain.prices import (
    MAX_DAYS_AHEAD,
    Discount,
    DiscountKind,
    Line,
    LineKind,
    PricedItem,
    PricedOrder,
)

__all__ = [
    "AddExtendItem",
    "ChangeItem",
    "Discount",
    "DiscountKind",
    "Line",
    "LineKind",
    "NewItem",
    "OrderWish",
    "PricedItem",
    "PricedOrder",
    "price_item",
    "price_order",
    "sum_up",
]


@dataclass(frozen=True, slots=True)
class NewItem:
    """A site to be opened. Add-ons are (code, quantity); `users` may be left out when fixed.

    `agreed`: unit prices that go before the catalogue's.
    """

    plan: str
    users: int | None = None
    months: int | None = None
    add_ons: tuple[tuple[str, int], ...] = ()
    agreed: Mapping[str, int] = field(default_factory=dict)


OrderWish = NewItem | AddExtendItem | ChangeItem


def price_order(
    catalogue: Catalogue,
    items: Sequence[OrderWish],
    coupon: Coupon | None,
    today: date,
    starts_on: date | None = None,
    quoted_on: date | None = None,
) -> PricedOrder:
    """Prices items of any kind. Raises DomainError with a pointer for what cannot be ordered.

    `quoted_on`: the day whose price an addition keeps, as a quote told it. What begins when it is
    opened or confirmed, and the credit of a change, are of today whatever was quoted.
    """
    begins = _begins(items, today, starts_on)
    priced = []
    for index, item in enumerate(items):
        day = today
        if quoted_on is not None and isinstance(item, AddExtendItem):
            check_state(item.contract.status_on(today), item, f"/items/{index}")
            day = quoted_on
        priced.append(price_item(catalogue, item, index, day, begins))
    free = [item.index for item in priced if item.plan.free and item.type is OrderType.NEW]
    if len(free) > 1:
        raise DomainError("free_site_exists", f"/items/{free[1]}/plan")
    amount = sum(line.amount for item in priced for line in item.lines)
    coupon_amount = 0
    if coupon is not None:
        fits = any(_fits(coupon, item, line) for item in priced for line in item.lines)
        check_coupon(coupon, today, amount, fits_any=fits)
        priced, coupon_amount = _take_coupon(priced, coupon)
    return sum_up(catalogue.code, priced, coupon_amount)


def sum_up(catalogue_code: str, items: Sequence[PricedItem], coupon_amount: int = 0) -> PricedOrder:
    """Items that are priced, with their VAT: PRODUCT.md section 8, How an amount is made, 6."""
    amount = sum(line.amount for item in items for line in item.lines)
    discount = coupon_amount + sum(d.amount for item in items for d in item.discounts)
    supply = amount - discount
    vat = vat_of(supply)
    return PricedOrder(
        catalogue=catalogue_code,
        items=tuple(items),
        coupon_amount=coupon_amount,
        amount=amount,
        discount=discount,
        supply=supply,
        vat=vat,
        total=supply + vat,
    )


def price_item(
    catalogue: Catalogue, item: OrderWish, index: int, today: date, begins: date
) -> PricedItem:
    """One item before coupons; only a NEW one can begin on another day than today."""
    prices = with_agreed_prices(catalogue, item.agreed)
    match item:
        case NewItem():
            priced = _price_new(prices, item, index, begins)
        case AddExtendItem():
            priced = price_add_extend(prices, item, index, today)
        case ChangeItem():
            priced = price_change(prices, item, index, today)
    return agreed_labels(priced, item.agreed) if item.agreed else priced


def _begins(items: Sequence[OrderWish], today: date, starts_on: date | None) -> date:
    if starts_on is None:
        return today
    if not today <= starts_on <= today + timedelta(days=MAX_DAYS_AHEAD):
        raise DomainError("starts_on_out_of_range", "/starts_on")
    if not all(isinstance(item, NewItem) for item in items):
        raise DomainError("starts_on_for_new_only", "/starts_on")
    return starts_on


def _price_new(catalogue: Catalogue, item: NewItem, index: int, begins: date) -> PricedItem:
    place = f"/items/{index}"
    plan = find_plan(catalogue, item.plan, place)
    users = check_users(plan, item.users, place)
    term = check_term(plan, item.months, f"{place}/months")
    months = term.months if term else None
    last_day = expires_on(begins, months) if months else None
    add_ons = check_add_ons(catalogue, plan, item.add_ons, {}, place)
    service = Service(OrderType.NEW, Span(months or 0), begins, last_day)
    lines = term_lines(catalogue, plan, users, add_ons, service, 0)
    lines, discounts = discount_lines(lines, term, OrderType.NEW)
    return PricedItem(
        index=index,
        plan=plan,
        users=users,
        months=months,
        starts_on=begins,
        expires_on=last_day,
        lines=tuple(lines),
        discounts=tuple(discounts),
        labels=price_labels(term),
    )


def _fits(coupon: Coupon, item: PricedItem, line: Line) -> bool:
    """A coupon for EXTEND takes from the extension's lines of an ADD_EXTEND, and so on."""
    if line.kind is LineKind.CREDIT:
        return False
    if coupon.scope is CouponScope.LICENCE and line.kind is not LineKind.LICENCE:
        return False
    plan = item.plan.code
    return coupon.fits(plan, item.type.value) or coupon.fits(plan, line.half.value)


def _take_coupon(items: list[PricedItem], coupon: Coupon) -> tuple[list[PricedItem], int]:
    """Takes the coupon off the whole scope, then gives each line of it its share."""
    left = [line.net if _fits(coupon, item, line) else 0 for item in items for line in item.lines]
    off = coupon.off(sum(left))
    shares = iter(allot(off, left))
    taken = [
        replace(item, lines=tuple(replace(line, coupon=next(shares)) for line in item.lines))
        for item in items
    ]
    return taken, off
