"""갱신 주문: what a term's renewal would be, and the order that it becomes.

The day whose prices it has is the one on which it is to be ordered (D-30, monthly D-7), whenever
its rows are made and however often it is made again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import ContractRead
from app.db.ids import new_id
from app.db.ledger import post
from app.db.price_agreements import to_agreements
from app.db.renewal_reads import read_renewal_prices
from app.db.tables.orders import Order, OrderEvent, OrderItem, OrderLine
from app.domain.catalogue import Catalogue
from app.domain.ledger import Period, Sale, Sold, placed
from app.domain.orders import (
    ItemState,
    OrderedItem,
    OrderType,
    PaymentMethod,
    derive_order_status,
    derive_payment_status,
    opening_time,
    order_fingerprint,
)
from app.domain.periods import seoul_date
from app.domain.pricing import PricedItem, PricedOrder, sum_up
from app.domain.renewals import Term, is_dearer, order_step, payable_until
from app.domain.scheduled_changes import (
    RenewalContent,
    SiteContent,
    content_of,
    price_renewal,
    renewal_content,
    renewal_months,
)
from app.services.catalogue import Catalogues
from app.services.order_events import SYSTEM
from app.services.order_rows import discount_rows, line_rows
from app.services.scheduled_changes import as_scheduled

_NUMBER = text("SELECT nextval('order_numbers') % 1000000")


@dataclass(frozen=True, slots=True)
class WantedRenewal:
    """A renewal as it would be ordered. `dropped`: a scheduled change has no room and is left out.

    `changes`: it is for something else than what is held, so that it waits for its first day.
    `dearer`: it asks a higher price than the running term does.
    """

    term: Term
    catalogue: Catalogue
    content: SiteContent
    priced: PricedItem
    order: PricedOrder
    agreed: dict[str, int]
    changes: bool
    dropped: bool
    dearer: bool

    @property
    def free(self) -> bool:
        return self.priced.plan.free

    @property
    def priced_on(self) -> date:
        return seoul_date(order_step(self.term).at)


def term_of(read: ContractRead) -> Term | None:
    """What its timetable follows from; None where nothing is renewed."""
    last_day, months = read.expires_on, renewal_months(read.contract)
    if last_day is None or months is None:
        return None
    return Term(last_day, months, read.id.int)


async def wanted_renewal(
    session: AsyncSession, catalogues: Catalogues, read: ContractRead, term: Term, monthly_fee: int
) -> WantedRenewal:
    """By the version and the agreement known for its day, a scheduled change in it.

    Raises `plan_unknown` and its like where the version does not know what is held any more.
    """
    day = seoul_date(order_step(term).at)
    catalogue = await catalogues.in_force(session, day)
    prices = await read_renewal_prices(session, read.company_id, read.id)
    agreed = to_agreements(prices.agreements).on(day, read.id)
    change = prices.change
    contract = read.contract
    held = content_of(catalogue, contract)
    wanted = RenewalContent(held)
    if change is not None:
        wanted = renewal_content(catalogue, contract, as_scheduled(change), read.measured)
    priced = price_renewal(catalogue, contract, wanted.content, agreed)
    return WantedRenewal(
        term=term,
        catalogue=catalogue,
        content=wanted.content,
        priced=priced,
        order=sum_up(catalogue.code, [priced]),
        agreed=agreed,
        changes=wanted.content != held,
        dropped=wanted.dropped,
        dearer=is_dearer(contract, priced, monthly_fee),
    )


def is_as_ordered(
    wanted: WantedRenewal, order: Order, item: OrderItem, lines: Sequence[OrderLine]
) -> bool:
    """Whether an order is what would be ordered now."""
    priced = wanted.priced
    now = [(str(x.kind), x.code, x.quantity, x.unit_price, x.amount, x.net) for x in priced.lines]
    then = [(x.kind, x.code, x.quantity, x.unit_price, x.amount, x.net) for x in lines]
    return (
        now == then
        and (item.plan, item.users, item.months) == (priced.plan.code, priced.users, priced.months)
        and dict(item.add_ons) == dict(wanted.content.add_ons)
        and item.applied_on == priced.starts_on
        and order.total == wanted.order.total
    )


async def make_renewal(
    session: AsyncSession,
    read: ContractRead,
    wanted: WantedRenewal,
    account_id: UUID,
    method: PaymentMethod,
    now: datetime,
) -> Order:
    """Writes the order in the caller's transaction: PENDING_PAYMENT, or PAID where it costs

    nothing. `method`: how it is paid unless another one is chosen.
    """
    number = (await session.execute(_NUMBER)).scalar_one()
    order = _order(read, wanted, account_id, method, number, now)
    session.add(order)
    await session.flush()
    item = _item(order, read, wanted, now)
    session.add(item)
    await session.flush()
    session.add_all(line_rows(order.company_id, item.id, wanted.priced))
    session.add(
        OrderEvent(
            id=new_id(),
            company_id=order.company_id,
            order_id=order.id,
            status=order.status,
            actor=SYSTEM,
            reason="renewal",
            at=now,
        )
    )
    priced = wanted.priced
    period = Period(priced.starts_on, priced.expires_on)
    sold = [Sold(item.id, order.supply, period)]
    sale = Sale(order.id, order.company_id, sold, order.vat, order.total)
    await post(session, now, placed(sale))
    return order


def _order(
    read: ContractRead,
    wanted: WantedRenewal,
    account_id: UUID,
    method: PaymentMethod,
    number: int,
    now: datetime,
) -> Order:
    total, day, content = wanted.order.total, wanted.priced_on, wanted.content
    due_now = total > 0
    ordered = OrderedItem(
        OrderType.RENEWAL,
        content.plan,
        wanted.priced.users,
        wanted.priced.months,
        tuple(content.add_ons.items()),
        str(read.id),
    )
    return Order(
        id=new_id(),
        company_id=read.company_id,
        number=f"ORD-{seoul_date(now):%Y%m%d}-{number:06d}",
        account_id=account_id,
        kind=str(OrderType.RENEWAL),
        status=str(derive_order_status([ItemState.PENDING], None, due_now)),
        payment_status=str(derive_payment_status(total, 0, 0, None, seoul_date(now))),
        payment_method=str(method) if due_now else None,
        catalogue_code=wanted.catalogue.code,
        coupon_code=None,
        coupon_discount=0,
        credit_used=0,
        claim_reduced=0,
        claim_reduced_vat=0,
        fingerprint=order_fingerprint([ordered]),
        amount=wanted.order.amount,
        discount=wanted.order.discount,
        supply=wanted.order.supply,
        vat=wanted.order.vat,
        total=total,
        ordered_on=day,
        priced_on=day,
        starts_on=wanted.priced.starts_on if wanted.changes else None,
        consents=[],
        expires_at=payable_until(wanted.term.last_day) if due_now else None,
        paid_at=None if due_now else now,
        created_at=now,
        updated_at=now,
    )


def _item(order: Order, read: ContractRead, wanted: WantedRenewal, now: datetime) -> OrderItem:
    priced = wanted.priced
    return OrderItem(
        id=new_id(),
        company_id=order.company_id,
        order_id=order.id,
        position=0,
        type=str(OrderType.RENEWAL),
        plan=priced.plan.code,
        users=priced.users,
        months=priced.months,
        add_ons=dict(wanted.content.add_ons),
        agreed_prices=dict(wanted.agreed),
        state="PENDING",
        site_id=read.site_id,
        membership_id=read.id,
        applied_on=priced.starts_on,
        expires_on=priced.expires_on,
        discounts=discount_rows(priced),
        labels=[label.ko for label in priced.labels],
        attempts=0,
        due_at=None if order.total > 0 else opening_time(now, order.starts_on),
    )
