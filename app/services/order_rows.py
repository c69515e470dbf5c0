"""The rows that an order becomes, and the order as it is answered without being read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.db.contracts import ContractRead
from app.db.ids import new_id
from app.db.order_reads import (
    DiscountRead,
    EventRead,
    ItemRead,
    LineRead,
    OrderRead,
    SiteRead,
)
from app.db.orders import PlacementFacts
from app.db.tables.credit import CreditEntry
from app.db.tables.orders import Order, OrderEvent, OrderItem, OrderLine
from app.db.tables.sites import Site
from app.db.vault import Vault
from app.domain.catalogue import Catalogue
from app.domain.credit import CreditKind
from app.domain.ledger import JournalEntry, Period, Sale, Sold, placed
from app.domain.orders import (
    ItemState,
    OrderType,
    PaymentMethod,
    derive_order_status,
    derive_payment_status,
    kind_of_order,
    opening_time,
)
from app.domain.payment_methods import order_deadline
from app.domain.periods import seoul_date
from app.domain.pricing import NewItem, PricedItem, PricedOrder
from app.services.contract_wishes import AddExtendWish
from app.services.korean_holidays import holidays_from
from app.services.order_commands import PlaceOrder, SiteWish
from app.services.order_events import account_actor
from app.services.principals import Principal


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """The rows that were written. `item_sites` are the sites that the items are for."""

    order: Order
    sites: tuple[Site, ...]
    item_sites: tuple[SiteRead, ...]
    items: tuple[OrderItem, ...]
    lines: tuple[OrderLine, ...]
    event: OrderEvent
    credit: CreditEntry | None
    journal: tuple[JournalEntry, ...]

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
            credit_used=order.credit_used,
            claim_reduced=order.claim_reduced,
            ordered_on=order.ordered_on,
            starts_on=order.starts_on,
            expires_at=order.expires_at,
            terms_due_on=None,
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


@dataclass(frozen=True, slots=True)
class OrderRows:
    """Makes the rows of an order from its price and from what the database knows."""

    principal: Principal
    vault: Vault
    catalogue: Catalogue
    command: PlaceOrder
    priced: PricedOrder
    facts: PlacementFacts
    contracts: Mapping[UUID, ContractRead]
    fingerprint: bytes
    method: PaymentMethod | None
    credit_used: int
    terms_days: int | None = None
    """후불: within how many days of its delivery it is paid."""

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
            for line in line_rows(row.company_id, row.id, item)
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
        credit, journal = self._booked(order, items)
        return PlacedOrder(order, sites, item_sites, items, lines, event, credit, journal)

    def _booked(
        self, order: Order, items: Sequence[OrderItem]
    ) -> tuple[CreditEntry | None, tuple[JournalEntry, ...]]:
        """What the order asks for in the ledger, and the line of the credit that it uses."""
        sold = [
            Sold(row.id, sum(line.net for line in item.lines), _period(item))
            for row, item in zip(items, self.priced.items, strict=True)
        ]
        sale = Sale(order.id, order.company_id, sold, order.vat, order.total, self.credit_used)
        entry = placed(sale)
        if not self.credit_used:
            return None, (entry,) if entry else ()
        assert entry is not None
        used = CreditEntry(
            id=new_id(),
            company_id=order.company_id,
            kind=str(CreditKind.USED),
            amount=-self.credit_used,
            vat=0,
            order_id=order.id,
            created_at=order.created_at,
        )
        return used, (entry,)

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
        return self.priced.total > self.credit_used and self.terms_days is None

    def _deadline(self, today: date) -> datetime | None:
        """Until when it can be paid: an addition not beyond its term, a credit not beyond its day.

        An extension alone can be paid while the term is overdue.
        """
        if self.method is None or self.terms_days is not None:
            return None
        last_days = [today] if self.priced.has_credit else []
        for item in self.command.items:
            if isinstance(item, AddExtendWish) and (item.add_users or item.add_ons):
                last_day = self.contracts[item.membership_id].contract.expires_on
                last_days += [last_day] if last_day else []
        now = self.principal.now
        return order_deadline(
            now, self.method, last_days, holidays_from(today) | self.facts.extra_holidays
        )

    def _order(self) -> Order:
        now, priced, today = self.principal.now, self.priced, seoul_date(self.principal.now)
        status = derive_order_status([ItemState.PENDING], None, self._due_now)
        to_pay = priced.total - self.credit_used
        payment = derive_payment_status(to_pay, 0, 0, today if self.terms_days else None, today)
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
            credit_used=self.credit_used,
            claim_reduced=0,
            claim_reduced_vat=0,
            ordered_on=today,
            priced_on=self.command.quote.quoted_on if self.command.quote else today,
            starts_on=self.command.starts_on,
            consents=[
                {"kind": c.kind, "version": c.version, "agreed": c.agreed}
                for c in self.command.consents
            ],
            expires_at=self._deadline(today),
            paid_at=None if self._due_now or self.terms_days else now,
            terms_days=self.terms_days,
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
            access="ON",
            put_attempts=0,
            put_failed=False,
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
            agreed_prices=dict(wish.agreed),
            state="PENDING",
            site_id=site.id,
            membership_id=None if isinstance(wish, NewItem) else wish.membership_id,
            discounts=discount_rows(item),
            labels=[label.ko for label in item.labels],
            attempts=0,
            due_at=None if self._due_now else opening_time(order.created_at, order.starts_on),
            failed_at=None,
            failure=None,
        )


def discount_rows(item: PricedItem) -> list[dict[str, object]]:
    """As an item's row keeps them."""
    return [
        {
            "kind": str(d.kind),
            "name_ko": d.name.ko,
            "name_en": d.name.en,
            "percent": d.percent,
            "base": d.base,
            "amount": d.amount,
        }
        for d in item.discounts
    ]


def line_rows(company_id: UUID, item_id: UUID, item: PricedItem) -> list[OrderLine]:
    """The rows of an item's lines, in their order."""
    return [
        OrderLine(
            id=new_id(),
            company_id=company_id,
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


def _period(item: PricedItem) -> Period:
    """The days that the item is priced for."""
    return Period(item.starts_on, item.expires_on)
