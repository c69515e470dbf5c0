"""The 견적서 as a paper, and the mails that carry it."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import enqueue
from app.db.quote_reads import QuoteItemRead, QuoteLineRead, QuoteRead, find_quote
from app.db.tables.accounts import Account
from app.db.tables.companies import Company
from app.db.tables.quotes import Quote
from app.db.vault import Vault
from app.domain.documents import (
    Document,
    DocumentItem,
    DocumentKind,
    DocumentLine,
    Party,
    Reduction,
)
from app.domain.mails import MailAttachment
from app.domain.orders import ORDER_TYPE_LABELS, OrderType
from app.domain.price_lines import CREDIT_NAME
from app.domain.prices import LineKind
from app.domain.quotes import HELD_DAYS, QuoteRecipient, valid_until
from app.services.emails import Emails
from app.services.mails import Mails, NewMail
from app.services.one_time import OneTimeTokens
from app.services.papers import PDF, korean_date, period
from app.services.ports import DocumentRenderer
from app.services.principals import Access
from app.services.quotes import get_quote

SPA_PAGE: Final = "/quotes/claim"
_HELD = (
    f"이 견적의 금액은 견적일부터 {HELD_DAYS}일 동안 유지되며,"
    " 고객포털에서 같은 금액으로 주문할 수 있습니다."
)
_HELD_WITH_MEMBERSHIP = (
    "이 견적의 금액은 유효기간 동안, 대상 멤버십이 변경되기 전까지 유지되며,"
    " 고객포털에서 같은 금액으로 주문할 수 있습니다."
)
_NEW = "계약 기간은 서비스가 개설되는 날부터 계산합니다."
_ADDED = (
    "추가 상품의 금액은 견적일을 기준으로 하며, 적용되기 전 기간의 금액은 적립금으로 돌려드립니다."
)
_CREDITED = "미사용 기간 정산액은 주문하는 날을 기준으로 다시 계산합니다."


@dataclass(frozen=True, slots=True)
class QuotePapers:
    """Makes the paper of a quote. `supplier` is who sells, as the settings name it."""

    database: Database
    vault: Vault
    renderer: DocumentRenderer
    supplier: Party

    async def of(self, access: Access, quote_id: UUID) -> MailAttachment:
        """For whoever may read the quote. Raises `quote_not_found`."""
        _, quote = await get_quote(access, quote_id)
        async with access.transaction() as (session, _):
            customer = await self._customer(session, quote)
        return await self._render(quote, customer)

    async def for_mail(self, quote_id: UUID) -> MailAttachment:
        """For a mail that was queued. The quote is there: nobody deletes one."""
        async with self.database.system_session("quote for a mail") as session:
            quote = await find_quote(session, quote_id)
            customer = await self._customer(session, quote)
        return await self._render(quote, customer)

    async def _customer(self, session: AsyncSession, quote: QuoteRead) -> Party:
        if quote.company_id is None:
            sealed = await session.scalar(
                select(Account.name).where(Account.id == quote.account_id)
            )
            return Party(self.vault.open("accounts.name", sealed) if sealed else "고객")
        company = await session.get_one(Company, quote.company_id)
        return Party(company.legal_name, company.business_number)

    async def _render(self, quote: QuoteRead, customer: Party) -> MailAttachment:
        until = korean_date(valid_until(quote.expires_at))
        coupon = (
            Reduction(f"쿠폰 할인 ({quote.coupon_name_ko})", quote.coupon_discount)
            if quote.coupon_discount
            else None
        )
        document = Document(
            kind=DocumentKind.QUOTE,
            number=quote.number,
            issued_at=quote.created_at,
            issued_on=quote.quoted_on,
            supplier=self.supplier,
            customer=customer,
            statement="아래와 같이 견적합니다.",
            items=tuple(_item(item) for item in quote.items),
            coupon=coupon,
            amount=quote.amount,
            discount=quote.discount,
            supply=quote.supply,
            vat=quote.vat,
            total=quote.total,
            facts=(("유효기간", f"{until}까지"), ("요금표", quote.catalogue_code)),
            notes=_notes(quote),
        )
        return MailAttachment(document.filename, PDF, await self.renderer.render(document))


def _notes(quote: QuoteRead) -> tuple[str, ...]:
    """What holds for the items that the quote has."""
    touches = any(item.membership_id is not None for item in quote.items)
    types = {OrderType(item.type) for item in quote.items}
    kinds = {line.kind for item in quote.items for line in item.lines}
    notes = [_HELD_WITH_MEMBERSHIP if touches else _HELD]
    notes += [_NEW] if OrderType.NEW in types else []
    notes += [_ADDED] if types & {OrderType.ADD, OrderType.ADD_EXTEND} else []
    notes += [_CREDITED] if LineKind.CREDIT in kinds else []
    return tuple(notes)


def _item(item: QuoteItemRead) -> DocumentItem:
    title = [item.plan_ko, *([item.site_name] if item.site_name else [])]
    ends = [f"종료: {', '.join(item.ends_ko)}"] if item.ends_ko else []
    return DocumentItem(
        title=" · ".join(title),
        note=" · ".join([*item.labels_ko, *_content(item), *ends]),
        lines=tuple(
            DocumentLine(
                _line_name(line),
                line.quantity,
                line.unit_price,
                period(line.months, line.days, line.days_of),
                line.amount,
            )
            for line in item.lines
        ),
        reductions=tuple(Reduction(d.name_ko, d.amount) for d in item.discounts),
    )


def _content(item: QuoteItemRead) -> list[str]:
    """`10명`, `12개월`; of what joins a membership `추가+연장`, `+5명`, `연장 12개월`."""
    months = f"{item.months}개월" if item.months else "만료일 없음"
    if item.membership_id is None:
        return [f"{item.users:,}명", months]
    kind = ORDER_TYPE_LABELS[OrderType(item.type)].ko
    if item.type == OrderType.CHANGE:
        return [kind, f"{item.users:,}명", months]
    words = [kind]
    words += [f"+{item.users:,}명"] if item.users else []
    words += [f"연장 {months}"] if item.months else []
    return [*words, *([f"만료일 {item.expires_on}"] if item.expires_on else [])]


def _line_name(line: QuoteLineRead) -> str:
    if line.kind == LineKind.CREDIT:
        return f"{CREDIT_NAME.ko} ({line.name_ko})"
    return f"{line.name_ko} 사용자" if line.kind == LineKind.LICENCE else line.name_ko


@dataclass(frozen=True, slots=True)
class QuoteMails:
    """Mails a new quote to whom it was asked for; the paper is made when the mail is sent."""

    database: Database
    clock: Clock
    mails: Mails
    emails: Emails
    tokens: OneTimeTokens
    spa_url: str

    async def mail(self, quote_id: UUID) -> None:
        """Once; a repeat finds that it was mailed."""
        async with self.database.system_session("mail quote") as session:
            now = await self.clock.now(session)
            quote = await session.get(Quote, quote_id, with_for_update=True)
            if quote is None or quote.mailed_at is not None:
                return
            quote.mailed_at = now
            facts = {
                "number": quote.number,
                "total": f"{quote.total:,}",
                "valid_until": valid_until(quote.expires_at).isoformat(),
                "link": self._link(quote),
            }
            jobs = [
                self.mails.queue(
                    session,
                    NewMail(
                        "quote_issued",
                        address,
                        facts,
                        "ko",
                        quote.company_id,
                        quote.account_id,
                        quote.id,
                    ),
                    now,
                )
                for address in await self._addresses(session, quote)
            ]
            await session.flush()
            await enqueue(session, jobs)

    def _link(self, quote: Quote) -> str:
        """Only a MEMBER's quote can be claimed: its link is in the mail and nowhere else."""
        if quote.company_id is not None:
            return ""
        token, quote.token_hash = self.tokens.make()
        return f"{self.spa_url}{SPA_PAGE}#number={quote.number}&token={token}"

    async def _addresses(self, session: AsyncSession, quote: Quote) -> list[str]:
        """Each address once, also where the asker is the company's contact."""
        accounts: list[UUID] = []
        if QuoteRecipient.OWN in quote.recipients:
            accounts.append(quote.account_id)
        if QuoteRecipient.COMPANY_CONTACT in quote.recipients:
            contact = await session.scalar(
                select(Company.corporate_account_id).where(Company.id == quote.company_id)
            )
            accounts += [contact] if contact else []
        found = await self.emails.of_all(session, accounts, quote.account_id)
        return list(dict.fromkeys(found))
