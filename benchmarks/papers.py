"""A quote's paper beside bare typst, and what the domain needs for a price. `make bench-papers`.

The limit compiles the same page from the same words with the same fonts, without the portal. Each
paper has a number of its own: typst remembers what it has compiled before.
"""

import asyncio
import cProfile
import pstats
import statistics
import sys
import time
from datetime import UTC, date, datetime

import msgspec
import typst

from app.adapters.documents import _FOLDER, FONTS, TypstDocuments, _page
from app.domain.catalogue import parse_catalogue
from app.domain.catalogues import shipped_catalogues
from app.domain.documents import Document, DocumentItem, DocumentKind, DocumentLine, Party
from app.domain.pricing import NewItem, price_order

PAPERS, ROUNDS, GOAL = 40, 5, 0.7
PREVIEWS, MOST_MS = 2_000, 1.0
TODAY = date(2026, 11, 24)
ITEMS = [
    NewItem(
        "SHARED" if n % 2 else "DEDICATED", 10 + n, 12, (("STORAGE_GB", 20), ("CORPORATE_CARD", 3))
    )
    for n in range(10)
]


def quote(number: int) -> Document:
    """The guide's order as a paper of ten lines."""
    line = DocumentLine("클라우드 공유형", 10, 4_000, "12개월", 480_000)
    site = DocumentItem("클라우드 공유형 10명", "12개월", (line,) * 10)
    return Document(
        kind=DocumentKind.QUOTE,
        number=f"Q-20261124-{number:06d}",
        issued_at=datetime(2026, 11, 24, 3, tzinfo=UTC),
        issued_on=TODAY,
        supplier=Party("다우오피스", "1208147521"),
        customer=Party("한빛상사", "1018100018"),
        statement="아래와 같이 견적합니다.",
        items=(site,),
        coupon=None,
        amount=4_800_000,
        discount=0,
        supply=4_800_000,
        vat=480_000,
        total=5_280_000,
        facts=(("유효기간", "2026년 12월 24일까지"),),
    )


def bare() -> typst.Compiler:
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )
    return typst.Compiler(
        str(_FOLDER / "document.typ"), root=str(_FOLDER), font_paths=fonts, ignore_system_fonts=True
    )


async def papers() -> float:
    """Prints both, and returns the portal's share of the limit."""
    documents, compiler = TypstDocuments(), bare()
    numbers = iter(range(1, 1_000_000))
    await documents.render(quote(next(numbers)))
    ours, theirs = [], []
    for _ in range(ROUNDS):
        words = [msgspec.json.encode(_page(quote(next(numbers)))).decode() for _ in range(PAPERS)]
        started = time.perf_counter()
        for page in words:
            compiler.compile(format="pdf", sys_inputs={"document": page}, timestamp=1_790_000_000)
        theirs.append(time.perf_counter() - started)
        started = time.perf_counter()
        for _ in range(PAPERS):
            await documents.render(quote(next(numbers)))
        ours.append(time.perf_counter() - started)
    documents.close()
    for name, taken in (("a quote's paper", ours), ("bare typst", theirs)):
        print(f"| {name} | {statistics.median(taken) / PAPERS * 1000:.1f} |")
    return statistics.median(b / a for a, b in zip(ours, theirs, strict=True))


def preview() -> float:
    """Milliseconds of domain time for ten items, the median; prints where they go."""
    catalogue = parse_catalogue(shipped_catalogues()[0].document)
    taken = []
    for _ in range(PREVIEWS):
        started = time.perf_counter()
        price_order(catalogue, ITEMS, None, TODAY)
        taken.append(time.perf_counter() - started)
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(200):
        price_order(catalogue, ITEMS, None, TODAY)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(8)
    return statistics.median(taken) * 1000


def main() -> None:
    print("| paper | ms |\n| --- | --- |")
    share = asyncio.run(papers())
    print(f"\nA paper is made at {share:.2f} of bare typst's speed; the goal is {GOAL}.")
    milliseconds = preview()
    print(f"Pricing ten items takes {milliseconds:.2f} ms; the goal is at most {MOST_MS:.0f}.")
    sys.exit(0 if share >= GOAL and milliseconds <= MOST_MS else 1)


if __name__ == "__main__":
    main()
