"""PDF papers by typst: one template, one font that ships with it, one thread of its own.

typst releases the GIL while it sets a page (about 10 ms), so a thread keeps the event loop free.
The compiler is one object that must not be used twice at once: one thread, papers in their order.
"""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import msgspec
import typst
from fontTools.ttLib import TTFont

from app.domain.documents import (
    DOCUMENT_TITLES,
    Document,
    DocumentItem,
    DocumentKind,
    Party,
    Reduction,
)
from app.domain.korean_words import amount_in_words

_FOLDER = Path(__file__).parent / "document_template"
FONTS = _FOLDER / "fonts"
"""NanumBarunGothic, regular and bold, unchanged, with its licence (OFL 1.1)."""
BOX = ord("□")


class _Party(msgspec.Struct, frozen=True):
    heading: str
    name: str
    rows: list[tuple[str, str]]


class _Line(msgspec.Struct, frozen=True):
    name: str
    quantity: str
    unit_price: str
    period: str
    amount: str


class _Reduction(msgspec.Struct, frozen=True):
    name: str
    amount: str


class _Item(msgspec.Struct, frozen=True):
    title: str
    note: str
    lines: list[_Line]
    reductions: list[_Reduction]


class _Terms(msgspec.Struct, frozen=True):
    title: str
    version: str
    body: str


class _Page(msgspec.Struct, frozen=True):
    """What the template reads: texts only."""

    title: str
    number: str
    head: list[tuple[str, str]]
    customer: _Party
    supplier: _Party
    statement: str
    total_label: str
    total_words: str
    total: str
    items: list[_Item]
    coupon: list[_Reduction]
    sums: list[tuple[str, str]]
    facts: list[tuple[str, str]]
    terms_heading: str
    terms: list[_Terms]
    notes: list[str]


class TypstDocuments:
    """Renders papers. The same paper gives the same bytes."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="documents")
        self._press: _Press | None = None

    async def render(self, document: Document) -> bytes:
        """The PDF."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._render, document)

    def close(self) -> None:
        self._thread.shutdown(wait=True)

    def _render(self, document: Document) -> bytes:
        if self._press is None:
            # At the first paper: most processes never make one.
            self._press = _Press()
        return self._press.print(_page(document), int(document.issued_at.timestamp()))


class _Press:
    """The compiler with its fonts, loaded once. Not for two threads."""

    def __init__(self) -> None:
        fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
        )
        self._compiler = typst.Compiler(
            str(_FOLDER / "document.typ"),
            root=str(_FOLDER),
            font_paths=fonts,
            ignore_system_fonts=True,
        )
        self._missing = _Missing()

    def print(self, page: "_Page", timestamp: int) -> bytes:
        words = msgspec.json.encode(page).decode()
        pdf = self._compiler.compile(
            format="pdf",
            sys_inputs={"document": unicodedata.normalize("NFC", words).translate(self._missing)},
            timestamp=timestamp,
        )
        assert isinstance(pdf, bytes)
        return pdf


class _Missing(dict[int, int | None]):
    """For `str.translate`: what the fonts cannot draw becomes a box, joiners become nothing."""

    def __init__(self) -> None:
        drawn = []
        for path in FONTS.glob("*.ttf"):
            with TTFont(path, lazy=True) as font:
                drawn.append(set(font.getBestCmap()))
        super().__init__((code, code) for code in set.intersection(*drawn))

    def __missing__(self, code: int) -> int | None:
        unseen = unicodedata.category(chr(code)) in {"Cf", "Mn", "Cc"}
        return self.setdefault(code, None if unseen else BOX)


def _page(document: Document) -> _Page:
    return _Page(
        title=DOCUMENT_TITLES[document.kind],
        number=document.number,
        head=[
            ("문서번호", document.number),
            (_DATE_LABELS[document.kind], _korean_date(document.issued_on)),
        ],
        customer=_party("공급받는자", document.customer),
        supplier=_party("공급자", document.supplier),
        statement=document.statement,
        total_label="합계 금액 (VAT 포함)",
        total_words=_words(document.total),
        total=f"₩{document.total:,}",
        items=[_item(item) for item in document.items],
        coupon=[_reduction(document.coupon)] if document.coupon else [],
        sums=[
            ("상품 금액", _won(document.amount)),
            ("할인 금액", _won(-document.discount)),
            ("공급가액", _won(document.supply)),
            ("부가세 (10%)", _won(document.vat)),
        ],
        facts=list(document.facts),
        terms_heading="동의한 약관",
        terms=[_Terms(t.title, f"버전 {t.version}", t.body) for t in document.terms],
        notes=list(document.notes),
    )


_DATE_LABELS = {
    DocumentKind.QUOTE: "견적일",
    DocumentKind.ORDER_CONFIRMATION: "주문일",
    DocumentKind.TRANSACTION_CONFIRMATION: "거래일",
    DocumentKind.REFUND_NOTE: "환불일",
    DocumentKind.MONTHLY_STATEMENT: "작성일",
}


def _party(heading: str, party: Party) -> _Party:
    number = party.business_number
    written = f"{number[:3]}-{number[3:5]}-{number[5:]}" if number else ""
    rows = (
        ("상호", party.name),
        ("등록번호", written),
        ("대표자", party.representative),
        ("주소", party.address),
        ("업태/종목", party.business_type),
        ("담당", party.contact),
    )
    return _Party(heading, party.name, [row for row in rows if row[1]])


def _item(item: DocumentItem) -> _Item:
    return _Item(
        item.title,
        item.note,
        [
            _Line(
                line.name,
                f"{line.quantity:,}",
                _won(line.unit_price),
                line.period,
                _won(line.amount),
            )
            for line in item.lines
        ],
        [_reduction(reduction) for reduction in item.reductions],
    )


def _reduction(reduction: Reduction) -> _Reduction:
    return _Reduction(reduction.name, _won(-reduction.amount))


def _won(amount: int) -> str:
    return f"{amount:,}"


def _words(total: int) -> str:
    """Below 0 nothing is paid: that much goes to the credit balance (적립)."""
    return amount_in_words(total) if total >= 0 else f"적립 {amount_in_words(-total)}"


def _korean_date(day: date) -> str:
    return f"{day.year}년 {day.month}월 {day.day}일"
