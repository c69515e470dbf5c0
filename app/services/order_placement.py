"""Placing an order (PRODUCT.md section 10): the checks in their order, then everything at once.

What is sent is in `order_commands`, the rows that it becomes are made in `order_rows`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import ContractRead, contracts_of
from app.db.orders import (
    PlacementFacts,
    insert_order,
    placement_facts,
    take_coupon,
)
from app.db.queue import Job, enqueue
from app.db.vault import Vault
from app.domain.catalogue import Catalogue
from app.domain.coupons import Coupon
from app.domain.errors import DomainError
from app.domain.orders import (
    OrderedItem,
    OrderType,
    PaymentMethod,
    order_fingerprint,
)
from app.domain.payment_methods import check_method
from app.domain.periods import seoul_date
from app.domain.pricing import NewItem, PricedOrder, price_order
from app.domain.quotes import honoured
from app.domain.roles import Permission, require
from app.domain.sites import check_subdomain
from app.domain.terms import TermsUse, check_consents, order_consents_needed
from app.services.contract_wishes import (
    AddExtendWish,
    ItemWish,
    check_present_use,
    check_something_is_ordered,
    memberships_named,
    order_type,
    priceable,
    with_agreements,
)
from app.services.order_commands import PlaceOrder
from app.services.order_events import ANNOUNCE_ORDER, PROVISION_ITEM
from app.services.order_rows import OrderRows, PlacedOrder
from app.services.payment_terms import terms_days
from app.services.principals import Principal
from app.services.quote_orders import check_unchanged, mark_ordered
from app.services.tax_invoice_contacts import TaxInvoiceContacts

SAME_ORDER_WITHIN = timedelta(minutes=30)
OPEN_HOLDS = 3


async def place_order(
    session: AsyncSession,
    principal: Principal,
    vault: Vault,
    catalogue: Catalogue,
    command: PlaceOrder,
    offered: Collection[PaymentMethod],
) -> PlacedOrder:
    """Places the order in the caller's transaction: three statements, one more with a coupon, and

    one more where it names memberships. `offered`: how the shop can be paid. Raises,
    in this order: what cannot be ordered, `order_already_open`, `subdomain_taken` and its like,
    what memberships refuse, `price_changed`, what is wrong with method and consents.
    """
    named = memberships_named(command.items)
    if named:
        assert principal.role is not None
        require(principal.role, Permission.ORDERS_CREATE_CHANGE)
    check_something_is_ordered(command.items)
    at = [f"{place}/subdomain" for place in command.site_places()]
    for place, site in zip(at, command.sites, strict=True):
        check_subdomain(site.subdomain, place)
    fingerprint = order_fingerprint(_ordered(catalogue, command))
    names = [site.subdomain for site in command.sites]
    facts = await placement_facts(
        session,
        principal.company_id,
        fingerprint,
        principal.now - SAME_ORDER_WITHIN,
        seoul_date(principal.now),
        names,
        command.coupon_code,
    )
    if facts.same_order is not None and not command.confirm_duplicate:
        raise DomainError("order_already_open", order_id=str(facts.same_order))
    _check_names(facts, names, at)
    contracts = await contracts_of(session, principal.company_id, named) if named else {}
    today = seoul_date(principal.now)
    if command.quote is None:
        items = with_agreements(command.items, facts.agreements, today)
        command = replace(command, items=items)
    priced = _price(catalogue, command, facts, contracts, today)
    if priced.total != command.expected_total:
        raise DomainError("price_changed", "/expected_total", total=priced.total)
    if priced.total < 0 and not command.accept_credit:
        raise DomainError("change_needs_confirmation", "/accept_credit", total=priced.total)
    credit_used = min(facts.credit, max(priced.total, 0)) if command.use_credit else 0
    method = check_method(
        None if credit_used and credit_used == priced.total else command.payment_method,
        priced.total - credit_used,
        {*offered, PaymentMethod.TERMS},
        has_credit=priced.has_credit,
    )
    await TaxInvoiceContacts(vault).require_for(session, principal.company_id, method)
    on_terms = None
    if method is PaymentMethod.TERMS:
        on_terms = await terms_days(session, principal.company_id, priced.total - credit_used)
    check_consents(
        TermsUse.ORDER,
        command.consents,
        order_consents_needed([item.months for item in priced.items]),
    )
    rows = OrderRows(
        principal,
        vault,
        catalogue,
        command,
        priced,
        facts,
        contracts,
        fingerprint,
        method,
        credit_used,
        on_terms,
    )
    placed = rows.build()
    if facts.coupon is not None and not await take_coupon(
        session, facts.coupon.code, principal.company_id, placed.order.id, principal.now
    ):
        raise DomainError("coupon_used_up", "/coupon_code")
    await _insert(session, placed, names, at)
    if command.quote is not None:
        await mark_ordered(session, command.quote.id, placed.order.id, principal.now)
    jobs = [Job(ANNOUNCE_ORDER, placed.order.id)]
    jobs += [
        Job(PROVISION_ITEM, item.id)
        for item in placed.items
        if item.due_at is not None and item.due_at <= principal.now
    ]
    await enqueue(session, jobs)
    return placed


def _ordered(catalogue: Catalogue, command: PlaceOrder) -> list[OrderedItem]:
    """A fixed number of users is the same whether it was named or left out."""
    fixed = {plan.code: plan.fixed_users for plan in catalogue.plans}
    subdomains = iter([site.subdomain for site in command.sites])

    def ordered(item: ItemWish) -> OrderedItem:
        if isinstance(item, AddExtendWish):
            site, months = str(item.membership_id), item.extend_months or None
            return OrderedItem(order_type(item), None, item.add_users, months, item.add_ons, site)
        site = next(subdomains) if isinstance(item, NewItem) else str(item.membership_id)
        users = fixed.get(item.plan) or item.users
        return OrderedItem(order_type(item), item.plan, users, item.months, item.add_ons, site)

    return [ordered(item) for item in command.items]


def _check_names(facts: PlacementFacts, names: Sequence[str], at: Sequence[str]) -> None:
    for index, name in enumerate(names):
        if name in facts.taken or name in names[:index]:
            raise DomainError("subdomain_taken", at[index])
    if names and facts.holds + len(names) > OPEN_HOLDS:
        raise DomainError("subdomain_holds_used_up")


def _price(
    catalogue: Catalogue,
    command: PlaceOrder,
    facts: PlacementFacts,
    contracts: Mapping[UUID, ContractRead],
    today: date,
) -> PricedOrder:
    coupon: Coupon | None = facts.coupon
    quote = command.quote
    wishes = priceable(command.items, contracts)
    if quote is not None:
        check_unchanged(quote, contracts)
    if any(contract.busy for contract in contracts.values()):
        raise DomainError("membership_change_in_progress")
    if command.coupon_code is not None and coupon is None:
        raise DomainError("coupon_unknown", "/coupon_code")
    if coupon is not None and quote is not None:
        coupon = honoured(coupon, quote.quoted_on, today)
    quoted_on = quote.quoted_on if quote else None
    priced = price_order(catalogue, wishes, coupon, today, command.starts_on, quoted_on)
    check_present_use(command.items, priced, contracts, command.used)
    free = [i.index for i in priced.items if i.plan.free and i.type is OrderType.NEW]
    if free and facts.has_free_site:
        raise DomainError("free_site_exists", f"/items/{free[0]}/plan")
    return priced


async def _insert(
    session: AsyncSession, placed: PlacedOrder, names: Sequence[str], at: Sequence[str]
) -> None:
    """The unique indexes have the last word where two orders ran at once."""
    try:
        await insert_order(
            session,
            placed.order,
            placed.event,
            placed.sites,
            placed.items,
            placed.lines,
            placed.credit,
            placed.journal,
        )
    except IntegrityError as lost:
        words = str(lost.orig)
        if "uq_sites_subdomain" in words:
            index = next((i for i, name in enumerate(names) if f"({name})" in words), 0)
            raise DomainError("subdomain_taken", at[index]) from lost
        if "uq_sites_one_free" in words:
            raise DomainError("free_site_exists") from lost
        raise
