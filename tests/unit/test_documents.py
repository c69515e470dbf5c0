"""Papers: the text that a reader sees, their glyphs and pages, and the loop they leave free."""

import asyncio
import io
import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from app.adapters.documents import FONTS, TypstDocuments
from app.domain.documents import (
    AgreedTerms,
    Document,
    DocumentItem,
    DocumentKind,
    DocumentLine,
    Party,
    Reduction,
)

SUPPLIER = Party(
    "다우오피스",
    "1208147521",
    "김대표",
    "경기도 성남시 분당구 판교역로 241",
    "정보통신업",
    "1577-3019",
)
SHARED = DocumentItem(
    "클라우드 공유형 · 한빛 본사",
    "12개월",
    (
        DocumentLine("클라우드 공유형 사용자", 10, 4_000, "12개월", 480_000),
        DocumentLine("설치비", 1, 50_000, "1회", 50_000),
    ),
)


def paper(**changed: Any) -> Document:
    """The guide's order as a quote: 583,000 won."""
    quote = Document(
        kind=DocumentKind.QUOTE,
        number="Q-20261124-000001",
        issued_at=datetime(2026, 11, 24, 3, tzinfo=UTC),
        issued_on=date(2026, 11, 24),
        supplier=SUPPLIER,
        customer=Party("한빛상사", "1018100018"),
        statement="아래와 같이 견적합니다.",
        items=(SHARED,),
        coupon=None,
        amount=530_000,
        discount=0,
        supply=530_000,
        vat=53_000,
        total=583_000,
        facts=(("유효기간", "2026년 12월 24일까지"),),
    )
    return replace(quote, **changed)


@pytest.fixture(scope="module")
def documents() -> Iterator[TypstDocuments]:
    documents = TypstDocuments()
    yield documents
    documents.close()


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    """The text without its spaces and line ends: where a line breaks is no matter here."""
    words = "".join(page.extract_text() for page in read(pdf).pages)
    return re.sub(r"[\s\u200b]+", "", words)


async def test_a_quote_says_what_is_bought_by_whom_from_whom_and_for_how_much(
    documents: TypstDocuments,
) -> None:
    text = text_of(await documents.render(paper()))
    for words in (
        "견적서",
        "Q-20261124-000001",
        "2026년11월24일",
        "한빛상사",
        "101-81-00018",
        "다우오피스",
        "120-81-47521",
        "김대표",
        "경기도성남시분당구판교역로241",
        "클라우드공유형사용자104,00012개월480,000",
        "설치비150,0001회50,000",
        "상품금액530,000",
        "할인금액0",
        "공급가액530,000",
        "부가세(10%)53,000",
        "₩583,000",
        "금오십팔만삼천원정",
        "유효기간2026년12월24일까지",
        "(직인)",
        "1/1",
    ):
        assert words in text, words


async def test_discounts_and_the_coupon_are_taken_off_where_they_belong(
    documents: TypstDocuments,
) -> None:
    item = replace(SHARED, reductions=(Reduction("장기선납 5%", 24_000),))
    text = text_of(await documents.render(paper(items=(item,), coupon=Reduction("쿠폰", 1_000))))
    assert "장기선납5%-24,000" in text
    assert "쿠폰-1,000" in text
    assert text.index("장기선납5%") < text.index("쿠폰-1,000") < text.index("상품금액")


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (DocumentKind.QUOTE, "견적서"),
        (DocumentKind.ORDER_CONFIRMATION, "주문확인서"),
        (DocumentKind.TRANSACTION_CONFIRMATION, "거래확인서"),
    ],
)
async def test_one_template_has_a_title_for_each_kind(
    documents: TypstDocuments, kind: DocumentKind, title: str
) -> None:
    document = paper(kind=kind)
    pdf = await documents.render(document)
    assert title in text_of(pdf)
    assert (read(pdf).metadata or {})["/Title"] == f"{title} Q-20261124-000001"
    assert document.filename == f"{title}_Q-20261124-000001.pdf"


async def test_what_was_agreed_stands_in_the_confirmation(documents: TypstDocuments) -> None:
    terms = (AgreedTerms("서비스 계약에 동의합니다.", "2023-09", "계약서는 주문확인서로 갈음."),)
    text = text_of(await documents.render(paper(terms=terms)))
    assert "서비스계약에동의합니다.버전2023-09계약서는주문확인서로갈음." in text


@pytest.mark.parametrize(
    "typed",
    [
        "#strong[안녕] #{1+1} #sys.inputs",
        "*굵게* _기울임_ `코드` $x^2$",
        r"C:\한빛\n \u{41} \#",
        "\"따옴표\" 'single' <label> @ref",
        "// 주석 /* 주석 */ = 제목 - 목록 + 번호 / 용어: 뜻",
        "~ --- ... -- https://hanbit.example/?a=1&b=2#c",
        "株式會社 韓빛 ㈜ ① ㎡",
        "[대괄호] {중괄호} (괄호) %s %(name)s {{ jinja }}",
    ],
)
async def test_what_people_type_is_text_and_never_markup(
    documents: TypstDocuments, typed: str
) -> None:
    item = replace(SHARED, title=typed, note=typed)
    pdf = await documents.render(paper(customer=Party(typed), items=(item,)))
    assert text_of(pdf).count(re.sub(r"\s+", "", typed)) == 3


