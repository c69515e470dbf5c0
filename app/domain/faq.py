"""고객포털 FAQ: categories, how a question is looked for, and where it was found.

PRODUCT.md section 14, the guide's page 고객포털 FAQ. Hangul is compared by its jamo (NFD), so that
a slip in one letter leaves most of a syllable right.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.domain.catalogue import Name

LEAST_LIKE: Final = 0.6
"""How much of a searched word a slip may be away from: 한불 and 환불 share 5 of 6 jamo."""
LONGEST_QUERY: Final = 100


class FaqCategory(StrEnum):
    JOINING = "JOINING"
    PAYING = "PAYING"
    EXTENDING = "EXTENDING"
    STARTING = "STARTING"
    SUPPORT = "SUPPORT"


@dataclass(frozen=True, slots=True)
class CategoryWords:
    """`tag`: what the home page shows it as; `on_home`: whether it does."""

    label: Name
    tag: Name
    on_home: bool


FAQ_CATEGORIES: Mapping[FaqCategory, CategoryWords] = MappingProxyType(
    {
        FaqCategory.JOINING: CategoryWords(
            Name("가입/계약/해지", "Sign-up, contract, termination"),
            Name("# 서비스 가입 / 계약 / 해지", "# Sign-up / contract / termination"),
            on_home=True,
        ),
        FaqCategory.PAYING: CategoryWords(
            Name("결제/환불", "Payment, refund"),
            Name("# 결제 / 환불", "# Payment / refund"),
            on_home=True,
        ),
        FaqCategory.EXTENDING: CategoryWords(
            Name("상품 추가/서비스 연장", "Additions, extension"),
            Name("# 상품 추가 / 서비스 연장", "# Additions / extension"),
            on_home=True,
        ),
        FaqCategory.STARTING: CategoryWords(
            Name("초기 설정/가이드", "First steps, guide"),
            Name("# 초기 설정 / 서비스 가이드", "# First steps / guide"),
            on_home=True,
        ),
        FaqCategory.SUPPORT: CategoryWords(
            Name("고객지원", "Support"), Name("# 고객지원", "# Support"), on_home=False
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Highlight:
    """Characters `start` to `end` (exclusive) of a text."""

    start: int
    end: int


def jamo(words: str) -> str:
    """As it is compared: decomposed, without case."""
    return unicodedata.normalize("NFD", words).lower()


def cleaned(query: str | None) -> str | None:
    """What is looked for; None where nothing but spaces was typed."""
    words = " ".join((query or "").split())
    return words or None


def like_pattern(query: str) -> str:
    """For LIKE over decomposed text: the words as they are, wherever they stand."""
    plain = jamo(query).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"


def highlights(text: str, query: str | None) -> tuple[Highlight, ...]:
    """Where the words stand; where they do not, what is most like them, if anything is."""
    if query is None:
        return ()
    wanted, lowered = query.lower(), text.lower()
    if len(lowered) != len(text):  # a letter whose small form is longer: positions would be wrong
        return ()
    found = []
    at = lowered.find(wanted)
    while at >= 0:
        found.append(Highlight(at, at + len(wanted)))
        at = lowered.find(wanted, at + len(wanted))
    return tuple(found) or _likest(lowered, wanted)


def _likest(text: str, wanted: str) -> tuple[Highlight, ...]:
    size, jamos = len(wanted), jamo(wanted)
    best, best_ratio = None, LEAST_LIKE
    for start in range(len(text) - size + 1):
        ratio = SequenceMatcher(None, jamos, jamo(text[start : start + size])).ratio()
        if ratio > best_ratio:
            best, best_ratio = Highlight(start, start + size), ratio
    return (best,) if best else ()
