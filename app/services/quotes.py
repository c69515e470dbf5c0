"""견적서: made, listed, claimed by a company (PRODUCT.md section 9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.catalogue import find_coupon
from app.db.contracts import PRICE_FACTS, ContractRead
from app.db.ids import new_id
from app.db.price_agreements import to_agreements
from app.db.queue import Job, enqueue
from app.db.quote_reads import (
    QUOTE,
    QUOTE_PAGE,
    QuoteDiscountRead,
    QuoteItemRead,
    QuoteLineRead,
    QuoteRead,
    WishRead,
)
from app.db.tables.quotes import Quote
from app.domain.catalogue import Catalogue
from app.domain.errors import DomainError
from app.domain.explanations import explain_discount, explain_line
from app.domain.periods import seoul_date
from app.domain.pricing import Discount, Line, NewItem, PricedItem, price_order
from app.domain.quotes import QuoteRecipient, held_until, quote_expires_at
from app.domain.roles import Permission, require
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
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.one_time import OneTimeTokens
from app.services.principals import Access, Principal, read_within
from app.services.rate_limits import RateLimited

MAIL_QUOTE = "mail_quote"
QUOTES_AN_HOUR, AN_HOUR = 30, timedelta(hours=1)
"""How many somebody may have mailed."""

_NUMBER = text("SELECT nextval('quote_numbers') % 1000000")
_CLAIM = text("SELECT portal_claim_quote(:company, :number, :token_hash, :now)")


@dataclass(frozen=True, slots=True)
class AskForQuote:
    """What the order page sends."""

    items: Sequence[ItemWish]
    coupon_code: str | None
    recipients: Sequence[QuoteRecipient]


@dataclass(frozen=True, slots=True)
class QuotePage:
    """`next_cursor` is None on the last page. `principal` knows what time it is."""

    items: list[QuoteRead]
    next_cursor: str | None
    principal: Principal


async def create_quote(
    session: AsyncSession, principal: Principal, catalogue: Catalogue, command: AskForQuote
) -> QuoteRead:
    """Stores the price of today; a job makes the paper and mails it. Takes no use of a coupon.

    Raises `RateLimited`, what cannot be priced, `coupon_unknown`, `coupon_not_applicable`,
    `membership_change_in_progress`, and `company_contact_missing` where a person without a company
    names one.
    """
    await _not_too_many(session, principal)
    named = memberships_named(command.items)
    if named:
        assert principal.role is not None
        require(principal.role, Permission.ORDERS_CREATE_CHANGE)
    check_something_is_ordered(command.items)
    company = principal.company
    if company is None and QuoteRecipient.COMPANY_CONTACT in command.recipients:
        index = list(command.recipients).index(QuoteRecipient.COMPANY_CONTACT)
        raise DomainError("company_contact_missing", f"/recipients/{index}")
    coupon = None
    if command.coupon_code is not None:
        coupon = await find_coupon(session, command.coupon_code)
        if coupon is None:
            raise DomainError("coupon_unknown", "/coupon_code")
    today = seoul_date(principal.now)
    facts = await read_within(session, principal, PRICE_FACTS, ids=named)
    assert facts is not None
    contracts = {row.id: row for row in facts.contracts}
    items = with_agreements(command.items, to_agreements(facts.agreements), today)
    priced = price_order(catalogue, priceable(items, contracts), coupon, today)
    check_present_use(items, priced, contracts)
    if any(contract.busy for contract in facts.contracts):
        raise DomainError("membership_change_in_progress")
    number = (await session.execute(_NUMBER)).scalar_one()
    last_day = held_until(
        today, touches_membership=bool(named), terms_end=_terms_end(items, contracts)
    )
    quote = Quote(
        id=new_id(),
        company_id=company.id if company else None,
        account_id=principal.account_id,
        number=f"Q-{today:%Y%m%d}-{number:06d}",
        catalogue_code=priced.catalogue,
        wishes=msgspec.to_builtins([_wish(item, contracts) for item in items]),
        items=msgspec.to_builtins(
            [_item(item, wish, contracts) for item, wish in zip(priced.items, items, strict=True)]
        ),
        coupon_code=coupon.code if coupon else None,
        coupon_name_ko=coupon.name.ko if coupon else None,
        coupon_name_en=coupon.name.en if coupon else None,
        coupon_discount=priced.coupon_amount,
        amount=priced.amount,
        discount=priced.discount,
        supply=priced.supply,
        vat=priced.vat,
        total=priced.total,
        quoted_on=today,
        expires_at=quote_expires_at(last_day),
        recipients=[str(recipient) for recipient in command.recipients],
        token_hash=None,
        mailed_at=None,
        order_id=None,
        created_at=principal.now,
        updated_at=principal.now,
    )
    session.add(quote)
    await session.flush()
    await enqueue(session, [Job(MAIL_QUOTE, quote.id)])
    return _found(await read_within(session, principal, QUOTE, id=quote.id))


async def _not_too_many(session: AsyncSession, principal: Principal) -> None:
    """Each quote is a mail to somebody, perhaps to somebody else. Raises `RateLimited`."""
    since = principal.now - AN_HOUR
    count, oldest = (
        await session.execute(
            select(func.count(), func.min(Quote.created_at)).where(
                Quote.account_id == principal.account_id, Quote.created_at > since
            )
        )
    ).one()
    if count >= QUOTES_AN_HOUR:
        raise RateLimited(int((oldest - since).total_seconds()) + 1)


def _terms_end(items: Sequence[ItemWish], contracts: Mapping[UUID, ContractRead]) -> list[date]:
    """Of what is added to: nothing can be added behind a term's end."""
    added = [i for i in items if isinstance(i, AddExtendWish) and (i.add_users or i.add_ons)]
    ends = [contracts[item.membership_id].contract.expires_on for item in added]
    return [day for day in ends if day is not None]


