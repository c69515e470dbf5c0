"""A row of 주문/구매내역 in words: the same on the page, in the CSV and in the workbook.

The guide's columns. What the words of a row depend on is its `HistoryKey`: many orders have the
same one, and its words are made once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.catalogue import SERVICE_TYPES, Catalogue, Name
from app.domain.orders import (
    FREE_LABEL,
    ORDER_STATUS_LABELS,
    ORDER_TYPE_LABELS,
    PAYMENT_METHOD_LABELS,
    OrderStatus,
    OrderType,
    PaymentMethod,
)

COLUMNS = (
    "주문번호",
    "서비스 유형",
    "기본 서비스명",
    "계약(주문) 종류",
    "주문일",
    "계약일",
    "적용시작일",
    "주요 상품정보",
    "계약금(VAT포함)",
    "결제방법",
    "주문상태",
)
FIRST_ADD_ONS = 3
_JOINING = frozenset({OrderType.ADD, OrderType.EXTEND, OrderType.ADD_EXTEND})


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """A site of an order; add-ons are code → quantity."""

    type: OrderType
    plan: str
    users: int
    months: int | None
    add_ons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class HistoryKey:
    """What the words of a row depend on."""

    kind: OrderType
    status: OrderStatus
    payment_method: PaymentMethod | None
    items: Sequence[HistoryItem]


@dataclass(frozen=True, slots=True)
class HistoryWords:
    """The words of a row. `summary` is 주요 상품정보."""

    service_types: tuple[str, ...]
    plans: tuple[str, ...]
    kind: str
    summary: str
    payment_method: str
    status: str


def history_words(key: HistoryKey, catalogue: Catalogue, *, korean: bool) -> HistoryWords:
    """In one of the two languages, with the names of the order's own catalogue."""

    def said(name: Name) -> str:
        return name.ko if korean else name.en

    plans = [plan for item in key.items if (plan := catalogue.plan(item.plan)) is not None]
    method = key.payment_method
    return HistoryWords(
        service_types=tuple(sorted({said(SERVICE_TYPES[plan.service_type]) for plan in plans})),
        plans=tuple(said(plan.name) for plan in plans),
        kind=said(ORDER_TYPE_LABELS[key.kind]),
        summary=" / ".join(_content(item, catalogue, korean=korean) for item in key.items),
        payment_method=said(FREE_LABEL if method is None else PAYMENT_METHOD_LABELS[method]),
        status=said(ORDER_STATUS_LABELS[key.status]),
    )


def _content(item: HistoryItem, catalogue: Catalogue, *, korean: bool) -> str:
    """`클라우드 공유형 10명 12개월, 추가 용량 20`: plan, users, months, the first add-ons.

    Of an addition or extension: `클라우드 공유형 +5명 연장 12개월`.
    """
    plan = catalogue.plan(item.plan)
    assert plan is not None
    joins = item.type in _JOINING
    words = [plan.name.ko if korean else plan.name.en]
    if item.users:
        words.append(f"{'+' if joins else ''}{item.users:,}" + ("명" if korean else " users"))
    if item.months:
        extended = ("연장 " if korean else "extended ") if joins else ""
        words.append(f"{extended}{item.months}" + ("개월" if korean else " months"))
    extras = []
    for code, quantity in list(item.add_ons.items())[:FIRST_ADD_ONS]:
        add_on = catalogue.add_on(code)
        assert add_on is not None
        extras.append(f"{add_on.name.ko if korean else add_on.name.en} {quantity:,}")
    return ", ".join([" ".join(words), *extras])
