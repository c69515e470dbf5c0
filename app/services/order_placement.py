"""Placing an order (PRODUCT.md section 10): the checks in their order, then everything at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import ContractRead, contracts_of
from app.db.ids import new_id
from app.db.order_reads import (
    DiscountRead,
    EventRead,
    ItemRead,
    LineRead,
    OrderRead,
    SiteRead,
)
from app.db.orders import (
    PlacementFacts,
    insert_order,
    placement_facts,
    take_coupon,
)
from app.db.queue import Job, enqueue
from app.db.tables.orders import Order, OrderEvent, OrderItem, OrderLine
from app.db.tables.sites import Site
from app.db.vault import Vault
from app.domain.catalogue import Catalogue
from app.domain.coupons import Coupon
from app.domain.errors import DomainError
from app.domain.orders import (
    ItemState,
    OrderedItem,
    OrderType,
    PaymentMethod,
    derive_order_status,
    derive_payment_status,
    end_of,
    kind_of_order,
    order_fingerprint,
    payment_deadline,
)
from app.domain.periods import SEOUL, seoul_date
from app.domain.pricing import NewItem, PricedItem, PricedOrder, price_order
from app.domain.quotes import honoured
from app.domain.roles import Permission, require
from app.domain.sites import check_subdomain
from app.domain.terms import GivenConsent, TermsUse, check_consents, order_consents_needed
from app.services.contract_wishes import (
    AddExtendWish,
    ItemWish,
    check_present_use,
    check_something_is_ordered,
    memberships_named,
    order_type,
    priceable,
)
from app.services.order_events import ANNOUNCE_ORDER, PROVISION_ITEM, account_actor
from app.services.principals import Principal
from app.services.quote_orders import HeldQuote, mark_ordered

SAME_ORDER_WITHIN = timedelta(minutes=30)
OPEN_HOLDS = 3
OPENS_AT = time(0, 5)
"""When a site asked for a later day is opened on it (KST)."""


@dataclass(frozen=True, slots=True)
class SiteWish:
    """The site of a NEW item: its name, sub-domain and first administrator."""

    name: str
    subdomain: str
    admin_name: str
    admin_login_id: str
    admin_email: str


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """What the order page sends. `payment_method` is None exactly when nothing is due.

    `sites` are those of the NEW items, in their order.
    """

    items: Sequence[ItemWish]
    sites: Sequence[SiteWish]
    coupon_code: str | None
    starts_on: date | None
    confirm_duplicate: bool
    expected_total: int
    payment_method: str | None
    consents: Sequence[GivenConsent]
    accept_credit: bool = False
    quote: HeldQuote | None = None
    """The quote whose price the order takes, and whose items these are: all of them NEW."""

    def site_place(self, index: int) -> str:
        """Where the site of an item stands in what was sent."""
        return f"/items/{index}/site" if self.quote is None else f"/sites/{index}"


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """The rows that were written. `item_sites` are the sites that the items are for."""

    order: Order
    sites: tuple[Site, ...]
    item_sites: tuple[SiteRead, ...]
    items: tuple[OrderItem, ...]
    lines: tuple[OrderLine, ...]
    event: OrderEvent

    def as_read(self) -> OrderRead:
        """The order as it would be read back, without reading it."""
        order, event = self.order, self.event
        return OrderRead(
            id=order.id,
            number=order.number,
            kind=order.kind,
            status=order.status,
            payment_status=order.payment_status,
            payment_method=order.payment_method,
            catalogue_code=order.catalogue_code,
            coupon_code=order.coupon_code,
            coupon_discount=order.coupon_discount,
            amount=order.amount,
            discount=order.discount,
            supply=order.supply,
            vat=order.vat,
            total=order.total,
            ordered_on=order.ordered_on,
            starts_on=order.starts_on,
            expires_at=order.expires_at,
            paid_at=order.paid_at,
            created_at=order.created_at,
            items=[self._item(item) for item in self.items],
            events=[EventRead(event.status, event.at, event.actor, event.reason)],
        )

    def _item(self, item: OrderItem) -> ItemRead:
        return ItemRead(
            id=item.id,
            position=item.position,
            type=item.type,
            plan=item.plan,
            users=item.users,
            months=item.months,
            add_ons=item.add_ons,
            state=item.state,
            failure=None,
            membership_id=item.membership_id,
            starts_on=None,
            expires_on=None,
            site=self.item_sites[item.position],
            lines=[
                LineRead(
                    line.kind,
                    line.code,
                    line.quantity,
                    line.unit_price,
                    line.months,
                    line.days,
                    line.days_of,
                    line.amount,
                    line.net,
                )
                for line in self.lines
                if line.item_id == item.id
            ],
            discounts=[DiscountRead(**discount) for discount in item.discounts],
            labels=item.labels,
        )


async def place_order(
    session: AsyncSession,
    principal: Principal,
    vault: Vault,
    catalogue: Catalogue,
    command: PlaceOrder,
) -> PlacedOrder:
    """Places the order in the caller's transaction: three statements, one more with a coupon, and

    one more where it names memberships. Raises, in this order: what cannot be ordered,
    `order_already_open`, `subdomain_taken` and its like, what memberships refuse, `price_changed`,
    what is wrong with method and consents.
    """
    named = memberships_named(command.items)
    if named:
        assert principal.role is not None
        require(principal.role, Permission.ORDERS_CREATE_CHANGE)
    check_something_is_ordered(command.items)
    places = [i for i, item in enumerate(command.items) if isinstance(item, NewItem)]
    for place, site in zip(places, command.sites, strict=True):
        check_subdomain(site.subdomain, f"{command.site_place(place)}/subdomain")
    fingerprint = order_fingerprint(_ordered(catalogue, command))
    names = [site.subdomain for site in command.sites]
    facts = await placement_facts(
        session,
        principal.company_id,
        fingerprint,
        principal.now - SAME_ORDER_WITHIN,
        names,
        command.coupon_code,
    )
    if facts.same_order is not None and not command.confirm_duplicate:
        raise DomainError("order_already_open", order_id=str(facts.same_order))
    at = [f"{command.site_place(place)}/subdomain" for place in places]
    _check_names(facts, names, at)
    contracts = await contracts_of(session, principal.company_id, named) if named else {}
    priced = _price(catalogue, command, facts, contracts, seoul_date(principal.now))
    if priced.total != command.expected_total:
        raise DomainError("price_changed", "/expected_total", total=priced.total)
    if priced.total < 0 and not command.accept_credit:
        raise DomainError("change_needs_confirmation", "/accept_credit", total=priced.total)
    method = _method(command.payment_method, priced.total)
    check_consents(
        TermsUse.ORDER,
        command.consents,
        order_consents_needed([item.months for item in priced.items]),
    )
    rows = _Rows(
        principal, vault, catalogue, command, priced, facts, contracts, fingerprint, method
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
    wishes = priceable(command.items, contracts)
    if any(contract.busy for contract in contracts.values()):
        raise DomainError("membership_change_in_progress")
    if command.coupon_code is not None and coupon is None:
        raise DomainError("coupon_unknown", "/coupon_code")
    if coupon is not None and command.quote is not None:
        coupon = honoured(coupon, command.quote.quoted_on, today)
    priced = price_order(catalogue, wishes, coupon, today, command.starts_on)
    check_present_use(command.items, priced, contracts)
    free = [i.index for i in priced.items if i.plan.free and i.type is OrderType.NEW]
    if free and facts.has_free_site:
        raise DomainError("free_site_exists", f"/items/{free[0]}/plan")
    return priced


def _method(method: str | None, total: int) -> PaymentMethod | None:
    """Cards only for now; none where nothing is due."""
    if (method is None) is not (total <= 0) or method not in (None, "CARD"):
        raise DomainError("payment_method_not_allowed", "/payment_method")
    return None if method is None else PaymentMethod(method)


async def _insert(
    session: AsyncSession, placed: PlacedOrder, names: Sequence[str], at: Sequence[str]
) -> None:
    """The unique indexes have the last word where two orders ran at once."""
    try:
        await insert_order(
            session, placed.order, placed.event, placed.sites, placed.items, placed.lines
        )
    except IntegrityError as lost:
        words = str(lost.orig)
        if "uq_sites_subdomain" in words:
            index = next((i for i, name in enumerate(names) if f"({name})" in words), 0)
            raise DomainError("subdomain_taken", at[index]) from lost
        if "uq_sites_one_free" in words:
            raise DomainError("free_site_exists") from lost
        raise


@dataclass(frozen=True, slots=True)
class _Rows:
    """Makes the rows of an order from its price."""

    principal: Principal
    vault: Vault
    catalogue: Catalogue
    command: PlaceOrder
    priced: PricedOrder
    facts: PlacementFacts
    contracts: Mapping[UUID, ContractRead]
    fingerprint: bytes
    method: PaymentMethod | None

    def build(self) -> PlacedOrder:
        order = self._order()
        new = [item for item in self.priced.items if item.type is OrderType.NEW]
        sites = tuple(
            self._site(wish, item) for wish, item in zip(self.command.sites, new, strict=True)
        )
        item_sites = self._item_sites(sites)
        items = tuple(
            self._item(order, site, item)
            for site, item in zip(item_sites, self.priced.items, strict=True)
        )
        lines = tuple(
            line
            for row, item in zip(items, self.priced.items, strict=True)
            for line in self._lines(row.id, item)
        )
        event = OrderEvent(
            id=new_id(),
            company_id=order.company_id,
            order_id=order.id,
            status=order.status,
            actor=account_actor(self.principal.account_id),
            reason=None,
            at=self.principal.now,
        )
        return PlacedOrder(order, sites, item_sites, items, lines, event)

    def _item_sites(self, new: Sequence[Site]) -> tuple[SiteRead, ...]:
        """The new ones and those of memberships, as the items follow each other."""
        opened = iter(new)
        found = []
        for item in self.command.items:
            if isinstance(item, NewItem):
                site = next(opened)
                found.append(SiteRead(site.id, site.name, site.subdomain, None))
            else:
                held = self.contracts[item.membership_id]
                found.append(SiteRead(held.site_id, held.site_name, held.subdomain, held.url))
        return tuple(found)

    @property
    def _due_now(self) -> bool:
        return self.priced.total > 0

    def _deadline(self, today: date) -> datetime | None:
        """Until when it can be paid: an addition not beyond its term, a credit not beyond its day.

        An extension alone can be paid while the term is overdue.
        """
        if self.method is None:
            return None
        limits = [payment_deadline(self.principal.now, self.method, frozenset())]
        if self.priced.has_credit:
            limits.append(end_of(today))
        for item in self.command.items:
            if isinstance(item, AddExtendWish) and (item.add_users or item.add_ons):
                last_day = self.contracts[item.membership_id].contract.expires_on
                limits += [end_of(last_day)] if last_day else []
        return min(limits)

    def _order(self) -> Order:
        now, priced, today = self.principal.now, self.priced, seoul_date(self.principal.now)
        status = derive_order_status([ItemState.PENDING], None, self._due_now)
        payment = derive_payment_status(priced.total, 0, 0, None, today)
        return Order(
            id=new_id(),
            company_id=self.principal.company_id,
            number=f"ORD-{today:%Y%m%d}-{self.facts.number:06d}",
            account_id=self.principal.account_id,
            kind=str(kind_of_order([item.type for item in priced.items])),
            status=str(status),
            payment_status=str(payment),
            payment_method=str(self.method) if self.method else None,
            catalogue_code=self.catalogue.code,
            coupon_code=self.facts.coupon.code if self.facts.coupon else None,
            coupon_discount=priced.coupon_amount,
            fingerprint=self.fingerprint,
            amount=priced.amount,
            discount=priced.discount,
            supply=priced.supply,
            vat=priced.vat,
            total=priced.total,
            ordered_on=today,
            priced_on=today,
            starts_on=self.command.starts_on,
            consents=[
                {"kind": c.kind, "version": c.version, "agreed": c.agreed}
                for c in self.command.consents
            ],
            expires_at=self._deadline(today),
            paid_at=None if self._due_now else now,
            ended_at=None,
            end_reason=None,
            created_at=now,
            updated_at=now,
        )

    def _site(self, wish: SiteWish, item: PricedItem) -> Site:
        now = self.principal.now
        return Site(
            id=new_id(),
            company_id=self.principal.company_id,
            name=wish.name,
            plan=item.plan.code,
            subdomain=wish.subdomain,
            state="HELD",
            business_number=self.facts.business_number,
            admin_name=self.vault.seal("sites.admin_name", wish.admin_name),
            admin_login_id=wish.admin_login_id,
            admin_email=self.vault.seal("sites.admin_email", wish.admin_email),
            revision=0,
            applied_revision=0,
            accounting_visible=True,
            created_at=now,
            updated_at=now,
        )

    def _item(self, order: Order, site: SiteRead, item: PricedItem) -> OrderItem:
        wish = self.command.items[item.index]
        return OrderItem(
            id=new_id(),
            company_id=order.company_id,
            order_id=order.id,
            position=item.index,
            type=str(item.type),
            plan=item.plan.code,
            users=item.users,
            months=item.months,
            add_ons=dict(wish.add_ons),
            state="PENDING",
            site_id=site.id,
            membership_id=None if isinstance(wish, NewItem) else wish.membership_id,
            discounts=[
                {
                    "kind": str(d.kind),
                    "name_ko": d.name.ko,
                    "name_en": d.name.en,
                    "percent": d.percent,
                    "base": d.base,
                    "amount": d.amount,
                }
                for d in item.discounts
            ],
            labels=[label.ko for label in item.labels],
            attempts=0,
            due_at=None if self._due_now else opening_time(order.created_at, order.starts_on),
            failed_at=None,
            failure=None,
        )

    def _lines(self, item_id: UUID, item: PricedItem) -> list[OrderLine]:
        return [
            OrderLine(
                id=new_id(),
                company_id=self.principal.company_id,
                item_id=item_id,
                position=position,
                kind=str(line.kind),
                code=line.code,
                quantity=line.quantity,
                unit_price=line.unit_price,
                months=line.months,
                days=line.days,
                days_of=line.of,
                amount=line.amount,
                net=line.net,
            )
            for position, line in enumerate(item.lines)
        ]


def opening_time(now: datetime, starts_on: date | None) -> datetime:
    """When a paid item may be opened: at once, or at 00:05 KST of the later day asked for."""
    if starts_on is None:
        return now
    return max(now, datetime.combine(starts_on, OPENS_AT, tzinfo=SEOUL))
