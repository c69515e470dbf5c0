"""Quotes as they are shown: one statement for one, one for a page."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.reads import read_many, read_one


class WishRead(msgspec.Struct, frozen=True):
    """An item that was asked for; add-ons are (code, quantity).

    Of an ADD_EXTEND `users` and `months` are what is added and extended, and `plan` is null.
    `revision`: of the membership when it was quoted. `agreed`: unit prices that went before the
    catalogue's, and stay.
    """

    plan: str | None
    users: int | None
    months: int | None
    add_ons: tuple[tuple[str, int], ...]
    type: str = "NEW"
    membership_id: UUID | None = None
    revision: int | None = None
    agreed: dict[str, int] = {}


class QuoteLineRead(msgspec.Struct, frozen=True):
    """A priced line with its step in words."""

    kind: str
    code: str
    name_ko: str
    name_en: str
    quantity: int
    unit_price: int
    months: int | None
    amount: int
    explanation_ko: str
    explanation_en: str
    days: int = 0
    days_of: int | None = None


class QuoteDiscountRead(msgspec.Struct, frozen=True):
    """A reduction of an item with its step in words."""

    kind: str
    name_ko: str
    name_en: str
    amount: int
    explanation_ko: str
    explanation_en: str


class QuoteItemRead(msgspec.Struct, frozen=True):
    """A priced item."""

    type: str
    plan: str
    plan_ko: str
    plan_en: str
    users: int
    months: int | None
    lines: list[QuoteLineRead]
    discounts: list[QuoteDiscountRead]
    labels_ko: list[str]
    labels_en: list[str]
    membership_id: UUID | None = None
    site_name: str | None = None
    expires_on: date | None = None
    """The last contracted day after it, where it joins a term that runs."""
    ends_ko: list[str] = []
    ends_en: list[str] = []
    """What a CHANGE gives up."""


class QuoteRead(msgspec.Struct, frozen=True):
    """A quote whole; `company_id` is null for a MEMBER's own."""

    id: UUID
    company_id: UUID | None
    account_id: UUID
    number: str
    catalogue_code: str
    items: list[QuoteItemRead]
    coupon_code: str | None
    coupon_name_ko: str | None
    coupon_name_en: str | None
    coupon_discount: int
    amount: int
    discount: int
    supply: int
    vat: int
    total: int
    quoted_on: date
    expires_at: datetime
    recipients: list[str]
    order_id: UUID | None
    membership_changed: bool
    """Whether a membership that it touches is another now than the one that was priced."""
    created_at: datetime


_COLUMNS = (
    "q.id, q.company_id, q.account_id, q.number, q.catalogue_code, q.items, q.coupon_code,"
    " q.coupon_name_ko, q.coupon_name_en, q.coupon_discount, q.amount, q.discount, q.supply, q.vat,"
    " q.total, q.quoted_on, q.expires_at, q.recipients, q.order_id,"
    " EXISTS (SELECT 1 FROM jsonb_to_recordset(q.wishes) AS w(membership_id uuid, revision int)"
    "   JOIN memberships m ON m.id = w.membership_id WHERE m.revision <> w.revision)"
    " AS membership_changed, q.created_at"
)
_ANY = text(
    f"SELECT row_to_json(r)::text FROM (SELECT {_COLUMNS} FROM quotes q WHERE q.id = :id) r"  # noqa: S608 - our own text
)
_decode = msgspec.json.Decoder(QuoteRead).decode


async def find_quote(session: AsyncSession, quote_id: UUID) -> QuoteRead:
    """Any quote by its id, for the system. Raises NoResultFound."""
    return _decode((await session.execute(_ANY, {"id": quote_id})).scalar_one())


_OF_THE_CALLER = (
    "(q.company_id = p.company_id OR (p.company_id IS NULL AND q.company_id IS NULL"
    " AND q.account_id = p.account_id))"
)
QUOTE = read_one(
    f"SELECT {_COLUMNS} FROM quotes q WHERE {_OF_THE_CALLER} AND q.id = :id",  # noqa: S608 - our own text
    QuoteRead,
)
QUOTE_PAGE = read_many(
    f"SELECT {_COLUMNS} FROM quotes q WHERE {_OF_THE_CALLER}"  # noqa: S608 - our own text
    " AND (q.created_at, q.id) < (:at, :id) ORDER BY q.created_at DESC, q.id DESC LIMIT :size",
    QuoteRead,
)
"""The newest first, from behind `at` and `id` (created_at, id)."""