async def test_what_the_font_cannot_draw_is_a_box_and_decomposed_hangul_is_composed(
    documents: TypstDocuments,
) -> None:
    typed = "한빛🙂 👨\u200d👩 龘"
    pdf = await documents.render(paper(customer=Party(typed)))
    assert "한빛□□□□등록번호" not in text_of(pdf)
    assert "상호한빛□□□□" in text_of(pdf)


async def test_a_word_without_a_break_stays_in_its_cell(documents: TypstDocuments) -> None:
    pdf = await documents.render(paper(customer=Party("W" * 400)))
    runs = re.findall("W+", read(pdf).pages[0].extract_text().replace("\u200b", ""))
    assert sum(map(len, runs)) == 400
    assert max(map(len, runs)) <= 30


def ten_lines() -> tuple[DocumentItem, ...]:
    line = DocumentLine("추가 용량", 20, 500, "12개월", 120_000)
    return tuple(
        DocumentItem(f"클라우드 단독형 · {i} 지사", "12개월", (line, line)) for i in range(5)
    )


async def test_ten_lines_fit_on_one_page_with_the_agreed_terms(documents: TypstDocuments) -> None:
    terms = (AgreedTerms("동의", "2023-09", "조항 " * 60), AgreedTerms("동의", "1", "조항 " * 60))
    pdf = await documents.render(paper(items=ten_lines(), terms=terms))
    assert len(read(pdf).pages) == 1
    box = read(pdf).pages[0].mediabox
    assert (round(float(box.width)), round(float(box.height))) == (595, 842)  # A4 in points


async def test_a_long_paper_numbers_its_pages_and_repeats_the_head_of_its_table(
    documents: TypstDocuments,
) -> None:
    pages = read(await documents.render(paper(items=ten_lines() * 5))).pages
    assert len(pages) == 3
    for number, page in enumerate(pages, 1):
        text = re.sub(r"\s+", "", page.extract_text())
        assert f"{number}/3" in text
    assert "품목수량단가(원)" in re.sub(r"\s+", "", pages[1].extract_text())


def embedded_fonts(pdf: bytes) -> list[tuple[TTFont, set[int]]]:
    """Each embedded font program and the glyphs that its ToUnicode map gives to Hangul."""
    found = []
    resources = read(pdf).pages[0]["/Resources"]
    assert isinstance(resources, DictionaryObject)
    for reference in resources["/Font"].values():
        font = reference.get_object()
        descendant = font["/DescendantFonts"][0].get_object()
        program = descendant["/FontDescriptor"]["/FontFile2"].get_data()
        glyphs = set()
        for pair in re.finditer(
            rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]{4})>", font["/ToUnicode"].get_data()
        ):
            if 0xAC00 <= int(pair[2], 16) <= 0xD7A3:
                glyphs.add(int(pair[1], 16))
        found.append((TTFont(io.BytesIO(program)), glyphs))
    return found


async def test_every_hangul_glyph_has_an_outline_in_the_embedded_font(
    documents: TypstDocuments,
) -> None:
    syllables = "".join(chr(code) for code in range(0xAC00, 0xD7A4, 7))
    fonts = embedded_fonts(await documents.render(paper(customer=Party(syllables))))
    assert len(fonts) == 2  # regular and bold
    assert max(len(glyphs) for _, glyphs in fonts) >= len(syllables) * 0.9
    for font, glyphs in fonts:
        outlines = font["glyf"]
        for glyph in glyphs:
            name = font.getGlyphName(glyph)
            assert outlines[name].numberOfContours != 0, name


async def test_the_same_paper_has_the_same_bytes(documents: TypstDocuments) -> None:
    first = await documents.render(paper())
    await documents.render(paper(number="Q-20261124-000002"))
    another = TypstDocuments()
    assert await documents.render(paper()) == first
    assert await another.render(paper()) == first
    another.close()


async def test_the_loop_keeps_ticking_while_a_long_paper_is_set(documents: TypstDocuments) -> None:
    """A paper of 3,000 lines takes most of a second; blocking would be one gap of that length."""
    ticks: list[float] = []
    line = DocumentLine("추가 용량", 20, 500, "12개월", 120_000)
    long = tuple(DocumentItem(f"{i}", "", (line,) * 30) for i in range(100))
    await documents.render(paper())  # the fonts are loaded
    began = time.perf_counter()
    rendering = asyncio.ensure_future(documents.render(paper(items=long)))
    while not rendering.done():
        ticks.append(time.perf_counter())
        await asyncio.sleep(0)
    took = time.perf_counter() - began
    gaps = [b - a for a, b in itertools.pairwise(ticks)]
    assert took > 0.2
    assert max(gaps) < took / 2
    assert len(ticks) > 20


def test_the_fonts_ship_with_their_licence() -> None:
    names = {path.name for path in FONTS.iterdir()}
    assert names == {"NanumBarunGothic.ttf", "NanumBarunGothicBold.ttf", "OFL.txt"}
    licence = (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE" in licence
    assert "NAVER Corporation" in licence