def _wish(item: ItemWish, contracts: Mapping[UUID, ContractRead]) -> WishRead:
    agreed = dict(item.agreed)
    if isinstance(item, NewItem):
        return WishRead(item.plan, item.users, item.months, item.add_ons, agreed=agreed)
    plan, users, months = (
        (None, item.add_users, item.extend_months)
        if isinstance(item, AddExtendWish)
        else (item.plan, item.users, item.months)
    )
    return WishRead(
        plan=plan,
        users=users,
        months=months,
        add_ons=item.add_ons,
        type=order_type(item),
        membership_id=item.membership_id,
        revision=contracts[item.membership_id].revision,
        agreed=agreed,
    )


def _item(
    item: PricedItem, wish: ItemWish, contracts: Mapping[UUID, ContractRead]
) -> QuoteItemRead:
    held = None if isinstance(wish, NewItem) else contracts[wish.membership_id]
    return QuoteItemRead(
        type=item.type.value,
        plan=item.plan.code,
        plan_ko=item.plan.name.ko,
        plan_en=item.plan.name.en,
        users=item.users,
        months=item.months,
        lines=[_line(line) for line in item.lines],
        discounts=[_discount(discount) for discount in item.discounts],
        labels_ko=[label.ko for label in item.labels],
        labels_en=[label.en for label in item.labels],
        membership_id=held.id if held else None,
        site_name=held.site_name if held else None,
        expires_on=item.expires_on if isinstance(wish, AddExtendWish) else None,
        ends_ko=[f"{name.ko} {quantity:,}" for name, quantity in item.ends],
        ends_en=[f"{name.en} {quantity:,}" for name, quantity in item.ends],
    )


def _line(line: Line) -> QuoteLineRead:
    return QuoteLineRead(
        kind=line.kind.value,
        code=line.code,
        name_ko=line.name.ko,
        name_en=line.name.en,
        quantity=line.quantity,
        unit_price=line.unit_price,
        months=line.months,
        amount=line.amount,
        explanation_ko=explain_line(line, korean=True),
        explanation_en=explain_line(line, korean=False),
        days=line.days,
        days_of=line.of,
    )


def _discount(discount: Discount) -> QuoteDiscountRead:
    return QuoteDiscountRead(
        kind=discount.kind.value,
        name_ko=discount.name.ko,
        name_en=discount.name.en,
        amount=discount.amount,
        explanation_ko=explain_discount(discount, korean=True),
        explanation_en=explain_discount(discount, korean=False),
    )


async def get_quote(access: Access, quote_id: UUID) -> tuple[Principal, QuoteRead]:
    """Raises `quote_not_found`, also for another company's."""
    principal, quote = await access.read(QUOTE, id=quote_id)
    return principal, _found(quote)


async def list_quotes(access: Access, cursor: str | None, size: int) -> QuotePage:
    """The company's quotes, or a MEMBER's own, the newest first."""
    at, last = read_cursor(cursor) or NEWEST
    principal, rows = await access.read(QUOTE_PAGE, at=at, id=last, size=size + 1)
    page, more = rows[:size], len(rows) > size
    next_cursor = make_cursor(page[-1].created_at, page[-1].id) if more else None
    return QuotePage(page, next_cursor, principal)


async def claim_quote(
    session: AsyncSession, principal: Principal, tokens: OneTimeTokens, number: str, token: str
) -> QuoteRead:
    """Brings a MEMBER's quote into the company of whoever holds its link; again is harmless.

    Raises `quote_not_found` for a number and token that do not belong together, and for a quote
    that another company has claimed.
    """
    claimed = await session.scalar(
        _CLAIM,
        {
            "company": principal.company_id,
            "number": number,
            "token_hash": tokens.hash(token),
            "now": principal.now,
        },
    )
    if claimed is None:
        raise DomainError("quote_not_found")
    return _found(await read_within(session, principal, QUOTE, id=claimed))


def _found(quote: QuoteRead | None) -> QuoteRead:
    if quote is None:
        raise DomainError("quote_not_found")
    return quote
