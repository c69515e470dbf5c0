"""Papers about orders: what stands in them. Setting them is the renderer's (PRODUCT.md 10)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.db.order_reads import ORDER, ItemRead, OrderRead
from app.db.paper_reads import ORDER_PARTY, OrderParty
from app.domain.catalogue import Catalogue
from app.domain.documents import (
    AgreedTerms,
    Document,
    DocumentItem,
    DocumentKind,
    DocumentLine,
    Party,
    Reduction,
)
from app.domain.errors import DomainError
from app.domain.mails import MailAttachment
from app.domain.orders import (
    FREE_LABEL,
    ORDER_STATUS_LABELS,
    ORDER_TYPE_LABELS,
    PAYMENT_METHOD_LABELS,
    OrderStatus,
    OrderType,
    PaymentMethod,
    PaymentStatus,
)
from app.domain.periods import seoul_date
from app.domain.price_lines import line_name
from app.domain.prices import LineKind
from app.domain.terms import DOCUMENTS
from app.services.catalogue import Catalogues
from app.services.ports import DocumentRenderer
from app.services.principals import PaperReader

PDF = "application/pdf"
TRADED = frozenset({PaymentStatus.PAID, PaymentStatus.PARTIALLY_REFUNDED})
"""Payment statuses of orders that a 거래확인서 can be made of: money came and is kept."""


@dataclass(frozen=True, slots=True)
class OrderPapers:
    """주문확인서 and 거래확인서. `supplier` is who sells, as the settings name it."""

    catalogues: Catalogues
    renderer: DocumentRenderer
    supplier: Party

    async def confirmation(self, reader: PaperReader, order_id: UUID) -> MailAttachment:
        """주문확인서 with the agreed terms, which answers 계약서. Raises `order_not_found`."""
        order, party = await _read(reader, order_id)
        return await self._render(order, party, DocumentKind.ORDER_CONFIRMATION, order.created_at)

    async def transaction_confirmation(self, reader: PaperReader, order_id: UUID) -> MailAttachment:
        """거래확인서. Raises `order_not_found`, and `order_not_paid` where nothing was traded."""
        order, party = await _read(reader, order_id)
        if PaymentStatus(order.payment_status) not in TRADED or order.paid_at is None:
            raise DomainError("order_not_paid")
        return await self._render(
            order, party, DocumentKind.TRANSACTION_CONFIRMATION, order.paid_at
        )

    async def _render(
        self, order: OrderRead, party: OrderParty, kind: DocumentKind, at: datetime
    ) -> MailAttachment:
        catalogue = await self.catalogues.of_outside(order.catalogue_code)
        confirms = kind is DocumentKind.ORDER_CONFIRMATION
        document = Document(
            kind=kind,
            number=order.number,
            issued_at=at,
            issued_on=seoul_date(at),
            supplier=self.supplier,
            customer=Party(party.legal_name, party.business_number),
            statement=_STATEMENTS[kind],
            items=tuple(_item(item, catalogue) for item in order.items),
            coupon=_coupon(order.coupon_code, order.coupon_discount),
            amount=order.amount,
            discount=order.discount,
            supply=order.supply,
            vat=order.vat,
            total=order.total,
            facts=_facts(order),
            terms=_terms(party) if confirms else (),
            notes=_NOTES[kind],
        )
        return MailAttachment(document.filename, PDF, await self.renderer.render(document))


_STATEMENTS = {
    DocumentKind.ORDER_CONFIRMATION: "아래와 같이 주문하였음을 확인합니다.",
    DocumentKind.TRANSACTION_CONFIRMATION: "아래와 같이 거래하였음을 확인합니다.",
}
_NOTES = {
    DocumentKind.ORDER_CONFIRMATION: (
        "이 주문확인서는 동의한 약관과 함께 서비스 계약서를 갈음합니다.",
    ),
    DocumentKind.TRANSACTION_CONFIRMATION: (
        "이 거래확인서는 세법상 증빙(세금계산서, 현금영수증, 카드 매출전표)이 아닙니다.",
    ),
}


async def _read(reader: PaperReader, order_id: UUID) -> tuple[OrderRead, OrderParty]:
    _, order = await reader.read(ORDER, id=order_id)
    _, party = await reader.read(ORDER_PARTY, id=order_id)
    if order is None or party is None:
        raise DomainError("order_not_found")
    return order, party


def _item(item: ItemRead, catalogue: Catalogue) -> DocumentItem:
    plan = catalogue.plan(item.plan)
    assert plan is not None
    return DocumentItem(
        title=f"{plan.name.ko} · {item.site.name}",
        note=" · ".join(
            [ORDER_TYPE_LABELS[OrderType(item.type)].ko, item.site.subdomain, _term(item)]
        ),
        lines=tuple(
            DocumentLine(
                line_name(catalogue, LineKind(line.kind), line.code).ko,
                line.quantity,
                line.unit_price,
                period(line.months, line.days, line.days_of),
                line.amount,
            )
            for line in item.lines
        ),
        reductions=tuple(Reduction(d.name_ko, d.amount) for d in item.discounts),
    )


def _term(item: ItemRead) -> str:
    """`2026-11-24 ~ 2027-11-23` once it runs, the months before; a free plan has no end."""
    if item.starts_on is None:
        return f"{item.months}개월" if item.months else "만료일 없음"
    return f"{item.starts_on} ~ {item.expires_on or '만료일 없음'}"


def period(months: int | None, days: int = 0, of: int | None = None) -> str:
    """`12개월`, `6개월 13/30`, `8/31개월`; 1회 for what is charged once."""
    if months is None:
        return "1회"
    if of is None or not days:
        return f"{months}개월"
    return f"{months}개월 {days}/{of}" if months else f"{days}/{of}개월"


def _coupon(code: str | None, amount: int) -> Reduction | None:
    return Reduction(f"쿠폰 할인 ({code})", amount) if code is not None and amount else None


def _facts(order: OrderRead) -> tuple[tuple[str, str], ...]:
    method = (
        FREE_LABEL.ko
        if order.payment_method is None
        else PAYMENT_METHOD_LABELS[PaymentMethod(order.payment_method)].ko
    )
    facts = [
        ("주문일", korean_date(order.ordered_on)),
        ("주문상태", ORDER_STATUS_LABELS[OrderStatus(order.status)].ko),
        ("결제방법", method),
    ]
    if order.paid_at is not None:
        facts.append(("결제일", korean_date(seoul_date(order.paid_at))))
    return tuple(facts)


def korean_date(day: date) -> str:
    return f"{day.year}년 {day.month}월 {day.day}일"


def _terms(party: OrderParty) -> tuple[AgreedTerms, ...]:
    """Every document agreed to, in the version that was shown."""
    known = {(document.kind, document.version): document for document in DOCUMENTS}
    agreed = [known[consent.kind, consent.version] for consent in party.consents if consent.agreed]
    return tuple(AgreedTerms(one.title.ko, one.version, one.body.ko) for one in agreed)
